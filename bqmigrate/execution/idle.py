"""Ways back that a dead run had set out and never begun: they are given up, and their versions stay as they are.

A run writes down all that it sets out to do. Of a downgrade over several versions that died in the first, nothing was
done to the others: to take them back as well, only because they were written down, would be nobody's wish any more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from bqmigrate.errors import BqmigrateError, RunError
from bqmigrate.execution.events import WayBackGivenUp
from bqmigrate.execution.executor import Executor
from bqmigrate.execution.fence import fenced
from bqmigrate.execution.history import View
from bqmigrate.execution.jobs import Jobs
from bqmigrate.execution.lock import OpenVersion
from bqmigrate.execution.settle import sealed
from bqmigrate.model.history import VersionState
from bqmigrate.operations.steps import JobStep, PatchStep
from bqmigrate.planning.plan import PlannedMigration, PlannedStep
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

    def idle(self, view: View, keeps: Collection[str]) -> Iterator[Idle]:
        """Yield what was set out and not begun of the versions that may stay."""
        open_ = view.lock.unsettled(view.state) if view.lock else ()
        for item in {v.version: v for v in open_ if v.direction == "downgrade" and v.version in keeps}.values():
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
        """Tell whether the first step that tells anything was done; steps are sent in order."""
        for planned in steps:
            step = planned.step
            if isinstance(step, JobStep):
                known = self.jobs.look(lambda attempt, key=planned.key: key.job_id(self.lineage, attempt))  # type: ignore[misc]
                return known.ran is not None or known.is_partial
            if not isinstance(step, PatchStep):
                return True  # a create, or Python: nothing tells
            live = self.warehouse.get(step.reference)
            if live is None or step.is_done(live.body):
                return True  # by this patch, it may be
        return False


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
    # Its ids are used up by the seals, and those of an upgrade that was to follow: the next ones are others.
    row = executor.identity.of(
        replace(idle.upgrade, generation=known.generation + 1),
        "adopted" if adopted else "repaired",
        known.steps,
        plan_checksum=f"sha256:{idle.upgrade.digest}",
        finished_at=executor.stepper.warehouse.server_time,
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
