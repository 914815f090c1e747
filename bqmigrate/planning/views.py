"""What `history` and `show` tell: files and history side by side, as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bqmigrate.files.migration import Migration
from bqmigrate.model.history import HistoryState, StepRecord, VersionState
from bqmigrate.planning.plan import PlannedStep

LineState = Literal["applied", "pending", "half-applied", "reverted", "missing", "edited"]


@dataclass(frozen=True)
class HistoryLine:
    """One migration, as the file and the history have it."""

    version: str
    name: str
    state: LineState
    checksum: str | None
    description: str | None = None
    applied_at: datetime | None = None
    duration_ms: int | None = None
    actor: str | None = None
    error: str | None = None
    steps: tuple[StepRecord, ...] = ()


@dataclass(frozen=True)
class HistoryView:
    """All migrations, oldest first; `current` None means that nothing is applied."""

    current: str | None
    pending: tuple[str, ...]
    migrations: tuple[HistoryLine, ...]
    requests: int = 0


@dataclass(frozen=True)
class MigrationDetail:
    """One migration in full: what it does, what took place, and the way back."""

    line: HistoryLine
    file: str
    format: str
    description: str | None
    upgrade: tuple[PlannedStep, ...]
    downgrade: tuple[PlannedStep, ...] | None
    downgrade_problem: str | None
    job_ids: tuple[str, ...]


def lines(migrations: Sequence[Migration], state: HistoryState) -> tuple[HistoryLine, ...]:
    """Return one line per version that has a file or is recorded, in order."""
    files = {m.version: m for m in migrations}
    versions = sorted({*files, *(v for v, s in state.versions.items() if s.standing != "reverted")})
    return tuple(line(v, files.get(v), state.versions.get(v)) for v in versions)


def line(version: str, file: Migration | None, known: VersionState | None) -> HistoryLine:
    """Return the line of one version."""
    row = known.record if known else None
    was_applied = known is not None and known.standing in {"applied", "half-applied"}
    name = file.name if file else known.name if known else ""
    return HistoryLine(
        version=version,
        name=name,
        state=_state(file, known),
        checksum=file.checksum if file else known.checksum if known else None,
        description=file.description if file else None,
        applied_at=(row.finished_at or row.at) if row and was_applied else None,
        duration_ms=row.duration_ms if row and was_applied else None,
        actor=row.actor if row and was_applied else None,
        error=row.error if row else None,
        steps=known.steps if known and was_applied else (),
    )


def _state(file: Migration | None, known: VersionState | None) -> LineState:
    if known is None:
        return "pending"
    if file is None:
        return "missing"
    if known.standing == "applied" and known.checksum != file.checksum:
        return "edited"
    return known.standing
