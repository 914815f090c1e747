"""FORMAT, as far as it has been taught.

https://cloud.google.com/bigquery/docs/reference/standard-sql/string_functions#format_string

Taught: %s, %d with a width and zeros, %t, %.Nf and %%; one NULL argument makes all NULL, but %t shows NULL.
"""

from __future__ import annotations

import re

from bqmigrate.local.errors import unsupported
from bqmigrate.local.sql.casts import cast_value
from bqmigrate.local.sql.coercion import coerce
from bqmigrate.local.sql.functions.base import Call
from bqmigrate.local.sql.kinds import FLOAT, INTEGER, NUMERIC, STRING, Typed
from bqmigrate.local.sql.once import once
from bqmigrate.local.sql.types import string_sql

ELEMENT = re.compile(r"%(?:(%)|(0?)(\d*)(d)|(s)|(t)|\.(\d+)(f))")


def format_(call: Call) -> Typed:
    """Bind FORMAT(format, ...); the format must be a constant."""
    text, given = call.constant_text(0), call.arguments()[1:]
    parts: list[str] = []
    offset = used = 0
    while (at := text.find("%", offset)) >= 0:
        match = ELEMENT.match(text, at)
        if match is None:
            raise unsupported(f"FORMAT element {text[at : at + 4]!r}")
        parts.append(string_sql(text[offset:at]))
        if match[1]:
            parts.append("'%'")
        else:
            parts.append(_shown(call, match, given, used))
            used += 1
        offset = match.end()
    parts.append(string_sql(text[offset:]))
    if used != len(given):
        raise call.error(f"Invalid number of arguments to FORMAT; expected {used}, got {len(given)}")
    return Typed(f"({' || '.join(parts)})", STRING)


def _shown(call: Call, match: re.Match[str], given: list[Typed], index: int) -> str:
    if index >= len(given):
        raise call.error("Too few arguments to FORMAT for the elements in its format")
    value = given[index]
    if match[6]:
        return f"coalesce({_plain(value)}, 'NULL')"
    if match[5]:
        sql = coerce(value, STRING)
    elif match[4]:
        sql = coerce(value, INTEGER)
        sql = sql and f"printf('%{match[2]}{match[3]}d', {sql})"
    else:
        sql = coerce(value, FLOAT) if value.type in (INTEGER, FLOAT, NUMERIC) else None
        sql = sql and f"printf('%.{match[7]}f', {sql})"
    if sql is None:
        raise call.error(f"Invalid type for argument {index + 2} to FORMAT; it has type {value.type}")
    return sql


def _plain(value: Typed) -> str:
    """Write what %t shows: numbers with a fraction always have a point."""
    if value.type.name in {"BYTES", "JSON", "RECORD", "INTERVAL", "RANGE"} or value.type.element is not None:
        raise unsupported(f"FORMAT element %t for {value.type}")
    text = cast_value(value, STRING).sql
    if value.type not in (FLOAT, NUMERIC):
        return text
    return once(lambda t: f"CASE WHEN regexp_matches({t}, '^-?[0-9]+$') THEN {t} || '.0' ELSE {t} END", text)


SPECIALS = {"FORMAT": format_}
