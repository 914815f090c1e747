"""One run from reading to letting go: read, plan, take the lease, settle, execute, record, release."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from bqmigrate.errors import RefusedError, RunError, UnsettledError, ValidationError
from bqmigrate.execution import history, holders, lease
from bqmigrate.execution.age import refuse_old
from bqmigrate.execution.events import Emit, LimitWaiting, RunStarted
from bqmigrate.execution.executor import Done, Executor
from bqmigrate.execution.history import Place, View
from bqmigrate.execution.identity import Identity
from bqmigrate.execution.idle import Asking, Idle, give_up
from bqmigrate.execution.inquiry import asked, can_tell
from bqmigrate.execution.jobs import Jobs
from bqmigrate.execution.lease import Clocks, Lease
from bqmigrate.execution.letting_go import after, let_go_after_failure
from bqmigrate.execution.lock import Lock, OpenRun, OpenVersion, Pins, chunks, opened
from bqmigrate.execution.looks import Looks
from bqmigrate.execution.pace import TOLD_FROM_S
from bqmigrate.execution.settle import assumed, find_out
from bqmigrate.execution.stepper import Stepper
from bqmigrate.execution.stop import Stop
from bqmigrate.execution.writer import Writer
from bqmigrate.model.history import Direction, HistoryState, Record, StepRecord
from bqmigrate.operations.steps import ObjectRef, Scope
from bqmigrate.planning.plan import Plan, PlannedMigration
from bqmigrate.planning.planner import Planner
from bqmigrate.warehouse.port import Resource, Warehouse

ROUNDS = 30
logger = logging.getLogger("bqmigrate")


@dataclass(frozen=True)
class Outcome:
    """A plan, what became of it, and the state afterwards."""

    plan: Plan
    done: Done
    state: HistoryState


@dataclass(frozen=True)
class Runner:
    """Everything a run needs; `lineage` is the one to be born if nobody ever ran here."""

    warehouse: Warehouse
    place: Place
    pins: Pins
    scope: Scope
    planner: Planner
    identity: Identity
    lineage: str
    direction: Direction
    emit: Emit
    allow_data_loss: bool = False
    lock_timeout_s: float = 0.0
    clocks: Clocks = field(default_factory=Clocks)
    stop: Stop = field(default_factory=Stop)

    def read(self) -> View:
        """Read lock and rows: two requests, one when nobody ever ran.

        An upgrade that finds no lock meets the rows of a lost one when it makes its own; a downgrade has to ask.
        """
        view = history.read(self.warehouse, self.place, self.pins, self._wait_for_rows)
        if view.lock is None and self.direction == "downgrade":
            history.refuse_without_lock(self.warehouse, self.place)
        return view

    def _wait_for_rows(self, seconds: float) -> None:
        if seconds >= TOLD_FROM_S:
            self.emit(LimitWaiting("the history", seconds, "rows that were written are not to be seen"))
        self.clocks.sleep(seconds)

    def dry(self, view: View | None) -> Outcome:
        """Decide and change nothing: what `run` would do."""
        view = view or self.look()
        return Outcome(self.plan(view), Done(), view.state)

    def look(self) -> View:
        """Read as `read`, and make sure that no lock means no history. Raises UnsettledError."""
        view = self.read()
        if view.lock is None and self.direction == "upgrade":
            history.refuse_without_lock(self.warehouse, self.place)
        return view

    def plan(self, view: View) -> Plan:
        """Decide, on what was read and on what open runs may have done since. Raises UnsettledError."""
        return self.decide(view)[0]

    def decide(self, view: View) -> tuple[Plan, Sequence[Idle]]:
        """Decide, and say which ways back that were set out are given up. Raises UnsettledError."""
        now = self.warehouse.server_time
        try:
            plan = self._plan(view, ())
        except (UnsettledError, RefusedError):
            refuse_old(view, now)  # this is the cause then
            raise
        jobs = Jobs(self.warehouse, sleep=self.clocks.sleep)
        asking = Asking(self.warehouse, self.planner, jobs, self._lineage(view))
        idle = asking.idle(view, plan)
        if idle:
            plan = self._plan(view, {i.known.version for i in idle})
            # What lies above one that has begun goes down with it.
            down = plan.going_down
            if any(i.known.version in down for i in idle):
                idle = [i for i in idle if i.known.version not in down]
                plan = self._plan(view, {i.known.version for i in idle})
        refuse_old(view, now, {m.version for m in plan.migrations})
        return plan, idle

    def _plan(self, view: View, stays: Collection[str]) -> Plan:
        open_ = [v for v in view.lock.unsettled(view.state) if v.version not in stays] if view.lock else []
        lineage = self._lineage(view)
        try:
            return self.planner.plan(assumed(view.state, open_), lineage)
        except (UnsettledError, RefusedError):
            if not can_tell(open_):
                raise
        jobs = Jobs(self.warehouse, sleep=self.clocks.sleep)
        return self.planner.plan(asked(view.state, open_, jobs, lineage), lineage)

    def run(self, view: View | None, shown: Plan | None) -> Outcome:
        """Run until done. `view` is what was already read; `shown` the plan that somebody saw.

        Raises what stops it: ValidationError when there is more to do by now than was shown.
        """
        dead: str | None = None
        patience = lease.Patience(self.lock_timeout_s, self.clocks)
        for _ in range(ROUNDS):
            view = view or self.read()
            plan, idle = self.decide(view)
            if shown is not None and not plan.is_within(shown):
                raise _stale()
            if plan.is_empty and not idle:
                return Outcome(plan, Done(), view.state)
            self._refuse_loss(plan)
            looks = Looks(
                self.warehouse,
                self.scope,
                self._lineage(view),
                frozenset({self._lineage(view), *view.state.lineages}),
                self.identity.run_id,
                self.allow_data_loss,
                self.clocks.sleep,
            ).over(plan)
            holder = view.lock.holder if view.lock else None
            if holder and str(holder) != dead and not lease.is_dead(holder, view, self.warehouse.server_time):
                dead = lease.wait(
                    self.warehouse, self.place, view, holder, patience, self.clocks, self.emit, self.direction
                )
                view = None
                continue
            first = next(iter(self._chunks(view, plan)), ())
            own = opened(self.identity.run_id, first, view.state.last_seq, self.warehouse.server_time)
            taken = self._take(view, plan, own)
            if taken is None:
                view = None
                continue
            self.emit(holders.taken(view))
            outcome = self._hold(taken, view, plan, own, looks, idle)
            again = self.direction == "downgrade" and view.lock is not None and view.lock.waiting(view.state)
            return self._and_then(outcome) if again else outcome
        raise RunError("BQM219", f"the lock kept moving for {ROUNDS} rounds", hint="bqmigrate history")

    def _and_then(self, outcome: Outcome) -> Outcome:
        """Take back what a dead run went up again after the downgrade that was just finished for it."""
        target = outcome.plan.to_version or "base"
        rest = replace(self, planner=self.planner.aimed_at(target)).run(None, None)
        outcome.done.add(rest.done)
        migrations = (*outcome.plan.migrations, *rest.plan.migrations)
        return Outcome(replace(outcome.plan, migrations=migrations), outcome.done, rest.state)

    def _lineage(self, view: View) -> str:
        return view.lock.lineage if view.lock else self.lineage

    def _refuse_loss(self, plan: Plan) -> None:
        losing = [s for s in plan.steps if s.impact.data_loss]
        if losing and not self.allow_data_loss:
            first = losing[0]
            raise RefusedError(
                "BQM323",
                f"{first.key.version} would lose data: {first.impact.summary}",
                where=str(first.place),
                details=[f"{s.key.version} {s.impact.object}: {s.impact.summary}" for s in losing[1:]],
                state="Nothing was changed.",
                hint="save what is needed, then allow it: --allow-data-loss",
            )

    def _take(self, view: View, plan: Plan, own: OpenRun) -> Lease | None:
        python = any(s.step.kind == "python" for s in plan.steps)
        holder = lease.myself(self.identity.run_id, python=python)
        if view.lock is not None:
            return lease.take(self.warehouse, self.place, view, holder, own, self.clocks)
        lock = Lock(self.lineage, self.pins, holder, (own,))
        etag = history.create(self.warehouse, self.place, lock, self.scope.location)
        if etag is None:
            return None
        return Lease(self.warehouse, self.place, lock, etag, self.clocks, self.clocks.monotonic())

    def _hold(
        self,
        held: Lease,
        view: View,
        plan: Plan,
        own: OpenRun,
        looks: dict[ObjectRef, Resource],
        idle: Sequence[Idle],
    ) -> Outcome:
        """Run with the lease in hand, and let go of it whatever happens."""
        executor = self._executor(held, view, looks)
        try:
            plan = self._prepare(executor, view, plan, idle)
            self.emit(
                RunStarted(
                    plan.direction, plan.from_version, plan.to_version, tuple(m.version for m in plan.migrations)
                )
            )
            lock, state = view.lock, view.state
            open_ = (*lock.unsettled(state), *lock.waiting(state)) if lock else ()
            listed = {v.version for v in own.versions}
            for number, chunk in enumerate(self._chunks(view, plan)):
                own = opened(self.identity.run_id, chunk, executor.writer.seq, self.warehouse.server_time)
                if number or not listed.issuperset(m.version for m in chunk):
                    held.reopen(own, after(view, executor))
                self._start(executor, chunk)
                executor.run(chunk, resumed=open_)
        except BaseException:
            let_go_after_failure(held, executor, view, own)
            raise
        state = after(view, executor)
        held.release(state, own=own, unsettled=None)
        return Outcome(plan, executor.done, state)

    def _executor(self, held: Lease, view: View, looks: dict[ObjectRef, Resource]) -> Executor:
        def between_polls() -> None:
            self.stop.check_now()
            held.renew_if_due()

        # A seal that stands while the lock is ours is of a run before: what it gave up, lock and rows have told.
        jobs = Jobs(self.warehouse, between_polls, self.clocks.sleep, past_seal=held.check)
        stepper = Stepper(
            self.warehouse,
            jobs,
            held,
            self.scope,
            self.identity.run_id,
            self.allow_data_loss,
            looks,
            self.clocks.sleep,
            view.state.lineages,
        )
        writer = Writer(jobs, self.place, held.lock.lineage, view.state.last_seq, view.state.last_chain)
        executor = Executor(stepper, writer, held, self.identity, self.emit, self.clocks.monotonic)
        executor.stop, executor.applied_before = self.stop, tuple(view.state.applied)
        executor.done_before = {(s.version, s.direction, s.generation): s.done_on_the_way for s in view.state.unsettled}
        return executor

    def _prepare(self, executor: Executor, view: View, plan: Plan, idle: Sequence[Idle]) -> Plan:
        """Write what has to stand in the history before the first step, and settle what is open."""
        if view.lock is not None and not view.has_rows_table:
            history.create_rows(self.warehouse, self.place)
        if view.state.last_seq == 0:
            executor.records.append(self.identity.record("genesis", name=executor.lease.lock.lineage))
        if view.lock is not None and view.lock.holder is not None:
            executor.records.append(self.identity.record("taken_over", name=view.lock.holder.id))
            executor.flush()
        for each in idle:
            give_up(executor, each)
        if idle:
            executor.flush()
        down = plan.going_down
        open_ups = [v for v in view.lock.unsettled_upgrades(view.state) if v.version in down] if view.lock else []
        if open_ups:
            plan = self._settle(executor, view, plan, open_ups)
        return plan

    def _chunks(self, view: View, plan: Plan) -> Sequence[Sequence[PlannedMigration]]:
        """Cut the plan so that what is open at a time fits into the lock."""
        holder = lease.myself(self.identity.run_id, python=False)
        lock = view.lock.without_settled(view.state) if view.lock else Lock(self.lineage, self.pins)
        return chunks(replace(lock, holder=holder), self.identity.run_id, plan.migrations)

    def _start(self, executor: Executor, chunk: Sequence[PlannedMigration]) -> None:
        """Write `started` rows where a slot has to fence, or the lock cannot hold the steps."""
        if executor.lease.lock.fits and not any(s.step.kind in {"patch", "python"} for m in chunk for s in m.steps):
            return
        executor.records.extend(self._started(m) for m in chunk)
        executor.flush()

    def _settle(self, executor: Executor, view: View, plan: Plan, open_ups: Sequence[OpenVersion]) -> Plan:
        """Seal interrupted upgrades, record how far they got, and plan the way back from there."""
        lineage = self._lineage(view)
        before = assumed(view.state, open_ups)
        again = {m.version: m for m in self.planner.again(before, [v.version for v in open_ups], lineage)}
        for item in open_ups:
            if item.version not in again:
                raise _no_file(item)
            migration = again[item.version]
            steps = find_out(executor.stepper, migration, item)
            executor.records.append(
                self.identity.record(
                    "sealed",
                    version=item.version,
                    name=item.name,
                    direction="upgrade",
                    generation=item.generation,
                    checksum=item.checksum,
                    steps=steps,
                    undo=migration.way_back.data() if migration.way_back else None,
                    error="interrupted",
                )
            )
        executor.flush()
        # -2 was counted before it was known which versions had done nothing: it still means the same place.
        state = after(view, executor)
        rest = view.lock.unsettled(state) if view.lock else ()
        return self.planner.aimed_at(plan.to_version or "base").plan(assumed(state, rest), lineage)

    def _started(self, migration: PlannedMigration) -> Record:
        steps = tuple(
            StepRecord(s.key.number, s.step.kind, s.step.verb, s.step.target, s.digest, "failed")
            for s in migration.steps
        )
        return self.identity.of(migration, "started", steps)


def _stale() -> ValidationError:
    return ValidationError(
        "BQM105",
        "the plan is no longer the one that was shown: another run came between",
        hint="look at it again: bqmigrate plan",
    )


def _no_file(item: OpenVersion) -> UnsettledError:
    return UnsettledError(
        "BQM520",
        f"{item.version}_{item.name} may be half-applied, but its file is gone",
        details=[f"{number}  {s.kind}  {s.target}" for number, s in enumerate(item.steps, start=1)],
        state="Nothing was changed.",
        hint="bring the file back as it was, then: bqmigrate downgrade\n"
        f"or take it back without the file: bqmigrate repair {item.version} --revert",
    )
