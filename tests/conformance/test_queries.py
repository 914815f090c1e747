"""Queries as a whole: their syntax, what they never reach, and rules that no single function has."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from tests.conformance.answers import check
from tests.conformance.behaviour import behaviour, refused


def utc(*parts):
    return dt.datetime(*parts, tzinfo=dt.UTC)


@behaviour("parameterized data types: CAST rounds to a scale and refuses what is too long")
def test_casts_to_types_with_parameters(rows):
    check(rows, {
        "CAST('12.345' AS NUMERIC(4, 2))": Decimal("12.35"),
        "CAST('abc' AS STRING(3))": "abc",
    })  # fmt: skip
    for expression in ("CAST('abcd' AS STRING(3))", "CAST(100 AS NUMERIC(4, 2))"):
        with refused(400, "invalidQuery"):
            rows(f"SELECT {expression}")


@behaviour("interval functions: moments plus and minus INTERVAL")
def test_intervals(rows):
    check(rows, {
        "DATE '2026-01-31' + INTERVAL 1 MONTH": dt.datetime(2026, 2, 28),  # noqa: DTZ001
        "TIMESTAMP '2026-01-01' - INTERVAL 90 MINUTE": utc(2025, 12, 31, 22, 30),
        "DATETIME '2026-01-01 00:00:00' + INTERVAL '1:30' HOUR TO MINUTE": dt.datetime(2026, 1, 1, 1, 30),  # noqa: DTZ001
        "(DATE '2026-03-01' - DATE '2026-02-01') = INTERVAL 28 DAY": True,
    })  # fmt: skip
    with refused(400, "invalidQuery", "MONTH"):
        rows("SELECT TIMESTAMP '2026-01-01' + INTERVAL 1 MONTH")


@behaviour("CURRENT_TIMESTAMP is one moment in a statement, and the date is of UTC")
def test_the_current_moment_is_one(rows):
    check(rows, {
        "CURRENT_TIMESTAMP() = CURRENT_TIMESTAMP()": True,
        "CURRENT_DATE() = DATE(CURRENT_TIMESTAMP())": True,
        "CURRENT_DATETIME() = DATETIME(CURRENT_TIMESTAMP())": True,
    })  # fmt: skip


@behaviour("arrays: OFFSET counts from 0, ORDINAL from 1, in access and in UNNEST")
def test_places_in_arrays(rows):
    check(rows, {
        "[10, 20][OFFSET(0)]": 10,
        "[10, 20][ORDINAL(1)]": 10,
        "[10, 20][SAFE_OFFSET(5)]": None,
        "(SELECT SUM(x * o) FROM UNNEST([5, 6]) AS x WITH OFFSET AS o)": 6,
        "ARRAY(SELECT x + 1 FROM UNNEST([1, 2]) AS x ORDER BY x DESC)": [3, 2],
        "3 IN UNNEST([1, 2, 3])": True,
    })  # fmt: skip
    with refused(400, "invalidQuery", "out of bounds"):
        rows("SELECT [1][OFFSET(5)]")


@behaviour("an array aggregate with a NULL element cannot be written")
def test_array_agg_of_null_is_no_result(rows):
    with refused(400, "invalidQuery", "null element"):
        rows("SELECT ARRAY_AGG(x) FROM UNNEST([1, NULL]) AS x")
    assert rows("SELECT ARRAY_AGG(x IGNORE NULLS) FROM UNNEST([1, NULL]) AS x") == [([1],)]


@behaviour("window functions and QUALIFY")
def test_window_functions(rows):
    source = "FROM UNNEST([STRUCT('a' AS k, 1 AS v), ('a', 2), ('b', 3)])"
    assert rows(f"SELECT k, v, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v DESC), SUM(v) OVER (), "
                f"LAG(v) OVER (ORDER BY v) "
                f"{source} ORDER BY v") == [("a", 1, 2, 6, None), ("a", 2, 1, 6, 1), ("b", 3, 1, 6, 2)]  # fmt: skip
    asked = f"SELECT k, v {source} WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY k ORDER BY v DESC) = 1 ORDER BY k"
    assert rows(asked) == [("a", 2), ("b", 3)]


@behaviour("query syntax: WITH, set operations, EXCEPT and REPLACE of stars, subqueries")
def test_query_syntax(rows):
    both = "WITH a AS (SELECT 1 AS x), b AS (SELECT x + 1 AS x FROM a) SELECT * FROM a UNION ALL SELECT * FROM b"
    assert rows(f"{both} ORDER BY x") == [(1,), (2,)]
    assert rows("SELECT * EXCEPT (b) REPLACE (a + 1 AS a) FROM (SELECT 1 AS a, 2 AS b, 3 AS c)") == [(2, 3)]
    assert rows("SELECT x FROM UNNEST([1, 2]) AS x EXCEPT DISTINCT SELECT 2") == [(1,)]
    assert rows("SELECT (SELECT MAX(y) FROM UNNEST([x, 5]) AS y) FROM UNNEST([9, 1]) AS x ORDER BY 1") == [(5,), (9,)]


@behaviour("query syntax: UNION needs ALL or DISTINCT")
def test_union_says_which(rows):
    with refused(400, "invalidQuery"):
        rows("SELECT 1 UNION SELECT 1")
    assert rows("SELECT 1 UNION DISTINCT SELECT 1") == [(1,)]


@behaviour("syntax of the engine below that BigQuery does not have is refused")
@pytest.mark.parametrize(
    "text",
    [
        "SELECT 'a' ILIKE 'A'",
        "SELECT 1::STRING",
        "SELECT 1 LIMIT 1, 2",
        "SELECT DISTINCT ON (x) x FROM UNNEST([1]) AS x",
        "SELECT * FROM range(3)",
        "SELECT [x for x in [1]]",
        "FROM (SELECT 1 AS a)",
        "SELECT 1 // 2",
        "VALUES (1)",
        "PRAGMA version",
        "DESCRIBE SELECT 1",
        "SHOW TABLES",
        "SELECT {'a': 1}",
        "SELECT 1 AS a UNION BY NAME SELECT 2 AS a",
    ],
)
def test_foreign_syntax_is_refused(rows, text):
    with pytest.raises(Exception) as caught:
        rows(text)
    assert caught.value.code in {400, 501}
    assert rows("SELECT 'a' LIKE 'a', CAST(1 AS STRING)") == [(True, "1")]


@behaviour("no statement reads or writes a file")
@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM `/etc/passwd`",
        "COPY (SELECT 1) TO '/tmp/out.csv'",
        "ATTACH '/tmp/other.db' AS o",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "EXPORT DATABASE '/tmp/x'",
        "SELECT * FROM glob('/*')",
        "CREATE TABLE t AS SELECT * FROM read_parquet('x.parquet')",
    ],
)
def test_files_are_out_of_reach(rows, text):
    with pytest.raises(Exception) as caught:
        rows(text)
    assert caught.value.code in {400, 404, 501}
    assert rows("SELECT 1") == [(1,)]


@behaviour("what the embedded warehouse has not been taught it says with 501")
@pytest.mark.switches
@pytest.mark.parametrize(
    "expression",
    [
        "FARM_FINGERPRINT('a')",
        "ST_GEOGPOINT(1, 2)",
        "BIGNUMERIC '1' * 2",
        "APPROX_QUANTILES(1, 2)",
        "PERCENTILE_CONT(1, 0.5) OVER ()",
        "HLL_COUNT.INIT(1)",
        "NET.HOST('a')",
        "ML.PREDICT(1)",
    ],
)
def test_an_untaught_function_is_answered_with_501(rows, expression):
    with refused(501, "notImplemented", "local warehouse"):
        rows(f"SELECT {expression}")
    assert rows("SELECT BIT_XOR(x) FROM UNNEST([5, 3]) AS x") == [(6,)]


@behaviour("pipe query syntax is GoogleSQL, and answered with 501")
@pytest.mark.switches
@pytest.mark.parametrize("text", ["FROM t |> SELECT a", "SELECT 1 AS a |> WHERE a = 1"])
def test_pipe_syntax_is_answered_with_501(rows, text):
    with refused(501, "notImplemented", "local warehouse"):
        rows(text)
    assert rows("SELECT a FROM (SELECT 1 AS a) WHERE a = 1 | 0") == [(1,)]
