"""What a run came to: the value that the library returns and that `--json` shows."""

from __future__ import annotations

from dataclasses import dataclass

from bqmigrate.config import Environment
from bqmigrate.execution.runner import Outcome
from bqmigrate.model.history import Direction
from bqmigrate.planning.planner import Planner


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


def report(
    outcome: Outcome, planner: Planner, environment: Environment, *, requests: int, duration_ms: int, dry_run: bool
) -> Report:
    """Return what a run came to."""
    done = outcome.done
    return Report(
        direction=planner.direction,
        environment=environment.name,
        project=environment.project,
        location=environment.location,
        from_version=outcome.plan.from_version,
        to_version=outcome.plan.to_version if dry_run else outcome.state.current,
        applied=tuple(done.applied),
        reverted=tuple(done.reverted),
        datasets_created=tuple(done.datasets_made),
        tables_created=tuple(done.tables_made),
        tables_existed=tuple(done.tables_found),
        total_tables=planner.count_tables(outcome.state),
        left_in_place=tuple(done.left),
        requests=requests,
        bytes_billed=done.bytes_billed,
        duration_ms=duration_ms,
        dry_run=dry_run,
    )
