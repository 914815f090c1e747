"""`repair V --accept-file`: the file is right as it is now, and the history follows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bqmigrate.errors import RefusedError, UnsettledError
from bqmigrate.execution.age import refuse_old
from bqmigrate.execution.evidence import DONE
from bqmigrate.execution.executor import Executor
from bqmigrate.execution.history import View
from bqmigrate.execution.repairs import versions
from bqmigrate.execution.repairs.base import Repair, Repaired, Work, healthy, presumed
from bqmigrate.execution.repairs.sealing import so_far
from bqmigrate.execution.repairs.stored import StoredUpgrade, stored_upgrade
from bqmigrate.model.history import Event, StepRecord, VersionState
from bqmigrate.operations.steps import Step, digest
from bqmigrate.planning.adopt import found_steps
from bqmigrate.planning.changed import changed_steps
from bqmigrate.planning.plan import PlannedMigration, PlannedStep
from bqmigrate.planning.way_back import NoWayBack, WayBack

OPTION = "--accept-file"


def decide(repair: Repair, view: View) -> Work:
    """Decide to record what a file says now.

    Raises RefusedError where it was not changed, or where steps differ and nobody said yes; UnsettledError where
    it cannot be told what was done.
    """
    state = presumed(view)
    known = versions.known_of(repair, state)
    slug = versions.slug(repair, known)
    if known is None or known.standing not in {"applied", "half-applied"}:
        standing = known.standing if known else "pending"
        raise healthy(f"{slug} is {standing}: its file may be edited without this", "bqmigrate history")
    if known.standing == "half-applied":
        refuse_old(view, repair.runner.warehouse.server_time)
        versions.refuse_lower(repair, state)
        if known.direction == "downgrade" or versions.is_going_down(known, view):
            versions.refuse_going_down(known, "it is taken back by what it was, not by what its file says now")
    migration = versions.upgrade_of(repair, state, known, view.lock.lineage if view.lock else "")
    settle = _applied if known.standing == "applied" else _half
    return settle(repair, view, known, migration)


def _applied(repair: Repair, view: View, known: VersionState, migration: PlannedMigration) -> Work:
    if known.checksum == migration.checksum:
        raise healthy(f"{migration.version}_{migration.name} is what was applied", "bqmigrate history")
    if known.record.event == "adopted":
        return _still_adopted(repair, known, migration)
    differing = [*_differing(migration.steps, known.steps), *_other_way_back(repair, view, known, migration)]
    _refuse_without_yes(repair, migration, differing)
    recorded = {s.number: s for s in known.steps}
    steps = tuple(_accepted(s, recorded.get(s.key.number)) for s in migration.steps)
    return Work(lambda executor: _record(executor, migration, steps, differing))


def _still_adopted(repair: Repair, known: VersionState, migration: PlannedMigration) -> Work:
    """Record what was adopted as adopted again: others made it, and no way back touches it."""
    differing = list(_differing(migration.steps, known.steps))
    _refuse_without_yes(repair, migration, differing)
    steps = found_steps(migration)
    return Work(lambda executor: _record(executor, migration, steps, differing, "adopted"))


def _half(repair: Repair, view: View, known: VersionState, migration: PlannedMigration) -> Work:
    changed = list(changed_steps(migration.steps, known.steps))
    _refuse_shorter(migration, max((c.done.number for c in changed), default=0))
    differing = [line for c in changed for line in _lines(c.done, c.now)]
    if not differing:
        raise healthy(
            f"the finished steps of {migration.version}_{migration.name} are what they were", "bqmigrate upgrade"
        )
    _refuse_without_yes(repair, migration, differing)
    stored = stored_upgrade(repair.runner, view, known)
    return Work(lambda executor: _accept_half(executor, migration, stored, differing))


def _refuse_shorter(migration: PlannedMigration, last_done: int) -> None:
    """Raise UnsettledError where the file has fewer steps than were done: what they did would belong to nothing."""
    if last_done > len(migration.steps):
        has = f"{len(migration.steps)} step{'' if len(migration.steps) == 1 else 's'}"
        raise UnsettledError(
            "BQM533",
            f"step {last_done} of {migration.version}_{migration.name} was done, and its file has only {has} now",
            where=migration.file,
            state="The history was not changed.",
            hint=f"put that step back, or take back what was done: bqmigrate repair {migration.version} --revert",
        )


def _accept_half(
    executor: Executor, migration: PlannedMigration, stored: StoredUpgrade, differing: Sequence[str]
) -> Repaired:
    """Record which steps of the file count as done; the others wait for the next upgrade.

    What a run that nobody settled may have sent of them is sealed: the row says that it is not under way.
    """
    done = {s.number: s for s in so_far(executor.stepper, stored.steps, seal=stored.is_open)}
    _refuse_shorter(migration, max(done, default=0))
    steps = tuple(_half_accepted(s, done.get(s.key.number)) for s in migration.steps)
    return _record(executor, migration, steps, differing)


def _record(
    executor: Executor,
    migration: PlannedMigration,
    steps: tuple[StepRecord, ...],
    differing: Sequence[str],
    event: Event = "repaired",
) -> Repaired:
    versions.record_repaired(executor, migration, steps, OPTION, event)
    return Repaired(steps=steps, differences=tuple(differing))


def _accepted(planned: PlannedStep, before: StepRecord | None) -> StepRecord:
    """Return a step as the file has it, with what became of it; one that never ran counts as found or done by hand."""
    step = planned.step
    if before is not None and before.outcome in DONE and (before.kind, before.target) == (step.kind, step.target):
        return replace(before, verb=step.verb, digest=planned.digest)
    return versions.step_record(planned, "found" if step.kind == "create" else "by_hand")


def _half_accepted(planned: PlannedStep, before: StepRecord | None) -> StepRecord:
    """Return a step as the file has it: done, waiting, or not known."""
    if before is None or (before.outcome == "partial" and before.kind != planned.step.kind):
        return versions.step_record(planned, "failed")
    return versions.step_record(planned, "partial") if before.outcome == "partial" else _accepted(planned, before)


def _refuse_without_yes(repair: Repair, migration: PlannedMigration, differing: Sequence[str]) -> None:
    if not differing or repair.yes:
        return
    raise RefusedError(
        "BQM364",
        f"{migration.version}_{migration.name} does something else now than what was run",
        where=migration.file,
        details=differing,
        state="Nothing was changed. Once accepted, the way back follows the file as it is now.",
        hint=f"see what it says now: bqmigrate show {migration.version}\n"
        f"then, if the file is right: bqmigrate repair {migration.version} --accept-file --yes",
    )


def _differing(now: Sequence[PlannedStep], then: Sequence[StepRecord]) -> Iterator[str]:
    for change in changed_steps(now, then):
        yield from _lines(change.done, change.now)
    last = max((s.number for s in then), default=0)
    for planned in now[last:]:
        yield f"step {planned.key.number}  was  there was no such step"
        yield f"        now  {planned.step.verb}  {planned.step.target}"


def _lines(done: StepRecord, now: PlannedStep | None) -> tuple[str, str]:
    shown = f"{now.step.verb}  {now.step.target}" if now else "there is no such step"
    if now is not None and (done.verb or now.step.verb, done.target) == (now.step.verb, now.step.target):
        shown += ", defined otherwise"
    return f"step {done.number}  was  {done.verb or done.kind}  {done.target}", f"        now  {shown}"


def _other_way_back(repair: Repair, view: View, known: VersionState, migration: PlannedMigration) -> Sequence[str]:
    """Say where the way back of an applied migration would be another one."""
    found = {s.number for s in known.steps if s.outcome == "found"}
    try:
        then = stored_upgrade(repair.runner, view, known).back
    except UnsettledError:
        return ["the way back that was kept is text of an earlier version: it cannot be compared"]
    now = migration.way_back or WayBack()
    if _digests(then, found) == _digests(now, found):
        return []
    return [f"the way back  was  {_said(then, found)}", f"              now  {_said(now, found)}"]


def _digests(back: WayBack, found: set[int]) -> Sequence[str] | None:
    steps = _steps(back, found)
    return None if steps is None else [digest(s) for s in steps]


def _said(back: WayBack, found: set[int]) -> str:
    steps = _steps(back, found)
    if steps is None:
        return "there was none"
    return ", ".join(f"{s.verb}  {s.target}" for s in steps) or "nothing to do"


def _steps(back: WayBack, found: set[int]) -> Sequence[Step] | None:
    try:
        return back.back_from(None, found)
    except NoWayBack:
        return None
