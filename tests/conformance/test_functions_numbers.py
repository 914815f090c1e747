"""Mathematical functions: signs, NULL, NaN and infinities, overflow, halves, NUMERIC.

https://cloud.google.com/bigquery/docs/reference/standard-sql/mathematical_functions
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.conformance.answers import check, fail
from tests.conformance.behaviour import behaviour, refused

NAN, INF = float("nan"), float("inf")
MOST = 9223372036854775807
ANSWERS = {
    "ABS": {"ABS(25)": 25, "ABS(-25)": 25, "ABS(-1.5)": 1.5, "ABS(NUMERIC '-1.5')": Decimal("1.5"), "ABS(NULL)": None},
    "ACOS": {"ACOS(1)": 0.0, "ACOS(CAST('NaN' AS FLOAT64))": NAN},
    "ASIN": {"ASIN(0)": 0.0},
    "ATAN": {"ATAN(0)": 0.0, "ATAN(CAST('inf' AS FLOAT64)) > 1.57": True},
    "ATAN2": {"ATAN2(0.0, 1)": 0.0, "ATAN2(NULL, 1)": None},
    "BIT_COUNT": {"BIT_COUNT(7)": 3, "BIT_COUNT(-1)": 64, "BIT_COUNT(0)": 0},
    "CBRT": {"CBRT(27)": 3.0, "CBRT(-8)": -2.0},
    "CEIL": {"CEIL(2.3)": 3.0, "CEIL(-2.8)": -2.0, "CEIL(5)": 5.0, "CEIL(NUMERIC '-1.5')": Decimal(-1)},
    "CEILING": {"CEILING(2.0)": 2.0},
    "COS": {"COS(0)": 1.0},
    "DIV": {"DIV(20, 4)": 5, "DIV(12, -7)": -1, "DIV(0, 20)": 0, "DIV(NULL, 3)": None},
    "EXP": {"EXP(0)": 1.0, "EXP(CAST('-inf' AS FLOAT64))": 0.0, "EXP(CAST('inf' AS FLOAT64))": INF},
    "FLOOR": {"FLOOR(2.3)": 2.0, "FLOOR(-2.3)": -3.0, "FLOOR(NUMERIC '2.3')": Decimal(2)},
    "GENERATE_UUID": {"LENGTH(GENERATE_UUID())": 36, "GENERATE_UUID() = GENERATE_UUID()": False},
    "GREATEST": {
        "GREATEST(3, 5, 1)": 5,
        "GREATEST(1, NULL)": None,
        "GREATEST(1, 2.5)": 2.5,
        "GREATEST('a', 'b')": "b",
        "GREATEST(CAST('NaN' AS FLOAT64), 1)": NAN,
    },
    "IEEE_DIVIDE": {
        "IEEE_DIVIDE(20.0, 4.0)": 5.0,
        "IEEE_DIVIDE(25.0, 0.0)": INF,
        "IEEE_DIVIDE(-25.0, 0.0)": -INF,
        "IEEE_DIVIDE(0.0, 0.0)": NAN,
        "IEEE_DIVIDE(0.0, NULL)": None,
        "IEEE_DIVIDE(CAST('NaN' AS FLOAT64), 0.0)": NAN,
    },
    "IS_INF": {"IS_INF(CAST('-inf' AS FLOAT64))": True, "IS_INF(25)": False, "IS_INF(NULL)": None},
    "IS_NAN": {"IS_NAN(CAST('NaN' AS FLOAT64))": True, "IS_NAN(25)": False},
    "LEAST": {"LEAST(3, 5, 1)": 1, "LEAST(1, NULL)": None, "LEAST(CAST('NaN' AS FLOAT64), 1)": NAN},
    "LN": {"LN(1)": 0.0, "LN(CAST('inf' AS FLOAT64))": INF, "LN(NULL)": None},
    "LOG": {"LOG(1)": 0.0, "LOG(100.0, 10.0)": 2.0},
    "LOG10": {"LOG10(100)": 2.0, "LOG10(0.01)": -2.0},
    "MOD": {"MOD(25, 12)": 1, "MOD(-25, 12)": -1, "MOD(25, -12)": 1, "MOD(NUMERIC '5.5', 2)": Decimal("1.5")},
    "POW": {
        "POW(2, 3)": 8.0,
        "POW(1, CAST('NaN' AS FLOAT64))": 1.0,
        "POW(CAST('NaN' AS FLOAT64), 0)": 1.0,
        "POW(-2, 3)": -8.0,
        "POW(-1, CAST('inf' AS FLOAT64))": 1.0,
        "POW(0, 0)": 1.0,
    },
    "POWER": {"POWER(2, 0.5) > 1.414": True},
    "RAND": {"RAND() >= 0 AND RAND() < 1": True},
    "ROUND": {
        "ROUND(2.0)": 2.0,
        "ROUND(2.3)": 2.0,
        "ROUND(2.8)": 3.0,
        "ROUND(2.5)": 3.0,
        "ROUND(-2.5)": -3.0,
        "ROUND(123.7, -1)": 120.0,
        "ROUND(1.235, 2)": 1.24,
        "ROUND(7)": 7.0,
        "ROUND(NUMERIC '2.5')": Decimal(3),
        "ROUND(NUMERIC '-1.235', 2)": Decimal("-1.24"),
        "ROUND(NUMERIC '155', -1)": Decimal(160),
        "ROUND(CAST('-inf' AS FLOAT64))": -INF,
    },
    "SAFE_ADD": {"SAFE_ADD(5, 4)": 9, f"SAFE_ADD({MOST}, 1)": None, "SAFE_ADD(1, 0.5)": 1.5, "SAFE_ADD(1, NULL)": None},
    "SAFE_DIVIDE": {
        "SAFE_DIVIDE(20, 4)": 5.0,
        "SAFE_DIVIDE(20, 0)": None,
        "SAFE_DIVIDE(0, 0)": None,
        "SAFE_DIVIDE(NUMERIC '1', 3)": Decimal("0.333333333"),
    },
    "SAFE_MULTIPLY": {"SAFE_MULTIPLY(20, 4)": 80, f"SAFE_MULTIPLY({MOST}, 2)": None, "SAFE_MULTIPLY(1e308, 10)": None},
    "SAFE_NEGATE": {"SAFE_NEGATE(1)": -1, f"SAFE_NEGATE(-{MOST} - 1)": None},
    "SAFE_SUBTRACT": {"SAFE_SUBTRACT(5, 4)": 1, f"SAFE_SUBTRACT(-{MOST}, 2)": None},
    "SIGN": {"SIGN(25)": 1, "SIGN(0)": 0, "SIGN(-25.5)": -1.0, "SIGN(CAST('NaN' AS FLOAT64))": NAN},
    "SIN": {"SIN(0)": 0.0},
    "SQRT": {"SQRT(25.0)": 5.0, "SQRT(CAST('inf' AS FLOAT64))": INF, "SQRT(0)": 0.0},
    "TAN": {"TAN(0)": 0.0},
    "TRUNC": {
        "TRUNC(2.8)": 2.0,
        "TRUNC(-2.8)": -2.0,
        "TRUNC(1.289, 2)": 1.28,
        "TRUNC(NUMERIC '-1.289', 2)": Decimal("-1.28"),
        "TRUNC(NUMERIC '159', -1)": Decimal(150),
    },
}
FAILURES = {
    "ABS": [f"ABS(-{MOST} - 1)", "ABS('1')", "ABS(1, 2)"],
    "ACOS": ["ACOS(1.1)"],
    "ASIN": ["ASIN(-2)"],
    "DIV": ["DIV(1, 0)", "DIV(CAST(1.5 AS FLOAT64), 1)"],
    "EXP": ["EXP(1000)"],
    "LN": ["LN(0)", "LN(-1)"],
    "LOG": ["LOG(0)", "LOG(10, 1)", "LOG(10, -1)"],
    "LOG10": ["LOG10(0)"],
    "MOD": ["MOD(1, 0)", "MOD(CAST(1.5 AS FLOAT64), 1)"],
    "POW": ["POW(0, -1)", "POW(-1, 0.5)", "POW(10, 400)"],
    "SAFE_DIVIDE": ["SAFE_DIVIDE('a', 1)"],
    "SQRT": ["SQRT(-1)"],
}
NUMERICS = ["EXP(NUMERIC '1')", "POW(NUMERIC '2', 2)", "SQRT(NUMERIC '2')", "DIV(NUMERIC '5', 2)", "LN(NUMERIC '2')"]


@behaviour("standard-sql/mathematical_functions: the answers of each, and their edges")
@pytest.mark.parametrize("name", ANSWERS)
def test_a_mathematical_function_answers(rows, name):
    check(rows, ANSWERS[name])


@behaviour("standard-sql/mathematical_functions: what each refuses, and SAFE. with NULL")
@pytest.mark.parametrize("name", FAILURES)
def test_a_mathematical_function_refuses(rows, name):
    fail(rows, FAILURES[name])
    if not name.startswith("SAFE_"):
        check(rows, {f"SAFE.{FAILURES[name][0]}": None})


@behaviour("standard-sql/mathematical_functions: what answers a NUMERIC exactly is taught, or says that it is not")
@pytest.mark.switches
@pytest.mark.parametrize("expression", NUMERICS)
def test_a_numeric_is_not_answered_by_way_of_a_float(rows, expression):
    with refused(501, "notImplemented", "NUMERIC"):
        rows(f"SELECT {expression}")
    check(rows, {"ROUND(NUMERIC '0.5')": Decimal(1)})
