"""Looking before the first write: what a plan removes or rewrites is refused while nothing has happened yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bqmigrate.errors import BqmigrateError, RefusedError
from bqmigrate.execution.jobs import Jobs, StepStopped
from bqmigrate.execution.statement import Statement
from bqmigrate.execution.stepper import check_removal
from bqmigrate.model.names import TableName
from bqmigrate.operations.base import Operation
from bqmigrate.operations.raw import is_raw
from bqmigrate.operations.steps import Check, JobStep, ObjectRef, Removal, Scope
from bqmigrate.operations.tables import CreateTable, DropTable, RenameTable
from bqmigrate.operations.views import CreateView, DropView
from bqmigrate.planning.plan import Plan, PlannedStep
from bqmigrate.warehouse.port import Resource, Warehouse

APPEAR_OR_GO = (CreateTable, CreateView, DropTable, DropView)


@dataclass(frozen=True)
class Looks:
    """The reads of one run, before it writes."""

    warehouse: Warehouse
    scope: Scope
    lineage: str
    # Every lineage this history has or had.
    ours: frozenset[str]
    run_id: str
    allow_data_loss: bool
    sleep: Callable[[float], None]

    def over(self, plan: Plan) -> dict[ObjectRef, Resource]:
        """Return what the plan removes, as it is now.

        Raises UnsettledError for what this history did not make, RefusedError for rows that would be
        lost and values that would not fit. What the plan first renames is looked at under its present
        name; what it makes itself, or touches with raw SQL before, is looked at in its step.
        """
        found: dict[ObjectRef, Resource] = {}
        present: dict[TableName, TableName | None] = {}
        for planned in plan.steps:
            operation = planned.operation
            if is_raw(operation):
                break
            name = getattr(operation, "name", None)
            now = present.get(name, name) if isinstance(name, TableName) else name
            if now is not None and isinstance(planned.step, JobStep):
                self._look(planned, planned.step, now, found)
            _move(operation, now, present)
        return found

    def _look(
        self, planned: PlannedStep, step: JobStep, now: TableName | str, found: dict[ObjectRef, Resource]
    ) -> None:
        moved = isinstance(now, TableName) and now != getattr(planned.operation, "name", None)
        if step.removes is not None:
            reference = self.scope.reference(now) if isinstance(now, TableName) else step.removes.reference
            live = self._removal(step, replace(step.removes, reference=reference))
            # The step looks again at what it finds under another name by then.
            found |= {} if live is None or moved else {reference: live}
        if step.check is not None:
            self._check(planned, step.check, now)

    def _removal(self, step: JobStep, removal: Removal) -> Resource | None:
        live = self.warehouse.get(removal.reference)
        if live is None:
            return None
        try:
            check_removal(step.target, removal, live, self.ours, allow_data_loss=self.allow_data_loss)
        except BqmigrateError as error:
            error.state = error.state or "Nothing was changed."
            raise
        return live

    def _check(self, planned: PlannedStep, check: Check, now: TableName | str) -> None:
        """Run the assertions of a step that would fail in the middle of a run, as a job that changes nothing."""
        key = planned.key
        prefix = f"bqm-{self.lineage}-c{self.run_id}-m{key.version}-g{key.generation}-s{key.number}"
        name, sql = getattr(planned.operation, "name", None), check.sql
        if isinstance(name, TableName) and isinstance(now, TableName):
            sql = sql.replace(self.scope.path(name), self.scope.path(now))
        try:
            Jobs(self.warehouse, sleep=self.sleep).run_once(lambda a: f"{prefix}-a{a}", Statement(sql))
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


def _move(operation: Operation, now: TableName | str | None, present: dict[TableName, TableName | None]) -> None:
    """Note what a step does to names: under which name its object is today, None for what is not there yet."""
    if isinstance(operation, RenameTable):
        present[operation.new_name] = now if isinstance(now, TableName) else None
        present[operation.name] = None
    elif isinstance(operation, APPEAR_OR_GO):
        present[operation.name] = None
