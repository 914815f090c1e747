"""JSON.

https://cloud.google.com/bigquery/docs/reference/standard-sql/json_functions
"""

from __future__ import annotations

import json
import re

from bqmigrate.local.sql.casts import cast_value
from bqmigrate.local.sql.functions.base import Call, Overloads, overload
from bqmigrate.local.sql.kinds import BOOLEAN, FLOAT, INTEGER, JSON, STRING, Typed, array_of
from bqmigrate.local.sql.literals import json_sql
from bqmigrate.local.sql.types import string_sql

STEP = re.compile(
    r"""\.([A-Za-z_][A-Za-z0-9_-]*)|\."((?:[^"\\]|\\.)*)"|\['((?:[^'\\]|\\.)*)'\]|\["([^"]*)"\]|\[(\d+)\]"""
)


def _strict(kinds: tuple[str, ...], value: str, spoken: str) -> str:
    names = ", ".join(string_sql(k) for k in kinds)
    wrong = f"error('The provided JSON input is not {spoken}')"
    return f"CASE WHEN {{0}} IS NULL THEN NULL WHEN json_type({{0}}) IN ({names}) THEN {value} ELSE {wrong} END"


INTEGERS, NUMBERS = ("UBIGINT", "BIGINT", "HUGEINT"), ("UBIGINT", "BIGINT", "HUGEINT", "DOUBLE")
OVERLOADS: Overloads = {
    "BOOL": (overload([JSON], BOOLEAN, _strict(("BOOLEAN",), "CAST({0} AS BOOLEAN)", "a boolean")),),
    "INT64": (overload([JSON], INTEGER, _strict(INTEGERS, "CAST({0} AS BIGINT)", "an integer")),),
    "FLOAT64": (overload([JSON], FLOAT, _strict(NUMBERS, "CAST({0} AS DOUBLE)", "a number")),),
    "JSON_TYPE": (
        overload(
            [JSON],
            STRING,
            "CASE json_type({0}) WHEN 'NULL' THEN 'null' WHEN 'BOOLEAN' THEN 'boolean' WHEN 'VARCHAR' THEN 'string' "
            "WHEN 'OBJECT' THEN 'object' WHEN 'ARRAY' THEN 'array' ELSE CASE WHEN {0} IS NULL THEN NULL "
            "ELSE 'number' END END",
        ),
    ),
}


def json_path(call: Call, text: str) -> str:
    """Return DuckDB's path for BigQuery's; raises WarehouseError when it is none."""
    rest = text[1:]
    if not text.startswith("$"):
        raise call.error(f"Invalid JSONPath: {text}")
    out = "$"
    while rest:
        match = STEP.match(rest)
        if match is None:
            raise call.error(f"Unsupported operator or invalid JSONPath: {text}")
        name = next((g for g in match.groups()[:4] if g is not None), None)
        out += f"[{match[5]}]" if name is None else f'."{name}"'
        rest = rest[match.end() :]
    return string_sql(out)


def _document(call: Call) -> tuple[Typed, str]:
    value = call.bind(call.node(0)) if call.nodes else None
    if value is None or value.type not in (JSON, STRING):
        raise call.no_match([value] if value else [], f"{call.name}(JSON, [STRING]); {call.name}(STRING, [STRING])")
    path = json_path(call, call.constant_text(1)) if len(call.nodes) > 1 else "'$'"
    return value, path


def _read(value: Typed) -> str:
    # A STRING that holds no JSON gives NULL, not an error.
    return value.sql if value.type == JSON else f"(CASE WHEN json_valid({value.sql}) THEN {value.sql} END)"


def scalar(sql: str, path: str) -> str:
    """Write the text of the scalar at a path: NULL for objects, arrays and JSON null."""
    composite = f"json_type({sql}, {path}) IN ('OBJECT', 'ARRAY', 'NULL')"
    return f"CASE WHEN {composite} THEN NULL ELSE json_extract_string({sql}, {path}) END"


def json_value(call: Call) -> Typed:
    """Bind JSON_VALUE and JSON_EXTRACT_SCALAR."""
    value, path = _document(call)
    return Typed(scalar(_read(value), path), STRING)


def json_query(call: Call) -> Typed:
    """Bind JSON_QUERY and JSON_EXTRACT: JSON from JSON, text from text."""
    value, path = _document(call)
    found = f"json_extract({_read(value)}, {path})"
    if value.type == JSON:
        return Typed(found, JSON)
    return Typed(f"nullif(CAST({found} AS VARCHAR), 'null')", STRING)


def json_query_array(call: Call) -> Typed:
    """Bind JSON_QUERY_ARRAY and JSON_EXTRACT_ARRAY."""
    value, path = _document(call)
    element = JSON if value.type == JSON else STRING
    sql = f"json_extract({_read(value)}, {path})"
    items = f"CAST({sql} AS JSON[])"
    texts = items if element == JSON else f"list_transform({items}, lambda e: CAST(e AS VARCHAR))"
    return Typed(f"CASE WHEN json_type({sql}) = 'ARRAY' THEN {texts} END", array_of(element))


def json_value_array(call: Call) -> Typed:
    """Bind JSON_VALUE_ARRAY and JSON_EXTRACT_STRING_ARRAY."""
    value, path = _document(call)
    sql = f"json_extract({_read(value)}, {path})"
    texts = f"list_transform(CAST({sql} AS JSON[]), lambda e: {scalar('e', chr(39) + '$' + chr(39))})"
    return Typed(f"CASE WHEN json_type({sql}) = 'ARRAY' THEN {texts} END", array_of(STRING))


def parse_json(call: Call) -> Typed:
    """Bind PARSE_JSON; a constant is read, and refused, at once."""
    value = call.bind(call.node(0)) if call.nodes else None
    if value is None or value.type.name not in {"STRING", "NULL"}:
        raise call.no_match([value] if value else [], "PARSE_JSON(STRING, [STRING])")
    if value.type.name == "NULL":
        return Typed("CAST(NULL AS JSON)", JSON)
    if value.text is not None:
        try:
            return Typed(json_sql(value.text), JSON)
        except ValueError as error:
            raise call.error(f"Invalid input to PARSE_JSON: {_reason(error)}") from error
    wrong = f"error('Invalid input to PARSE_JSON: syntax error in ' || {value.sql})"
    valid = f"WHEN json_valid({value.sql}) THEN json({value.sql})"
    return Typed(f"CASE WHEN {value.sql} IS NULL THEN NULL {valid} ELSE {wrong} END", JSON)


def _reason(error: ValueError) -> str:
    return f"syntax error at column {error.colno}" if isinstance(error, json.JSONDecodeError) else str(error)


def to_json(call: Call) -> Typed:
    """Bind TO_JSON and TO_JSON_STRING for scalars, arrays and structs of STRING, INT64, FLOAT64, BOOL and JSON."""
    arguments = call.arguments()
    if len(arguments) != 1:
        raise call.no_match(arguments, f"{call.name}(T)")
    value = arguments[0]
    text = f"CAST(to_json({value.sql}) AS VARCHAR)" if value.type != JSON else f"CAST(json({value.sql}) AS VARCHAR)"
    if value.type.name in {"BYTES", "NUMERIC", "TIMESTAMP", "DATETIME", "TIME"}:
        raise call.error(f"{call.name} of {value.type} is not supported by the local warehouse")
    if call.name == "TO_JSON":
        return Typed(f"CAST({text} AS JSON)", JSON)
    return Typed(f"coalesce({text}, 'null')", STRING)


def string_of(call: Call) -> Typed:
    """Bind STRING(json) and STRING(timestamp)."""
    arguments = call.arguments()
    kind = arguments[0].type.name if len(arguments) == 1 else ""
    if kind == "JSON":
        return Typed(
            _strict(("VARCHAR",), "json_extract_string({0}, '$')", "a string").format(arguments[0].sql), STRING
        )
    if kind in {"TIMESTAMP", "DATE", "DATETIME", "TIME"}:
        return cast_value(arguments[0], STRING)
    raise call.no_match(arguments, "STRING(JSON); STRING(TIMESTAMP)")


SPECIALS = {
    "JSON_VALUE": json_value,
    "JSON_EXTRACT_SCALAR": json_value,
    "JSON_QUERY": json_query,
    "JSON_EXTRACT": json_query,
    "JSON_QUERY_ARRAY": json_query_array,
    "JSON_EXTRACT_ARRAY": json_query_array,
    "JSON_VALUE_ARRAY": json_value_array,
    "JSON_EXTRACT_STRING_ARRAY": json_value_array,
    "PARSE_JSON": parse_json,
    "TO_JSON": to_json,
    "TO_JSON_STRING": to_json,
    "STRING": string_of,
}
