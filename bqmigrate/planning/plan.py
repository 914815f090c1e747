"""A plan: what will run, as data, before anything does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bqmigrate.errors import Place
from bqmigrate.model.history import Direction
from bqmigrate.operations.base import Impact, Operation
from bqmigrate.operations.steps import Step, canonical, digest, sha256
from bqmigrate.planning.way_back import WayBack

# The lock keeps only so much of a digest, to hold more steps.
DIGEST_KEPT = 32
SHORT = {"upgrade": "up", "downgrade": "dn"}


@dataclass(frozen=True)
class StepKey:
    """Which step of which run of which migration: what its job id is a function of."""

    version: str
    generation: int
    direction: Direction
    number: int

    def job_id(self, lineage: str, attempt: int) -> str:
        """Return the write-once id of an attempt."""
        side = SHORT[self.direction]
        return f"bqm-{lineage}-m{self.version}-g{self.generation}-{side}{self.number}-a{attempt}"


@dataclass(frozen=True)
class PlannedStep:
    """One effect, the operation it comes from, and where that was written."""

    key: StepKey
    operation: Operation
    step: Step
    impact: Impact
    place: Place

    @property
    def digest(self) -> str:
        """Return the sha256 of what the step is."""
        return digest(self.step)


@dataclass(frozen=True)
class PlannedMigration:
    """One migration in one direction. `left` names what a downgrade leaves because it was found."""

    version: str
    name: str
    file: str
    direction: Direction
    generation: int
    checksum: str
    steps: tuple[PlannedStep, ...]
    left: tuple[str, ...] = ()
    resumes: bool = False
    # What takes an upgrade back, as compiled; None for a downgrade.
    way_back: WayBack | None = None

    @property
    def digest(self) -> str:
        """Return the sha256 of what the migration does, step by step."""
        return sha256(canonical([self.version, self.direction, self.generation, [s.digest for s in self.steps]]))

    @property
    def objects(self) -> frozenset[str]:
        """Return the physical objects the steps touch."""
        return frozenset(s.impact.object for s in self.steps)


@dataclass(frozen=True)
class Plan:
    """Everything one run will do, in order."""

    direction: Direction
    from_version: str | None
    to_version: str | None
    migrations: tuple[PlannedMigration, ...] = ()

    def is_within(self, shown: Plan) -> bool:
        """Tell whether all that this plan does is in one that was shown: another run may have done some of it since."""
        return {m.digest for m in self.migrations} <= {m.digest for m in shown.migrations}

    @property
    def steps(self) -> Sequence[PlannedStep]:
        """Return all steps in order."""
        return [step for migration in self.migrations for step in migration.steps]

    @property
    def going_down(self) -> frozenset[str]:
        """Return the versions that are taken back."""
        return frozenset(m.version for m in self.migrations if m.direction == "downgrade")

    @property
    def loses_data(self) -> bool:
        """Tell whether a step loses rows or values for certain."""
        return any(s.impact.data_loss for s in self.steps)

    @property
    def rebuilds(self) -> bool:
        """Tell whether a table is written anew."""
        return any(s.impact.kind == "rebuild" for s in self.steps)

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to do."""
        return not self.migrations
