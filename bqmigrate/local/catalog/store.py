"""The catalog over its append-only log: folded at open, read without locks, written in transactions."""

from __future__ import annotations

import base64
import itertools
import json
import secrets
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol, TypeVar

import duckdb

from bqmigrate.local.catalog.clock import Clock, milliseconds
from bqmigrate.local.catalog.reader import Reader as Reader  # noqa: PLC0414  what a store hands out
from bqmigrate.local.catalog.records import (
    JobRecord,
    Key,
    Record,
    TableRecord,
    VersionRecord,
    decode,
    encode,
)
from bqmigrate.local.catalog.view import Kinds, View
from bqmigrate.local.storage.database import Database

R = TypeVar("R", bound=Record)
T = TypeVar("T")
KINDS = ("dataset", "table", "job", "request", "version", "routine", "policy")
# Folding costs about 10 microseconds an entry; below this, old entries are not worth a rewrite.
COMPACT_ABOVE = 5000
ENTRIES_A_STATEMENT = 100


class Transaction(View):
    """One write: its own changes over the committed catalog, kept only if all of it succeeds."""

    def __init__(self, store: Store, connection: duckdb.DuckDBPyConnection) -> None:
        super().__init__(store.kinds, connection, store.clock.now())
        self._store = store
        self.changes: dict[Key, Record | None] = {}
        # Load, copy and query jobs that write a table count as updates of it, DML does not.
        self.written_by_job: set[Key] = set()

    def once(self, table: TableRecord, what: Hashable, read: Callable[[], T]) -> T:
        """Read it anew: rows change before the record that goes with them is put."""
        del table, what
        return read()

    def _get(self, key: Key, _class: type[R]) -> R | None:
        if key in self.changes:
            found = self.changes[key]
            return found if isinstance(found, _class) else None
        return super()._get(key, _class)

    def _all(self, _class: type[R], kind: str, *prefix: str) -> list[R]:
        start = (kind, *prefix)
        kept = [r for r in super()._all(_class, kind, *prefix) if r.key not in self.changes]
        mine = [r for k, r in self.changes.items() if k[: len(start)] == start and isinstance(r, _class)]
        return kept + mine

    def put(self, record: R) -> R:
        """Add or exchange a record."""
        self.changes[record.key] = record
        return record

    def adopt(self, other: Transaction) -> None:
        """Take over what another transaction would have changed in the catalog."""
        self.changes.update(other.changes)

    def remove(self, key: Key) -> None:
        """Take a record away."""
        self.changes[key] = None

    def committed(self, key: Key) -> Record | None:
        """Return a record as it is for everybody else."""
        return self._kinds[key[0]].get(key)

    def committed_rows(self, table: TableRecord) -> int:
        """Return the number of rows a table has for everybody else."""
        with self._store.read() as view:
            return view.rows(table)

    def new_physical(self) -> str:
        """Return a name that no DuckDB table of this file has."""
        return self._store.new_physical()

    def new_etag(self) -> str:
        """Return an etag that no resource ever had."""
        return self._store.new_etag()


def _allowed(_tx: Transaction) -> None:
    """Refuse nothing."""


Due = Mapping[Key, int | None]


class Expiring(Protocol):
    """What makes partitions expire; see catalog.expiring."""

    def sweep(self, tx: Transaction) -> Due:
        """Drop the expired rows of the tables that a transaction changes; return when each has more."""

    def note(self, due: Due) -> None:
        """Keep what `sweep` found."""

    def due(self, now_ms: int) -> list[Key]:
        """Return the tables of which a partition has expired."""


class Store:
    """The catalog and its database."""

    def __init__(
        self, database: Database, clock: Clock, expiring: Expiring, check: Callable[[Transaction], None] = _allowed
    ) -> None:
        """Open the catalog; `check` may refuse a transaction that is about to be kept."""
        self.database = database
        self.clock = clock
        self.check = check
        self._expiring = expiring
        self.kinds: Kinds = {kind: {} for kind in KINDS}
        self._seq = 0
        self._physical = itertools.count(1)
        self._open()

    def _open(self) -> None:
        """Fold the log, settle what a dead process left or time ran out for, drop rows nobody names."""
        self._fold()
        with self.database.read() as cursor:
            names = [n for (n,) in cursor.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        numbered = {n: int(n[1:]) for n in names if n[0] == "t" and n[1:].isdigit()}
        self._physical = itertools.count(max(numbered.values(), default=0) + 1)
        with self.write() as tx:
            for kind in KINDS:
                for record in list(self.kinds[kind].values()):
                    _settle(tx, record)
        past = [r.table for r in self.kinds["version"].values() if isinstance(r, VersionRecord)]
        # What the log does not say is looked up at the first request.
        tables = self.kinds["table"].items()
        self._expiring.note({key: 0 for key, t in tables if isinstance(t, TableRecord) and t.expiring is not None})
        live = {r.physical for r in (*self.kinds["table"].values(), *past) if isinstance(r, TableRecord)}
        self._sweep([n for n in numbered if n not in live])

    def _fold(self) -> None:
        """Read the catalog from its log."""
        found: Kinds = {kind: {} for kind in KINDS}
        with self.database.read() as cursor:
            rows = cursor.execute("SELECT seq, entry, body FROM catalog_log ORDER BY seq").fetchall()
        for seq, entry, body in rows:
            key = tuple(json.loads(entry))
            if body is None:
                found[key[0]].pop(key, None)
            else:
                found[key[0]][key] = decode(key, body)
            self._seq = seq
        self.kinds.update(found)

    def _sweep(self, unused: Sequence[str]) -> None:
        with self.database.write() as connection:
            for name in unused:
                connection.execute(f"DROP TABLE {name}")
            live = [r for kind in self.kinds.values() for r in kind.values()]
            counted = connection.execute("SELECT count(*) FROM catalog_log").fetchone()
            if counted is not None and counted[0] > COMPACT_ABOVE + 2 * len(live):
                connection.execute("DELETE FROM catalog_log")
                self._append(connection, {r.key: r for r in live})

    def _append(self, connection: duckdb.DuckDBPyConnection, changes: dict[Key, Record | None]) -> None:
        """Append changes to the log, in one statement as far as one goes: what costs is the statement, not the row."""
        entries = list(changes.items())
        for start in range(0, len(entries), ENTRIES_A_STATEMENT):
            some = entries[start : start + ENTRIES_A_STATEMENT]
            values: list[object] = []
            for key, record in some:
                self._seq += 1
                values += [self._seq, json.dumps(key), None if record is None else encode(record)]
            rows = ", ".join(["(?, ?, ?)"] * len(some))
            connection.execute(f"INSERT INTO catalog_log VALUES {rows}", values)

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """Run one transaction over rows and catalog: all of it, or nothing."""
        with self.database.writing:
            sealed = False
            try:
                with self.database.write() as connection:
                    tx = Transaction(self, connection)
                    yield tx
                    self.check(tx)
                    due = self._expiring.sweep(tx)
                    self._keep_versions(tx)
                    if self.database.durable:
                        self._append(connection, tx.changes)
                    sealed = True
                self._apply(tx.changes)
                self._expiring.note(due)
            except BaseException:
                # An interrupt around COMMIT leaves open which side of it we are on: the log knows.
                if sealed and self.database.durable:
                    self._fold()
                raise

    @contextmanager
    def aside(self) -> Iterator[Transaction]:
        """Run a query on a cursor of its own while others write.

        Its new rows are kept, its changes of the catalog are not: a writing transaction adopts them,
        and what nobody adopts is dropped at the next open.
        """
        with self.database.read() as cursor:
            cursor.execute("BEGIN TRANSACTION")
            try:
                yield Transaction(self, cursor)
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
            cursor.execute("COMMIT")

    def expire(self) -> None:
        """Drop the rows of partitions whose time has come since somebody last asked."""
        if not self._expiring.due(milliseconds(self.clock.now())):
            return
        with self.write() as tx:
            due = self._expiring.due(tx.now_ms)
            found = [tx.table(*key[1:]) for key in due]
            self._expiring.note(dict.fromkeys(due))
            for record in found:
                if record is not None:
                    tx.put(record)

    def _keep_versions(self, tx: Transaction) -> None:
        """Keep what tables were before this transaction: rows are only ever appended to a physical table."""
        olds = [self.kinds["table"].get(key) for key in tx.changes if key[0] == "table"]
        past = [t for t in olds if isinstance(t, TableRecord) and t.physical and kept_in_time(t, tx.now_ms)]
        for old in past:
            tx.put(VersionRecord(old, tx.committed_rows(old), tx.now_ms))

    def _apply(self, changes: Mapping[Key, Record | None]) -> None:
        for key, record in changes.items():
            if record is None:
                self.kinds[key[0]].pop(key, None)
            else:
                self.kinds[key[0]][key] = record

    @contextmanager
    def read(self) -> Iterator[View]:
        """Look at what is committed."""
        with self.database.read() as cursor:
            yield View(self.kinds, cursor, self.clock.now())

    def new_physical(self) -> str:
        """Return a name that no DuckDB table of this file has."""
        return f"t{next(self._physical)}"

    def new_etag(self) -> str:
        """Return an etag that no resource ever had."""
        return base64.b64encode(secrets.token_bytes(12)).decode()


def kept_in_time(table: TableRecord, now_ms: int) -> bool:
    """Tell whether time travel may ask for a table that is about to change; results of queries are not kept."""
    return not table.dataset.startswith("_bqm") and table.modified_ms < now_ms


def _settle(tx: Transaction, record: Record) -> None:
    """Forget what has run out; end a job that a killed process left: its effect was never committed."""
    if isinstance(record, JobRecord) and record.state == "RUNNING":
        error = {"reason": "stopped", "message": "Job execution was cancelled: the local warehouse was stopped"}
        tx.put(replace(record, state="DONE", error=error, ended_ms=tx.now_ms))
    elif record.expired(tx.now_ms):
        tx.remove(record.key)
