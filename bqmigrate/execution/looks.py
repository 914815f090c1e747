"""Looking before the first write: what a plan removes or rewrites is refused while nothing has happened yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bqmigrate.errors import BqmigrateError, RefusedError
from bqmigrate.execution.jobs import Jobs, Statement, StepStopped
from bqmigrate.execution.stepper import check_removal
from bqmigrate.operations.raw import is_raw
from bqmigrate.operations.steps import Check, JobStep, ObjectRef, Removal
from bqmigrate.operations.tables import RenameTable
from bqmigrate.planning.plan import Plan, PlannedStep
from bqmigrate.warehouse.port import Resource, Warehouse


@dataclass(frozen=True)
class Looks:
    """The reads of one run, before it writes."""

    warehouse: Warehouse
    lineage: str
    run_id: str
    allow_data_loss: bool
    sleep: Callable[[float], None]

    def over(self, plan: Plan) -> dict[ObjectRef, Resource]:
        """Return what the plan removes, as it is now.

        Raises UnsettledError for what this history did not make, RefusedError for rows that would be
        lost and values that would not fit. What the plan itself first renames, drops or touches with raw
        SQL is looked at in its step.
        """
        found: dict[ObjectRef, Resource] = {}
        moved: set[str] = set()
        for planned in plan.steps:
            step, operation = planned.step, planned.operation
            if is_raw(operation):
                break
            if isinstance(step, JobStep) and planned.impact.object not in moved:
                if step.removes is not None:
                    found |= self._removal(step, step.removes)
                    moved.add(planned.impact.object)
                if step.check is not None:
                    self._check(planned, step.check)
            if isinstance(operation, RenameTable):
                moved |= {str(operation.name), str(operation.new_name)}
        return found

    def _removal(self, step: JobStep, removal: Removal) -> dict[ObjectRef, Resource]:
        live = self.warehouse.get(removal.reference)
        if live is None:
            return {}
        try:
            check_removal(step.target, removal, live, self.lineage, allow_data_loss=self.allow_data_loss)
        except BqmigrateError as error:
            error.state = error.state or "Nothing was changed."
            raise
        return {removal.reference: live}

    def _check(self, planned: PlannedStep, check: Check) -> None:
        """Run the assertions of a step that would fail in the middle of a run, as a job that changes nothing."""
        key = planned.key
        prefix = f"bqm-{self.lineage}-c{self.run_id}-m{key.version}-g{key.generation}-s{key.number}"
        try:
            Jobs(self.warehouse, sleep=self.sleep).run_once(lambda a: f"{prefix}-a{a}", Statement(check.sql))
        except StepStopped as stop:
            broken = [words for words in check.messages if words in str(stop)]
            if not broken:
                return  # the columns may have other names by now: the step asserts again, with the right ones
            raise RefusedError(
                "BQM324",
                f"{key.version} cannot be taken back: {broken[0]}",
                where=str(planned.place),
                state="Nothing was changed.",
                hint="change those rows first, then: bqmigrate downgrade --allow-data-loss",
            ) from stop
