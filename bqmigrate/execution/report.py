"""What a run came to: the value that the library returns and that `--json` shows."""

from __future__ import annotations

from dataclasses import dataclass

from bqmigrate.model.history import Direction


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
