"""Everything that DuckDB itself can call is refused before it is reached, in every place where a call may stand."""

import re

import duckdb
import pytest

from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql.functions.names import AGGREGATES, CONDITIONALS, RENAMED
from tests.local.sql.little import Little

OURS = RENAMED | AGGREGATES | CONDITIONALS | {"ARRAY", "STRUCT", "UNNEST", "EXISTS"}
# Enough shapes of arguments that a function which can be called at all is called by one of them.
ARGUMENTS = ("", "1", "'a', 'b'", "[1]")
FORMS = (
    "SELECT {0}({1})",
    "SELECT {0}({1}) OVER ()",
    "SELECT * FROM {0}({1})",
    "SELECT x FROM UNNEST({0}({1})) AS x",
)


def engine_names():
    found = duckdb.connect(":memory:").execute("SELECT DISTINCT function_name FROM duckdb_functions()").fetchall()
    return sorted(n for (n,) in found if re.fullmatch(r"[A-Za-z_]\w*", n) and n.upper() not in OURS)


@pytest.mark.parametrize("letter", sorted({name[0].lower() for name in engine_names()}))
def test_no_function_of_the_engine_is_reached(letter):
    little = Little()
    names = [name for name in engine_names() if name[0].lower() == letter]
    texts = [form.format(name, arguments) for name in names for form in FORMS for arguments in ARGUMENTS]
    assert names
    assert [text for text in texts if _runs(little, text)] == []


def _runs(little, text):
    try:
        little.rows(text)
    except WarehouseError as error:
        return error.code not in {400, 501}
    return True
