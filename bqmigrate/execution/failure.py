"""Turning what stopped a step into an error that names file, line, cause, what was done and what was not."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bqmigrate.errors import BqmigrateError, Place, RunError
from bqmigrate.execution.jobs import StepStopped
from bqmigrate.execution.stepper import PythonFailed
from bqmigrate.model.history import StepRecord
from bqmigrate.operations.raw import is_raw
from bqmigrate.planning.plan import PlannedMigration, PlannedStep
from bqmigrate.warehouse.port import OutcomeUnknown

_POSITION = re.compile(r"\[(\d+):(\d+)\]")


@dataclass(frozen=True)
class Stop:
    """A migration that stopped: what was done before, and the step it stopped at."""

    migration: PlannedMigration
    done: tuple[StepRecord, ...]
    at: PlannedStep | None


def stopped(stop: Stop, error: Exception) -> BqmigrateError:
    """Return the error a person sees for what stopped a step."""
    if isinstance(error, BqmigrateError):
        return _with_state(stop, error)
    planned, migration = stop.at, stop.migration
    if planned is None:
        raise ValueError("a stop without a step")
    place = _place(planned, error)
    return RunError(
        "BQM201",
        f"{migration.version} {migration.name} {_progress(stop)}",
        where=str(place),
        details=(*_lines(stop), f"✗ {_label(stop, planned)}  {error}"),
        state=_state(stop, error),
        hint=_hint(stop),
    )


def _with_state(stop: Stop, error: BqmigrateError) -> BqmigrateError:
    if error.state is None:
        error.state = _state(stop, error)
    if error.where is None and stop.at is not None:
        error.where = str(stop.at.place)
    error.details = (*error.details, *_lines(stop))
    return error


def _progress(stop: Stop) -> str:
    total = len(stop.migration.steps)
    if not stop.done:
        return "failed" if total == 1 else f"stopped at step 1 of {total}"
    return f"stopped after step {len(stop.done)} of {total}"


def _lines(stop: Stop) -> tuple[str, ...]:
    total = len(stop.migration.steps)
    return tuple(f"✓ {s.number}/{total}  {s.verb}  {s.target}" for s in stop.done)


def _label(stop: Stop, planned: PlannedStep) -> str:
    return f"{planned.key.number}/{len(stop.migration.steps)}  {planned.step.verb}  {planned.step.target}"


def _state(stop: Stop, error: Exception) -> str:
    if isinstance(error, OutcomeUnknown):
        return "It is not known whether the step was done; the next run finds out."
    done = len(stop.done)
    kept = {0: "No step of it was done.", 1: "Step 1 stays done."}.get(done, f"Steps 1 to {done} stay done.")
    partial = " What it did before it stopped may stand." if stop.at and may_be_partial(stop.at, error) else ""
    return f"{kept}{partial} Later migrations wait."


def may_be_partial(planned: PlannedStep, error: Exception) -> bool:
    """Tell whether an author's own code may have done something before it stopped."""
    if not is_raw(planned.operation):
        return False
    return isinstance(error, PythonFailed) or (isinstance(error, StepStopped) and error.may_be_partial)


def _hint(stop: Stop) -> str:
    if stop.migration.direction == "downgrade":
        return "remove the cause, then: bqmigrate downgrade"
    count = len(stop.done)
    again = {0: "", 1: " (step 1 is not run again)"}.get(count, f" (steps 1 to {count} are not run again)")
    mended = f"mend {stop.migration.file}, then: bqmigrate upgrade{again}"
    if not count:
        return mended
    return f"{mended}\nor, if you did the rest by hand: bqmigrate repair {stop.migration.version} --mark-applied"


def _place(planned: PlannedStep, error: Exception) -> Place:
    """Point into the author's file where BigQuery points into the statement."""
    if isinstance(error, PythonFailed):
        return Place(planned.place.file, error.line or planned.place.line)
    match = _POSITION.search(str(error)) if isinstance(error, StepStopped) else None
    if match is None or planned.operation.key != "sql" or planned.place.line is None:
        return planned.place
    line, column = int(match[1]), int(match[2])
    return Place(planned.place.file, planned.place.line + line - 1, column)
