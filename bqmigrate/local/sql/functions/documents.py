"""JSON.

https://cloud.google.com/bigquery/docs/reference/standard-sql/json_functions
"""

from __future__ import annotations

import json
import re

from bqmigrate.local.errors import unsupported
from bqmigrate.local.sql.casts import TEMPLATES, cast_value
from bqmigrate.local.sql.functions.base import Call, Overloads, overload, pick
from bqmigrate.local.sql.kinds import BOOLEAN, FLOAT, INTEGER, JSON, STRING, Type, Typed, array_of
from bqmigrate.local.sql.literals import json_sql
from bqmigrate.local.sql.once import once
from bqmigrate.local.sql.types import field_key, quoted, string_sql

STEP = re.compile(
    r"""\.([A-Za-z_][A-Za-z0-9_-]*)|\."((?:[^"\\]|\\.)*)"|\['((?:[^'\\]|\\.)*)'\]|\["([^"]*)"\]|\[(\d+)\]"""
)


def _strict(kinds: tuple[str, ...], value: str, spoken: str) -> str:
    names = ", ".join(string_sql(k) for k in kinds)
    wrong = f"error('The provided JSON input is not {spoken}')"
    return f"CASE WHEN {{0}} IS NULL THEN NULL WHEN json_type({{0}}) IN ({names}) THEN {value} ELSE {wrong} END"


ROOT = string_sql("$")
INTEGERS, NUMBERS = ("UBIGINT", "BIGINT", "HUGEINT"), ("UBIGINT", "BIGINT", "HUGEINT", "DOUBLE")
OVERLOADS: Overloads = {
    "BOOL": (overload([JSON], BOOLEAN, _strict(("BOOLEAN",), "CAST({0} AS BOOLEAN)", "a boolean")),),
    # 10.0 is an integer, 10.1 is none.
    "INT64": (
        overload(
            [JSON],
            INTEGER,
            "CASE WHEN json_type({0}) = 'DOUBLE' AND TRY_CAST({0} AS DOUBLE) = trunc(TRY_CAST({0} AS DOUBLE)) "
            "THEN CAST(CAST({0} AS DOUBLE) AS BIGINT) ELSE "
            + _strict(INTEGERS, "CAST({0} AS BIGINT)", "an integer")
            + " END",
        ),
    ),
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
    texts = f"list_transform(CAST({sql} AS JSON[]), lambda e: {scalar('e', ROOT)})"
    flat = f"list_contains(list_transform(CAST({sql} AS JSON[]), lambda e: json_type(e) IN ('OBJECT', 'ARRAY')), true)"
    return Typed(f"CASE WHEN json_type({sql}) <> 'ARRAY' THEN NULL WHEN NOT {flat} THEN {texts} END", array_of(STRING))


def parse_json(call: Call) -> Typed:
    """Bind PARSE_JSON; a constant is read, and refused, at once."""
    value = call.bind(call.node(0)) if call.nodes else None
    if value is None or value.type.name not in {"STRING", "NULL"}:
        raise call.no_match([value] if value else [], "PARSE_JSON(STRING, [STRING])")
    if len(call.nodes) > 1:
        raise unsupported("PARSE_JSON with wide_number_mode")
    if value.type.name == "NULL":
        return Typed("CAST(NULL AS JSON)", JSON)
    if value.text is not None:
        try:
            return Typed(json_sql(value.text), JSON)
        except ValueError as error:
            if call.safe:
                return Typed("CAST(NULL AS JSON)", JSON)
            raise call.error(f"Invalid input to PARSE_JSON: {_reason(error)}") from error
    wrong = call.fail("Invalid input to PARSE_JSON: syntax error")
    valid = f"WHEN json_valid({value.sql}) THEN json({value.sql})"
    return Typed(f"CASE WHEN {value.sql} IS NULL THEN NULL {valid} ELSE {wrong} END", JSON)


def _reason(error: ValueError) -> str:
    return f"syntax error at column {error.colno}" if isinstance(error, json.JSONDecodeError) else str(error)


def to_json(call: Call) -> Typed:
    """Bind TO_JSON and TO_JSON_STRING."""
    arguments = call.arguments()
    if len(arguments) == 2:  # noqa: PLR2004
        raise unsupported(f"{call.name} with a second argument")
    if len(arguments) != 1:
        raise call.no_match(arguments, f"{call.name}(T)")
    value = arguments[0]
    text = f"CAST({_encoded(value.sql, value.type, call.name)} AS VARCHAR)"
    if call.name == "TO_JSON":
        return Typed(f"CAST(coalesce({text}, 'null') AS JSON)", JSON)
    return Typed(f"coalesce({text}, 'null')", STRING)


def _encoded(sql: str, kind: Type, name: str) -> str:
    """Write a value as DuckDB's JSON.

    https://cloud.google.com/bigquery/docs/reference/standard-sql/json_functions#json_encodings
    """
    if kind.element is not None:
        return f"to_json(list_transform({sql}, lambda e: {_encoded('e', kind.element, name)}))"
    if kind.name == "RECORD":
        keys = [field_key(i, key) for i, (key, _) in enumerate(kind.fields)]
        inner = (_encoded(f"({sql}).{quoted(k)}", f[1], name) for k, f in zip(keys, kind.fields, strict=True))
        packed = ", ".join(f"{quoted(k)} := {v}" for k, v in zip(keys, inner, strict=True))
        return f"CASE WHEN {sql} IS NULL THEN NULL ELSE to_json(struct_pack({packed})) END"
    if kind.name not in ENCODERS:
        raise unsupported(f"{name} of {kind}")
    encoder = ENCODERS[kind.name]
    if kind == INTEGER and name == "TO_JSON_STRING":
        wide = "{0} NOT BETWEEN -9007199254740992 AND 9007199254740992"
        encoder = f"CASE WHEN {wide} THEN to_json(CAST({{0}} AS VARCHAR)) ELSE to_json({{0}}) END"
    return once(encoder.format, sql)


_DATETIME = "replace(" + TEMPLATES["DATETIME", "STRING"] + ", ' ', 'T')"
ENCODERS = {
    **dict.fromkeys(("STRING", "BOOLEAN", "INTEGER", "DATE", "NULL"), "to_json({0})"),
    "JSON": "json({0})",
    "FLOAT": "CASE WHEN isnan({0}) THEN to_json('NaN') WHEN isinf({0}) THEN "
    "to_json(CASE WHEN {0} > 0 THEN 'Infinity' ELSE '-Infinity' END) ELSE to_json({0}) END",
    "BYTES": "to_json(to_base64({0}))",
    "TIME": f"to_json({TEMPLATES['TIME', 'STRING']})",
    "DATETIME": f"to_json({_DATETIME})",
    "TIMESTAMP": f"to_json({_DATETIME.replace('{0}', 'timezone(' + chr(39) + 'UTC' + chr(39) + ', {0})')} || 'Z')",
}


def string_of(call: Call) -> Typed:
    """Bind STRING(json), STRING(timestamp[, zone]) and STRING of a DATE, DATETIME or TIME."""
    arguments = call.arguments()
    kind = arguments[0].type.name if arguments else ""
    if kind == "JSON" and len(arguments) == 1:
        return pick(
            call, (overload([JSON], STRING, _strict(("VARCHAR",), f"json_extract_string({{0}}, {ROOT})", "a string")),)
        )
    if kind == "TIMESTAMP" and len(arguments) == 2:  # noqa: PLR2004
        raise unsupported("STRING of a TIMESTAMP in a time zone")
    if kind in {"TIMESTAMP", "DATE", "DATETIME", "TIME"} and len(arguments) == 1:
        return cast_value(arguments[0], STRING)
    raise call.no_match(arguments, "STRING(JSON); STRING(TIMESTAMP, [STRING])")


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
MOST = dict.fromkeys((name for name in SPECIALS if name.startswith("JSON_")), 2)
