"""Adopting: what somebody else made is compared with what the migrations say, and recorded where it is equal.

Nothing of the user's is touched: the only writes are the history's own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bqmigrate.config import Environment
from bqmigrate.errors import BqmigrateError, RunError
from bqmigrate.execution import history, holders, lease
from bqmigrate.execution.events import RowsWritten
from bqmigrate.execution.history import View
from bqmigrate.execution.jobs import Jobs
from bqmigrate.execution.lease import Lease
from bqmigrate.execution.lock import Lock, OpenRun
from bqmigrate.execution.runner import ROUNDS, Runner
from bqmigrate.execution.writer import Writer
from bqmigrate.model.history import HistoryState, Record, fold
from bqmigrate.planning.adopt import (
    Adoption,
    ObjectDifference,
    compare,
    found_steps,
    not_equal,
    refuse_foreign,
    refuse_half_applied,
)
from bqmigrate.warehouse.port import WarehouseError

# A row has some twenty query parameters, and a statement takes 10,000.
ROWS_AT_ONCE = 400
Decide = Callable[[HistoryState, str], Adoption]
logger = logging.getLogger("bqmigrate")


@dataclass(frozen=True)
class AdoptionReport:
    """What adopting came to; `differences` are the cosmetic ones: all others are refused."""

    environment: str
    project: str
    location: str
    from_version: str | None
    to_version: str | None
    adopted: tuple[str, ...] = ()
    compared: tuple[str, ...] = ()
    differences: tuple[ObjectDifference, ...] = ()
    not_compared: tuple[str, ...] = ()
    requests: int = 0
    duration_ms: int = 0
    dry_run: bool = False

    @property
    def nothing_to_do(self) -> bool:
        """Tell whether everything was recorded already."""
        return not self.adopted


@dataclass(frozen=True)
class Adopted:
    """What was decided, and what differs without mattering."""

    adoption: Adoption
    differences: Sequence[ObjectDifference] = ()

    def report(self, environment: Environment, *, requests: int, duration_ms: int, dry_run: bool) -> AdoptionReport:
        """Return it as the library answers it."""
        adoption = self.adoption
        return AdoptionReport(
            environment=environment.name,
            project=environment.project,
            location=environment.location,
            from_version=adoption.from_version,
            to_version=adoption.to_version,
            adopted=tuple(m.version for m in adoption.migrations),
            compared=tuple(o.name for o in adoption.objects),
            differences=tuple(self.differences),
            not_compared=adoption.not_compared,
            requests=requests,
            duration_ms=duration_ms,
            dry_run=dry_run,
        )


@dataclass(frozen=True)
class Adopting:
    """One adoption from reading to letting go."""

    runner: Runner
    decide: Decide

    def run(self, *, dry_run: bool) -> Adopted:
        """Compare, and record where nothing differs; a dry run stops before it writes.

        Raises ValidationError with a Finding per difference, UnsettledError, LeaseError.
        """
        dead: str | None = None
        patience = lease.Patience(self.runner.lock_timeout_s, self.runner.clocks)
        for _ in range(ROUNDS):
            view = self.runner.read()
            if view.lock is None:
                history.refuse_without_lock(self.runner.warehouse, self.runner.place)
            adoption = self.decide(view.state, self._lineage(view))
            if not adoption.migrations:
                return Adopted(adoption)
            holder = view.lock.holder if view.lock else None
            if holder and not dry_run and str(holder) != dead and not self._is_dead(view):
                dead = lease.wait(
                    self.runner.warehouse, self.runner.place, view, holder, patience,
                    self.runner.clocks, self.runner.emit, f"adopt {adoption.to_version}",
                )  # fmt: skip
                continue
            self._refuse_open(view, adoption)
            found = self._compare(view, adoption)
            if any(not d.difference.cosmetic for d in found):
                raise not_equal(adoption, found)
            if dry_run:
                return Adopted(adoption, found)
            own = OpenRun(self.runner.identity.run_id, (), view.state.last_seq)
            held = self._take(view, own)
            if held is not None:
                self.runner.emit(holders.taken(view))
                self._record(held, view, adoption, own)
                return Adopted(adoption, found)
        raise RunError("BQM219", f"the lock kept moving for {ROUNDS} rounds", hint="bqmigrate history")

    def _lineage(self, view: View) -> str:
        return view.lock.lineage if view.lock else self.runner.lineage

    def _is_dead(self, view: View) -> bool:
        holder = view.lock.holder if view.lock else None
        return holder is None or lease.is_dead(holder, view, self.runner.warehouse.server_time)

    def _refuse_open(self, view: View, adoption: Adoption) -> None:
        """Refuse where a run may have done what no row tells of."""
        open_ = view.lock.unsettled(view.state) if view.lock else ()
        refuse_half_applied(list(dict.fromkeys([*adoption.half_applied, *(f"{v.version}_{v.name}" for v in open_)])))

    def _compare(self, view: View, adoption: Adoption) -> Sequence[ObjectDifference]:
        found: list[ObjectDifference] = []
        for stated in adoption.objects:
            live = self.runner.warehouse.get(stated.reference)
            if live is not None and stated.body is not None:
                refuse_foreign(stated, live.labels, self._lineage(view), view.state.lineages)
            found.extend(compare(adoption, stated, live.body if live else None))
        return found

    def _take(self, view: View, own: OpenRun) -> Lease | None:
        run = self.runner
        holder = lease.myself(run.identity.run_id, python=False)
        if view.lock is not None:
            return lease.take(run.warehouse, run.place, view, holder, own, run.clocks)
        lock = Lock(run.lineage, run.pins, holder, (own,))
        etag = history.create(run.warehouse, run.place, lock, run.scope.location)
        if etag is None:
            return None
        return Lease(run.warehouse, run.place, lock, etag, run.clocks, run.clocks.monotonic())

    def _record(self, held: Lease, view: View, adoption: Adoption, own: OpenRun) -> None:
        """Write the rows with the lease in hand, and let go of it whatever happens."""
        run = self.runner
        jobs = Jobs(run.warehouse, held.renew_if_due, run.clocks.sleep)
        writer = Writer(jobs, run.place, held.lock.lineage, view.state.last_seq, view.state.last_chain)
        written: list[Record] = []
        try:
            if view.lock is not None and not view.has_rows_table:
                history.create_rows(run.warehouse, run.place)
            rows = [*self._opening(view, held), *self._adopted(adoption)]
            for first in range(0, len(rows), ROWS_AT_ONCE):
                batch = writer.append(rows[first : first + ROWS_AT_ONCE])
                written.extend(batch)
                run.emit(RowsWritten(batch[0].seq, len(batch)))
        except BaseException:
            self._let_go(held, fold((*view.records, *written)), own)
            raise
        held.release(fold((*view.records, *written)), own=own, unsettled=None)

    def _opening(self, view: View, held: Lease) -> Sequence[Record]:
        """Return the rows that stand before: who was born, who was taken over."""
        record = self.runner.identity.record
        born = [record("genesis", name=held.lock.lineage)] if view.state.last_seq == 0 else []
        before = view.lock.holder if view.lock else None
        return [*born, record("taken_over", name=before.id)] if before else born

    def _adopted(self, adoption: Adoption) -> Sequence[Record]:
        return [
            self.runner.identity.record(
                "adopted",
                version=m.version,
                name=m.name,
                direction="upgrade",
                generation=m.generation,
                checksum=m.checksum,
                plan_checksum=f"sha256:{m.digest}",
                steps=found_steps(m),
            )
            for m in adoption.migrations
        ]

    def _let_go(self, held: Lease, state: HistoryState, own: OpenRun) -> None:
        try:
            held.release(state, own=own, unsettled=None)
        except (BqmigrateError, WarehouseError) as error:
            # What stopped it is the news; the lease runs out by itself.
            logger.warning("the lease was not released: %s", error)
