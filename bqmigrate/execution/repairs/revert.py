"""`repair V --revert`: a migration is taken back by what the history kept of it, without its file."""

from __future__ import annotations

from collections.abc import Sequence

from bqmigrate.errors import BqmigrateError, Place, RefusedError, TargetError
from bqmigrate.execution.age import refuse_old
from bqmigrate.execution.executor import Executor
from bqmigrate.execution.history import View
from bqmigrate.execution.jobs import Jobs
from bqmigrate.execution.lease import Clocks, Lease
from bqmigrate.execution.lock import Lock, OpenVersion
from bqmigrate.execution.looks import Looks
from bqmigrate.execution.repairs.base import UNCHANGED, Repair, Repaired, Work, healthy, presumed
from bqmigrate.execution.repairs.sealing import how_far
from bqmigrate.execution.repairs.stored import StoredUpgrade, stored_upgrade
from bqmigrate.execution.stepper import Stepper
from bqmigrate.model.catalog import Catalog
from bqmigrate.model.history import HistoryState, Record, StepRecord, VersionState
from bqmigrate.operations.steps import Step
from bqmigrate.operations.stored import Stored
from bqmigrate.planning.plan import Plan, PlannedMigration, PlannedStep, StepKey
from bqmigrate.planning.verify import refuse_disagreement
from bqmigrate.planning.way_back import NoWayBack

OPTION = "--revert"


def decide(repair: Repair, view: View) -> Work:
    """Decide what takes a version back, and look at what it removes.

    Raises RefusedError where a downgrade would do it or rows would be lost, UnsettledError where it cannot be.
    """
    refuse_old(view, repair.runner.warehouse.server_time)
    state = presumed(view)
    known = state.versions.get(repair.version)
    if known is None:
        raise TargetError("BQM350", f"nothing of {repair.version} was run", state=UNCHANGED, hint="bqmigrate history")
    slug = f"{known.version}_{known.name}"
    if known.standing not in {"applied", "half-applied"}:
        raise healthy(f"{slug} is {known.standing}: there is nothing to take back", "bqmigrate history")
    if known.standing == "applied" and _files_agree(repair, state):
        raise healthy(f"{slug} is applied, and so its file says", "take it back by: bqmigrate downgrade")
    _refuse_later(repair, state)
    stored = stored_upgrade(repair.runner, view, known)
    needs_seal = stored.is_open or (known.standing == "half-applied" and known.direction == "upgrade")
    done = _so_far(repair, view, stored) if needs_seal else known.steps
    planned = _planned(known, stored, done, known.reached if not needs_seal else _last(done))
    _look(repair, view, planned)
    open_ = view.lock.unsettled(view.state) if view.lock else ()
    return Work(lambda executor: _revert(executor, known, stored, planned, open_, seal=needs_seal), (planned,))


def _files_agree(repair: Repair, state: HistoryState) -> bool:
    """Tell whether `downgrade` would work: all files can be read and are what was applied."""
    try:
        files = repair.files()
        refuse_disagreement(files.migrations, state)
    except BqmigrateError:
        return False
    return True


def _refuse_later(repair: Repair, state: HistoryState) -> None:
    later = [s for v, s in sorted(state.versions.items()) if v > repair.version and s.standing in _THERE]
    if later:
        last = later[-1]
        raise RefusedError(
            "BQM365",
            f"{last.version}_{last.name} is {last.standing}, and comes after {repair.version}: the last one goes first",
            state=UNCHANGED,
            hint=f"bqmigrate downgrade {repair.version}\n"
            f"or, without the file: bqmigrate repair {last.version} --revert",
        )


_THERE = frozenset({"applied", "half-applied"})


def _so_far(repair: Repair, view: View, stored: StoredUpgrade) -> tuple[StepRecord, ...]:
    """Return how far the upgrade got, asked without changing anything."""
    runner = repair.runner
    lock = view.lock or Lock(runner.lineage, runner.pins)
    reader = Lease(runner.warehouse, runner.place, lock, view.etag, Clocks(), 0.0)
    jobs = Jobs(runner.warehouse, sleep=runner.clocks.sleep)
    stepper = Stepper(runner.warehouse, jobs, reader, runner.scope, runner.identity.run_id)
    return how_far(stepper, stored.steps, seal=False)


def _last(done: Sequence[StepRecord]) -> int:
    return max((s.number for s in done), default=0)


def _planned(
    known: VersionState, stored: StoredUpgrade, done: Sequence[StepRecord], reached: int | None
) -> PlannedMigration:
    """Return the downgrade: the stored inverses of what was done, under the ids of a downgrade."""
    found = {s.number for s in done if s.outcome == "found"}
    slug, place = f"{known.version}_{known.name}", f"(what the history kept of {known.version}_{known.name})"
    try:
        back = stored.back.back_from(reached, found)
    except NoWayBack as stuck:
        target = next((s.record.target for s in stored.steps if s.record.number == stuck.number), "")
        raise RefusedError(
            "BQM320",
            f"{slug} cannot be taken back: nothing undoes step {stuck.number}  {target}",
            state=UNCHANGED,
            hint="bring its file back, with a way back in it, then: bqmigrate downgrade",
        ) from stuck
    steps = tuple(_step(known, number, step, Place(place)) for number, step in enumerate(back, start=1))
    left = tuple(s.target for s in sorted(done, key=lambda s: -s.number) if s.outcome == "found")
    return PlannedMigration(
        known.version, known.name, place, "downgrade", known.generation, known.checksum, steps, left, resumes=True
    )


def _step(known: VersionState, number: int, step: Step, place: Place) -> PlannedStep:
    operation = Stored(step)
    key = StepKey(known.version, known.generation, "downgrade", number)
    return PlannedStep(key, operation, step, operation.impact(Catalog()), place)


def _look(repair: Repair, view: View, planned: PlannedMigration) -> None:
    """Refuse before the first write what would lose rows, or is not ours."""
    runner = repair.runner
    lineage = view.lock.lineage if view.lock else runner.lineage
    plan = Plan("downgrade", planned.version, None, (planned,))
    losing = next((s for s in plan.steps if s.impact.data_loss), None)
    if losing is not None and not runner.allow_data_loss:
        raise RefusedError(
            "BQM323",
            f"{planned.version} would lose data: {losing.impact.summary}",
            state=UNCHANGED,
            hint="save what is needed, then allow it: --allow-data-loss",
        )
    Looks(
        runner.warehouse,
        runner.scope,
        lineage,
        frozenset({lineage, *view.state.lineages}),
        runner.identity.run_id,
        runner.allow_data_loss,
        runner.clocks.sleep,
    ).over(plan)


def _revert(
    executor: Executor,
    known: VersionState,
    stored: StoredUpgrade,
    planned: PlannedMigration,
    open_: Sequence[OpenVersion],
    *,
    seal: bool,
) -> Repaired:
    """Seal what was not done, and take back what was."""
    if seal:
        done = how_far(executor.stepper, stored.steps, seal=True)
        _record_sealed(executor, known, stored, done)
        if not done:
            return Repaired()
        planned = _planned(known, stored, done, _last(done))
    if not executor.written:
        # The slot of this row fences whoever ran before.
        executor.records.append(_started(executor, planned))
        executor.flush()
    try:
        executor.run([planned], resumed=open_)
    except BqmigrateError as error:
        error.hint = (error.hint or "").replace("bqmigrate downgrade", f"bqmigrate repair {known.version} --revert")
        raise
    steps = executor.written[-1].steps
    return Repaired(steps=steps, left_in_place=planned.left, bytes_billed=executor.done.bytes_billed)


def _record_sealed(
    executor: Executor, known: VersionState, stored: StoredUpgrade, done: tuple[StepRecord, ...]
) -> None:
    executor.records.append(
        executor.identity.record(
            "sealed",
            version=known.version,
            name=known.name,
            direction="upgrade",
            generation=known.generation,
            checksum=known.checksum,
            steps=done,
            undo=stored.back.data(),
            error=OPTION,
        )
    )
    executor.flush()


def _started(executor: Executor, planned: PlannedMigration) -> Record:
    steps = tuple(
        StepRecord(s.key.number, s.step.kind, s.step.verb, s.step.target, s.digest, "failed") for s in planned.steps
    )
    return executor.identity.of(planned, "started", steps, error=OPTION)
