"""`repair V --mark-applied`: a person did the rest of a half-applied migration by hand."""

from __future__ import annotations

from collections.abc import Mapping

from bqmigrate.execution.age import interrupted_long_ago
from bqmigrate.execution.executor import Executor
from bqmigrate.execution.history import View
from bqmigrate.execution.repairs import versions
from bqmigrate.execution.repairs.base import DONE, Repair, Repaired, Work, healthy, presumed
from bqmigrate.execution.settle import sealed
from bqmigrate.model.history import StepRecord, VersionState
from bqmigrate.planning.changed import refuse_changed
from bqmigrate.planning.plan import PlannedMigration, PlannedStep

OPTION = "--mark-applied"


def decide(repair: Repair, view: View) -> Work:
    """Decide to record a half-applied migration as applied.

    Raises RefusedError where it is not half-applied, UnsettledError where it cannot be marked.
    """
    state = presumed(view)
    known = versions.known_of(repair, state)
    if known is None or known.standing != "half-applied":
        raise healthy(
            f"{versions.slug(repair, known)} is {known.standing if known else 'pending'}, not half-applied: "
            "there is nothing to mark",
            "bqmigrate history",
        )
    versions.refuse_lower(repair, state)
    # Nothing else can settle what is too old to ask about: then it goes by the word of whoever compared.
    old = {v.version for v, _ in interrupted_long_ago(view, repair.runner.warehouse.server_time)}
    if versions.is_going_down(known, view) and known.version not in old:
        versions.refuse_going_down(known, "steps of it may be undone already")
    lineage = view.lock.lineage if view.lock else ""
    migration = versions.upgrade_of(repair, state, known, lineage, is_old=known.version in old)
    if known.version not in old:
        refuse_changed(migration, known)
    recorded = _recorded(view, known)
    return Work(lambda executor: _mark(executor, migration, recorded))


def _recorded(view: View, known: VersionState) -> Mapping[int, StepRecord]:
    """Return the steps that rows, not only the lock, tell of: those need not be asked about."""
    rows = view.state.versions.get(known.version)
    if rows is None or rows.generation != known.generation:
        return {}
    return {s.number: s for s in rows.steps if s.outcome in DONE}


def _mark(executor: Executor, migration: PlannedMigration, recorded: Mapping[int, StepRecord]) -> Repaired:
    """Seal what was not done, so that nothing late can land, and record the whole as applied."""
    steps = tuple(recorded.get(s.key.number) or _marked(executor, s) for s in migration.steps)
    versions.record_repaired(executor, migration, steps, OPTION)
    return Repaired(steps=steps)


def _marked(executor: Executor, planned: PlannedStep) -> StepRecord:
    outcome, job_id = sealed(executor.stepper, planned)
    if outcome in {"failed", "partial"} or planned.step.kind == "python":
        # What this history did not make, the way back leaves in place.
        outcome = "found" if planned.step.kind == "create" else "by_hand"
    return versions.step_record(planned, outcome, job_id)
