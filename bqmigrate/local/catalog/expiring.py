"""Partitions that expire: their rows go when the warehouse's clock says so, or at once when they come too late.

https://cloud.google.com/bigquery/docs/managing-partitioned-tables#partition-expiration
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bqmigrate.local.catalog.partitions import Boundary, expires_ms
from bqmigrate.local.catalog.records import Key, Record, TableRecord
from bqmigrate.local.catalog.store import Transaction
from bqmigrate.local.catalog.streamed import apart, settled_rows, together, waiting
from bqmigrate.local.storage import physical
from bqmigrate.local.switches import STREAMING_BUFFER_MS

Due = Mapping[Key, int | None]


class Expiring:
    """When the next partition of each table expires; `boundary` is what its time is counted from."""

    def __init__(self, boundary: Boundary) -> None:
        self._boundary: Boundary = boundary
        self._due: dict[Key, int] = {}

    def sweep(self, tx: Transaction) -> Due:
        """Drop the expired rows of the tables that a transaction changes; return when each has more, None for never."""
        tables = [(key, record) for key, record in tx.changes.items() if key[0] == "table"]
        return {key: self._sweep(tx, record) for key, record in tables}

    def note(self, due: Due) -> None:
        """Keep what `sweep` found, once its transaction is kept."""
        for key, at in due.items():
            if at is None:
                self._due.pop(key, None)
            else:
                self._due[key] = at

    def due(self, now_ms: int) -> list[Key]:
        """Return the tables of which a partition has expired."""
        return [key for key, at in list(self._due.items()) if at <= now_ms]

    def _sweep(self, tx: Transaction, record: Record | None) -> int | None:
        spec = record.expiring if isinstance(record, TableRecord) else None
        if not isinstance(record, TableRecord) or spec is None:
            return None
        if waiting(tx, record) and tx.committed(record.key) != record:
            # Where rows of the buffer are is known only once they are kept.
            return tx.now_ms
        at = expires_ms(spec, self._boundary)
        return _next(tx, _without(tx, record, f"coalesce({at} <= {tx.now_ms}, false)"), at)


def _next(tx: Transaction, record: TableRecord, at: str) -> int | None:
    """Return when a partition expires next, or when rows leave the buffer, which may be expired by then."""
    row = tx.connection.execute(f"SELECT min({at}) FROM ({settled_rows(tx, record)})").fetchone()
    found = [] if row is None or row[0] is None else [int(row[0])]
    if waiting(tx, record) and record.buffer is not None:
        found.append(record.buffer.newest_ms + STREAMING_BUFFER_MS)
    return min(found, default=None)


def _without(tx: Transaction, record: TableRecord, gone: str) -> TableRecord:
    """Return the table without some rows, in the physical table it had if there are none; streamed rows stay."""
    found = f"SELECT 1 FROM ({settled_rows(tx, record)}) WHERE {gone} LIMIT 1"
    if tx.connection.execute(found).fetchone() is None:
        return record
    settled, streamed = apart(tx, record) if waiting(tx, record) else (replace(record, buffer=None), None)
    kept = replace(settled, physical=tx.new_physical(), modified_ms=tx.now_ms)
    physical.copy(tx.connection, f"(SELECT * FROM {settled.rows_in} WHERE NOT {gone} ORDER BY rowid)", kept.rows_in)
    if streamed is None or record.buffer is None:
        return tx.put(kept)
    return together(tx, kept, streamed, record.buffer)
