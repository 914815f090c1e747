"""Functions that somebody made: called in queries, views, DML and scripts.

https://cloud.google.com/bigquery/docs/user-defined-functions
"""

from __future__ import annotations

import pytest

from tests.conformance.answers import check, fail
from tests.conformance.behaviour import behaviour, refused


@pytest.fixture
def twice(sql, dataset):
    name = f"`{dataset}.twice`"
    sql(f"CREATE FUNCTION {name}(x INT64) RETURNS INT64 AS (x * 2)")
    return name


@behaviour("user-defined-functions: a SQL function is called by its name; arguments are coerced, NULL goes in")
def test_a_function_is_called(rows, twice, dataset):
    _, _, name = dataset.partition(".")
    check(rows, {
        f"{twice}(4)": 8,
        f"{name}.twice(4)": 8,
        f"{name}.twice(NULL)": None,
        f"{twice}({twice}(1) + 1)": 6,
        f"(SELECT SUM({twice}(x)) FROM UNNEST([1, 2]) AS x)": 6,
    })  # fmt: skip
    fail(
        rows,
        [f"{twice}('a')", f"{twice}()", f"{twice}(1, 2)", f"{twice}(1.5)", f"{name}.thrice(1)", f"{twice}(1) || 'a'"],
    )
    fail(rows, [f"{twice}(9223372036854775807)"])


@behaviour("user-defined-functions: parameters of every type, ANY TYPE, no declared result, subqueries in the body")
def test_functions_of_all_shapes(sql, rows, dataset):
    _, _, d = dataset.partition(".")
    sql(f"CREATE FUNCTION {d}.label(s STRING, n INT64) AS (CONCAT(s, '-', CAST(n AS STRING)))")
    sql(f"CREATE FUNCTION {d}.plus(a ANY TYPE, b ANY TYPE) AS (a + b)")
    sql(f"CREATE FUNCTION {d}.total(xs ARRAY<INT64>) AS ((SELECT SUM(x) FROM UNNEST(xs) AS x))")
    sql(
        f"CREATE FUNCTION {d}.name_of(p STRUCT<first STRING, last STRING>) RETURNS STRING AS (p.first || ' ' || p.last)"
    )
    sql(f"CREATE FUNCTION {d}.half(x FLOAT64) RETURNS FLOAT64 AS (x / 2)")
    check(rows, {
        f"{d}.label('a', 1)": "a-1",
        f"{d}.plus(1, 2)": 3,
        f"{d}.plus(1.5, 2)": 3.5,
        f"{d}.total([1, 2, NULL])": 3,
        f"{d}.name_of(STRUCT('A' AS first, 'B' AS last))": "A B",
        f"{d}.half(5)": 2.5,
    })  # fmt: skip
    fail(rows, [f"{d}.label(1, 1)", f"{d}.plus(1, 'a')", f"{d}.total(1)"])


@behaviour("user-defined-functions: a function is exchanged and dropped, and the next call sees it")
def test_a_function_is_exchanged_and_dropped(sql, rows, twice):
    sql(f"CREATE VIEW v AS SELECT {twice}(2) AS a")
    assert rows("SELECT a FROM v") == [(4,)]
    sql(f"CREATE OR REPLACE FUNCTION {twice}(x INT64) RETURNS INT64 AS (x * 3)")
    assert rows("SELECT a FROM v") == [(6,)]
    sql(f"CREATE TABLE t AS SELECT {twice}(1) AS a")
    sql(f"UPDATE t SET a = {twice}(a) WHERE {twice}(a) = 9")
    assert rows("SELECT a FROM t") == [(9,)]
    sql(f"DROP FUNCTION {twice}")
    fail(rows, [f"{twice}(1)"])


@behaviour("user-defined-functions: a temporary function lives as long as its script, and hides no other name")
def test_a_temporary_function(sql, rows):
    made = "CREATE TEMP FUNCTION addFour(x INT64) RETURNS INT64 AS (x + 4);"
    assert rows(f"{made} SELECT addFour(1), AddFour(2)") == [(5, 6)]
    sql(f"{made} CREATE TABLE t AS SELECT addFour(1) AS a; UPDATE t SET a = addFour(a) WHERE TRUE;")
    assert rows("SELECT a FROM t") == [(9,)]
    fail(rows, ["addFour(1)"])


@behaviour("user-defined-functions: JavaScript is kept, but not run here")
@pytest.mark.switches
def test_javascript_is_not_run(sql, rows, dataset):
    _, _, d = dataset.partition(".")
    sql(f"CREATE FUNCTION {d}.js(x FLOAT64) RETURNS FLOAT64 LANGUAGE js AS 'return x;'")
    with refused(501, "notImplemented", "javascript"):
        rows(f"SELECT {d}.js(1)")
    check(rows, {"1 + 1": 2})
