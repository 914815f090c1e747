"""Aggregate and window functions: NULL, no rows, DISTINCT, order and limit inside, NaN.

https://cloud.google.com/bigquery/docs/reference/standard-sql/aggregate_functions
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.conformance.answers import check, fail
from tests.conformance.behaviour import behaviour

NAN = float("nan")
SOURCE = (
    "FROM UNNEST([STRUCT(1 AS i, 2.5 AS f, 'b' AS s, TRUE AS b), (3, -1.0, 'a', FALSE), (NULL, NULL, NULL, NULL), "
    "(3, 4.0, 'c', TRUE)]), UNNEST(['x']) AS one"
)
ANSWERS = {
    "ANY_VALUE": {"ANY_VALUE(one)": "x", "ANY_VALUE(s HAVING MAX f)": "c", "ANY_VALUE(s HAVING MIN f)": "a"},
    "APPROX_COUNT_DISTINCT": {"APPROX_COUNT_DISTINCT(i)": 2},
    "ARRAY_AGG": {
        "ARRAY_AGG(i IGNORE NULLS ORDER BY i DESC)": [3, 3, 1],
        "ARRAY_AGG(DISTINCT i IGNORE NULLS ORDER BY i)": [1, 3],
        "ARRAY_AGG(s IGNORE NULLS ORDER BY s LIMIT 2)": ["a", "b"],
        "ARRAY_LENGTH(ARRAY_AGG(i))": 4,
    },
    "AVG": {"AVG(i)": 7 / 3, "AVG(DISTINCT i)": 2.0, "AVG(f)": 5.5 / 3, "AVG(CAST(NULL AS INT64))": None},
    "BIT_AND": {"BIT_AND(i)": 1, "BIT_AND(CAST(NULL AS INT64))": None},
    "BIT_OR": {"BIT_OR(i)": 3},
    "BIT_XOR": {"BIT_XOR(i)": 1, "BIT_XOR(DISTINCT i)": 2},
    "COUNT": {"COUNT(*)": 4, "COUNT(i)": 3, "COUNT(DISTINCT i)": 2, "COUNT(NULL)": 0},
    "COUNTIF": {"COUNTIF(i > 1)": 2, "COUNTIF(NULL)": 0},
    "LOGICAL_AND": {"LOGICAL_AND(b)": False, "LOGICAL_AND(i > 0)": True, "LOGICAL_AND(NULL)": None},
    "LOGICAL_OR": {"LOGICAL_OR(b)": True},
    "MAX": {"MAX(i)": 3, "MAX(s)": "c", "MAX(IF(i = 1, CAST('NaN' AS FLOAT64), f))": NAN, "MAX(NULL)": None},
    "MIN": {"MIN(f)": -1.0, "MIN(s)": "a", "MIN(IF(i = 1, CAST('NaN' AS FLOAT64), f))": NAN, "MIN(b)": False},
    "STDDEV": {"ROUND(STDDEV(i), 3)": 1.155, "STDDEV(IF(i = 1, i, NULL))": None},
    "STDDEV_POP": {"ROUND(STDDEV_POP(i), 3)": 0.943, "STDDEV_POP(IF(i = 1, i, NULL))": 0.0},
    "STDDEV_SAMP": {"ROUND(STDDEV_SAMP(i), 3)": 1.155},
    "STRING_AGG": {
        "STRING_AGG(s ORDER BY s)": "a,b,c",
        "STRING_AGG(s, ' & ' ORDER BY s DESC)": "c & b & a",
        "STRING_AGG(DISTINCT CAST(i AS STRING), '' ORDER BY CAST(i AS STRING))": "13",
        "STRING_AGG(s ORDER BY s LIMIT 2)": "a,b",
        "STRING_AGG(CAST(NULL AS STRING))": None,
    },
    "SUM": {"SUM(i)": 7, "SUM(DISTINCT i)": 4, "SUM(f)": 5.5, "SUM(CAST(i AS NUMERIC))": Decimal(7),
            "SUM(CAST(NULL AS INT64))": None},
    "VARIANCE": {"ROUND(VARIANCE(i), 3)": 1.333, "VARIANCE(IF(i = 1, i, NULL))": None},
    "VAR_POP": {"ROUND(VAR_POP(i), 3)": 0.889},
    "VAR_SAMP": {"ROUND(VAR_SAMP(i), 3)": 1.333},
}  # fmt: skip
FAILURES = {
    "ANY_VALUE": ["ANY_VALUE(i, i)", "ANY_VALUE()"],
    "APPROX_COUNT_DISTINCT": ["APPROX_COUNT_DISTINCT(i, 2)"],
    "ARRAY_AGG": ["ARRAY_AGG(i, i)", "ARRAY_AGG([i])", "ARRAY_AGG()"],
    "AVG": ["AVG(s)", "AVG(b)"],
    "BIT_AND": ["BIT_AND(f)", "BIT_AND(s)"],
    "COUNT": ["COUNT()", "COUNT(i, i)", "COUNT(DISTINCT i, f)"],
    "COUNTIF": ["COUNTIF(i)", "COUNTIF(b, 1)"],
    "LOGICAL_AND": ["LOGICAL_AND(i)"],
    "MAX": ["MAX([i])", "MAX(i, 2)", "MAX(STRUCT(i))"],
    "STDDEV": ["STDDEV(s)"],
    "STRING_AGG": ["STRING_AGG(i)", "STRING_AGG(s, 1)", "STRING_AGG(s, ',', 'x')"],
    "SUM": ["SUM(s)", "SUM(b)", "SUM(i + 9223372036854775800)", "SUM(SUM(i))", "SUM(i ORDER BY i)"],
    "VARIANCE": ["VARIANCE(b)"],
}
NOTHING = {
    "COUNT(*)": 0, "COUNT(i)": 0, "COUNTIF(b)": 0, "SUM(i)": None, "AVG(i)": None, "MIN(f)": None, "MAX(s)": None,
    "ARRAY_LENGTH(ARRAY_AGG(i))": None, "STRING_AGG(s)": None, "LOGICAL_OR(b)": None, "BIT_OR(i)": None,
    "VAR_POP(f)": None,
    "ANY_VALUE(s)": None, "APPROX_COUNT_DISTINCT(s)": 0,
}  # fmt: skip
RANKED = "FROM UNNEST([STRUCT('a' AS k, 1 AS v), ('a', 2), ('a', 2), ('b', 4), ('b', NULL)])"
WINDOWS = {
    "ROW_NUMBER": ("ROW_NUMBER() OVER (ORDER BY k, v)", [1, 2, 3, 4, 5]),
    "RANK": ("RANK() OVER (PARTITION BY k ORDER BY v)", [1, 2, 2, 1, 2]),
    "DENSE_RANK": ("DENSE_RANK() OVER (ORDER BY k, v)", [1, 2, 2, 3, 4]),
    "PERCENT_RANK": ("PERCENT_RANK() OVER (ORDER BY k, v)", [0.0, 0.25, 0.25, 0.75, 1.0]),
    "CUME_DIST": ("CUME_DIST() OVER (ORDER BY k, v)", [0.2, 0.6, 0.6, 0.8, 1.0]),
    "NTILE": ("NTILE(2) OVER (ORDER BY k, v)", [1, 1, 1, 2, 2]),
    "LAG": ("LAG(v, 1, -1) OVER (ORDER BY k, v)", [-1, 1, 2, 2, None]),
    "LEAD": ("LEAD(v) OVER (ORDER BY k, v)", [2, 2, None, 4, None]),
    "FIRST_VALUE": ("FIRST_VALUE(v IGNORE NULLS) OVER (PARTITION BY k ORDER BY v)", [1, 1, 1, None, 4]),
    "LAST_VALUE": (
        "LAST_VALUE(v) OVER (PARTITION BY k ORDER BY v ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)",
        [2, 2, 2, 4, 4],
    ),
    "NTH_VALUE": (
        "NTH_VALUE(v, 2) OVER (ORDER BY k, v ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)", [None, 2, 2, 2, 2]
    ),
    "SUM": ("SUM(v) OVER (ORDER BY k, v ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)", [1, 3, 4, 2, 4]),
    "COUNTIF": ("COUNTIF(v = 2) OVER (PARTITION BY k)", [2, 2, 2, 0, 0]),
    "MIN": ("MIN(CAST(v AS FLOAT64)) OVER (PARTITION BY k)", [1.0, 1.0, 1.0, 4.0, 4.0]),
    "named": ("MAX(v) OVER w", [2, 2, 2, 4, 4]),
}  # fmt: skip


@behaviour("standard-sql/aggregate_functions: the answers of each; NULL is ignored but by COUNT(*) and ARRAY_AGG")
@pytest.mark.parametrize("name", ANSWERS)
def test_an_aggregate_function_answers(rows, name):
    check(rows, ANSWERS[name], SOURCE)


@behaviour("standard-sql/aggregate_functions: what each refuses")
@pytest.mark.parametrize("name", FAILURES)
def test_an_aggregate_function_refuses(rows, name):
    fail(rows, FAILURES[name], SOURCE)
    check(rows, ANSWERS[name], SOURCE)


@behaviour("standard-sql/aggregate_functions: of no rows counts are 0 and all else is NULL")
def test_of_no_rows_there_is_nothing(rows):
    check(rows, NOTHING, f"{SOURCE} WHERE FALSE")


@behaviour("standard-sql/window-functions: the answers of each, over partitions, ranks with ties, and frames")
@pytest.mark.parametrize("name", WINDOWS)
def test_a_window_function_answers(rows, name):
    expression, wanted = WINDOWS[name]
    tail = " WINDOW w AS (PARTITION BY k)" if name == "named" else ""
    # NULL comes first in ascending order: the row of b without a value is before that with one.
    found = rows(f"SELECT k, v, {expression} AS c {RANKED}{tail} ORDER BY k, v")
    assert [row[2] for row in found] == wanted


@behaviour("standard-sql/window-functions: only with OVER, and only what can be a window function")
@pytest.mark.parametrize(
    "expression",
    ["ROW_NUMBER()", "RANK() OVER ()", "LAG(v)", "UPPER(k) OVER ()", "NTILE() OVER (ORDER BY v)",
     "LAG(v, 'a') OVER (ORDER BY v)",
     "NTILE(0) OVER (ORDER BY v)", "LEAD() OVER (ORDER BY v)"],
)  # fmt: skip
def test_a_window_function_refuses(rows, expression):
    fail(rows, [expression], RANKED)
    assert rows(f"SELECT MAX(v) OVER () {RANKED} LIMIT 1") == [(4,)]
