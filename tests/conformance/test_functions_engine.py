"""What the engine below knows besides GoogleSQL does not run."""

from __future__ import annotations

import re

import duckdb
import pytest
from google.api_core.exceptions import GoogleAPICallError

from bqmigrate.local.sql.functions.names import AGGREGATES, CONDITIONALS, RENAMED
from tests.conformance.behaviour import behaviour

OURS = RENAMED | AGGREGATES | CONDITIONALS | {"ARRAY", "STRUCT", "UNNEST", "EXISTS"}
FORMS = {"table": "SELECT * FROM {}('a')", "table_macro": "SELECT * FROM {}('a')"}


def engine_functions():
    """Return (name, kind) of every function of the engine that is on no list of ours."""
    asked = "SELECT DISTINCT function_name, function_type FROM duckdb_functions()"
    found = duckdb.connect(":memory:").execute(asked).fetchall()
    return sorted((n, kind) for n, kind in found if re.fullmatch(r"[A-Za-z_]\w*", n) and n.upper() not in OURS)


@behaviour("standard-sql/functions-reference: a name that GoogleSQL lacks is refused, whatever the engine below knows")
@pytest.mark.parametrize("letter", sorted({name[0].lower() for name, _ in engine_functions()}))
def test_no_function_of_the_engine_runs(client, letter):
    functions = [(name, kind) for name, kind in engine_functions() if name[0].lower() == letter]
    texts = [FORMS.get(kind, "SELECT {}(1)").format(name) for name, kind in functions]
    assert texts
    assert [text for text in texts if not _refused(client, text)] == []
    assert next(iter(client.query("SELECT LOWER('A') AS a").result())).a == "a"


def _refused(client, text):
    try:
        client.query(text, job_retry=None, retry=None).result(retry=None)
    except GoogleAPICallError as error:
        return error.code in {400, 404, 501}
    return False
