"""How far an upgrade got, told from what was stored of it alone: its file may be gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bqmigrate.execution.absence import find
from bqmigrate.execution.evidence import DONE, last_certain, proven, reached
from bqmigrate.execution.fence import fenced
from bqmigrate.execution.stepper import Stepper
from bqmigrate.model.history import Outcome, StepRecord
from bqmigrate.operations.steps import JobStep, PatchStep, Step
from bqmigrate.planning.plan import StepKey
from bqmigrate.planning.trace import MADE_LABEL


@dataclass(frozen=True)
class SetOut:
    """A step of an upgrade as it was written down: its record so far, and its inverse."""

    key: StepKey
    record: StepRecord
    inverse: Sequence[Step] | None


def how_far(stepper: Stepper, steps: Sequence[SetOut], *, seal: bool) -> tuple[StepRecord, ...]:
    """Return the steps that may have been done; with `seal`, make sure that the others never will be.

    Steps run in order, so one that was done for certain proves that all before it were; after the last of
    these, what cannot be told (a patch, Python, an object without our label) counts as done: taking it back
    once more does no harm.
    """
    return reached(_looked_at(stepper, steps, seal=seal))


def so_far(stepper: Stepper, steps: Sequence[SetOut], *, seal: bool) -> tuple[StepRecord, ...]:
    """Return the steps that were done; what cannot be told is `partial`: to be done again, and taken back as well.

    With `seal`, nothing that was sent for the others arrives any more.
    """
    out = _looked_at(stepper, steps, seal=seal)
    certain = last_certain(out)
    recorded = {s.record.number for s in steps if s.record.outcome in DONE}
    maybe = {r.number for r in reached(out) if r.kind in {"patch", "python"}} - recorded
    later = [r for r in out if r.number > certain]
    return (
        *(proven(r) for r in out if r.number <= certain),
        *(r if r.number in recorded else replace(r, outcome="partial") for r in later if r.number in recorded | maybe),
    )


def _looked_at(stepper: Stepper, steps: Sequence[SetOut], *, seal: bool) -> Sequence[StepRecord]:
    return [s.record if s.record.outcome in DONE else _found_out(stepper, s, seal=seal) for s in steps]


def _found_out(stepper: Stepper, step: SetOut, *, seal: bool) -> StepRecord:
    outcome: Outcome
    job_id = None
    if step.record.kind == "job":
        outcome, job_id = _job(stepper, step.key, seal=seal)
    elif step.record.kind == "create":
        outcome = _create(stepper, step)
    elif step.record.kind == "patch":
        outcome = _patch(stepper, step, seal=seal)
    else:
        outcome = "done"  # Python: nothing tells
    return replace(step.record, outcome=outcome, job_id=job_id)


def _job(stepper: Stepper, key: StepKey, *, seal: bool) -> tuple[Outcome, str | None]:
    def job_id_of(attempt: int) -> str:
        return key.job_id(stepper.lineage, attempt)

    known = stepper.jobs.seal(job_id_of) if seal else stepper.jobs.look(job_id_of)
    if known.ran is not None:
        return "done", known.ran.job_id
    return ("partial" if known.is_partial else "failed"), None


def _create(stepper: Stepper, step: SetOut) -> Outcome:
    """Look for the label of who made it: the inverse of a create names object and label."""
    removal = next((s.removes for s in step.inverse or () if isinstance(s, JobStep) and s.removes), None)
    if removal is None:
        return "found"  # nothing of it is taken away: it stays, whoever made it
    live = find(stepper.warehouse, removal.reference, stepper.sleep)
    if live is None:
        return "failed"
    return "made" if live.labels.get(MADE_LABEL) == removal.made_by else "found"


def _patch(stepper: Stepper, step: SetOut, *, seal: bool) -> Outcome:
    """Change a label of the object, so that a patch that is still under way meets another etag."""
    inverse = next((s for s in step.inverse or () if isinstance(s, PatchStep)), None)
    if inverse is None:
        return "done"
    if not seal:
        return "failed" if find(stepper.warehouse, inverse.reference, stepper.sleep) is None else "done"
    again = f"bqmigrate repair {step.key.version} --revert"
    return "failed" if fenced(stepper, inverse, again) is None else "done"
