"""Partition decorators: `table$20260301` is one partition of a table, as the target or source of a job.

https://cloud.google.com/bigquery/docs/managing-partitioned-table-data
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from bqmigrate.local.catalog.partitions import FORMATS, PARTITION_TIME, partition_id
from bqmigrate.local.catalog.records import TableRecord
from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql.bound import TableId
from bqmigrate.local.sql.types import quoted, string_sql
from bqmigrate.local.statements.run import Run
from bqmigrate.local.storage import physical
from bqmigrate.model.catalog import Partitioning

# How many digits name a partition.
_DIGITS = {"HOUR": 10, "DAY": 8, "MONTH": 6, "YEAR": 4}


def split(name: TableId) -> tuple[TableId, str | None]:
    """Return a table's name and the partition that its decorator names, if any."""
    table, sign, partition = name.table.partition("$")
    return name._replace(table=table), partition if sign else None


def checked(record: TableRecord, partition: str) -> Partitioning:
    """Return how a table is partitioned; 400 when it has no such partition and never can."""
    spec = record.model.partitioning
    if spec is None:
        raise WarehouseError("invalid", f"Cannot use a partition decorator: {record.shown} is not partitioned")
    if spec.type == "RANGE":
        right = re.fullmatch(r"-?\d+", partition) is not None and _begins(spec, int(partition))
    else:
        right = _is_time(partition, spec.type)
    if not right:
        raise WarehouseError("invalid", f"Invalid partition decorator: {record.shown}${partition}")
    return spec


def _begins(spec: Partitioning, number: int) -> bool:
    start, end, step = spec.start or 0, spec.end or 0, spec.interval or 1
    return start <= number < end and (number - start) % step == 0


def _is_time(partition: str, unit: str) -> bool:
    if re.fullmatch(rf"\d{{{_DIGITS[unit]}}}", partition) is None:
        return False
    try:
        datetime.strptime(partition, FORMATS[unit])  # noqa: DTZ007  only its digits are looked at
    except ValueError:
        return False
    return True


def inside(record: TableRecord, partition: str) -> str:
    """Return the DuckDB condition that a row lies in a partition."""
    return f"{partition_id(checked(record, partition))} = {string_sql(partition)}"


def rows_of(record: TableRecord, partition: str, rows: str) -> str:
    """Return a SELECT of those rows of a table that lie in a partition."""
    return f"SELECT * FROM ({rows}) WHERE {inside(record, partition)}"


def only(record: TableRecord, partition: str) -> TableRecord:
    """Return a partition as if it were the table, to be counted and read."""
    rows = f"(SELECT rowid, * FROM {record.rows_in} WHERE {inside(record, partition)})"
    return replace(record, physical=rows, buffer=None)


def is_empty(run: Run, record: TableRecord, partition: str) -> bool:
    """Tell whether no row lies in a partition."""
    return not run.execute(f"SELECT 1 FROM {record.rows_in} WHERE {inside(record, partition)} LIMIT 1")


def without(run: Run, record: TableRecord, partition: str) -> TableRecord:
    """Return the table without the rows of a partition."""
    kept = replace(record, physical=run.tx.new_physical(), buffer=None)
    others = f"(SELECT * FROM {record.rows_in} WHERE NOT {inside(record, partition)} ORDER BY rowid)"
    physical.copy(run.tx.connection, others, kept.rows_in)
    return run.tx.put(kept)


def place(run: Run, record: TableRecord, partition: str | None, first: int) -> None:
    """Put the rows from `first` on into the partition that a job names; they must belong there.

    By ingestion time any row can lie anywhere; a column says itself where its row lies.
    """
    if partition is None:
        return
    spec = checked(record, partition)
    if spec.field is None:
        at = f"strptime({string_sql(partition)}, '{FORMATS[spec.type]}')"
        place = f"CAST({at} AS TIMESTAMPTZ)"
        run.execute(f"UPDATE {record.rows_in} SET {quoted(PARTITION_TIME)} = {place} WHERE rowid >= {first}")
        return
    other = f"SELECT 1 FROM {record.rows_in} WHERE rowid >= {first} AND NOT {inside(record, partition)} LIMIT 1"
    if run.execute(other):
        message = f"Some rows belong to different partitions rather than destination partition {partition}"
        raise WarehouseError("invalid", message)
