"""The pure decisions that a run asks for, with what does not change while it runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bqmigrate.files.migration import MigrationSet
from bqmigrate.model.history import Direction, HistoryState
from bqmigrate.operations.steps import Scope
from bqmigrate.planning import trace
from bqmigrate.planning.downgrade import plan_downgrade
from bqmigrate.planning.plan import Plan, PlannedMigration, PlannedStep
from bqmigrate.planning.upgrade import plan_again, plan_upgrade


@dataclass(frozen=True)
class Planner:
    """Files, where they land, and what was asked for."""

    files: MigrationSet
    scope: Scope
    target: str
    direction: Direction

    def plan(self, state: HistoryState, lineage: str) -> Plan:
        """Return what to do from a state. Raises as plan_upgrade and plan_downgrade."""
        make = plan_upgrade if self.direction == "upgrade" else plan_downgrade
        return make(self.files, state, self.target, self.scope, lineage)

    def aimed_at(self, target: str, direction: Direction | None = None) -> Planner:
        """Return the same decisions for another target, and another direction where one is given."""
        return replace(self, target=target, direction=direction or self.direction)

    def again(self, state: HistoryState, versions: Sequence[str], lineage: str) -> Sequence[PlannedMigration]:
        """Return what an upgrade of these versions does, whatever the history says of them."""
        return plan_again(self.files, state, versions, self.scope, lineage)

    def way_back(self, state: HistoryState, version: str, lineage: str) -> tuple[PlannedStep, ...]:
        """Return the downgrade of one version, as if all up to it were applied."""
        below = replace(self.files, migrations=tuple(m for m in self.files.migrations if m.version <= version))
        applied = state.all_applied((m.version, m.name, m.checksum) for m in below.migrations)
        return plan_downgrade(below, applied, "-1", self.scope, lineage).migrations[0].steps

    def count_tables(self, state: HistoryState) -> int:
        """Return how many tables the applied migrations describe."""
        applied = [m for m in self.files.migrations if state.standing(m.version) == "applied"]
        walked, _ = trace.replay(applied, state)
        return len(walked[-1].after.tables) if walked else 0
