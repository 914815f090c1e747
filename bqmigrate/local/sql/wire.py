"""Rows in the form of the REST API: {"f": [{"v": ...}, ...]}.

DuckDB writes the text of a value, and the JSON of a nested one; a TIMESTAMPTZ as a Python value would need pytz. What
says the same as a Python value is fetched as one: most of what a short answer costs is DuckDB's planning of such texts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bqmigrate.local.sql.casts import TEMPLATES
from bqmigrate.local.sql.kinds import Type, type_of
from bqmigrate.local.sql.types import BIGNUMERIC_SCALE, field_key, quoted
from bqmigrate.model.columns import Column

# lpad cuts what is longer than its length: at least one digit before the point, and all there are.
_LENGTH = f"CAST(greatest({BIGNUMERIC_SCALE + 1}, length(replace(CAST({{0}} AS VARCHAR), '-', ''))) AS INTEGER)"
_DIGITS = f"lpad(replace(CAST({{0}} AS VARCHAR), '-', ''), {_LENGTH}, '0')"
# The scaled whole number with its point put back and its trailing zeros gone.
_BIGNUMERIC = (
    "(CASE WHEN starts_with(CAST({0} AS VARCHAR), '-') THEN '-' ELSE '' END) || regexp_replace("
    f"{_DIGITS}[:-{BIGNUMERIC_SCALE + 1}] || '.' || {_DIGITS}[-{BIGNUMERIC_SCALE}:], '\\.?0+$', '')"
)
# Y-M D H:M:S[.F], where months and time have a sign of their own.
INTERVAL_TEXT = (
    "CASE WHEN datepart('year', {0}) * 12 + datepart('month', {0}) < 0 THEN '-' ELSE '' END || "
    "printf('%d-%d %d ', abs(datepart('year', {0})), abs(datepart('month', {0})), datepart('day', {0})) || "
    "CASE WHEN datepart('hour', {0}) + datepart('minute', {0}) + datepart('microsecond', {0}) < 0 "
    "THEN '-' ELSE '' END || printf('%d:%d:%d', abs(datepart('hour', {0})), abs(datepart('minute', {0})), "
    "abs(datepart('microsecond', {0})) // 1000000) || CASE WHEN datepart('microsecond', {0}) % 1000000 = 0 THEN '' "
    "ELSE '.' || rtrim(printf('%06d', abs(datepart('microsecond', {0})) % 1000000), '0') END"
)


def _with_fraction(moment: str, plain: str) -> str:
    whole = f"epoch_us({moment}) % 1000000 = 0"
    return f"CASE WHEN {whole} THEN strftime({moment}, '{plain}') ELSE strftime({moment}, '{plain}.%f') END"


SCALARS = {
    "STRING": "{0}",
    "GEOGRAPHY": "{0}",
    "INTEGER": "CAST({0} AS VARCHAR)",
    "NULL": "CAST({0} AS VARCHAR)",
    "BOOLEAN": "CAST({0} AS VARCHAR)",
    "FLOAT": TEMPLATES["FLOAT", "STRING"].replace("'inf'", "'Infinity'").replace("'-inf'", "'-Infinity'"),
    "NUMERIC": TEMPLATES["NUMERIC", "STRING"],
    "BIGNUMERIC": _BIGNUMERIC,
    "BYTES": "to_base64({0})",
    "DATE": "CAST({0} AS VARCHAR)",
    # A fraction always has six digits: clients read no others.
    "TIME": _with_fraction("(DATE '1970-01-01' + {0})", "%H:%M:%S"),
    "DATETIME": _with_fraction("{0}", "%Y-%m-%dT%H:%M:%S"),
    "JSON": "CAST({0} AS VARCHAR)",
    "INTERVAL": INTERVAL_TEXT,
}
# Seconds with six digits: what a client turns into microseconds again without loss.
_SECONDS = (
    "(CASE WHEN epoch_us({0}) < 0 THEN '-' ELSE '' END || CAST(abs(epoch_us({0})) // 1000000 AS VARCHAR) || '.' || "
    "lpad(CAST(abs(epoch_us({0})) % 1000000 AS VARCHAR), 6, '0'))"
)


# What DuckDB hands over is shown by these as its CAST to VARCHAR would be.
_AS_FETCHED: Mapping[str, Callable[[Any], str]] = {
    "STRING": str,
    "GEOGRAPHY": str,
    "INTEGER": str,
    "BOOLEAN": lambda value: "true" if value else "false",
}


def wire_select(sql: str, columns: Sequence[Column], *, use_int64: bool = True) -> str:
    """Return a SELECT of the rows of `sql`, in its order, for `wire_row`.

    Timestamps are microseconds with `use_int64` (formatOptions.useInt64Timestamp), else decimal seconds.
    """
    inner = ", ".join(f"c{i}" for i in range(len(columns)))
    cells = ", ".join(_fetched(f"c{i}", c, use_int64=use_int64) for i, c in enumerate(columns))
    return f"SELECT {cells} FROM ({sql}) AS q({inner})"


def wire_row(row: Sequence[Any], columns: Sequence[Column]) -> dict[str, Any]:
    """Return the REST form of a row that a `wire_select` of these columns gave."""
    return {"f": [{"v": _shown(value, column)} for value, column in zip(row, columns, strict=True)]}


def _is_nested(column: Column) -> bool:
    return column.mode == "REPEATED" or column.type == "RECORD"


def _shown(value: Any, column: Column) -> Any:
    if value is None:
        return None
    if _is_nested(column):
        return json.loads(value)
    return _AS_FETCHED.get(column.type, str)(value)


def _fetched(sql: str, column: Column, *, use_int64: bool) -> str:
    """Write what is fetched for one cell."""
    if _is_nested(column):
        return f"CAST({_cell(sql, type_of(column), use_int64=use_int64)} AS VARCHAR)"
    return sql if column.type in _AS_FETCHED else scalar_text(sql, type_of(column), use_int64=use_int64)


def _cell(sql: str, kind: Type, *, use_int64: bool) -> str:
    """Write the JSON value of one cell."""
    if kind.element is not None:
        item = _cell("e", kind.element, use_int64=use_int64)
        return f"to_json(list_transform(coalesce({sql}, []), lambda e: {{'v': {item}}}))"
    if kind.name == "RECORD":
        cells = (
            f"{{'v': {_cell(f'({sql}).{quoted(field_key(i, name))}', inner, use_int64=use_int64)}}}"
            for i, (name, inner) in enumerate(kind.fields)
        )
        return f"CASE WHEN {sql} IS NULL THEN to_json(NULL) ELSE to_json({{'f': [{', '.join(cells)}]}}) END"
    return f"to_json({scalar_text(sql, kind, use_int64=use_int64)})"


def scalar_text(sql: str, kind: Type, *, use_int64: bool) -> str:
    """Write the text of a scalar as the REST API shows it."""
    if kind.name == "TIMESTAMP":
        return f"CAST(epoch_us({sql}) AS VARCHAR)" if use_int64 else _SECONDS.format(sql)
    if kind.name == "RANGE":
        bound = Type(kind.range_element or "DATE")
        ends = (scalar_text(f'({sql})."{end}"', bound, use_int64=use_int64) for end in ("start", "end"))
        start, stop = (f"coalesce({end}, 'UNBOUNDED')" for end in ends)
        return f"CASE WHEN {sql} IS NULL THEN NULL ELSE '[' || {start} || ', ' || {stop} || ')' END"
    return SCALARS[kind.name].format(sql)


def wire_value(row: Sequence[Any], columns: Sequence[Column]) -> Any:
    """Return the "v" of the first cell of a row that a `wire_select` of these columns gave."""
    return _shown(row[0], columns[0])
