"""Types: every one is stored and read back, and no value passes for one of another type."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from tests.conformance.behaviour import behaviour, refused

VALUES = [
    ("INT64", "-9223372036854775808", -(2**63)),
    ("FLOAT64", "CAST('nan' AS FLOAT64)", None),
    ("FLOAT64", "1e300", 1e300),
    ("NUMERIC", "-99999999999999999999999999999.999999999", Decimal("-99999999999999999999999999999.999999999")),
    ("BIGNUMERIC", "BIGNUMERIC '0.00000000000000000000000000000000000001'", Decimal("1e-38")),
    ("BOOL", "TRUE", True),
    ("STRING", r"'tab\t quote\' ünï 😀'", "tab\t quote' ünï 😀"),
    ("BYTES", r"b'\x00\xff'", b"\x00\xff"),
    ("DATE", "'0001-01-01'", dt.date(1, 1, 1)),
    ("TIME", "'23:59:59.999999'", dt.time(23, 59, 59, 999999)),
    ("DATETIME", "'9999-12-31 23:59:59.999999'", dt.datetime(9999, 12, 31, 23, 59, 59, 999999)),  # noqa: DTZ001
    ("TIMESTAMP", "'1969-12-31 23:59:59.999999+00'", dt.datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=dt.UTC)),
    ("JSON", """JSON '{"a": [1, null, "x"]}'""", {"a": [1, None, "x"]}),
    ("ARRAY<STRUCT<a INT64, b ARRAY<STRING>>>", "[(1, ['x']), (NULL, [])]",
     [{"a": 1, "b": ["x"]}, {"a": None, "b": []}]),
]  # fmt: skip


@behaviour("standard-sql/data-types: values of every type go in and come out, at their limits")
@pytest.mark.parametrize(("kind", "literal", "value"), VALUES)
def test_a_value_of_each_type_is_kept(sql, rows, kind, literal, value):
    sql(f"CREATE TABLE t (c {kind})")
    sql(f"INSERT INTO t VALUES ({literal}), (NULL)")
    found = [v for (v,) in rows("SELECT c FROM t")]
    if value is None:
        assert str(found[0]) == "nan"
    else:
        assert found[0] == value
    assert found[1] == ([] if kind.startswith("ARRAY") else None)


@behaviour("standard-sql/data-types: RANGE of DATE, DATETIME or TIMESTAMP")
def test_a_range_names_its_element_type(sql, rows, resource):
    sql("CREATE TABLE t (c RANGE<DATE>)")
    assert resource("t")["schema"]["fields"][0]["rangeElementType"] == {"type": "DATE"}
    sql("INSERT INTO t VALUES (NULL)")
    assert rows("SELECT c IS NULL FROM t") == [(True,)]


@behaviour("standard-sql/data-types: names and synonyms; replies carry the legacy names")
@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("INT64", "INTEGER"),
        ("INT", "INTEGER"),
        ("BIGINT", "INTEGER"),
        ("SMALLINT", "INTEGER"),
        ("FLOAT64", "FLOAT"),
        ("BOOL", "BOOLEAN"),
        ("BOOLEAN", "BOOLEAN"),
        ("DECIMAL", "NUMERIC"),
        ("BIGDECIMAL", "BIGNUMERIC"),
        ("STRUCT<a INT64>", "RECORD"),
    ],
)
def test_a_type_is_shown_by_its_legacy_name(sql, resource, written, shown):
    sql(f"CREATE TABLE t (c {written})")
    assert resource("t")["schema"]["fields"][0]["type"] == shown


@behaviour("standard-sql/data-types: types that do not exist, and parameters out of range")
@pytest.mark.parametrize(
    "kind",
    [
        "VARCHAR",
        "TEXT",
        "INT32",
        "DOUBLE",
        "UUID",
        "ARRAY<ARRAY<INT64>>",
        "RANGE<INT64>",
        "STRING(0)",
        "INT64(3)",
        "NUMERIC(40)",
        "NUMERIC(5, 10)",
        "BIGNUMERIC(80)",
        "NUMERIC(30, 0)",
        "STRUCT<>",
    ],
)
def test_an_impossible_type_is_refused(sql, resource, kind):
    with pytest.raises(Exception) as caught:
        sql(f"CREATE TABLE t (c {kind})")
    assert caught.value.code == 400
    assert caught.value.errors[0]["reason"] in {"invalid", "invalidQuery"}
    sql("CREATE TABLE t (c NUMERIC(38, 9))")
    assert resource("t")["schema"]["fields"][0]["precision"] == "38"


@behaviour("2 STRUCT nesting goes to 15 levels")
def test_nesting_ends_at_fifteen_levels(sql, resource):
    def nested(levels):
        return "INT64" if levels == 0 else f"STRUCT<a {nested(levels - 1)}>"

    with refused(400, "invalid", "15"):
        sql(f"CREATE TABLE t (c {nested(16)})")
    sql(f"CREATE TABLE t (c {nested(15)})")
    assert resource("t")["schema"]["fields"][0]["type"] == "RECORD"


@behaviour("operators: a comparison needs types that have one in common")
@pytest.mark.parametrize(
    "condition",
    [
        "i = '1'",
        "s = 1",
        "d = 1",
        "b = 1",
        "i IN ('1')",
        "s BETWEEN 1 AND 2",
        "d = ts",
        "j = j",
        "arr = arr",
        "s = b'a'",
    ],
)
def test_types_that_do_not_compare_are_refused(sql, rows, condition):
    sql("CREATE TABLE t (i INT64, s STRING, d DATE, ts TIMESTAMP, b BOOL, j JSON, arr ARRAY<INT64>)")
    with refused(400, "invalidQuery"):
        sql(f"SELECT 1 FROM t WHERE {condition}")
    sql("INSERT INTO t (i, s, d) VALUES (1, '1', '2026-01-01')")
    assert rows("SELECT i FROM t WHERE i = 1.0 AND s = '1' AND d = '2026-01-01'") == [(1,)]


@behaviour("functions: arguments of a wrong type or number have no matching signature")
@pytest.mark.parametrize(
    "expression",
    [
        "UPPER(1)",
        "LENGTH(1)",
        "1 + 'a'",
        "'a' || 1",
        "ABS('a')",
        "CONCAT()",
        "SUBSTR('a')",
        "DATE_ADD('x', INTERVAL 1 DAY)",
        "SUM('a')",
        "NOT 1",
        "IF(1, 2, 3)",
        "COALESCE(1, 'a')",
        "ARRAY_LENGTH(1)",
        "[1, 'a']",
        "-'a'",
    ],
)
def test_a_wrong_argument_is_refused(rows, expression):
    with refused(400, "invalidQuery"):
        rows(f"SELECT {expression}")
    assert rows("SELECT UPPER('a'), 1 + 1.5, COALESCE(1, 1.5)") == [("A", 2.5, 1.0)]


@behaviour("WHERE, HAVING and ON need a BOOL")
@pytest.mark.parametrize(
    "text", ["SELECT 1 FROM t WHERE a", "SELECT COUNT(*) FROM t HAVING 1", "SELECT 1 FROM t JOIN t AS u ON 1"]
)
def test_a_condition_is_a_bool(sql, rows, text):
    sql("CREATE TABLE t AS SELECT 1 AS a")
    with refused(400, "invalidQuery", "BOOL"):
        sql(text)
    assert rows("SELECT a FROM t WHERE a = 1") == [(1,)]


@behaviour("names of columns, tables and aliases: unknown and ambiguous ones are refused with their place")
def test_a_wrong_name_is_pointed_at(sql, rows):
    sql("CREATE TABLE t AS SELECT 1 AS a")
    with refused(400, "invalidQuery", "[2:3]"):
        sql("SELECT a,\n  nope FROM t")
    with refused(400, "invalidQuery", "ambiguous"):
        sql("SELECT a FROM t JOIN t AS u ON TRUE")
    with refused(404, "notFound", "missing"):
        sql("SELECT * FROM missing")
    assert rows("SELECT t.A FROM t") == [(1,)]


@behaviour("GROUP BY: what is neither grouped nor aggregated is refused")
def test_a_column_is_grouped_or_aggregated(sql, rows):
    sql("CREATE TABLE t AS SELECT 1 AS a, 2 AS b")
    with refused(400, "invalidQuery", "neither grouped nor aggregated"):
        sql("SELECT a, b FROM t GROUP BY a")
    with refused(400, "invalidQuery"):
        sql("SELECT a FROM t WHERE COUNT(*) > 1")
    assert rows("SELECT a, SUM(b) FROM t GROUP BY 1") == [(1, 2)]


@behaviour("orderable data types: NULL, NaN, -inf, the numbers, +inf; DESC turns all of it round")
@pytest.mark.parametrize(
    ("order", "wanted"),
    [
        ("ORDER BY x", "null nan -inf 1 inf"),
        ("ORDER BY 1", "null nan -inf 1 inf"),
        ("ORDER BY x DESC", "inf 1 -inf nan null"),
        ("ORDER BY x NULLS LAST", "nan -inf 1 inf null"),
        ("QUALIFY ROW_NUMBER() OVER (ORDER BY x) < 3 ORDER BY x", "null nan"),
        ("WHERE x > 0 OR IS_NAN(x) ORDER BY x DESC LIMIT 3", "inf 1 nan"),
    ],
)
def test_nan_is_ordered_after_null(rows, order, wanted):
    texts = "['1', NULL, 'inf', 'nan', '-inf']"
    query = f"SELECT CAST(t AS FLOAT64) AS x FROM UNNEST({texts}) AS t"
    found = rows(f"SELECT x FROM ({query}) WHERE TRUE {order}".replace("WHERE TRUE WHERE", "WHERE"))
    assert ["null" if x is None else f"{x:g}" for (x,) in found] == wanted.split()
    agreed = rows(f"SELECT ARRAY_AGG(x IGNORE NULLS ORDER BY x) FROM ({query})")
    assert [f"{x:g}" for x in agreed[0][0]] == ["nan", "-inf", "1", "inf"]
