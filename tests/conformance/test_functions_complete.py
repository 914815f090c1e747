"""The allow-list is whole: each name on it has its answers."""

from __future__ import annotations

import re

import pytest

from bqmigrate.local.sql.casts import GUARDS, TEMPLATES
from bqmigrate.local.sql.functions.names import AGGREGATES, CONDITIONALS, RENAMED, WINDOW_ONLY
from bqmigrate.local.sql.functions.untaught import NAMES as UNTAUGHT
from tests.conformance.test_functions_aggregates import ANSWERS as OF_AGGREGATES
from tests.conformance.test_functions_aggregates import WINDOWS
from tests.conformance.test_functions_arrays import ANSWERS as OF_ARRAYS
from tests.conformance.test_functions_casts import CASTS, READINGS
from tests.conformance.test_functions_dates import ANSWERS as OF_DATES
from tests.conformance.test_functions_json import ANSWERS as OF_JSON
from tests.conformance.test_functions_numbers import ANSWERS as OF_NUMBERS
from tests.conformance.test_functions_operators import OPERATORS
from tests.conformance.test_functions_printf import ANSWERS as OF_FORMAT
from tests.conformance.test_functions_ranges import ANSWERS as OF_RANGES
from tests.conformance.test_functions_strings import ANSWERS as OF_STRINGS

FAMILIES = (OF_STRINGS, OF_NUMBERS, OF_DATES, OF_JSON, OF_ARRAYS, OF_FORMAT, OF_RANGES)
SCALARS = {name: list(cases) for family in FAMILIES for name, cases in family.items()}


def test_every_function_on_the_allow_list_has_answers():
    taught = (RENAMED - set(UNTAUGHT) - WINDOW_ONLY) | (CONDITIONALS - {"CAST", "SAFE_CAST"})
    assert sorted(taught - set(SCALARS) - set(OPERATORS)) == []
    assert sorted(AGGREGATES - set(OF_AGGREGATES)) == []
    assert sorted(WINDOW_ONLY - set(WINDOWS)) == []


def test_every_conversion_on_the_allow_list_has_answers():
    assert sorted(set(TEMPLATES) - set(CASTS)) == []
    assert sorted(set(GUARDS) - set(READINGS)) == []


@pytest.mark.parametrize("name", sorted(SCALARS))
def test_the_answers_of_a_function_call_it(name):
    called = re.compile(rf"\b{name.split()[0]}\b" if name != "JSON access" else r"\.a|\['a'\]|\.none")
    assert [case for case in SCALARS[name] if not called.search(case)] == []
