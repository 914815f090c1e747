"""JSON rows (tabledata.insertAll, newline-delimited load jobs) as DuckDB VALUES, or what is wrong with each."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from bqmigrate.local.sql.bound import Scope
from bqmigrate.local.sql.coercion import struct_sql
from bqmigrate.local.sql.defaults import default_sql
from bqmigrate.local.sql.kinds import Type, type_of
from bqmigrate.local.sql.literals import bytes_sql, float_sql, int_sql, micros_sql, text_sql
from bqmigrate.local.sql.precision import misfit, rounded
from bqmigrate.local.sql.types import cast_sql, quoted
from bqmigrate.model.columns import Column, find

MILLION = 1_000_000
# How the values of types with parameters are measured.
READERS: Mapping[str, Callable[[Any], str | bytes | Decimal]] = {
    "STRING": lambda value: value if isinstance(value, str) else json.dumps(value),
    "BYTES": base64.b64decode,
    "NUMERIC": lambda value: Decimal(str(value)),
    "BIGNUMERIC": lambda value: Decimal(str(value)),
}


@dataclass(frozen=True)
class RowError:
    """What is wrong with one row: its index, the field, BigQuery's reason and message."""

    index: int
    location: str
    message: str
    reason: str = "invalid"


@dataclass(frozen=True)
class LoadedRows:
    """The rows that fit, as DuckDB texts in the order of the columns, with their indexes, and the errors."""

    values: tuple[tuple[str, ...], ...]
    indexes: tuple[int, ...]
    errors: tuple[RowError, ...]

    def without(self, gone: frozenset[int]) -> LoadedRows:
        """Return the rows without some, by their index."""
        kept = [(text, index) for text, index in zip(self.values, self.indexes, strict=True) if index not in gone]
        return replace(self, values=tuple(text for text, _ in kept), indexes=tuple(index for _, index in kept))


class _Misfit(Exception):
    def __init__(self, location: str, message: str) -> None:
        super().__init__(message)
        self.location, self.message = location, message


def load_rows(
    columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], scope: Scope, *, ignore_unknown: bool = False
) -> LoadedRows:
    """Read JSON objects as rows; defaults fill what a row leaves out, an explicit null stays NULL."""
    defaults = {c.name: default_sql(c, scope) for c in columns if c.default is not None}
    values, indexes, errors = [], [], []
    for index, row in enumerate(rows):
        try:
            values.append(_row(columns, row, defaults, ignore_unknown=ignore_unknown))
            indexes.append(index)
        except _Misfit as misfit:
            errors.append(RowError(index, misfit.location, misfit.message))
    return LoadedRows(tuple(values), tuple(indexes), tuple(errors))


def insert_sql(physical: str, columns: Sequence[Column], loaded: LoadedRows, hidden: Mapping[str, str]) -> str:
    """Return one INSERT of the rows that fit, each with the texts of hidden columns; there must be at least one row."""
    names = ", ".join(quoted(name) for name in (*(c.name for c in columns), *hidden))
    lines = ", ".join(f"({', '.join((*row, *hidden.values()))})" for row in loaded.values)
    return f"INSERT INTO {physical} ({names}) VALUES {lines}"


def _row(
    columns: Sequence[Column],
    row: Mapping[str, Any],
    defaults: Mapping[str, str],
    *,
    ignore_unknown: bool,
    path: str = "",
) -> tuple[str, ...]:
    if not isinstance(row, Mapping):
        raise _Misfit(path.rstrip("."), "This field is a record.")
    for key in row:
        if find(columns, key) is None and not ignore_unknown:
            raise _Misfit(f"{path}{key}", f"no such field: {path}{key}.")
    given = {key.lower(): value for key, value in row.items()}
    out = []
    for column in columns:
        key = column.name.lower()
        if key not in given and column.name in defaults:
            out.append(defaults[column.name])
        else:
            out.append(_field(column, given.get(key), f"{path}{column.name}", ignore_unknown=ignore_unknown))
    return tuple(out)


def _field(column: Column, value: Any, path: str, *, ignore_unknown: bool) -> str:
    kind = type_of(column)
    if column.mode == "REPEATED":
        items = [] if value is None else value
        if not isinstance(items, list):
            raise _Misfit(path, f"Array specified for non-repeated field or a single value for repeated field: {path}.")
        if any(item is None for item in items):
            raise _Misfit(path, f"Only optional fields can be set to NULL. Field: {path}; Value: NULL")
        texts = (_single(column, item, path, ignore_unknown=ignore_unknown) for item in items)
        return cast_sql(f"[{', '.join(texts)}]", kind)
    if value is None:
        if column.mode == "REQUIRED":
            raise _Misfit(path, f"Missing required field: {path}.")
        return cast_sql("NULL", kind)
    if isinstance(value, list) and column.type != "JSON":
        raise _Misfit(path, f"Array specified for non-repeated field: {path}.")
    return _single(column, value, path, ignore_unknown=ignore_unknown)


def _single(column: Column, value: Any, path: str, *, ignore_unknown: bool) -> str:
    kind = type_of(column)
    kind = kind.element or kind
    if column.type == "RECORD":
        cells = _row(column.fields, value, {}, ignore_unknown=ignore_unknown, path=f"{path}.")
        return cast_sql(struct_sql(kind, cells), kind)
    try:
        text = scalar_sql(value, kind)
    except (ValueError, TypeError, OverflowError, binascii.Error) as error:
        shown = value if isinstance(value, str) else json.dumps(value)
        raise _Misfit(path, f"Cannot convert value to {_spoken(kind)} (bad value): {shown}") from error
    return _fitting(value, text, column, path, kind)


def _fitting(value: Any, text: str, column: Column, path: str, kind: Type) -> str:
    """Return the text of a value that a type with parameters holds, rounded to its scale."""
    if column.max_length is None and column.precision is None:
        return text
    read = READERS[column.type](value)
    problem = misfit(read, column, path)
    if problem is not None:
        raise _Misfit(path, problem)
    return text if not isinstance(read, Decimal) else scalar_sql(f"{rounded(read, column):f}", kind)


def _spoken(kind: Type) -> str:
    return kind.name.lower()


def scalar_sql(value: Any, kind: Type) -> str:
    """Write a JSON scalar as a value of a type; raises ValueError or TypeError when it is none."""
    if kind.name == "JSON":
        # insertAll takes JSON columns as text; an object or array is taken as it is.
        return text_sql(value if isinstance(value, str) else json.dumps(value), kind)
    if kind.name == "RANGE":
        return text_sql(_range(value), kind)
    if isinstance(value, dict | list):
        raise TypeError(kind.name)
    if kind.name == "BYTES":
        return bytes_sql(base64.b64decode(value, validate=True))
    if kind.name == "STRING":
        return text_sql(value if isinstance(value, str) else json.dumps(value), kind)
    return _number_or_moment(value, kind)


def _range(value: Any) -> str:
    """Return the text of a RANGE given as {"start": ..., "end": ...} or as its text."""
    if isinstance(value, Mapping):
        return f"[{value.get('start') or 'UNBOUNDED'}, {value.get('end') or 'UNBOUNDED'})"
    return str(value)


def _number_or_moment(value: Any, kind: Type) -> str:
    if kind.name == "TIMESTAMP" and not isinstance(value, str):
        return micros_sql(round(value * MILLION))
    if kind.name == "BOOLEAN":
        return text_sql(str(value).lower(), kind)
    if isinstance(value, bool):
        raise TypeError(kind.name)
    if kind.name == "INTEGER":
        return int_sql(_whole(value))
    if kind.name == "FLOAT":
        return float_sql(float(value))
    return text_sql(str(value), kind)


def _whole(value: Any) -> int:
    if isinstance(value, float):
        if not value.is_integer():
            raise ValueError(value)
        return int(value)
    return int(value)
