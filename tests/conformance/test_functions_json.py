"""JSON functions: strict and by path, JSON null against NULL, what is encoded how.

https://cloud.google.com/bigquery/docs/reference/standard-sql/json_functions
"""

from __future__ import annotations

import pytest

from tests.conformance.answers import check, fail
from tests.conformance.behaviour import behaviour, refused

DOC = """'{"a": {"b": [1, "x", null, {"c": true}], "d.e": 2.5}, "n": null}'"""
ANSWERS = {
    "BOOL": {"BOOL(JSON 'true')": True, "BOOL(JSON '{\"a\": false}'.a)": False, "BOOL(CAST(NULL AS JSON))": None},
    "INT64": {"INT64(JSON '2005')": 2005, "INT64(JSON '10.0')": 10, "INT64(JSON '-1')": -1},
    "FLOAT64": {"FLOAT64(JSON '9.8')": 9.8, "FLOAT64(JSON '3')": 3.0},
    "STRING": {"STRING(JSON '\"purple\"')": "purple", "STRING(JSON '\"\"')": ""},
    "JSON_TYPE": {
        "JSON_TYPE(JSON '1.5')": "number",
        "JSON_TYPE(JSON '\"a\"')": "string",
        "JSON_TYPE(JSON 'true')": "boolean",
        "JSON_TYPE(JSON 'null')": "null",
        "JSON_TYPE(JSON '[1]')": "array",
        "JSON_TYPE(JSON '{}')": "object",
        "JSON_TYPE(CAST(NULL AS JSON))": None,
    },
    "JSON_VALUE": {
        f"JSON_VALUE({DOC}, '$.a.b[1]')": "x",
        f"JSON_VALUE({DOC}, '$.a.b[0]')": "1",
        f"JSON_VALUE({DOC}, '$.a.b[3].c')": "true",
        f"JSON_VALUE({DOC}, '$.a.\"d.e\"')": "2.5",
        f"JSON_VALUE({DOC}, '$.a')": None,
        f"JSON_VALUE({DOC}, '$.n')": None,
        f"JSON_VALUE({DOC}, '$.none')": None,
        f"JSON_VALUE(JSON {DOC}, '$.a.b[9]')": None,
        "JSON_VALUE('\"x\"')": "x",
        "JSON_VALUE('no json', '$.a')": None,
        "JSON_VALUE(JSON '{\"a\": \"é😀\"}', '$.a')": "é😀",
    },
    "JSON_EXTRACT_SCALAR": {f"JSON_EXTRACT_SCALAR({DOC}, \"$['a']['d.e']\")": "2.5"},
    "JSON_QUERY": {
        f"JSON_QUERY({DOC}, '$.a.b')": '[1,"x",null,{"c":true}]',
        f"JSON_QUERY({DOC}, '$.n')": None,
        f"JSON_QUERY({DOC}, '$.a.b[1]')": '"x"',
        f"JSON_TYPE(JSON_QUERY(JSON {DOC}, '$.n'))": "null",
    },
    "JSON_EXTRACT": {f"JSON_EXTRACT({DOC}, '$.a.b[0]')": "1"},
    "JSON_QUERY_ARRAY": {
        "JSON_QUERY_ARRAY('[1, {\"a\": 2}]')": ["1", '{"a":2}'],
        f"JSON_QUERY_ARRAY({DOC}, '$.a.b')[SAFE_OFFSET(1)]": '"x"',
        f"ARRAY_LENGTH(JSON_QUERY_ARRAY({DOC}, '$.a'))": None,
    },
    "JSON_EXTRACT_ARRAY": {"JSON_EXTRACT_ARRAY('{\"a\": [1, 2]}', '$.a')": ["1", "2"]},
    "JSON_VALUE_ARRAY": {
        "JSON_VALUE_ARRAY('[\"apples\", 1, true]')": ["apples", "1", "true"],
        "ARRAY_LENGTH(JSON_VALUE_ARRAY('[\"a\", [1]]'))": None,
        "JSON_VALUE_ARRAY('[null, 1]')[OFFSET(0)]": None,
        "JSON_VALUE_ARRAY('[]')": [],
    },
    "JSON_EXTRACT_STRING_ARRAY": {"JSON_EXTRACT_STRING_ARRAY('{\"a\": [\"b\"]}', '$.a')": ["b"]},
    "PARSE_JSON": {
        "TO_JSON_STRING(PARSE_JSON('{\"a\": [1, 2.5, null]}'))": '{"a":[1,2.5,null]}',
        "INT64(PARSE_JSON(CONCAT('1', '2')))": 12,
        "PARSE_JSON(NULL) IS NULL": True,
    },
    "TO_JSON": {
        "INT64(TO_JSON(STRUCT(5 AS a)).a)": 5,
        "JSON_TYPE(TO_JSON(NULL))": "null",
        "STRING(TO_JSON(DATE '2024-01-02'))": "2024-01-02",
    },
    "TO_JSON_STRING": {
        "TO_JSON_STRING('a\"é')": '"a\\"é"',
        "TO_JSON_STRING(NULL)": "null",
        "TO_JSON_STRING(TRUE)": "true",
        "TO_JSON_STRING(9007199254740992)": "9007199254740992",
        "TO_JSON_STRING(9007199254740993)": '"9007199254740993"',
        "TO_JSON_STRING(CAST('NaN' AS FLOAT64))": '"NaN"',
        "TO_JSON_STRING(CAST('-inf' AS FLOAT64))": '"-Infinity"',
        "TO_JSON_STRING(b'Google')": '"R29vZ2xl"',
        "TO_JSON_STRING(DATETIME '2017-03-06 12:34:56.789012')": '"2017-03-06T12:34:56.789012"',
        "TO_JSON_STRING(TIMESTAMP '2017-03-06 12:34:56.789012+00')": '"2017-03-06T12:34:56.789012Z"',
        "TO_JSON_STRING(TIME '12:34:56')": '"12:34:56"',
        "TO_JSON_STRING(STRUCT(1 AS a, [STRUCT(DATE '2024-01-01' AS d)] AS b, NULL AS c))":
            '{"a":1,"b":[{"d":"2024-01-01"}],"c":null}',
        "TO_JSON_STRING(JSON '{\"a\": null}')": '{"a":null}',
        "TO_JSON_STRING([1, 2])": "[1,2]",
    },
    "JSON access": {
        f"INT64(JSON {DOC}.a.b[0])": 1,
        f"STRING(JSON {DOC}['a']['b'][1])": "x",
        f"JSON {DOC}.none IS NULL": True,
    },
}  # fmt: skip
FAILURES = {
    "BOOL": ["BOOL(JSON '123')", "BOOL(JSON 'null')", "BOOL('true')"],
    "INT64": ["INT64(JSON '10.1')", "INT64(JSON '\"1\"')"],
    "FLOAT64": ["FLOAT64(JSON '\"strawberry\"')"],
    "STRING": ["STRING(JSON '123')", "STRING(1)", "STRING()"],
    "JSON_VALUE": ["JSON_VALUE(1, '$')", "JSON_VALUE('{}', 'a')", "JSON_VALUE('{}', '$.a[*]')", "JSON_VALUE()"],
    "PARSE_JSON": ["PARSE_JSON('{')", "PARSE_JSON(CONCAT('{', 'x'))", "PARSE_JSON(1)"],
    "JSON_QUERY": ["JSON_QUERY('{}', '$..a')"],
    "TO_JSON_STRING": ["TO_JSON_STRING()"],
    "JSON_TYPE": ["JSON_TYPE('{}')"],
    "JSON access": ["JSON '{'", "JSON '1e400'", "CAST('{}' AS JSON)", "JSON '{\"a\": 1}'.a + 1"],
}


@behaviour("standard-sql/json_functions: the answers of each, and their edges")
@pytest.mark.parametrize("name", ANSWERS)
def test_a_json_function_answers(rows, name):
    check(rows, ANSWERS[name])


@behaviour("standard-sql/json_functions: what each refuses")
@pytest.mark.parametrize("name", FAILURES)
def test_a_json_function_refuses(rows, name):
    fail(rows, FAILURES[name])
    check(rows, ANSWERS[name])


@behaviour("standard-sql/json_functions: SAFE. with JSON")
def test_a_safe_json_function_gives_null(rows):
    check(rows, {
        "SAFE.PARSE_JSON('{') IS NULL": True,
        "SAFE.PARSE_JSON(CONCAT('{', 'x')) IS NULL": True,
        "SAFE.INT64(JSON '\"1\"')": None,
        "SAFE.STRING(JSON '1')": None,
    })  # fmt: skip


@behaviour("standard-sql/json_functions: what is encoded in a way that has not been taught")
@pytest.mark.switches
@pytest.mark.parametrize(
    "expression", ["TO_JSON_STRING(NUMERIC '1.5')", "TO_JSON_STRING(1, TRUE)", "TO_JSON(STRUCT(NUMERIC '1' AS a))"]
)
def test_an_encoding_is_never_guessed(rows, expression):
    with refused(501, "notImplemented", "TO_JSON"):
        rows(f"SELECT {expression}")
    check(rows, ANSWERS["TO_JSON_STRING"])
