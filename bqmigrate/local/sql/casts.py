"""CAST and SAFE_CAST.

https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_functions
"""

from __future__ import annotations

from bqmigrate.local.errors import WarehouseError, unsupported
from bqmigrate.local.sql.coercion import coerce
from bqmigrate.local.sql.kinds import NULL, Type, Typed
from bqmigrate.local.sql.literals import READERS, text_sql
from bqmigrate.local.sql.once import once, separately
from bqmigrate.local.sql.types import cast_sql

_DIGITS = r"^\s*[+-]?([0-9]+|0[xX][0-9a-fA-F]+)\s*$"
_SPOKEN = {"INTEGER": "int64", "FLOAT": "double", "BOOLEAN": "bool", "NUMERIC": "NUMERIC"}
# %.15g, and %.17g where that would lose digits: the text that reads back as the same number.
_FLOAT_TEXT = (
    "CASE WHEN isnan({0}) THEN 'NaN' WHEN {0} = 0 THEN '0' "
    "WHEN isinf({0}) THEN CASE WHEN {0} > 0 THEN 'inf' ELSE '-inf' END "
    "WHEN CAST(printf('%.15g', {0}) AS DOUBLE) = {0} THEN printf('%.15g', {0}) ELSE printf('%.17g', {0}) END"
)
_NUMERIC_TEXT = "regexp_replace(CAST({0} AS VARCHAR), '\\.?0+$', '')"
_FRACTION = (
    "CASE WHEN {1} % 1000000 = 0 THEN '' WHEN {1} % 1000 = 0 THEN strftime({0}, '.%g') ELSE strftime({0}, '.%f') END"
)


def _moment_text(local: str, suffix: str = "") -> str:
    fraction = _FRACTION.format(local, f"epoch_us({local})")
    end = f" || '{suffix}'" if suffix else ""
    return f"(strftime({local}, '%Y-%m-%d %H:%M:%S') || {fraction}{end})"


def _time_text(sql: str) -> str:
    local = f"(DATE '1970-01-01' + {sql})"
    return f"(strftime({local}, '%H:%M:%S') || {_FRACTION.format(local, f'epoch_us({local})')})"


# (from, to) -> template; {0} is the value. What is in no row is no cast at all.
TEMPLATES: dict[tuple[str, str], str] = {
    ("INTEGER", "STRING"): "CAST({0} AS VARCHAR)",
    ("INTEGER", "BOOLEAN"): "({0} <> 0)",
    ("INTEGER", "FLOAT"): "CAST({0} AS DOUBLE)",
    ("INTEGER", "NUMERIC"): "CAST({0} AS DECIMAL(38, 9))",
    ("FLOAT", "INTEGER"): "CAST(round({0}) AS BIGINT)",
    ("FLOAT", "NUMERIC"): "CAST({0} AS DECIMAL(38, 9))",
    ("FLOAT", "STRING"): _FLOAT_TEXT,
    ("NUMERIC", "INTEGER"): "CAST(round({0}) AS BIGINT)",
    ("NUMERIC", "FLOAT"): "CAST({0} AS DOUBLE)",
    ("NUMERIC", "STRING"): _NUMERIC_TEXT,
    ("BOOLEAN", "STRING"): "CAST({0} AS VARCHAR)",
    ("BOOLEAN", "INTEGER"): "CAST({0} AS BIGINT)",
    ("STRING", "BYTES"): "encode({0})",
    ("BYTES", "STRING"): "decode({0})",
    ("DATE", "STRING"): "strftime({0}, '%Y-%m-%d')",
    ("DATE", "DATETIME"): "CAST({0} AS TIMESTAMP)",
    ("DATE", "TIMESTAMP"): "timezone('UTC', CAST({0} AS TIMESTAMP))",
    ("DATETIME", "DATE"): "CAST({0} AS DATE)",
    ("DATETIME", "TIME"): "CAST({0} AS TIME)",
    ("DATETIME", "TIMESTAMP"): "timezone('UTC', {0})",
    ("DATETIME", "STRING"): _moment_text("{0}"),
    ("TIMESTAMP", "DATE"): "CAST(timezone('UTC', {0}) AS DATE)",
    ("TIMESTAMP", "TIME"): "CAST(timezone('UTC', {0}) AS TIME)",
    ("TIMESTAMP", "DATETIME"): "timezone('UTC', {0})",
    ("TIMESTAMP", "STRING"): _moment_text("timezone('UTC', {0})", "+00"),
    ("TIME", "STRING"): _time_text("{0}"),
}
# What a STRING can be cast to; JSON and GEOGRAPHY have functions for it.
WRITTEN = (frozenset(READERS) | {"RANGE"}) - {"JSON", "GEOGRAPHY"}
UNTAUGHT = frozenset({
    ("INTERVAL", "STRING"), ("STRING", "INTERVAL"), ("STRING", "RANGE"), ("STRING", "BIGNUMERIC"),
    *(("BIGNUMERIC", to) for to in ("STRING", "INTEGER", "FLOAT", "NUMERIC")),
    *((have, "BIGNUMERIC") for have in ("INTEGER", "FLOAT", "NUMERIC")),
})  # fmt: skip
_DAY, _CLOCK = r"\d{{4}}-\d{{1,2}}-\d{{1,2}}", r"([01]?\d|2[0-3]):\d{{1,2}}:\d{{1,2}}(\.\d{{0,6}})?"
# What DuckDB would read too generously is looked at first.
GUARDS = {
    "INTEGER": f"regexp_matches({{0}}, '{_DIGITS}')",
    "BOOLEAN": "lower({0}) IN ('true', 'false')",
    "FLOAT": "NOT contains({0}, '_') AND TRY_CAST({0} AS DOUBLE) IS NOT NULL",
    "NUMERIC": "NOT contains({0}, '_') AND TRY_CAST({0} AS DECIMAL(38, 9)) IS NOT NULL",
    "DATE": rf"regexp_matches({{0}}, '^\s*{_DAY}\s*$') AND TRY_CAST({{0}} AS DATE) IS NOT NULL",
    "TIME": rf"regexp_matches({{0}}, '^\s*{_CLOCK}\s*$') AND TRY_CAST({{0}} AS TIME) IS NOT NULL",
    "DATETIME": rf"regexp_matches({{0}}, '^\s*{_DAY}([ Tt]{_CLOCK})?\s*$') "
    "AND TRY_CAST({0} AS TIMESTAMP) IS NOT NULL",
    "TIMESTAMP": rf"regexp_matches({{0}}, '^\s*{_DAY}([ Tt]{_CLOCK})?') AND TRY_CAST({{0}} AS TIMESTAMPTZ) IS NOT NULL",
}


def cast_value(value: Typed, to: Type, *, safe: bool = False, where: str = "") -> Typed:
    """Return a value cast; a SAFE_CAST gives NULL where CAST would fail. Raises WarehouseError."""
    if value.type == NULL:
        return Typed(cast_sql("NULL", to), to)
    if value.type == to:
        return Typed(value.sql, to)
    if value.type.same(to) or value.parts is not None or (to.element is not None and value.type.element is not None):
        return _composite(value, to, where)
    if value.text is not None and value.constant and value.type.name == "STRING" and to.name in WRITTEN:
        return _constant(value.text, to, safe=safe)
    if value.type.name == "STRING" and to.name in GUARDS:
        return Typed(_guarded(value.sql, to, safe=safe), to)
    if value.type.name == "INTEGER" and to.name == "BIGNUMERIC" and value.text is not None:
        return _constant(value.text, to, safe=safe)
    template = _template(value.type, to, where)
    if safe:
        # What fails inside of the value fails all the same, and DuckDB's TRY takes no error() at all.
        bind = separately if "error(" in value.sql or "error(" in template else once
        return Typed(bind(lambda v: f"TRY({template.format(v)})", value.sql), to)
    return Typed(once(template.format, value.sql), to)


def _template(have: Type, to: Type, where: str) -> str:
    pair = (have.name, to.name)
    if pair in UNTAUGHT:
        raise unsupported(f"CAST of {have} to {to}")
    if pair not in TEMPLATES:
        raise WarehouseError("invalidQuery", f"Invalid cast from {have} to {to}{where}")
    return TEMPLATES[pair]


def _composite(value: Typed, to: Type, where: str) -> Typed:
    sql = coerce(value, to)
    if sql is not None:
        return Typed(sql, to)
    if value.parts is not None and value.type.element is not None and to.element is not None:
        items = [cast_value(part, to.element, where=where).sql for part in value.parts]
        return Typed(cast_sql(f"[{', '.join(items)}]", to), to)
    raise WarehouseError(
        "invalidQuery",
        f"Casting between arrays or structs with incompatible types is not supported: "
        f"Invalid cast from {value.type} to {to}{where}",
    )


def _constant(text: str, to: Type, *, safe: bool) -> Typed:
    try:
        return Typed(text_sql(text, to), to)
    except ValueError as error:
        if safe:
            return Typed(cast_sql("NULL", to), to)
        raise WarehouseError("invalidQuery", bad_value(text, to)) from error


def bad_value(text: str, to: Type) -> str:
    """Say that a text is no value of a type, as BigQuery does."""
    if to.name in _SPOKEN:
        return f"Bad {_SPOKEN[to.name]} value: {text}" if to.name != "NUMERIC" else f"Invalid NUMERIC value: {text}"
    return f"Invalid {to.name.lower()}: '{text}'" if to.name != "TIMESTAMP" else f"Invalid timestamp: '{text}'"


def _guarded(sql: str, to: Type, *, safe: bool) -> str:
    return once(lambda text: _checked(text, to, safe=safe), sql)


def _checked(sql: str, to: Type, *, safe: bool) -> str:
    guard = GUARDS[to.name].format(sql)
    message = bad_value("\0", to).split("\0")
    wrong = "NULL" if safe else f"error('{message[0].replace(chr(39), chr(39) * 2)}' || {sql})"
    target = cast_sql(sql, to)
    if to.name == "INTEGER":
        # DuckDB reads hexadecimal digits only without a sign.
        digits = f"CAST(regexp_replace({sql}, '[+-]', '') AS HUGEINT)"
        target = f"CAST((CASE WHEN contains({sql}, '-') THEN -1 ELSE 1 END) * {digits} AS BIGINT)"
        target = f"TRY({target})" if safe else target
    return f"CASE WHEN {sql} IS NULL THEN NULL WHEN {guard} THEN {target} ELSE {wrong} END"
