"""Doing one step: a job, a create, a conditional patch, or the author's Python."""

from __future__ import annotations

import contextlib
import sys
import time
import traceback
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bqmigrate.errors import BqmigrateError, RefusedError, UnsettledError
from bqmigrate.execution.absence import find
from bqmigrate.execution.jobs import Jobs, Ran, StepStopped
from bqmigrate.execution.labels import labels_before, put_back
from bqmigrate.execution.lease import Lease
from bqmigrate.execution.pace import changed_by
from bqmigrate.execution.refusals import NotKnown
from bqmigrate.execution.rewriting import Rewritten, look_before
from bqmigrate.execution.session import Session
from bqmigrate.execution.statement import Statement, is_same
from bqmigrate.execution.strays import is_stray, sweep
from bqmigrate.model.history import Outcome
from bqmigrate.operations.raw import is_raw
from bqmigrate.operations.steps import CreateStep, JobStep, ObjectRef, PatchStep, PythonStep, Removal, Scope, Step
from bqmigrate.planning.compare import differences
from bqmigrate.planning.plan import PlannedStep
from bqmigrate.planning.trace import LINEAGE_LABEL, MADE_LABEL
from bqmigrate.warehouse.port import (
    Conflict,
    OutcomeUnknown,
    Parameter,
    Resource,
    StaleEtag,
    Warehouse,
    WarehouseError,
    still_unknown,
)

TRIES = 5
UNANSWERED = 2


@dataclass(frozen=True)
class Result:
    """What became of a step."""

    outcome: Outcome
    job_id: str | None = None
    attempts: int = 1
    rows: int | None = None
    bytes: int | None = None
    ended_at_ms: int | None = None
    notes: tuple[str, ...] = ()
    # It was not done before this run: its job is this run's.
    is_new: bool = False


class PythonFailed(Exception):
    """The author's function raised: the line of his file, and what he raised."""

    def __init__(self, error: BaseException, file: str | None, line: int | None) -> None:
        super().__init__(str(error) if isinstance(error, StepStopped) else f"{type(error).__name__}: {error}")
        self.file = file
        self.line = line


@dataclass
class Stepper:
    """Does steps for one run. `looks` are the reads of what the plan removes, made before the run, each used once."""

    warehouse: Warehouse
    jobs: Jobs
    lease: Lease
    scope: Scope
    run_id: str
    allow_data_loss: bool = False
    looks: dict[ObjectRef, Resource] = field(default_factory=dict)
    sleep: Callable[[float], None] = time.sleep
    # Those that this history had before: what they made is ours as well.
    lineages: tuple[str, ...] = ()

    @property
    def lineage(self) -> str:
        """Return the lineage that ids and labels carry."""
        return self.lease.lock.lineage

    @property
    def ours(self) -> frozenset[str]:
        """Return every lineage this history has or had."""
        return frozenset({self.lineage, *self.lineages})

    def do(self, planned: PlannedStep, *, proven: bool = False) -> Result:
        """Do one step; `proven` when a later job of its migration shows that it was done before.

        Raises StepStopped, PythonFailed, WarehouseError and BqmigrateError.
        """
        handlers: Mapping[type, Callable[[PlannedStep, Any, bool], Result]] = {
            JobStep: self._job,
            CreateStep: self._create,
            PatchStep: self._patch,
            PythonStep: self._python,
        }
        return handlers[type(planned.step)](planned, planned.step, proven)

    def find_done(self, planned: PlannedStep) -> Ran | None:
        """Return the job of an earlier run that did this step, or None."""
        return self.jobs.find_done(lambda attempt: planned.key.job_id(self.lineage, attempt))

    def _job(self, planned: PlannedStep, step: JobStep, proven: bool) -> Result:  # noqa: ARG002, FBT001
        if step.removes is not None:
            return self._remove(planned, step, step.removes)
        rewritten = Rewritten()
        if step.rewrites is not None and step.of is not None and self.find_done(planned) is None:
            rewritten = look_before(self.warehouse, step.of, step.rewrites)
        labels = rewritten.labels or labels_before(self.warehouse, step)
        result = _of_job(self._past_strays(planned, step), "done")
        if step.of is not None and labels:
            put_back(self.warehouse, step.of, labels)
        gone = ", ".join(rewritten.gone)
        return replace(result, notes=(f"gone with it, set aside earlier: {gone}",)) if gone else result

    def _past_strays(self, planned: PlannedStep, step: JobStep) -> Ran:
        """Run a statement; what a create that came late left under the name it gives a table makes way."""
        try:
            return self._run(planned, step, step.sql)
        except StepStopped as stop:
            live = self.warehouse.get(step.of) if step.of and stop.error.reason == "duplicate" else None
            label = live.labels.get(MADE_LABEL, "") if live else ""
            if step.of is None or label.partition("-m")[0] not in self.ours or not self._swept(planned, step.of, label):
                raise
            return self._run(planned, step, step.sql)

    def overtaken(self, planned: PlannedStep, later: Ran) -> None:
        """Take away what a create made after a later step of its migration was done: it came too late.

        That step was still on its way when it was looked for; by now the table has its name of afterwards.
        """
        if not isinstance(planned.step, CreateStep) or planned.step.resource == "dataset":
            return
        live = self.warehouse.get(planned.step.reference)
        done_ms, made_ms = later.job.ended_at_ms, int(live.body.get("creationTime") or 0) if live else 0
        # In the same millisecond too: what that job worked on had been there when it was sent.
        if live is not None and done_ms is not None and made_ms >= done_ms and _is_ours(live, planned.step):
            self._swept(planned, planned.step.reference, live.labels[MADE_LABEL])

    def ran_this(self, planned: PlannedStep, job_id: str | None) -> bool:
        """Tell whether a job ran the statement of a step as it is now."""
        step, job = planned.step, self.warehouse.job(job_id) if job_id is not None else None
        return job is not None and isinstance(step, JobStep) and is_same(job, self._statement(planned, step, step.sql))

    def _run(self, planned: PlannedStep, step: JobStep, sql: str) -> Ran:
        statement = self._statement(planned, step, sql)
        return self.jobs.run_once(lambda attempt: planned.key.job_id(self.lineage, attempt), statement)

    def _statement(self, planned: PlannedStep, step: JobStep, sql: str) -> Statement:
        parameters = [Parameter(name, "STRING", value) for name, value in step.parameters.items()]
        others = [text for text in (step.sql, step.unguarded_sql) if text is not None and text != sql]
        changes, is_ours = changed_by(planned, self.scope), not is_raw(planned.operation)
        return Statement(sql, parameters, others, changes, is_guarded=is_ours)

    def _remove(self, planned: PlannedStep, step: JobStep, removal: Removal) -> Result:
        live = self.looks.pop(removal.reference, None) or self.warehouse.get(removal.reference)
        if live is None and (done := self.find_done(planned)) is not None:
            return _of_job(done, "done")
        live = live or find(self.warehouse, removal.reference, self.sleep)
        if live is None:
            return Result("gone", notes=("was not there any more",))
        check_removal(step.target, removal, live, self.ours, allow_data_loss=self.allow_data_loss)
        unguarded = step.unguarded_sql if self.allow_data_loss else None
        ran = self._run(planned, step, unguarded or step.sql)
        result = _of_job(ran, "done")
        if self.warehouse.get(removal.reference) is None or self._swept(planned, removal.reference, removal.made_by):
            return result
        return replace(result, notes=("somebody made it again since: that is left alone",))

    def _swept(self, planned: PlannedStep, reference: ObjectRef, label: str | None) -> bool:
        """Drop what a create that came late left under a name; false when that is something else."""
        first = planned.key.job_id(self.lineage, 0).rpartition("-a")[0]
        return sweep(self.warehouse, self.jobs, reference, label, first, self.sleep)

    def _create(self, planned: PlannedStep, step: CreateStep, proven: bool) -> Result:  # noqa: FBT001
        if proven:
            live = find(self.warehouse, step.reference, self.sleep)
            foreign = live is not None and not _is_ours(live, step)
            return Result("found" if foreign else "made")
        why = ""
        for attempt in range(TRIES):
            try:
                self.warehouse.create(step.resource, step.body)
            except (Conflict, OutcomeUnknown) as error:
                why = error.message
                live = self.warehouse.get(step.reference)
                if live is not None and not self._makes_way(planned, step, live):
                    return self._is_there(planned, step, live)
                self.sleep(min(2.0**attempt, 8.0))
                continue
            except WarehouseError as refusal:
                if why:
                    raise still_unknown(refusal) from refusal
                raise
            return Result("made")
        raise NotKnown("BQM216", f"{step.target} is not there, and cannot be created: {why}")

    def _makes_way(self, planned: PlannedStep, step: CreateStep, live: Resource) -> bool:
        """Take away what a create of an earlier generation left when it came late, unless it is just as stated."""
        label = step.body.get("labels", {}).get(MADE_LABEL)
        if step.resource == "dataset" or _is_ours(live, step) or not is_stray(live, label):
            return False
        if all(d.cosmetic for d in differences(step.resource, step.body, live.body)):
            return False
        return self._swept(planned, step.reference, label)

    def _is_there(self, planned: PlannedStep, step: CreateStep, live: Resource) -> Result:
        if _is_ours(live, step):
            return Result("made")
        self._refuse_foreign(step, live)
        found = differences(step.resource, step.body, live.body)
        serious = [d for d in found if not d.cosmetic]
        if serious:
            raise UnsettledError(
                "BQM503",
                f"{step.target} exists already, and is not what {planned.place} says",
                details=[str(d) for d in serious],
                where=str(planned.place),
                hint="make the migration say what is there, or rename what is there, then: bqmigrate upgrade",
            )
        notes = tuple(f"left alone: {d}" for d in found)
        is_made = step.resource != "dataset" and is_stray(live, step.body.get("labels", {}).get(MADE_LABEL))
        return Result("made" if is_made else "found", notes=notes)

    def _refuse_foreign(self, step: CreateStep, live: Resource) -> None:
        owner = live.labels.get(LINEAGE_LABEL)
        if owner is not None and owner not in self.ours:
            raise UnsettledError(
                "BQM504",
                f"{step.target} belongs to another history (lineage {owner}, this one is {self.lineage})",
                where=str(step.reference),
                state="The history that made it was lost, or lives in another dataset.",
                hint="set history_dataset in migrations.toml to where that history is",
            )

    def _patch(self, planned: PlannedStep, step: PatchStep, proven: bool) -> Result:  # noqa: FBT001
        if proven:
            return Result("done")
        unanswered = 0
        for _ in range(TRIES):
            # Before the reads: what was read must not grow old while the patch waits.
            self.jobs.pace.room(step.reference)
            live = self.warehouse.get(step.reference)
            if live is None:
                raise StepStopped(WarehouseError(404, "notFound", f"not found: {step.reference}"), "", 1)
            if step.is_done(live.body):
                return Result("done")
            self.lease.check()
            try:
                self.warehouse.patch(step.reference, _body(step, live), live.etag)
            except StaleEtag:
                continue
            except OutcomeUnknown:
                # The client has tried again for a minute already: once more, after looking.
                unanswered += 1
                if unanswered == UNANSWERED:
                    raise
                continue
            except WarehouseError as refusal:
                if unanswered:
                    raise still_unknown(refusal) from refusal
                raise
            return Result("done")
        # A try that was not answered may have been what changed it under the last one.
        raise NotKnown("BQM217", f"{step.target} keeps changing while it is patched", where=str(planned.place))

    def _python(self, planned: PlannedStep, step: PythonStep, proven: bool) -> Result:  # noqa: FBT001
        if proven:
            return Result("done")
        key = planned.key
        prefix = f"bqm-{self.lineage}-r{self.run_id}-m{key.version}-g{key.generation}-s{key.number}"
        session = Session(self.warehouse, self.jobs, self.scope, prefix)
        try:
            # What the author prints must not end up in the result that a program reads.
            with contextlib.redirect_stdout(sys.stderr):
                step.function(session)
        except BqmigrateError:
            raise
        except (Exception, SystemExit) as error:
            file, line = _author_line(error, step)
            raise PythonFailed(error, file, line) from error
        return Result("done")


def _is_ours(live: Resource, step: CreateStep) -> bool:
    made = live.labels.get(MADE_LABEL)
    return made is not None and made == step.body.get("labels", {}).get(MADE_LABEL)


def check_removal(
    target: str, removal: Removal, live: Resource, ours: Collection[str], *, allow_data_loss: bool
) -> None:
    """Check that an object may go: this history made it, and it is empty unless losing rows is allowed.

    `ours` are the lineages this history has and had.
    """
    made = live.labels.get(MADE_LABEL, "")
    expected = removal.made_by
    if expected is not None and made.rpartition("-g")[0] != expected.rpartition("-g")[0]:
        raise UnsettledError(
            "BQM505",
            f"{target} was not made by this history: it is not dropped",
            where=str(removal.reference),
            details=(f"its label {MADE_LABEL} is {made or 'missing'}, expected {expected}",),
            hint="drop it by hand if it should go, then: bqmigrate downgrade",
        )
    if made and made.partition("-m")[0] not in ours:
        raise UnsettledError(
            "BQM504",
            f"{target} belongs to another history (lineage {made.partition('-m')[0]}): it is not dropped",
            where=str(removal.reference),
            hint="take it back with the configuration that made it",
        )
    if removal.kind == "table" and not allow_data_loss and (live.rows or live.is_streamed_to):
        rows = f"{live.rows} row{'s' if live.rows != 1 else ''}" if live.rows else "rows in its streaming buffer"
        raise RefusedError(
            "BQM321",
            f"{target} has {rows}: it is not dropped",
            where=str(removal.reference),
            hint="save what is needed, then drop it with its rows: --allow-data-loss",
        )


def _body(step: PatchStep, live: Resource) -> dict[str, Any]:
    try:
        return step.body(live.body)
    except LookupError as error:
        raise StepStopped(WarehouseError(400, "invalid", f"column not found: {error}"), "", 1) from error


def _of_job(ran: Ran, outcome: Outcome) -> Result:
    job = ran.job
    return Result(
        outcome, ran.job_id, ran.attempt, job.affected_rows, job.bytes_billed, job.ended_at_ms, is_new=not ran.adopted
    )


def _author_line(error: BaseException, step: Step) -> tuple[str | None, int | None]:
    code = getattr(getattr(step, "function", None), "__code__", None)
    file = code.co_filename if code else None
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
    return file, frames[-1].lineno if frames else None
