"""Ways back that a dead run had set out and never begun: they are given up, and their versions stay as they are.

A run writes down all that it sets out to do. Of a downgrade over several versions that died in the first, nothing was
done to the others: to take them back as well, only because they were written down, would be nobody's wish any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bqmigrate.errors import BqmigrateError, RunError
from bqmigrate.execution.age import interrupted_long_ago
from bqmigrate.execution.events import WayBackGivenUp
from bqmigrate.execution.executor import Executor
from bqmigrate.execution.fence import fenced
from bqmigrate.execution.history import View
from bqmigrate.execution.jobs import Jobs
from bqmigrate.execution.lease import is_dead
from bqmigrate.execution.lock import OpenVersion
from bqmigrate.execution.refusals import JobUnread
from bqmigrate.execution.settle import sealed
from bqmigrate.model.history import VersionState
from bqmigrate.operations.steps import JobStep, PatchStep
from bqmigrate.planning.plan import Plan, PlannedMigration, PlannedStep
from bqmigrate.planning.planner import Planner
from bqmigrate.warehouse.port import Warehouse


@dataclass(frozen=True)
class Idle:
    """A version that stays applied: how it stands, its upgrade, and the steps of the way back that was not begun."""

    known: VersionState
    upgrade: PlannedMigration
    steps: tuple[PlannedStep, ...]


@dataclass(frozen=True)
class Asking:
    """Asks, without changing anything, which ways back had begun."""

    warehouse: Warehouse
    planner: Planner
    jobs: Jobs
    lineage: str

    def idle(self, view: View, plan: Plan) -> Sequence[Idle]:
        """Return what a dead run set out and did not begin, of versions that the target of a plan would leave."""
        now, holder = self.warehouse.server_time, view.lock.holder if view.lock else None
        if view.lock is None or (holder is not None and not is_dead(holder, view, now)):
            return []
        open_ = {v.version: v for v in view.lock.unsettled(view.state) if v.direction == "downgrade"}
        told = {v.version for v, _ in interrupted_long_ago(view, now)} | (
            plan.going_down if plan.direction == "downgrade" else frozenset()
        )
        return list(self._idle(view, [item for version, item in open_.items() if version not in told]))

    def _idle(self, view: View, open_: Sequence[OpenVersion]) -> Iterator[Idle]:
        for item in open_:
            known = view.state.versions.get(item.version)
            if known is None or known.standing != "applied" or known.generation != item.generation:
                continue
            try:
                steps = self.planner.way_back(view.state, item.version, self.lineage)
                upgrade = self.planner.again(view.state, [item.version], self.lineage)[0]
            except BqmigrateError:
                continue  # the plan tells why
            if _is_as_set_out(item, steps) and not self._has_begun(steps):
                yield Idle(known, upgrade, steps)

    def _has_begun(self, steps: tuple[PlannedStep, ...]) -> bool:
        """Tell whether a step was done, or may have been."""
        return any(self._may_be_done(s) for s in steps)

    def _may_be_done(self, planned: PlannedStep) -> bool:
        step = planned.step
        if isinstance(step, JobStep):
            try:
                return self.jobs.has_begun(lambda attempt: planned.key.job_id(self.lineage, attempt))
            except JobUnread:
                return True
        if not isinstance(step, PatchStep):
            return True  # a create, or Python: nothing tells
        live = self.warehouse.get(step.reference)
        return live is None or step.is_done(live.body)


def _is_as_set_out(item: OpenVersion, steps: tuple[PlannedStep, ...]) -> bool:
    same = (s.digest.startswith(then.digest) for s, then in zip(steps, item.steps, strict=False))
    return not item.steps or (len(item.steps) == len(steps) and all(same))


def give_up(executor: Executor, idle: Idle) -> None:
    """Make sure that nothing of a way back arrives any more, and record that its version stays.

    Raises RunError where something of it has arrived since it was asked about.
    """
    known = idle.known
    for planned in idle.steps:
        if _arrived(executor, planned):
            raise RunError(
                "BQM220",
                f"the way back of {known.version}_{known.name} has begun: step {planned.key.number} came late",
                state="What was done stays done; the next run goes on from there.",
                hint="run the same command again",
            )
    adopted = known.record.event == "adopted"
    row = executor.identity.of(
        idle.upgrade,
        "adopted" if adopted else "repaired",
        known.steps,
        plan_checksum=f"sha256:{idle.upgrade.digest}",
        # It is applied since it was, not since nobody took it back.
        finished_at=known.record.finished_at or known.record.at,
        duration_ms=known.record.duration_ms,
        error="its way back was given up before it had begun",
    )
    executor.records.append(replace(row, undo=None) if adopted else row)
    executor.emit(WayBackGivenUp(known.version, known.name))


def _arrived(executor: Executor, planned: PlannedStep) -> bool:
    step = planned.step
    if isinstance(step, PatchStep):
        live = fenced(executor.stepper, step, "run the same command again")
        return live is not None and step.is_done(live.body)
    return isinstance(step, JobStep) and sealed(executor.stepper, planned)[0] != "failed"
