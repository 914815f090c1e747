"""The grammar of PARTITION BY."""

from __future__ import annotations

from typing import Literal

from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql.cursor import Cursor
from bqmigrate.model.catalog import Partitioning
from bqmigrate.model.columns import Column, find

PSEUDO = frozenset({"_PARTITIONDATE", "_PARTITIONTIME"})
Unit = Literal["DAY", "HOUR", "MONTH", "YEAR"]
UNITS: dict[str, Unit] = {"DAY": "DAY", "HOUR": "HOUR", "MONTH": "MONTH", "YEAR": "YEAR"}
# What each form takes: the type of its column, and the units it may cut to.
TRUNCATIONS: dict[str, tuple[str, frozenset[str]]] = {
    "DATE_TRUNC": ("DATE", frozenset({"DAY", "MONTH", "YEAR"})),
    "TIMESTAMP_TRUNC": ("TIMESTAMP", frozenset(UNITS)),
    "DATETIME_TRUNC": ("DATETIME", frozenset(UNITS)),
}


def partition_by(cursor: Cursor, columns: tuple[Column, ...] | None) -> Partitioning:
    """Read what follows PARTITION BY; raises WarehouseError for a form BigQuery does not take."""
    word = cursor.here.upper
    if cursor.at("DATE", "("):
        return _date(cursor, columns)
    if word in TRUNCATIONS and cursor.ahead(1).raw == "(":
        return _truncation(cursor, columns)
    if cursor.at("RANGE_BUCKET", "("):
        return _range(cursor, columns)
    name = cursor.name()
    if name.upper() == "_PARTITIONDATE":
        return Partitioning("DAY")
    _check(cursor, columns, name, {"DATE"})
    return Partitioning("DAY", name)


def _field(name: str) -> str | None:
    return None if name.upper() in PSEUDO else name


def _date(cursor: Cursor, columns: tuple[Column, ...] | None) -> Partitioning:
    cursor.expect("DATE", "(")
    name = cursor.name()
    cursor.expect(")")
    _check(cursor, columns, name, {"TIMESTAMP", "DATETIME"})
    return Partitioning("DAY", _field(name))


def _truncation(cursor: Cursor, columns: tuple[Column, ...] | None) -> Partitioning:
    kind, units = TRUNCATIONS[cursor.next().upper]
    cursor.expect("(")
    name = cursor.name()
    cursor.expect(",")
    unit = cursor.here.upper
    if unit not in units:
        raise cursor.error(f"PARTITION BY cannot truncate {kind} to {unit or cursor.here.raw}")
    cursor.next()
    cursor.expect(")")
    _check(cursor, columns, name, {kind})
    return Partitioning(UNITS[unit], _field(name))


def _range(cursor: Cursor, columns: tuple[Column, ...] | None) -> Partitioning:
    cursor.expect("RANGE_BUCKET", "(")
    name = cursor.name()
    cursor.expect(",", "GENERATE_ARRAY", "(")
    start = cursor.integer()
    cursor.expect(",")
    end = cursor.integer()
    interval = cursor.integer() if cursor.accept(",") else 1
    cursor.expect(")", ")")
    if interval <= 0 or end <= start:
        raise cursor.error("RANGE_BUCKET needs start < end and a positive interval")
    _check(cursor, columns, name, {"INTEGER"})
    return Partitioning("RANGE", name, None, start, end, interval)


def _check(cursor: Cursor, columns: tuple[Column, ...] | None, name: str, kinds: set[str]) -> None:
    if columns is None or name.upper() in PSEUDO:
        return
    column = find(columns, name)
    if column is None:
        raise cursor.error(f"Unrecognized name: {name}")
    if column.type not in kinds or column.mode == "REPEATED":
        raise WarehouseError(
            "invalidQuery",
            "PARTITION BY expression must be DATE(<timestamp_column>), DATE(<datetime_column>), "
            "DATETIME_TRUNC(<datetime_column>, DAY/HOUR/MONTH/YEAR), a DATE column, "
            "TIMESTAMP_TRUNC(<timestamp_column>, DAY/HOUR/MONTH/YEAR), DATE_TRUNC(<date_column>, MONTH/YEAR), or "
            "RANGE_BUCKET(<int64_column>, GENERATE_ARRAY(<int64_value>, <int64_value>[, <int64_value>]))",
        )
