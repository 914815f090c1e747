"""Finding out how far an interrupted upgrade got, and making sure it gets no further.

Before a direction is given up, every unused job id of it is sealed with a no-op, and a patch is
fenced by one that always changes a label: a late delivery then finds its id used, or its etag stale.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest

from bqmigrate.errors import UnsettledError
from bqmigrate.execution.absence import find
from bqmigrate.execution.evidence import reached
from bqmigrate.execution.fence import fenced
from bqmigrate.execution.lock import OpenVersion
from bqmigrate.execution.stepper import Stepper
from bqmigrate.model.history import Event, HistoryState, Outcome, Record, StepRecord, VersionState
from bqmigrate.operations.raw import is_raw
from bqmigrate.operations.steps import CreateStep, JobStep, PatchStep, PythonStep
from bqmigrate.planning.plan import PlannedMigration, PlannedStep
from bqmigrate.planning.trace import MADE_LABEL

# The place of a row that is only assumed.
ASSUMED = 0


def assumed(state: HistoryState, unsettled: Sequence[OpenVersion]) -> HistoryState:
    """Return the state as it must be planned for before anybody looked: what was set out may be half done."""
    for item in unsettled:
        known = state.versions.get(item.version)
        steps = tuple(
            StepRecord(number, s.kind, "", s.target, s.digest, "done") for number, s in enumerate(item.steps, start=1)
        )
        if known is not None and (known.generation, known.direction) == (item.generation, item.direction):
            steps = _agreed(steps, known.steps) if known.record.seq == ASSUMED else steps or known.steps
        reached, lineage = None, ""
        if known is not None and known.generation == item.generation and known.standing != "reverted":
            lineage = known.lineage
        if item.direction == "downgrade" and known is not None:
            steps, reached = known.steps, known.reached
        # Of what was adopted the way back leaves all in place, interrupted or not.
        event: Event = "adopted" if known is not None and known.record.event == "adopted" else "started"
        row = Record(ASSUMED, 0, 0, event, "", item.version, item.name, item.direction, item.generation, item.checksum)
        state = state.with_version(
            VersionState(
                item.version,
                item.name,
                "half-applied",
                item.direction,
                item.generation,
                item.checksum,
                row,
                steps,
                reached,
                lineage,
            )
        )
    return state


def _agreed(steps: Sequence[StepRecord], before: Sequence[StepRecord]) -> tuple[StepRecord, ...]:
    """Return what two open runs set out to do; where they differ in a statement, its job tells which of them ran.

    A run that did not get as far as to write down its steps has none.
    """
    if not steps or not before:
        return tuple(steps or before)
    others = {s.number: s.digest for s in before if s.kind == "job"}
    agreed = (replace(s, digest="") if others.get(s.number, s.digest) != s.digest else s for s in steps)
    return (*agreed, *before[len(steps) :])


def find_out(stepper: Stepper, migration: PlannedMigration, recorded: OpenVersion) -> tuple[StepRecord, ...]:
    """Seal an interrupted upgrade and return what it got done.

    Raises UnsettledError when the file no longer says what was done.
    """
    if recorded.steps and len(recorded.steps) != len(migration.steps):
        raise _changed(migration)
    out: list[StepRecord] = []
    for planned, then in zip_longest(migration.steps, recorded.steps):
        same = then is None or planned.digest.startswith(then.digest)
        if not same and not isinstance(planned.step, JobStep):
            raise _changed(migration)
        outcome, job_id = sealed(stepper, planned)
        # A statement that never went well may be mended; its own way back takes back what it left.
        if not same and outcome not in {"failed", "partial"} and not stepper.ran_this(planned, job_id):
            raise _changed(migration)
        step = planned.step
        out.append(StepRecord(planned.key.number, step.kind, step.verb, step.target, planned.digest, outcome, job_id))
    return reached(out)


def _changed(migration: PlannedMigration) -> UnsettledError:
    return UnsettledError(
        "BQM502",
        f"{migration.file} was changed while it was half-applied",
        where=migration.file,
        state="No step was taken back.",
        hint="put the file back as it was when it ran, then: bqmigrate downgrade\n"
        f"or take it back without the file: bqmigrate repair {migration.version} --revert",
    )


def sealed(stepper: Stepper, planned: PlannedStep) -> tuple[Outcome, str | None]:
    """Make sure that a step which was not done never will be; return what became of it, and its job."""
    return _SEALS[type(planned.step)](stepper, planned)


def _seal_job(stepper: Stepper, planned: PlannedStep) -> tuple[Outcome, str | None]:
    known = stepper.jobs.seal(lambda attempt: planned.key.job_id(stepper.lineage, attempt))
    if known.ran is not None:
        return "done", known.ran.job_id
    return ("partial" if known.is_partial and is_raw(planned.operation) else "failed"), None


def _seal_create(stepper: Stepper, planned: PlannedStep) -> tuple[Outcome, str | None]:
    if not isinstance(planned.step, CreateStep):
        raise TypeError(planned.step)
    live = find(stepper.warehouse, planned.step.reference, stepper.sleep)
    if live is None:
        return "failed", None
    made = live.labels.get(MADE_LABEL) == planned.step.body.get("labels", {}).get(MADE_LABEL)
    return ("made" if made else "found"), None


def _fence_patch(stepper: Stepper, planned: PlannedStep) -> tuple[Outcome, str | None]:
    step = planned.step
    if not isinstance(step, PatchStep):
        raise TypeError(step)
    live = fenced(stepper, step, "bqmigrate downgrade")
    return ("done" if live is not None and step.is_done(live.body) else "failed"), None


def _python_may_have_run(stepper: Stepper, planned: PlannedStep) -> tuple[Outcome, str | None]:  # noqa: ARG001
    # Nothing tells; its own downgrade has to cope with either.
    return "done", None


_SEALS: Mapping[type, Callable[[Stepper, PlannedStep], tuple[Outcome, str | None]]] = {
    JobStep: _seal_job,
    CreateStep: _seal_create,
    PatchStep: _fence_patch,
    PythonStep: _python_may_have_run,
}
