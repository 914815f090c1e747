"""The allow-list is whole: each name on it has its answers, and what the engine below knows besides does not run."""

from __future__ import annotations

import re

import duckdb
import pytest
from google.api_core.exceptions import GoogleAPICallError

from bqmigrate.local.sql.casts import GUARDS, TEMPLATES
from bqmigrate.local.sql.functions.names import AGGREGATES, CONDITIONALS, RENAMED, WINDOW_ONLY
from bqmigrate.local.sql.functions.untaught import NAMES as UNTAUGHT
from tests.conformance.behaviour import behaviour
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
FORMS = ("SELECT {0}(1)", "SELECT * FROM {0}('a')")


def engine_names():
    found = duckdb.connect(":memory:").execute("SELECT DISTINCT function_name FROM duckdb_functions()").fetchall()
    words = {name for (name,) in found if re.fullmatch(r"[A-Za-z_]\w*", name)}
    ours = RENAMED | AGGREGATES | CONDITIONALS | {"ARRAY", "STRUCT", "UNNEST", "EXISTS"}
    return sorted(name for name in words if name.upper() not in ours)


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


@behaviour(
    "standard-sql/functions-reference: a name that GoogleSQL does not have is refused, whatever the engine below knows"
)
@pytest.mark.parametrize("letter", sorted({name[0].lower() for name in engine_names()}))
def test_no_function_of_the_engine_runs(client, dataset, letter):
    names = [name for name in engine_names() if name[0].lower() == letter]
    ran = [text for name in names for text in _forms(name) if not _refused(client, text)]
    assert ran == []
    assert next(iter(client.query_and_wait("SELECT LOWER('A') AS a"))).a == "a"


def _forms(name):
    return [form.format(name) for form in FORMS]


def _refused(client, text):
    try:
        client.query(text, job_retry=None, retry=None).result(retry=None)
    except GoogleAPICallError as error:
        return error.code in {400, 404, 501}
    return False
