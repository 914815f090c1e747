"""Array functions, and those that belong to no other family.

https://cloud.google.com/bigquery/docs/reference/standard-sql/array_functions
"""

from __future__ import annotations

import datetime as dt

import pytest

from tests.conformance.answers import check, fail
from tests.conformance.behaviour import behaviour


def days(*numbers):
    return [dt.date(2024, 2, n) for n in numbers]


ANSWERS = {
    "ARRAY_CONCAT": {
        "ARRAY_CONCAT([1, 2], [3, 4], [5, 6])": [1, 2, 3, 4, 5, 6],
        "ARRAY_CONCAT([1], [])": [1],
        "ARRAY_LENGTH(ARRAY_CONCAT([1], NULL))": None,
        "ARRAY_CONCAT([1], [2.5])": [1.0, 2.5],
    },
    "ARRAY_FIRST": {"ARRAY_FIRST(['a', 'b'])": "a", "ARRAY_FIRST(CAST(NULL AS ARRAY<INT64>))": None},
    "ARRAY_LAST": {"ARRAY_LAST(['a', 'b'])": "b"},
    "ARRAY_LENGTH": {
        "ARRAY_LENGTH(['coffee', NULL, 'milk'])": 3,
        "ARRAY_LENGTH([])": 0,
        "ARRAY_LENGTH(CAST(NULL AS ARRAY<STRING>))": None,
    },
    "ARRAY_REVERSE": {"ARRAY_REVERSE([1, 2, 3])": [3, 2, 1], "ARRAY_REVERSE(CAST([] AS ARRAY<INT64>))": []},
    "ARRAY_TO_STRING": {
        "ARRAY_TO_STRING(['coffee', 'tea', 'milk'], '--')": "coffee--tea--milk",
        "ARRAY_TO_STRING(['cake', 'pie', NULL], '--', 'MISSING')": "cake--pie--MISSING",
        "ARRAY_TO_STRING(['a', NULL, 'b'], '-')": "a-b",
        "ARRAY_TO_STRING(CAST([] AS ARRAY<STRING>), '-')": "",
        "ARRAY_TO_STRING(['a'], NULL)": None,
    },
    "GENERATE_ARRAY": {
        "GENERATE_ARRAY(1, 5)": [1, 2, 3, 4, 5],
        "GENERATE_ARRAY(0, 10, 3)": [0, 3, 6, 9],
        "GENERATE_ARRAY(10, 0, -3)": [10, 7, 4, 1],
        "GENERATE_ARRAY(4, 4, 10)": [4],
        "GENERATE_ARRAY(10, 0, 3)": [],
        "ARRAY_LENGTH(GENERATE_ARRAY(5, NULL, 1))": None,
    },
    "GENERATE_DATE_ARRAY": {
        "GENERATE_DATE_ARRAY('2024-02-27', '2024-03-01')": [*days(27, 28, 29), dt.date(2024, 3, 1)],
        "GENERATE_DATE_ARRAY('2024-02-05', '2024-02-01', INTERVAL -3 DAY)": days(5, 2),
        "GENERATE_DATE_ARRAY('2024-02-05', '2024-02-05', INTERVAL 8 DAY)": days(5),
        "GENERATE_DATE_ARRAY('2024-02-05', '2024-02-01', INTERVAL 1 DAY)": [],
        "GENERATE_DATE_ARRAY('2024-02-01', '2024-02-28', INTERVAL 2 WEEK)": days(1, 15),
        "ARRAY_LENGTH(GENERATE_DATE_ARRAY('2024-01-01', NULL))": None,
    },
    "ARRAY": {
        "ARRAY(SELECT x * 2 FROM UNNEST([3, 1]) AS x ORDER BY x)": [2, 6],
        "ARRAY(SELECT 1 FROM UNNEST([1]) WHERE FALSE)": [],
        "ARRAY(SELECT AS STRUCT 1 AS a)": [{"a": 1}],
        "ARRAY<INT64>[]": [],
    },
    "SESSION_USER": {"SESSION_USER() = SESSION_USER()": True, "CONTAINS_SUBSTR(SESSION_USER(), '@')": True},
    "ERROR": {"IF(FALSE, ERROR('no'), 5)": 5, "COALESCE('a', ERROR('no'))": "a"},
}
FAILURES = {
    "ARRAY_CONCAT": ["ARRAY_CONCAT([1], ['a'])", "ARRAY_CONCAT(1)", "ARRAY_CONCAT()"],
    "ARRAY_FIRST": ["ARRAY_FIRST(CAST([] AS ARRAY<INT64>))", "ARRAY_FIRST(1)"],
    "ARRAY_LAST": ["ARRAY_LAST(CAST([] AS ARRAY<INT64>))"],
    "ARRAY_LENGTH": ["ARRAY_LENGTH('a')", "ARRAY_LENGTH([1], 2)"],
    "ARRAY_REVERSE": ["ARRAY_REVERSE('a')", "ARRAY_REVERSE([1], 2)"],
    "ARRAY_TO_STRING": ["ARRAY_TO_STRING([1], '-')", "ARRAY_TO_STRING(['a'])"],
    "GENERATE_ARRAY": ["GENERATE_ARRAY(1, 5, 0)", "GENERATE_ARRAY('a', 'b')", "GENERATE_ARRAY(1)"],
    "GENERATE_DATE_ARRAY": [
        "GENERATE_DATE_ARRAY('2024-01-01', '2024-01-02', INTERVAL 0 DAY)",
        "GENERATE_DATE_ARRAY('2024-01-01', '2024-01-02', INTERVAL 1 HOUR)",
        "GENERATE_DATE_ARRAY(1, 2)",
    ],
    "ARRAY": ["[1, 'a']", "[[1]]", "ARRAY(SELECT 1, 2)"],
    "ERROR": ["ERROR('mine')", "ERROR(1)", "IF(TRUE, ERROR('mine'), 5)"],
    "SESSION_USER": ["SESSION_USER(1)"],
}


@behaviour("standard-sql/array_functions: the answers of each, and their edges")
@pytest.mark.parametrize("name", ANSWERS)
def test_an_array_function_answers(rows, name):
    check(rows, ANSWERS[name])


@behaviour("standard-sql/array_functions: what each refuses")
@pytest.mark.parametrize("name", FAILURES)
def test_an_array_function_refuses(rows, name):
    fail(rows, FAILURES[name])
    check(rows, ANSWERS[name])
