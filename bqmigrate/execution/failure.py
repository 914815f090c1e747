"""Turning what stopped a step into an error that names file, line, cause, what was done and what was not."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bqmigrate.errors import BqmigrateError, InterruptedRun, Place, RunError
from bqmigrate.execution.jobs import StepStopped
from bqmigrate.execution.refusals import ROLES, WORDS, is_denied, is_unknown
from bqmigrate.execution.refusals import told as limit_told
from bqmigrate.execution.stepper import PythonFailed
from bqmigrate.model.history import StepRecord
from bqmigrate.operations.raw import is_raw
from bqmigrate.planning.halfway import WayOn, told, ways_on
from bqmigrate.planning.plan import PlannedMigration, PlannedStep
from bqmigrate.warehouse.port import WarehouseError

# A job that ended well has the id of the step, and ran something else: the effect is there.
OTHER_STATEMENT = "BQM501"
_POSITION = re.compile(r"\[(\d+):(\d+)\]")


@dataclass(frozen=True)
class Stopped:
    """A migration that stopped: what was done before, and the step it stopped at."""

    migration: PlannedMigration
    done: tuple[StepRecord, ...]
    at: PlannedStep | None
    # The applied version below, where taking it back would lead.
    below: str | None = None
    # An earlier run may have sent this step and those after it, and nobody has seen what came of that.
    sent_before: bool = False


def is_not_known(stop: Stopped, error: Exception) -> bool:
    """Tell whether something of the migration may have been done, or may still arrive, that nobody has seen.

    What this run was refused says nothing of what an earlier one sent; only a job that failed does, as its id is used.
    """
    if is_unknown(error) or getattr(error, "code", None) == OTHER_STATEMENT:
        return True
    if not stop.sent_before or stop.at is None:
        return False
    if isinstance(error, PythonFailed):  # it may have gone well the first time
        return stop.at.key.number < len(stop.migration.steps)
    return isinstance(error, WarehouseError) or (isinstance(error, StepStopped) and not error.ran)


def stopped(stop: Stopped, error: Exception) -> BqmigrateError:
    """Return the error a person sees for what stopped a step."""
    planned, migration = stop.at, stop.migration
    if planned is not None and (limit := limit_told(error, migration.direction)) is not None:
        return _limited(stop, planned, limit, error)
    if isinstance(error, BqmigrateError):
        return _with_state(stop, error)
    if planned is None:
        raise ValueError("a stop without a step")
    place = _place(planned, error)
    return RunError(
        "BQM201",
        f"{migration.version} {migration.name} {_progress(stop)}",
        where=str(place),
        details=(*_lines(stop), f"✗ {_label(stop, planned)}  {error}"),
        state=_state(stop, error),
        hint=_hint(stop, error),
    )


def _limited(stop: Stopped, planned: PlannedStep, limit: RunError, error: Exception) -> RunError:
    # BigQuery's own words stand at the step.
    step = f"step {planned.key.number} of {len(stop.migration.steps)}"
    limit.message = f"{stop.migration.version} {stop.migration.name} stopped at {step}: {WORDS[limit.code]}"
    limit.where = str(planned.place)
    limit.details = (*_lines(stop), f"✗ {_label(stop, planned)}  {error}")
    limit.state = limit.state or _state(stop, error)
    return limit


def _with_state(stop: Stopped, error: BqmigrateError) -> BqmigrateError:
    if error.state is None:
        error.state = _state(stop, error)
    if error.where is None and stop.at is not None:
        error.where = str(stop.at.place)
    if error.hint is None:
        error.hint = _hint(stop, error)
    error.details = (*error.details, *_lines(stop))
    return error


def _progress(stop: Stopped) -> str:
    total = len(stop.migration.steps)
    if not stop.done:
        return "failed" if total == 1 else f"stopped at step 1 of {total}"
    return f"stopped after step {len(stop.done)} of {total}"


def _lines(stop: Stopped) -> tuple[str, ...]:
    total = len(stop.migration.steps)
    return tuple(f"✓ {s.number}/{total}  {s.verb}  {s.target}" for s in stop.done)


def _label(stop: Stopped, planned: PlannedStep) -> str:
    return f"{planned.key.number}/{len(stop.migration.steps)}  {planned.step.verb}  {planned.step.target}"


def _state(stop: Stopped, error: Exception) -> str:
    if is_unknown(error):
        return "It is not known whether the step was done; the next run finds out."
    if is_not_known(stop, error):
        return "What an earlier run sent of it may have been done, or still arrive; the next run finds out."
    done = len(stop.done)
    kept = {0: "No step of it was done.", 1: "Step 1 stays done, and is not run again."}.get(
        done, f"Steps 1 to {done} stay done, and are not run again."
    )
    partial = " What it did before it stopped may stand." if stop.at and may_be_partial(stop.at, error) else ""
    return f"{kept}{partial} Later migrations wait."


def may_be_partial(planned: PlannedStep, error: Exception) -> bool:
    """Tell whether an author's own code may have done something before it stopped."""
    if not is_raw(planned.operation):
        return False
    return isinstance(error, PythonFailed) or (isinstance(error, StepStopped) and error.may_be_partial)


def _hint(stop: Stopped, error: Exception) -> str:
    migration = stop.migration
    again = f"bqmigrate {migration.direction}"
    roles = f"{ROLES}, then: {again}"
    if is_not_known(stop, error) or migration.direction == "downgrade":
        if is_denied(error):
            return roles
        return again if is_unknown(error) else f"remove the cause, then: {again}"
    half = stop.done or (stop.at is not None and may_be_partial(stop.at, error))
    if not half or stop.at is None:
        mend = f"mend {migration.file}, then: {again}"
        if not is_denied(error):
            return mend
        # A job is refused in these words for a table that is not there, too.
        return f"{ROLES}, or {mend}" if isinstance(error, StepStopped) and error.ran else roles
    ways = ways_on(migration.version, stop.at.key.number, len(stop.done), stop.below)
    return told([WayOn(f"{ROLES}, then", again), *ways[1:]] if is_denied(error) else ways)


def asked_to_stop(migration: PlannedMigration, done: int) -> InterruptedRun:
    """Return what ends a run that was asked to stop: between two steps, with all that is done recorded."""
    total = len(migration.steps)
    place = f"in {migration.version}_{migration.name}, after step {done} of {total}"
    where = place if done else f"before {migration.version}_{migration.name}"
    return InterruptedRun(
        "BQM910",
        f"interrupted {where}",
        where=migration.file,
        state="What was done is recorded; no step is running.",
        hint=f"go on: bqmigrate {migration.direction}",
    )


def _place(planned: PlannedStep, error: Exception) -> Place:
    """Point into the author's file where BigQuery points into the statement."""
    if isinstance(error, PythonFailed):
        return Place(planned.place.file, error.line or planned.place.line)
    match = _POSITION.search(str(error)) if isinstance(error, StepStopped) else None
    if match is None or planned.operation.key != "sql" or planned.place.line is None:
        return planned.place
    line, column = int(match[1]), int(match[2])
    return Place(planned.place.file, planned.place.line + line - 1, column)
