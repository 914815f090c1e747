"""Limits that a transaction meets when it is about to be kept: rates of metadata updates, partitions of a job."""

from __future__ import annotations

from collections import defaultdict, deque

from bqmigrate.local.catalog.partitions import PARTITION_TIME
from bqmigrate.local.catalog.records import DatasetRecord, Key, TableRecord
from bqmigrate.local.catalog.store import Transaction
from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql.types import quoted
from bqmigrate.local.storage import physical
from bqmigrate.local.switches import Switches
from bqmigrate.model.catalog import Partitioning

WINDOW_MS = 10_000
RATE = {
    "table": "too many table update operations for this table",
    "dataset": "too many dataset metadata update operations for this dataset",
}


class Limits:
    """What the switches allow, and what was used of it lately: by name, so that a drop resets nothing."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self._updates: defaultdict[Key, deque[int]] = defaultdict(deque)

    def check(self, tx: Transaction) -> None:
        """Refuse a transaction that goes beyond a limit; called with all its changes made."""
        if self._switches.partitions_of_a_job is not None:
            for record in [r for r in tx.changes.values() if isinstance(r, TableRecord)]:
                _check_partitions(tx, record, self._switches.partitions_of_a_job)
        if self._switches.metadata_updates is not None:
            self._check_rates(tx, self._switches.metadata_updates)

    def _most(self, tx: Transaction, key: Key, most: int) -> int:
        """Return how many updates an object takes: partitioned tables may have a limit of their own."""
        record = tx.changes[key] or tx.committed(key)
        partitioned = isinstance(record, TableRecord) and record.model.partitioning is not None
        own = self._switches.metadata_updates_partitioned
        return own if own is not None and partitioned else most

    def _check_rates(self, tx: Transaction, usual: int) -> None:
        updated = [key for key in tx.changes if key[0] in RATE and _is_update(tx, key)]
        for key in updated:
            most = self._most(tx, key, usual)
            recent = self._updates[key]
            while recent and recent[0] <= tx.now_ms - WINDOW_MS:
                recent.popleft()
            if len(recent) >= most:
                raise WarehouseError("rateLimitExceeded", f"Exceeded rate limits: {RATE[key[0]]}.")
        for key in updated:
            self._updates[key].append(tx.now_ms)


def _is_update(tx: Transaction, key: Key) -> bool:
    """Tell a change of metadata, or a job that writes the table, from DML and streaming."""
    if key[0] == "table" and key[2].startswith("_bqm"):
        return False
    old, new = tx.committed(key), tx.changes[key]
    if key in tx.written_by_job or old is None or new is None:
        return old is not None or new is not None
    if isinstance(old, TableRecord) and isinstance(new, TableRecord):
        return old.resource != new.resource
    return isinstance(old, DatasetRecord) and old != new


def _check_partitions(tx: Transaction, new: TableRecord, most: int) -> None:
    """Refuse rows for too many partitions; fewer rows than partitions cannot be too many."""
    spec = new.model.partitioning if new.physical is not None else None
    if spec is None:
        return
    first = _first_new_row(tx, new)
    if first is None:
        return
    if physical.count(tx.connection, new.rows_in) - first <= most:
        return
    sql = f"SELECT count(DISTINCT {_partition(spec)}) FROM {new.rows_in} WHERE rowid >= {first}"
    row = tx.connection.execute(sql).fetchone()
    if row is not None and row[0] > most:
        message = (
            f"Too many partitions produced by query, allowed {most}, query produces at least {most + 1} partitions"
        )
        raise WarehouseError("invalidQuery", message)


def _first_new_row(tx: Transaction, new: TableRecord) -> int | None:
    """Return the first row this transaction brought; None for a copy that DML or a change of schema made."""
    old = tx.committed(new.key)
    if not isinstance(old, TableRecord) or old.created_ms != new.created_ms or new.key in tx.written_by_job:
        return 0
    return tx.committed_rows(old) if old.physical == new.physical else None


def _partition(spec: Partitioning) -> str:
    column = quoted(spec.field or PARTITION_TIME)
    if spec.type == "RANGE":
        return f"floor(({column} - {spec.start}) / {spec.interval})"
    return f"date_trunc('{spec.type.lower()}', {column})"
