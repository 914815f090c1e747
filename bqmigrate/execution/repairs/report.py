"""What a repair came to: the value that the library returns and that `--json` shows."""

from __future__ import annotations

from dataclasses import dataclass

from bqmigrate.config import Environment
from bqmigrate.execution.repairs.base import How, Repaired
from bqmigrate.model.history import Standing, StepRecord


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
