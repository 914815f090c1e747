"""What runs of a lost lock had begun: it was noted nowhere else, and their jobs tell.

Ids that were not used are sealed, so that nothing of them lands late. What no job tells of, a patch on the way back
say, is not known: the next run does it again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from bqmigrate.errors import RefusedError
from bqmigrate.execution.evidence import DONE, last_certain, proven, reached
from bqmigrate.execution.executor import Executor
from bqmigrate.execution.history import View
from bqmigrate.execution.jobs import Jobs
from bqmigrate.execution.repairs.versions import step_record
from bqmigrate.execution.runner import Runner
from bqmigrate.execution.settle import sealed
from bqmigrate.execution.stepper import Stepper
from bqmigrate.model.history import Event, HistoryState, Outcome, Record, StepRecord, fold
from bqmigrate.planning.plan import PlannedMigration, PlannedStep


@dataclass(frozen=True)
class Begun:
    """Looks for it, under the ids of the lineage that was lost, and writes it down."""

    runner: Runner
    executor: Executor
    lineage: str

    @cached_property
    def stepper(self) -> Stepper:
        """Look with the ids and labels of the old lineage."""
        runner, held = self.runner, self.executor.lease
        reader = replace(held, lock=replace(held.lock, lineage=self.lineage))
        jobs = Jobs(runner.warehouse, sleep=runner.clocks.sleep)
        return Stepper(runner.warehouse, jobs, reader, runner.scope, runner.identity.run_id, sleep=runner.clocks.sleep)

    def record(self, view: View) -> None:
        """Add rows for what was taken back, last first, and then for what went up."""
        state = view.state
        down = list(self._taken_back(state))
        if down:
            self.executor.records.extend(down)
            self.executor.flush()
            state = fold((*view.records, *self.executor.written))
        self.executor.records.extend(self._gone_up(state))

    def _taken_back(self, state: HistoryState) -> Iterator[Record]:
        there = sorted(v for v, known in state.versions.items() if known.standing in {"applied", "half-applied"})
        silent: list[PlannedMigration] = []
        for version in reversed(there):
            try:
                planner = self.runner.planner.aimed_at(_below(there, version), "downgrade")
                planned = planner.plan(state, self.lineage).migrations[0]
            except RefusedError:
                return  # what cannot be taken back was not, and nothing before it
            known = {s.number: s for s in state.versions[version].done_on_the_way} if planned.resumes else {}
            steps = self._certain(planned, known)
            if not steps and not any(s.step.kind == "job" for s in planned.steps):
                silent.append(planned)
            elif not steps:
                return
            else:
                # Versions go down in order: a job of this one tells of those above that nothing else tells of.
                yield from (self._row(p, [step_record(s, "done") for s in p.steps], "reverted") for p in silent)
                silent.clear()
                if len(steps) > len(known):
                    yield self._row(planned, steps, "reverted")
                if len(steps) < len(planned.steps):
                    return
            state = state.as_if_reverted([version])

    def _certain(self, planned: PlannedMigration, known: Mapping[int, StepRecord]) -> Sequence[StepRecord]:
        """Return the steps up to the last that a job tells of; only jobs tell that somebody went down at all."""
        out = []
        for step in planned.steps:
            is_job = step.step.kind == "job"
            found = step_record(step, *self._sealed(step)) if is_job else step_record(step, "failed")
            out.append(known.get(step.key.number) or found)
        last = max(last_certain(out), max(known, default=0))
        return tuple(proven(r) for r in out if r.number <= last)

    def _gone_up(self, state: HistoryState) -> Iterator[Record]:
        for migration in self.runner.planner.files.migrations:
            before = state.versions.get(migration.version)
            standing = before.standing if before else "pending"
            if standing == "applied":
                continue
            if before is not None and standing == "half-applied" and before.direction == "downgrade":
                return
            known = {s.number: s for s in before.done_on_the_way} if before and standing == "half-applied" else {}
            planned = self.runner.planner.again(state, [migration.version], self.lineage)[0]
            steps = reached([known.get(s.key.number) or self._found_out(s) for s in planned.steps])
            if sum(s.outcome in DONE for s in steps) > len(known):
                yield self._row(planned, steps, "applied")
            if len(steps) < len(planned.steps):
                return  # versions run in order

    def _found_out(self, planned: PlannedStep) -> StepRecord:
        """Seal a step; what may be anybody's, an object that is there or Python, is to be done again."""
        outcome, job_id = self._sealed(planned)
        if outcome == "found" or planned.step.kind == "python":
            outcome = "failed"
        return step_record(planned, outcome, job_id)

    def _sealed(self, planned: PlannedStep) -> tuple[Outcome, str | None]:
        """Seal a step; a script that left something behind is to be done again."""
        outcome, job_id = sealed(self.stepper, planned)
        return ("failed" if outcome == "partial" else outcome), job_id

    def _row(self, planned: PlannedMigration, steps: Sequence[StepRecord], whole: Event) -> Record:
        return self.executor.identity.of(
            planned,
            whole if len(steps) == len(planned.steps) else "failed",
            steps,
            plan_checksum=f"sha256:{planned.digest}",
            finished_at=self.stepper.warehouse.server_time,
            error="repair --new-lineage: found by its jobs",
        )


def _below(there: Sequence[str], version: str) -> str:
    return max((v for v in there if v < version), default="base")
