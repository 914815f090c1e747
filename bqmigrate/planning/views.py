"""What `history` and `show` tell: files and history side by side, as values."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bqmigrate.errors import Finding, RefusedError, ValidationError
from bqmigrate.files.migration import Migration
from bqmigrate.model.history import Direction, HistoryState, StepRecord, VersionState
from bqmigrate.planning.halfway import Halfway, failure, halfway
from bqmigrate.planning.plan import PlannedStep
from bqmigrate.planning.planner import Planner

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
    adopted: bool = False


@dataclass(frozen=True)
class Running:
    """The run that holds the lease; `versions` are what it set out (`0010_add_region`), in its direction.

    `dead_after` None: never declared dead by time. `lives` is false where it is known to be gone.
    """

    id: str
    who: str
    host: str
    pid: int
    since: str
    last_sign: datetime
    dead_after: datetime | None
    direction: Direction | None
    versions: tuple[str, ...]
    lives: bool

    @property
    def what(self) -> str | None:
        """Say what it set out to do; None for nothing that is open."""
        if self.direction is None:
            return None
        numbers = [slug.partition("_")[0] for slug in self.versions]
        several = f"{numbers[0]} to {numbers[-1]} ({len(numbers)} migrations)"
        return f"{self.direction} of {several if len(numbers) > 1 else self.versions[0]}"


@dataclass(frozen=True)
class HistoryView:
    """All migrations, oldest first; `current` None means that nothing is applied.

    `halfway` tells more of the half-applied ones; `findings` are files that cannot be read as migrations.
    """

    current: str | None
    pending: tuple[str, ...]
    migrations: tuple[HistoryLine, ...]
    requests: int = 0
    running: Running | None = None
    halfway: tuple[Halfway, ...] = ()
    findings: tuple[Finding, ...] = ()


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
    halfway: Halfway | None = None


# Versions of dead runs; where they were interrupted too long ago to be resumed, with when.
Unknown = Mapping[str, datetime | None]


def history(
    migrations: Sequence[Migration], state: HistoryState, unknown: Unknown, running: Running | None
) -> HistoryView:
    """Return all there is to say; `unknown` are versions of dead runs, of which no row says how far they got."""
    shown = lines(migrations, state, unknown)
    pending = tuple(line.version for line in shown if line.state in {"pending", "reverted"})
    files = {m.version for m in migrations}
    half = tuple(
        halfway(
            s,
            state,
            is_known=s.version not in unknown,
            too_old=unknown.get(s.version),
            has_file=s.version in files,
        )
        for s in state.unsettled
    )
    return HistoryView(state.current, pending, shown, running=running, halfway=half)


def detail(
    planner: Planner, migration: Migration, state: HistoryState, unknown: Unknown, lineage: str
) -> MigrationDetail:
    """Return one migration in full. Raises ValidationError where a file up to it cannot be."""
    known = state.versions.get(migration.version)
    up = planner.again(state, [migration.version], lineage)[0]
    down, problem = None, None
    try:
        down = planner.way_back(state, migration.version, lineage)
    except (RefusedError, ValidationError) as error:
        problem = error.message
    is_known, half = migration.version not in unknown, None
    if known is not None and known.standing == "half-applied":
        half = halfway(known, state, is_known=is_known, too_old=unknown.get(migration.version))
    return MigrationDetail(
        line=line(migration.version, migration, known, is_known=is_known),
        file=migration.file,
        format=migration.format,
        description=migration.description,
        upgrade=up.steps,
        downgrade=down,
        downgrade_problem=problem,
        job_ids=tuple(s.job_id for s in (known.record.steps if known else ()) if s.job_id),
        halfway=half,
    )


def lines(
    migrations: Sequence[Migration], state: HistoryState, unknown: Collection[str] = ()
) -> tuple[HistoryLine, ...]:
    """Return one line per version that has a file or is recorded, in order."""
    files = {m.version: m for m in migrations}
    versions = sorted({*files, *(v for v, s in state.versions.items() if s.standing != "reverted")})
    return tuple(line(v, files.get(v), state.versions.get(v), is_known=v not in unknown) for v in versions)


def line(version: str, file: Migration | None, known: VersionState | None, *, is_known: bool = True) -> HistoryLine:
    """Return the line of one version; the steps of one whose run died (`is_known` false) are not known."""
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
        error=failure(row) if row else None,
        steps=known.steps if known and was_applied and is_known else (),
        adopted=row is not None and row.event == "adopted",
    )


def _state(file: Migration | None, known: VersionState | None) -> LineState:
    if known is None:
        return "pending"
    if file is None:
        return "missing"
    if known.standing == "applied" and known.checksum != file.checksum:
        return "edited"
    return known.standing
