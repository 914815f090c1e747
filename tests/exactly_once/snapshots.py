"""What came before a struck run is run once in a warehouse; for each case its project is put back to that moment.

Its resources, jobs and rows are what they were, and so is the time, and what was used up of the limits. It is the same
project: its name is in what the history keeps hashes of.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING

from bqmigrate.local.catalog.records import Key, Record, TableRecord
from bqmigrate.local.catalog.store import Store
from bqmigrate.local.storage import physical

if TYPE_CHECKING:
    from tests.exactly_once.case import Bench, Case

# A case has its own.
OWN = frozenset({"bench", "random", "note"})


@dataclass(frozen=True)
class Snapshot:
    """A project as it stood: what a case begins from; the rows are in tables that nobody else has."""

    case: Case
    seconds: float
    records: Sequence[Record]
    updates: Sequence[tuple[Key, Sequence[int]]]


@dataclass
class Snapshots:
    """The snapshots of one warehouse, by name."""

    bench: Bench
    taken: dict[str, Snapshot] = field(default_factory=dict)

    def bring(self, case: Case, name: str, begin: Callable[[Case], None]) -> None:
        """Bring a case to where `begin` leads; it is run when a name is first asked for, always the same."""
        if name not in self.taken:
            before = random.getstate()
            random.seed(name)
            first = self.bench.case(0)
            begin(first)
            self.taken[name] = self._take(first)
            random.setstate(before)
        self._restore(self.taken[name], case)

    def forget(self, project: str) -> None:
        """Drop what is in a project: a warehouse that holds much is slow."""
        with self._store.database.write() as connection:
            for records in self._store.kinds.values():
                for key in [key for key in records if key[1] == project]:
                    record = records.pop(key)
                    if isinstance(record, TableRecord) and record.physical is not None:
                        connection.execute(f"DROP TABLE IF EXISTS {record.physical}")

    @property
    def _store(self) -> Store:
        return self.bench.warehouse.world.store

    @property
    def _updates(self) -> dict[Key, deque[int]]:
        return self._store.check.limits._updates  # type: ignore[attr-defined]

    def _take(self, case: Case) -> Snapshot:
        # Versions are for time travel, which no run does.
        kinds = [records for kind, records in self._store.kinds.items() if kind != "version"]
        mine = [r for records in kinds for key, r in records.items() if key[1] == case.project]
        updates = [(key, tuple(times)) for key, times in self._updates.items() if key[1] == case.project]
        return Snapshot(copy(case), case.timeline.seconds, self._with_own_rows(mine), updates)

    def _with_own_rows(self, records: Sequence[Record]) -> Sequence[Record]:
        """Copy the rows of tables: nobody else writes there."""
        out: list[Record] = []
        with self._store.database.write() as connection:
            for record in records:
                if isinstance(record, TableRecord) and record.physical is not None:
                    name = self._store.new_physical()
                    physical.copy(connection, record.physical, name)
                    out.append(replace(record, physical=name))
                else:
                    out.append(record)
        return out

    def _restore(self, snapshot: Snapshot, case: Case) -> None:
        self.forget(snapshot.case.project)
        self._store._apply({record.key: record for record in self._with_own_rows(snapshot.records)})
        for key in [key for key in self._updates if key[1] == snapshot.case.project]:
            del self._updates[key]
        self._updates.update({key: deque(times) for key, times in snapshot.updates})
        for each in fields(case):
            if each.name not in OWN:
                value = getattr(snapshot.case, each.name)
                setattr(case, each.name, value.copy() if isinstance(value, list | dict) else value)
        case.landed = replace(snapshot.case.landed)
        case.watch.careful = set(snapshot.case.watch.careful)
        case.timeline.seconds = snapshot.seconds
