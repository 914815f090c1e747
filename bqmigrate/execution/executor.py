"""Running a plan: per step one effect and one event; rows by group commit."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bqmigrate.errors import BqmigrateError, InterruptedRun, RunError
from bqmigrate.execution.events import (
    Emit,
    MigrationFinished,
    MigrationStarted,
    RowsWritten,
    StepFailed,
    StepFinished,
    StepStarted,
)
from bqmigrate.execution.failure import Stopped, asked_to_stop, is_not_known, may_be_partial, stopped
from bqmigrate.execution.identity import Identity
from bqmigrate.execution.jobs import Ran, StepStopped
from bqmigrate.execution.lease import Lease
from bqmigrate.execution.lock import OpenVersion
from bqmigrate.execution.refusals import LIMITS
from bqmigrate.execution.stepper import PythonFailed, Result, Stepper
from bqmigrate.execution.stop import Stop
from bqmigrate.execution.writer import Writer
from bqmigrate.model.history import Direction, Event, Record, StepRecord
from bqmigrate.operations.raw import is_raw
from bqmigrate.planning.plan import PlannedMigration, PlannedStep
from bqmigrate.warehouse.port import WarehouseError

FLUSH_EVERY_S = 30.0
ERROR_LENGTH = 4000
# The rows that account for what was begun.
DECISIVE = frozenset({"applied", "reverted", "failed"})
UNRECORDED_KINDS = frozenset({"create", "patch", "python"})


@dataclass
class Done:
    """What a run got done so far: the report is made of it."""

    applied: list[str] = field(default_factory=list)
    reverted: list[str] = field(default_factory=list)
    datasets_made: list[str] = field(default_factory=list)
    tables_made: list[str] = field(default_factory=list)
    tables_found: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    bytes_billed: int | None = None

    def add(self, other: Done) -> None:
        """Add what was done after it."""
        for name in ("applied", "reverted", "datasets_made", "tables_made", "tables_found", "left"):
            mine = getattr(self, name)
            mine += [item for item in getattr(other, name) if item not in mine]
        if other.bytes_billed is not None:
            self.bytes_billed = (self.bytes_billed or 0) + other.bytes_billed


@dataclass
class Executor:
    """Runs migrations in order; nothing else changes the warehouse."""

    stepper: Stepper
    writer: Writer
    lease: Lease
    identity: Identity
    emit: Emit
    monotonic: Callable[[], float] = time.monotonic
    done: Done = field(default_factory=Done)
    records: list[Record] = field(default_factory=list)
    written: list[Record] = field(default_factory=list)
    # Per version, direction and generation, the steps of what is half done that the history records as done.
    done_before: Mapping[tuple[str, Direction, int], Sequence[StepRecord]] = field(default_factory=dict)
    # What was begun and has no row yet, in order: the last of them is the one that runs.
    begun: list[PlannedMigration] = field(default_factory=list)
    stop: Stop = field(default_factory=Stop)
    # What was applied when the run began: where a downgrade of what failed would lead.
    applied_before: tuple[str, ...] = ()
    _touched: set[str] = field(default_factory=set)
    _flushed_at: float = 0.0

    def run(self, migrations: Sequence[PlannedMigration], *, resumed: Sequence[OpenVersion] = ()) -> None:
        """Run migrations; rows that are not written when it stops are written then.

        `resumed` is what earlier runs set out to do, and nobody knows how far they got.
        Raises RunError (or whatever stopped it) once the rows are written; InterruptedRun on Ctrl-C.
        """
        self._flushed_at = self.monotonic()
        versions, on_the_way = {v.version for v in resumed}, {(v.version, v.direction, v.generation) for v in resumed}
        try:
            for migration in migrations:
                self._heed(migration, (), resumes=False)
                self._barrier(migration)
                self.begun.append(migration)
                resumes = migration.version in versions or migration.resumes
                self._migrate(migration, resumes=resumes, sent_before=_key(migration) in on_the_way)
        except KeyboardInterrupt:
            running = self._running()
            self.flush()
            raise _interrupted(running) from None
        self.flush()

    def flush(self) -> None:
        """Append the rows that wait, as one batch."""
        if not self.records:
            return
        self.lease.renew_if_due()
        waiting, self.records = self.records, []
        written = self.writer.append(waiting)
        self.written.extend(written)
        told = {(r.version, r.direction) for r in waiting if r.event in DECISIVE}
        self.begun = [m for m in self.begun if (m.version, m.direction) not in told]
        self._touched.clear()
        self._flushed_at = self.monotonic()
        self.emit(RowsWritten(written[0].seq, len(written)))

    def _running(self) -> PlannedMigration | None:
        """Return the migration that is on its way: begun, and no row of it waits to be written."""
        waiting = {(r.version, r.direction) for r in self.records}
        return next((m for m in self.begun if (m.version, m.direction) not in waiting), None)

    def _barrier(self, migration: PlannedMigration) -> None:
        """Write the rows first where a crash would otherwise leave two unrecorded effects on one object."""
        raw = any(is_raw(s.operation) for s in migration.steps)
        again = bool(self._touched and (raw or self._touched & migration.objects))
        if again or self.monotonic() - self._flushed_at > FLUSH_EVERY_S:
            self.flush()

    def _migrate(self, migration: PlannedMigration, *, resumes: bool, sent_before: bool) -> None:
        began = self.monotonic()
        goes_on = sent_before or migration.resumes
        self.emit(
            MigrationStarted(migration.version, migration.name, migration.direction, len(migration.steps), goes_on)
        )
        known = {s.number: s for s in self.done_before.get(_key(migration), ())}
        proven = self._proven(migration)[0] if resumes else 0
        steps: list[StepRecord] = []
        ended: int | None = None
        for planned in migration.steps:
            if planned.key.number in known:
                steps.append(known[planned.key.number])
                continue
            self._heed(migration, steps, resumes=resumes)
            is_proven = planned.key.number <= proven
            result = self._step(migration, planned, steps, proven=is_proven, sent_before=sent_before)
            ended = result.ended_at_ms or ended
            # Steps are sent in order: whoever had not done this one had sent none after it.
            sent_before = sent_before and not result.is_new
            if resumes and planned.step.kind == "create" and planned.key.number > proven:
                self._look_back(migration, planned)
        ms = round((self.monotonic() - began) * 1000)
        self._record(migration, steps, ms, ended)
        self._count(migration, steps)
        summary = ", ".join(dict.fromkeys(s.impact.summary for s in migration.steps))
        self.emit(
            MigrationFinished(migration.version, migration.name, migration.direction, ms, summary, migration.left)
        )

    def _heed(self, migration: PlannedMigration, steps: Sequence[StepRecord], *, resumes: bool) -> None:
        """Stop before the next step where that was asked; what is done is recorded. Raises InterruptedRun."""
        if not self.stop.after_this_step:
            return
        if not steps:
            self.begun = [m for m in self.begun if m is not migration]
        # An earlier run may have got further than this one: a row would say that it did not.
        if steps and not resumes:
            row = self._row(migration, "failed", steps, None, None)
            self.records.append(replace(row, error="interrupted"))
        self.flush()
        raise asked_to_stop(migration, len(steps))

    def _proven(self, migration: PlannedMigration) -> tuple[int, Ran | None]:
        """Return the last step that a job of an earlier run proves done, and that job; all before it are done too."""
        for planned in reversed(migration.steps):
            if planned.step.kind == "job" and (ran := self.stepper.find_done(planned)) is not None:
                return planned.key.number, ran
        return 0, None

    def _look_back(self, migration: PlannedMigration, created: PlannedStep) -> None:
        """Ask again, after a create, whether a later step was on its way and is done by now."""
        number, ran = self._proven(migration)
        if ran is not None and number > created.key.number:
            self.stepper.overtaken(created, ran)

    def _step(
        self,
        migration: PlannedMigration,
        planned: PlannedStep,
        steps: list[StepRecord],
        *,
        proven: bool,
        sent_before: bool,
    ) -> Result:
        self.lease.renew_if_due()
        step, number, total = planned.step, planned.key.number, len(migration.steps)
        self.emit(StepStarted(migration.version, number, total, step.verb, step.target))
        began, before = self.monotonic(), self.stepper.warehouse.requests
        try:
            result = self.stepper.do(planned, proven=proven)
        except (StepStopped, PythonFailed, WarehouseError, BqmigrateError) as error:
            ms, requests = round((self.monotonic() - began) * 1000), self.stepper.warehouse.requests - before
            job_id = error.job_id or None if isinstance(error, StepStopped) else None
            self.emit(
                StepFailed(migration.version, number, total, step.verb, step.target, str(error), ms, requests, job_id)
            )
            below = self._below(migration.version)
            stop = Stopped(migration, tuple(steps), planned, below, sent_before)
            raise self._failed(stop, planned, error, ms) from error
        ms, requests = round((self.monotonic() - began) * 1000), self.stepper.warehouse.requests - before
        steps.append(_record_of(planned, result, ms))
        if step.kind in UNRECORDED_KINDS:
            self._touched.add(planned.impact.object)
        if result.bytes is not None:
            self.done.bytes_billed = (self.done.bytes_billed or 0) + result.bytes
        self.emit(
            StepFinished(
                migration.version, number, total, step.verb, step.target, result.outcome, ms, requests,
                result.job_id, result.rows, result.notes,
            )
        )  # fmt: skip
        return result

    def _failed(self, stop: Stopped, planned: PlannedStep, error: Exception, ms: int) -> BqmigrateError:
        migration = stop.migration
        failing = StepRecord(
            planned.key.number, planned.step.kind, planned.step.verb, planned.step.target, planned.digest,
            "partial" if may_be_partial(planned, error) else "failed",
            getattr(error, "job_id", None) or None, ms=ms,
        )  # fmt: skip
        if not is_not_known(stop, error):
            row = self._row(migration, "failed", (*stop.done, failing), None, None)
            self.records.append(replace(row, error=str(error)[:ERROR_LENGTH]))
        out = stopped(stop, error)
        try:
            self.flush()
        except (BqmigrateError, WarehouseError) as second:
            raise RunError(
                out.code if out.code in LIMITS else "BQM218",
                f"{out.message}; then the history could not be written: {second}",
                where=out.where,
                state="What was done stays done; the next run finds it and records it.",
                hint=out.hint if out.code in LIMITS else f"bqmigrate {migration.direction}",
                details=out.details,
            ) from error
        return out

    def _below(self, version: str) -> str | None:
        """Return the applied version below one, as it is by now."""
        applied = {*self.applied_before, *self.done.applied} - {*self.done.reverted}
        return max((v for v in applied if v < version), default=None)

    def _record(
        self, migration: PlannedMigration, steps: Sequence[StepRecord], ms: int, ended_at_ms: int | None
    ) -> None:
        event: Event = "applied" if migration.direction == "upgrade" else "reverted"
        self.records.append(self._row(migration, event, steps, ms, ended_at_ms))

    def _row(
        self,
        migration: PlannedMigration,
        event: Event,
        steps: Sequence[StepRecord],
        ms: int | None,
        ended_at_ms: int | None,
    ) -> Record:
        by_server = self.stepper.warehouse.server_time
        ended = datetime.fromtimestamp(ended_at_ms / 1000, UTC) if ended_at_ms is not None else by_server
        plan = f"sha256:{migration.digest}"
        return self.identity.of(migration, event, steps, plan_checksum=plan, finished_at=ended, duration_ms=ms)

    def _count(self, migration: PlannedMigration, steps: Sequence[StepRecord]) -> None:
        if migration.direction == "downgrade":
            self.done.reverted.append(migration.version)
            self.done.left.extend(migration.left)
            return
        self.done.applied.append(migration.version)
        for step in steps:
            if step.kind != "create":
                continue
            if step.outcome == "found":
                if step.verb == "create table":
                    self.done.tables_found.append(step.target)
            elif step.verb == "create dataset":
                self.done.datasets_made.append(step.target)
            elif step.verb == "create table":
                self.done.tables_made.append(step.target)


def _record_of(planned: PlannedStep, result: Result, ms: int) -> StepRecord:
    step = planned.step
    return StepRecord(
        planned.key.number, step.kind, step.verb, step.target, planned.digest, result.outcome, result.job_id,
        result.attempts, ms, result.bytes, result.rows,
    )  # fmt: skip


def _key(migration: PlannedMigration) -> tuple[str, Direction, int]:
    return migration.version, migration.direction, migration.generation


def _interrupted(migration: PlannedMigration | None) -> InterruptedRun:
    if migration is None:
        return InterruptedRun("BQM910", "interrupted", state="What was done is recorded.", hint="bqmigrate history")
    return InterruptedRun(
        "BQM910",
        f"interrupted in {migration.version}_{migration.name}",
        where=migration.file,
        state="A job that was sent goes on in BigQuery; the next run finds it.",
        hint="bqmigrate upgrade" if migration.direction == "upgrade" else "bqmigrate downgrade",
    )
