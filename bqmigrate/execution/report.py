"""What a run came to: the value that the library returns and that `--json` shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bqmigrate.config import Environment
from bqmigrate.execution.executor import Done
from bqmigrate.execution.repairs.base import How, Repaired
from bqmigrate.model.history import Direction, Standing, StepRecord
from bqmigrate.planning.plan import Plan


@dataclass(frozen=True)
class Report:
    """The outcome of an upgrade or a downgrade; `requests` counts calls, without polls and retries."""

    direction: Direction
    environment: str
    project: str
    location: str
    from_version: str | None
    to_version: str | None
    applied: tuple[str, ...] = ()
    reverted: tuple[str, ...] = ()
    datasets_created: tuple[str, ...] = ()
    tables_created: tuple[str, ...] = ()
    tables_existed: tuple[str, ...] = ()
    total_tables: int = 0
    left_in_place: tuple[str, ...] = ()
    requests: int = 0
    bytes_billed: int | None = None
    duration_ms: int = 0
    dry_run: bool = False

    @property
    def nothing_to_do(self) -> bool:
        """Tell whether the warehouse was there already."""
        return not self.applied and not self.reverted


def of_run(plan: Plan, done: Done, environment: Environment, reached: str | None, **counted: Any) -> Report:
    """Return what a run came to; `counted` are requests, tables and time."""
    return Report(
        direction=plan.direction,
        environment=environment.name,
        project=environment.project,
        location=environment.location,
        from_version=plan.from_version,
        to_version=reached,
        applied=tuple(done.applied),
        reverted=tuple(done.reverted),
        datasets_created=tuple(done.datasets_made),
        tables_created=tuple(done.tables_made),
        tables_existed=tuple(done.tables_found),
        left_in_place=tuple(done.left),
        bytes_billed=done.bytes_billed,
        **counted,
    )


@dataclass(frozen=True)
class RepairReport:
    """The outcome of a repair: what it is about, where that stands now, and what was found out.

    `rows_rebuilt`, `rows_unchecked` and `rows_lost` are places in the history, counted from 1; `lineage`
    the old and the new one.
    """

    repair: How
    environment: str
    project: str
    location: str
    version: str | None
    name: str | None
    standing: Standing | None
    steps: tuple[StepRecord, ...] = ()
    differences: tuple[str, ...] = ()
    left_in_place: tuple[str, ...] = ()
    rows_rebuilt: tuple[int, ...] = ()
    rows_unchecked: tuple[int, ...] = ()
    rows_lost: tuple[int, ...] = ()
    lineage: tuple[str, str] | None = None
    requests: int = 0
    bytes_billed: int | None = None
    duration_ms: int = 0


def of_repair(how: How, version: str, done: Repaired, environment: Environment, requests: int, ms: int) -> RepairReport:
    """Return what a repair came to."""
    known = done.state.versions.get(version)
    return RepairReport(
        how,
        environment.name,
        environment.project,
        environment.location,
        version or None,
        known.name if known else None,
        known.standing if known else None,
        done.steps,
        done.differences,
        done.left_in_place,
        done.rows_rebuilt,
        done.rows_unchecked,
        done.rows_lost,
        done.lineage,
        requests,
        done.bytes_billed,
        ms,
    )
