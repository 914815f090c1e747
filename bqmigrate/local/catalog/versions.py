"""Time travel: tables as they were, and how rows change without touching what was.

A physical table only ever takes appended rows, so an old version is a physical table and a number of
rows. Whatever changes rows that are there works on a copy.
"""

from __future__ import annotations

from dataclasses import replace

from bqmigrate.local.catalog.datasets import window_ms
from bqmigrate.local.catalog.records import TableRecord, VersionRecord
from bqmigrate.local.catalog.store import Reader, Transaction
from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.storage import physical


def own_rows(tx: Transaction, record: TableRecord) -> TableRecord:
    """Return the record with a physical table that this transaction may change in any way."""
    before = tx.committed(record.key)
    if not isinstance(before, TableRecord) or before.physical != record.physical:
        return record
    copied = replace(record, physical=tx.new_physical())
    physical.copy(tx.connection, record.rows_in, copied.rows_in)
    return tx.put(copied)


def keep_history(tx: Transaction, record: TableRecord, new: str) -> None:
    """Let a table that gets another name be read under it as it was before."""
    for version in tx.versions(record.project, record.dataset, record.table):
        if version.table.created_ms == record.created_ms:
            tx.put(replace(version, table=replace(version.table, table=new)))
    tx.put(VersionRecord(replace(record, table=new), tx.committed_rows(record), tx.now_ms))


def table_as_of(reader: Reader, project: str, dataset: str, table: str, at_ms: int) -> VersionRecord:
    """Return a table as it was at a time: also one that is gone or was replaced since.

    Raises invalid for a time outside the dataset's window or in the future, notFound when there was
    no table of that name then.
    """
    _check_window(reader, project, dataset, table, at_ms)
    now = reader.table(project, dataset, table)
    if now is not None and now.modified_ms <= at_ms and now.physical is not None:
        return VersionRecord(now, reader.rows(now), reader.now_ms + 1)
    for version in reversed(reader.versions(project, dataset, table)):
        if version.holds_at(at_ms) and not version.table.expired(at_ms):
            return version
    raise WarehouseError("notFound", f"Not found: Table {project}:{dataset}.{table}@{at_ms}")


def _check_window(reader: Reader, project: str, dataset: str, table: str, at_ms: int) -> None:
    earliest = reader.now_ms - window_ms(reader, project, dataset)
    shown = f"{project}:{dataset}.{table}@{at_ms}"
    if at_ms < earliest:
        message = f"Invalid snapshot time {at_ms} for table {shown}. Cannot read before {earliest}"
        raise WarehouseError("invalid", message)
    if at_ms > reader.now_ms:
        raise WarehouseError("invalid", f"Invalid snapshot time {at_ms} for table {shown}: it is in the future")


def rows_as_of(version: VersionRecord) -> str:
    """Return DuckDB SQL for the rows of a version, in order: a SELECT to put in brackets."""
    return f"SELECT * FROM {version.table.rows_in} WHERE rowid < {version.rows}"
