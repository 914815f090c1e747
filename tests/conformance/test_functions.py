"""Functions and operators on the allow-list give BigQuery's documented answers; what is not on it is refused."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from tests.conformance.behaviour import behaviour, refused


def check(rows, cases):
    """Ask for all cases of a rule in one query: expression -> value."""
    listed = ", ".join(f"{expression} AS c{i}" for i, expression in enumerate(cases))
    ((*found,),) = rows(f"SELECT {listed}")
    assert dict(zip(cases, found, strict=True)) == cases


def utc(*parts):
    return dt.datetime(*parts, tzinfo=dt.UTC)


@behaviour("string functions")
def test_string_functions(rows):
    check(rows, {
        "CONCAT('a', 'b', 'c')": "abc",
        "LENGTH('añb')": 3,
        "UPPER('aé')": "AÉ",
        "SUBSTR('apple', -3, 2)": "pl",
        "SUBSTR('apple', 0, 2)": "ap",
        "STRPOS('abc', 'c')": 3,
        "REPLACE('a.b.c', '.', '-')": "a-b-c",
        "LPAD('7', 3, '0')": "007",
        "TRIM('  a ')": "a",
        "SPLIT('a,b,c')": ["a", "b", "c"],
        "STARTS_WITH('abc', 'ab')": True,
        "REVERSE('abc')": "cba",
        "REPEAT('ab', 2)": "abab",
        "INSTR('banana', 'an')": 2,
    })  # fmt: skip


@behaviour("regular expressions")
def test_regular_expressions(rows):
    check(rows, {
        r"REGEXP_CONTAINS('abc', r'^a.c$')": True,
        r"REGEXP_EXTRACT('key=value', r'=(\w+)')": "value",
        r"REGEXP_EXTRACT('abc', r'\d')": None,
        r"REGEXP_REPLACE('a1b2', r'\d', '#')": "a#b#",
        r"REGEXP_EXTRACT_ALL('a1b2', r'\d')": ["1", "2"],
    })  # fmt: skip


@behaviour("mathematical functions: MOD takes the sign of its dividend, ROUND goes away from zero, DIV truncates")
def test_mathematical_functions(rows):
    check(rows, {
        "MOD(-7, 3)": -1,
        "DIV(-7, 2)": -3,
        "ROUND(2.5)": 3.0,
        "ROUND(-2.5)": -3.0,
        "ROUND(1.2345, 2)": 1.23,
        "TRUNC(-1.9)": -1.0,
        "7 / 2": 3.5,
        "SAFE_DIVIDE(1, 0)": None,
        "GREATEST(1, 3, 2)": 3,
        "GREATEST(1, NULL)": None,
        "SIGN(-4)": -1,
        "ABS(-4)": 4,
        "POW(2, 10)": 1024.0,
        "IEEE_DIVIDE(1, 0)": float("inf"),
    })  # fmt: skip


@behaviour("NUMERIC arithmetic is exact")
def test_numeric_arithmetic_is_exact(rows):
    check(rows, {
        "NUMERIC '0.1' + NUMERIC '0.2'": Decimal("0.3"),
        "NUMERIC '1' / 3": Decimal("0.333333333"),
        "CAST('1.123456789123' AS NUMERIC)": Decimal("1.123456789"),
        "BIGNUMERIC '99999999999999999999999999999999999999.5'": Decimal("99999999999999999999999999999999999999.5"),
    })  # fmt: skip


@behaviour("arithmetic overflow and division by zero are errors, NULL under SAFE.")
def test_overflow_and_division_by_zero_fail(rows):
    for expression in (
        "9223372036854775807 + 1",
        "1 / 0",
        "CAST('abc' AS INT64)",
        "CAST('2026-02-30' AS DATE)",
        "LN(0)",
    ):
        with refused(400, "invalidQuery"):
            rows(f"SELECT {expression}")
    check(rows, {"SAFE_ADD(9223372036854775807, 1)": None, "SAFE_CAST('abc' AS INT64)": None})


@behaviour("conversion functions: CAST")
def test_casts(rows):
    check(rows, {
        "CAST(2.5 AS INT64)": 3,
        "CAST(-2.5 AS INT64)": -3,
        "CAST('0x1F' AS INT64)": 31,
        "CAST(TRUE AS STRING)": "true",
        "CAST(1.0 AS STRING)": "1",
        "CAST(DATE '2026-01-02' AS STRING)": "2026-01-02",
        "CAST(TIMESTAMP '2026-01-02 03:04:05.6+00' AS STRING)": "2026-01-02 03:04:05.600+00",
        "CAST('true' AS BOOL)": True,
        "CAST(0 AS BOOL)": False,
        "CAST('YWI=' AS BYTES)": b"YWI=",
        "CAST(TIMESTAMP '2026-01-02 23:00:00+00' AS DATE)": dt.date(2026, 1, 2),
    })  # fmt: skip


@behaviour("parameterized data types: CAST rounds to a scale and refuses what is too long")
def test_casts_to_types_with_parameters(rows):
    check(rows, {
        "CAST('12.345' AS NUMERIC(4, 2))": Decimal("12.35"),
        "CAST('abc' AS STRING(3))": "abc",
    })  # fmt: skip
    for expression in ("CAST('abcd' AS STRING(3))", "CAST(100 AS NUMERIC(4, 2))"):
        with refused(400, "invalidQuery"):
            rows(f"SELECT {expression}")


@behaviour("date functions")
def test_date_functions(rows):
    check(rows, {
        "DATE_ADD(DATE '2026-01-31', INTERVAL 1 MONTH)": dt.date(2026, 2, 28),
        "DATE_SUB(DATE '2026-03-01', INTERVAL 1 DAY)": dt.date(2026, 2, 28),
        "DATE_DIFF(DATE '2026-02-01', DATE '2026-01-31', MONTH)": 1,
        "DATE_DIFF(DATE '2026-01-04', DATE '2026-01-03', WEEK)": 1,
        "DATE_TRUNC(DATE '2026-05-15', QUARTER)": dt.date(2026, 4, 1),
        "DATE_TRUNC(DATE '2026-05-15', WEEK)": dt.date(2026, 5, 10),
        "EXTRACT(DAYOFWEEK FROM DATE '2026-03-01')": 1,
        "EXTRACT(ISOWEEK FROM DATE '2027-01-01')": 53,
        "DATE '2026-01-31' + 1": dt.date(2026, 2, 1),
        "FORMAT_DATE('%Y%m%d', DATE '2026-01-02')": "20260102",
        "PARSE_DATE('%d/%m/%Y', '02/01/2026')": dt.date(2026, 1, 2),
        "LAST_DAY(DATE '2024-02-10')": dt.date(2024, 2, 29),
        "DATE(2026, 1, 2)": dt.date(2026, 1, 2),
    })  # fmt: skip


@behaviour("timestamp and datetime functions")
def test_timestamp_and_datetime_functions(rows):
    check(rows, {
        "TIMESTAMP_ADD(TIMESTAMP '2026-01-01', INTERVAL 90 MINUTE)": utc(2026, 1, 1, 1, 30),
        "TIMESTAMP_DIFF(TIMESTAMP '2026-01-02', TIMESTAMP '2026-01-01', HOUR)": 24,
        "TIMESTAMP_TRUNC(TIMESTAMP '2026-01-02 03:04:05', DAY)": utc(2026, 1, 2),
        "DATETIME_DIFF(DATETIME '2026-01-02 00:00:00', DATETIME '2026-01-01 23:59:59', DAY)": 1,
        "UNIX_MILLIS(TIMESTAMP '1970-01-01 00:00:01')": 1000,
        "TIMESTAMP_MILLIS(1000)": utc(1970, 1, 1, 0, 0, 1),
        "EXTRACT(HOUR FROM TIMESTAMP '2026-01-01 05:00:00')": 5,
        "DATETIME(TIMESTAMP '2026-01-01 05:00:00')": dt.datetime(2026, 1, 1, 5),  # noqa: DTZ001
        "FORMAT_TIMESTAMP('%F %T', TIMESTAMP '2026-01-01 05:00:00')": "2026-01-01 05:00:00",
    })  # fmt: skip


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


@behaviour("array functions: OFFSET counts from 0, ORDINAL from 1")
def test_array_functions(rows):
    check(rows, {
        "[10, 20][OFFSET(0)]": 10,
        "[10, 20][ORDINAL(1)]": 10,
        "[10, 20][SAFE_OFFSET(5)]": None,
        "ARRAY_LENGTH([1, 2])": 2,
        "ARRAY_CONCAT([1], [2, 3])": [1, 2, 3],
        "ARRAY_TO_STRING(['a', NULL, 'b'], '-')": "a-b",
        "ARRAY_REVERSE([1, 2])": [2, 1],
        "GENERATE_ARRAY(1, 7, 3)": [1, 4, 7],
        "(SELECT SUM(x * o) FROM UNNEST([5, 6]) AS x WITH OFFSET AS o)": 6,
        "ARRAY(SELECT x + 1 FROM UNNEST([1, 2]) AS x ORDER BY x DESC)": [3, 2],
        "3 IN UNNEST([1, 2, 3])": True,
    })  # fmt: skip
    with refused(400, "invalidQuery", "out of bounds"):
        rows("SELECT [1][OFFSET(5)]")


@behaviour("JSON functions")
def test_json_functions(rows):
    check(rows, {
        """JSON_VALUE('{"a": {"b": "x"}}', '$.a.b')""": "x",
        """JSON_VALUE('{"a": {"b": 1}}', '$.a')""": None,
        """JSON_QUERY('{"a": [1, 2]}', '$.a')""": "[1,2]",
        "TO_JSON_STRING(STRUCT(1 AS a, 'x' AS b))": '{"a":1,"b":"x"}',
        """INT64(PARSE_JSON('{"a": 5}').a)""": 5,
        """STRING(PARSE_JSON('{"a": "y"}').a)""": "y",
    })  # fmt: skip


@behaviour("conditional expressions")
def test_conditional_expressions(rows):
    check(rows, {
        "IF(NULL, 1, 2)": 2,
        "COALESCE(NULL, 2, 3)": 2,
        "IFNULL(NULL, 1)": 1,
        "NULLIF(1, 1)": None,
        "CASE 2 WHEN 1 THEN 'a' WHEN 2 THEN 'b' END": "b",
        "NULL = NULL": None,
        "NULL IS NOT DISTINCT FROM NULL": True,
        "NULL IN (1, 2)": None,
        "TRUE OR NULL": True,
    })  # fmt: skip


@behaviour("hash functions")
def test_hash_functions(rows):
    check(rows, {
        "TO_HEX(MD5('a'))": "0cc175b9c0f1b6a831c399e269772661",
        "TO_HEX(SHA256('a'))": "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
        "TO_BASE64(b'ab')": "YWI=",
        "FROM_HEX('00ff')": b"\x00\xff",
        "LENGTH(GENERATE_UUID())": 36,
    })  # fmt: skip


@behaviour("aggregate functions ignore NULL; COUNT(*) does not; of no rows SUM is NULL and COUNT is 0")
def test_aggregates(rows):
    source = "FROM UNNEST([1, 2, NULL, 2]) AS x"
    assert rows(
        f"SELECT COUNT(*), COUNT(x), COUNT(DISTINCT x), SUM(x), AVG(x), MIN(x), COUNTIF(x = 2), {source[:0]}"
        f"ARRAY_AGG(x IGNORE NULLS ORDER BY x), STRING_AGG(CAST(x AS STRING), '-' ORDER BY x), "
        f"LOGICAL_AND(x > 0) {source}"
    ) == [(4, 3, 2, 5, 5 / 3, 1, 2, [1, 2, 2], "1-2-2", True)]
    assert rows(f"SELECT SUM(x), COUNT(x), MAX(x) {source} WHERE FALSE") == [(None, 0, None)]
    assert rows(f"SELECT x, COUNT(*) {source} GROUP BY x HAVING COUNT(*) > 1") == [(2, 2)]


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


@behaviour("what is no function of BigQuery is not found, whatever the engine below knows")
@pytest.mark.parametrize(
    "expression",
    [
        "strftime(CURRENT_DATE(), '%Y')",
        "list_sort([1])",
        "epoch_ms(CURRENT_TIMESTAMP())",
        "printf('a')",
        "getenv('HOME')",
        "current_setting('threads')",
        "md5_number('a')",
        "today()",
    ],
)
def test_a_function_of_the_engine_is_not_found(rows, expression):
    with refused(400, "invalidQuery", "not found"):
        rows(f"SELECT {expression}")
    assert rows("SELECT LOWER('A')") == [("a",)]


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
    "expression", ["FARM_FINGERPRINT('a')", "ST_GEOGPOINT(1, 2)", "BIGNUMERIC '1' * 2", "APPROX_QUANTILES(1, 2)"]
)
def test_an_untaught_function_is_answered_with_501(rows, expression):
    with refused(501, "notImplemented", "local warehouse"):
        rows(f"SELECT {expression}")
    assert rows("SELECT BIT_XOR(x) FROM UNNEST([5, 3]) AS x") == [(6,)]
