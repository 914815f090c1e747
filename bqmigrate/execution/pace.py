"""Keeping to BigQuery's rates before it has to refuse: per table and dataset, and of tables.insert.

A table takes five changes of metadata in ten seconds, counted by its *name*: by patch, DDL, and jobs
that write it, in common; a drop resets nothing. What this run did is kept in memory; what was done
before it began is not known, and is met by trying again.
"""

from __future__ import annotations

import random
import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bqmigrate.execution.events import Emit, LimitWaiting
from bqmigrate.execution.events import log as log_event
from bqmigrate.execution.lease import Clocks
from bqmigrate.execution.lock import LOCK_TABLE
from bqmigrate.model.names import TableName
from bqmigrate.operations.steps import ObjectRef, Scope, Step
from bqmigrate.planning.plan import PlannedStep

UPDATES, UPDATES_S = 5, 10.0
INSERTS, INSERTS_S = 10, 1.0
# Two clocks count: a little is added to what ours says.
MARGIN_S = 0.1
TOLD_FROM_S = 2.0
# The lease is renewed between two slices of a long wait.
SLICE_S = 5.0
BACK_OFF_FIRST_S, BACK_OFF_MOST_S = 1.0, 64.0
# 1 + 2 + 4 + .. + 64: about two minutes, less the jitter.
TRIES = 8
_CHANGES = re.compile(r"\b(?:ALTER|CREATE|DROP|UNDROP|LOAD|TRUNCATE)\b", re.IGNORECASE)


@dataclass
class Window:
    """The last uses of one rate: at most `most` in `seconds`."""

    most: int
    seconds: float
    _uses: deque[float] = field(default_factory=deque)

    def delay(self, now: float) -> float:
        """Return for how many seconds one more use would be too many."""
        if len(self._uses) < self.most:
            return 0.0
        return max(self._uses[-self.most] + self.seconds + MARGIN_S - now, 0.0)

    def use(self, now: float) -> None:
        """Count a use."""
        self._uses.append(now)
        if len(self._uses) > self.most:
            self._uses.popleft()


@dataclass
class Pace:
    """The rates of one run. `limited` False keeps to none, for a warehouse that has none.

    `while_waiting` is called every few seconds of a wait: the lease is renewed there.
    """

    clocks: Clocks = field(default_factory=Clocks)
    emit: Emit = log_event
    limited: bool = False
    job_timeout_s: float | None = None
    while_waiting: Callable[[], None] = lambda: None
    jitter: Callable[[], float] = random.random
    _updates: dict[ObjectRef, Window] = field(default_factory=dict)
    _inserts: Window = field(default_factory=lambda: Window(INSERTS, INSERTS_S))

    def room(self, *references: ObjectRef, creates_table: bool = False) -> None:
        """Wait until BigQuery takes one more change of each of these objects."""
        if not self.limited:
            return
        now = self.clocks.monotonic()
        waits = [(self._updates[r].delay(now), name_of(r)) for r in references if r in self._updates]
        if creates_table:
            waits.append((self._inserts.delay(now), "tables.insert"))
        longest, target = max(waits, default=(0.0, ""))
        if longest > 0:
            reason = f"BigQuery takes {UPDATES} changes in {UPDATES_S:.0f} s"
            self.pause(longest, target, reason, renew=_renews(references))

    def used(self, *references: ObjectRef, creates_table: bool = False) -> None:
        """Count a change of each of these objects, once it is over: BigQuery's own count began before."""
        if not self.limited:
            return
        now = self.clocks.monotonic()
        for reference in set(references):
            self._updates.setdefault(reference, Window(UPDATES, UPDATES_S)).use(now)
        if creates_table:
            self._inserts.use(now)

    def named_in(self, sql: str) -> Sequence[ObjectRef]:
        """Return those objects of this run that an author's statement seems to change: they are in its text."""
        if not _CHANGES.search(sql):
            return ()
        words = set(re.findall(r"[\w-]+", sql))
        return [r for r in self._updates if r.dataset in words and (r.table is None or r.table in words)]

    def back_off(self, failures: int, target: str, reason: str, *references: ObjectRef) -> None:
        """Pause before a further try, longer each time and never twice the same: several may be waiting."""
        most = min(BACK_OFF_FIRST_S * 2.0 ** (failures - 1), BACK_OFF_MOST_S)
        self.pause(most / 2 + most / 2 * self.jitter(), target, reason, renew=_renews(references))

    def pause(self, seconds: float, target: str, reason: str, *, renew: bool = True) -> None:
        """Let time pass, told when it is long, with the lease renewed meanwhile."""
        if seconds > TOLD_FROM_S:
            self.emit(LimitWaiting(target, seconds, reason))
        while seconds > 0:
            self.clocks.sleep(min(seconds, SLICE_S))
            seconds -= SLICE_S
            if renew:
                self.while_waiting()


def name_of(reference: ObjectRef) -> str:
    """Return how people call it: without the project."""
    return f"{reference.dataset}.{reference.table}" if reference.table else reference.dataset


def _renews(references: Sequence[ObjectRef]) -> bool:
    # Renewing is a patch of the lock: it cannot be done while the lock itself is waited for.
    return not any(r.table == LOCK_TABLE for r in references)


def changed_by(planned: PlannedStep, scope: Scope) -> Sequence[ObjectRef]:
    """Return the objects whose metadata a step changes, as far as the operation names them."""
    names = (getattr(planned.operation, key, None) for key in ("name", "new_name"))
    tables = [scope.reference(name) for name in names if isinstance(name, TableName)]
    return tuple(dict.fromkeys([*tables, *_targets(planned.step)]))


def _targets(step: Step) -> Sequence[ObjectRef]:
    removal = getattr(step, "removes", None)
    reference = getattr(step, "reference", None)
    return [r for r in (removal.reference if removal else None, reference) if isinstance(r, ObjectRef)]
