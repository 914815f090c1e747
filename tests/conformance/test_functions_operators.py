"""Operators and conditional expressions.

https://cloud.google.com/bigquery/docs/reference/standard-sql/operators
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from tests.conformance.answers import check, fail
from tests.conformance.behaviour import behaviour, refused

NAN = float("nan")
OPERATORS = {
    "+": {"1 + 2": 3, "1 + 0.5": 1.5, "NUMERIC '0.1' + NUMERIC '0.2'": Decimal("0.3"), "1 + NULL": None,
          "DATE '2024-02-28' + 1": dt.date(2024, 2, 29)},
    "-": {"1 - 2": -1, "-(-3)": 3, "DATE '2024-03-01' - 1": dt.date(2024, 2, 29)},
    "*": {"3 * 4": 12, "NUMERIC '1.5' * NUMERIC '2.25'": Decimal("3.375"),
          "NUMERIC '0.000000001' * NUMERIC '0.5'": Decimal("1E-9"), "2 * NULL": None},
    "/": {"7 / 2": 3.5, "NUMERIC '1' / 3": Decimal("0.333333333"),
        "NUMERIC '2' / NUMERIC '-3'": Decimal("-0.666666667"),
          "0 / 5": 0.0},
    "||": {"'a' || 'b'": "ab", "b'a' || b'b'": b"ab", "[1] || [2]": [1, 2], "'a' || NULL": None},
    "<<": {"1 << 3": 8, "1 << 63": -(2**63), "1 << 64": 0},
    ">>": {"8 >> 2": 2, "-1 >> 1": 2**63 - 1, "-8 >> 64": 0},
    "&": {"12 & 10": 8},
    "|": {"12 | 10": 14},
    "^": {"12 ^ 10": 6},
    "~": {"~5": -6},
    "=": {"1 = 1.0": True, "NULL = NULL": None, "'a' = 'A'": False, "b'a' = b'a'": True,
          "CAST('NaN' AS FLOAT64) = CAST('NaN' AS FLOAT64)": False, "(1, 'a') = (1, 'a')": True},
    "!=": {"1 != 2": True, "1 <> 1": False, "CAST('NaN' AS FLOAT64) != 1": True},
    "<": {"1 < 2": True, "'Z' < 'a'": True, "CAST('NaN' AS FLOAT64) < 1": False, "FALSE < TRUE": True},
    ">": {"DATE '2024-01-02' > '2024-01-01'": True, "CAST('NaN' AS FLOAT64) > 1": False, "NULL > 1": None},
    "<=": {"1 <= 1": True},
    ">=": {"1 >= NULL": None, "TIME '10:00:00' >= '09:00:00'": True},
    "AND": {"TRUE AND NULL": None, "FALSE AND NULL": False},
    "OR": {"TRUE OR NULL": True, "FALSE OR NULL": None},
    "NOT": {"NOT TRUE": False, "NOT NULL": None},
    "IS": {"NULL IS NULL": True, "1 IS NOT NULL": True, "NULL IS TRUE": False, "FALSE IS NOT TRUE": True},
    "IS DISTINCT FROM": {"1 IS DISTINCT FROM 2": True, "NULL IS DISTINCT FROM NULL": False,
                         "1 IS NOT DISTINCT FROM NULL": False},
    "BETWEEN": {"2 BETWEEN 1 AND 3": True, "2 NOT BETWEEN 1 AND 3": False, "NULL BETWEEN 1 AND 2": None},
    "IN": {"1 IN (1, 2)": True, "3 IN (1, NULL)": None, "3 NOT IN (1, 2)": True, "1 IN UNNEST([1])": True,
           "1 IN UNNEST(CAST(NULL AS ARRAY<INT64>))": False, "2 IN (SELECT 1)": False},
    "LIKE": {"'apple' LIKE 'a%'": True, "'a' LIKE '_'": True, "'a_c' LIKE 'a\\\\_c'": True,
        "'abc' LIKE 'a\\\\_c'": False,
             "'A' LIKE 'a'": False, "NULL LIKE 'a'": None, "'a' NOT LIKE 'b'": True},
    "CASE": {"CASE 2 WHEN 1 THEN 'a' WHEN 2 THEN 'b' END": "b", "CASE WHEN NULL THEN 1 ELSE 2 END": 2,
             "CASE NULL WHEN NULL THEN 1 END": None, "CASE WHEN TRUE THEN 1 ELSE 2.5 END": 1.0},
    "IF": {"IF(TRUE, 1, 2)": 1, "IF(NULL, 'a', 'b')": "b", "IF(TRUE, 1, ERROR('not looked at'))": 1},
    "IFNULL": {"IFNULL(NULL, 0)": 0, "IFNULL(10, 0)": 10},
    "COALESCE": {"COALESCE(NULL, 'B', 'C')": "B", "COALESCE(NULL, NULL)": None, "COALESCE(1, 2.5)": 1.0},
    "NULLIF": {"NULLIF(0, 0)": None, "NULLIF(10, 0)": 10},
    "EXISTS": {"EXISTS(SELECT 1 FROM UNNEST([1]) AS x WHERE x > 1)": False, "EXISTS(SELECT NULL)": True},
    "[]": {"[10, 20][OFFSET(0)]": 10, "[10, 20][ORDINAL(2)]": 20, "[10, 20][0]": 10, "[1][SAFE_OFFSET(-1)]": None,
           "[1][SAFE_ORDINAL(2)]": None, "[NULL, 2][OFFSET(0)]": None},
    ".": {"STRUCT(1 AS a, 'x' AS b).b": "x", "CAST(NULL AS STRUCT<a INT64>).a": None},
}  # fmt: skip
FAILURES = {
    "+": ["9223372036854775807 + 1", "1 + 'a'", "1 + TRUE", "1.7e308 + 1.7e308", "DATE '2024-01-01' + 1.5",
          "NUMERIC '99999999999999999999999999999' + 1"],
    "-": ["-9223372036854775807 - 2", "-'a'", "-(-9223372036854775807 - 1)", "TIMESTAMP '2024-01-01' - 1"],
    "*": ["9223372036854775807 * 2", "1e308 * 10", "NUMERIC '99999999999999999999999999999' * 2", "'a' * 2"],
    "/": ["1 / 0", "0 / 0", "0.0 / 0", "NUMERIC '1' / 0", "1e308 / 1e-10", "'a' / 'b'"],
    "||": ["'a' || 1", "'a' || b'a'", "[1] || ['a']"],
    "<<": ["1 << -1", "1.5 << 1"],
    "&": ["1 & 1.5", "1 & TRUE"],
    "~": ["~1.5"],
    "=": ["1 = '1'", "'2024' = DATE '2024-01-01'", "TRUE = 1", "[1] = [1]", "JSON '1' = JSON '1'",
          "TIME '10:00:00' = TIMESTAMP '2024-01-01'", "DATE '2024-01-01' = TIMESTAMP '2024-01-01'", "b'a' = 'a'"],
    "AND": ["1 AND TRUE", "'true' AND TRUE"],
    "NOT": ["NOT 1", "NOT 'a'"],
    "BETWEEN": ["1 BETWEEN 'a' AND 'b'"],
    "IN": ["1 IN ('a')", "1 IN UNNEST(['a'])", "1 IN (SELECT 'a')", "1 IN UNNEST(1)"],
    "LIKE": ["1 LIKE '1'", "'a' LIKE 1", "'a' LIKE b'a'"],
    "CASE": ["CASE WHEN 1 THEN 2 END", "CASE WHEN TRUE THEN 1 ELSE 'a' END", "CASE 1 WHEN 'a' THEN 2 END"],
    "IF": ["IF(1, 2, 3)", "IF(TRUE, 1)", "IF(TRUE, 1, 'a')", "IF(TRUE, 1, 2, 3)"],
    "IFNULL": ["IFNULL(1, 'a')", "IFNULL(1)", "IFNULL(1, 2, 3)"],
    "COALESCE": ["COALESCE()", "COALESCE(1, 'a')"],
    "NULLIF": ["NULLIF(1)", "NULLIF(1, 'a')"],
    "[]": ["[1][OFFSET(1)]", "[1][ORDINAL(0)]", "[1]['a']", "1[OFFSET(0)]"],
    ".": ["STRUCT(1 AS a).b", "(1).a"],
}  # fmt: skip


@behaviour("standard-sql/operators: the answers of each, with NULL, NaN and the ends of the ranges")
@pytest.mark.parametrize("name", OPERATORS)
def test_an_operator_answers(rows, name):
    check(rows, OPERATORS[name])


@behaviour("standard-sql/operators: overflow, division by zero and wrong types are refused")
@pytest.mark.parametrize("name", FAILURES)
def test_an_operator_refuses(rows, name):
    fail(rows, FAILURES[name])
    check(rows, OPERATORS[name])


@behaviour("standard-sql/operators: NUMERIC products of more digits than the engine has")
@pytest.mark.switches
def test_a_numeric_product_is_exact_or_not_given(rows):
    with refused(501, "notImplemented", "NUMERIC"):
        rows("SELECT NUMERIC '1234567890123456.5' * NUMERIC '1000000000'")
    check(rows, {"NUMERIC '123456789.123' * NUMERIC '1000'": Decimal(123456789123)})
