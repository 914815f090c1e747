"""What repairs of one version share: where it stands, its file, and why it cannot be repaired in this way."""

from __future__ import annotations

from collections.abc import Sequence

from bqmigrate.errors import TargetError, UnsettledError
from bqmigrate.execution.executor import Executor
from bqmigrate.execution.history import View
from bqmigrate.execution.repairs.base import UNCHANGED, Repair
from bqmigrate.model.history import Event, HistoryState, Outcome, StepRecord, VersionState
from bqmigrate.planning.plan import PlannedMigration, PlannedStep


def known_of(repair: Repair, state: HistoryState) -> VersionState | None:
    """Return where the version stands. Raises TargetError when there is none of that number."""
    known = state.versions.get(repair.version)
    if known is None and repair.runner.planner.files.get(repair.version) is None:
        raise TargetError("BQM350", f"no such migration: {repair.version}", state=UNCHANGED, hint="bqmigrate history")
    return known


def slug(repair: Repair, known: VersionState | None) -> str:
    """Return `0007_tenant_pipeline_configs`."""
    if known is not None:
        return f"{known.version}_{known.name}"
    found = repair.runner.planner.files.get(repair.version)
    return found.slug if found else repair.version


def refuse_lower(repair: Repair, state: HistoryState) -> None:
    """Raise UnsettledError when an earlier version is unsettled: versions are settled in order."""
    lower = [s for s in state.unsettled if s.version < repair.version]
    if lower:
        first = lower[0]
        raise UnsettledError(
            "BQM532",
            f"{first.version}_{first.name} is half-applied too, and comes before {repair.version}",
            state=UNCHANGED,
            hint=f"settle that one first: bqmigrate upgrade {first.version}\n"
            f"or, if it was done by hand: bqmigrate repair {first.version} --mark-applied",
        )


def refuse_going_down(known: VersionState, why: str) -> None:
    """Raise UnsettledError for a version whose way back has begun."""
    raise UnsettledError(
        "BQM531",
        f"{known.version}_{known.name} is on its way back: {why}",
        state=UNCHANGED,
        hint=f"finish that: bqmigrate downgrade\nor, without its file: bqmigrate repair {known.version} --revert",
    )


def is_going_down(known: VersionState, view: View) -> bool:
    """Tell whether a step of the way back may have run."""
    open_ = view.lock.unsettled(view.state) if view.lock else ()
    begun = any(v.version == known.version and v.direction == "downgrade" for v in open_)
    return begun or (known.direction == "downgrade" and known.record.event != "sealed")


def upgrade_of(
    repair: Repair, state: HistoryState, known: VersionState, lineage: str, *, is_old: bool = False
) -> PlannedMigration:
    """Return the upgrade as the file says it now. Raises UnsettledError when there is no file.

    `is_old`: it was interrupted too long ago for anything to be done by its ids, with the file or without.
    """
    if repair.runner.planner.files.get(known.version) is None:
        raise UnsettledError(
            "BQM520",
            f"{known.version}_{known.name} is {known.standing}, but its file is gone",
            details=[f"{s.number}  {s.verb or s.kind}  {s.target}" for s in known.steps if s.outcome != "failed"],
            state=UNCHANGED,
            hint="bring the file back from version control: git log --all -- migrations/"
            + ("" if is_old else f"\nor take it back without the file: bqmigrate repair {known.version} --revert"),
        )
    return repair.runner.planner.again(state, [known.version], lineage)[0]


def step_record(planned: PlannedStep, outcome: Outcome, job_id: str | None = None) -> StepRecord:
    """Return the record of a planned step."""
    step = planned.step
    return StepRecord(planned.key.number, step.kind, step.verb, step.target, planned.digest, outcome, job_id)


def record_repaired(
    executor: Executor,
    migration: PlannedMigration,
    steps: Sequence[StepRecord],
    how: str,
    event: Event = "repaired",
) -> None:
    """Write the row that says where the version stands from now on."""
    executor.records.append(
        executor.identity.of(
            migration,
            event,
            steps,
            plan_checksum=f"sha256:{migration.digest}",
            finished_at=executor.stepper.warehouse.server_time,
            error=how,
        )
    )
    executor.flush()
