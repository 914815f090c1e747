"""The rows of `_schema_migrations`, and the state that they fold into.

Rows are append-only; the fold is pure, in the client, and ignores repeats: a row counts once,
by its `seq`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal

Direction = Literal["upgrade", "downgrade"]
Event = Literal[
    "genesis", "started", "applied", "failed", "reverted", "sealed", "taken_over", "baseline", "adopted", "repaired",
    "note",
]  # fmt: skip
# `partial`: what it did is not known: a script or Python step stopped on its way, or a run died that may have done it.
# `by_hand`: somebody did it, and said so by `repair --mark-applied`.
Outcome = Literal["made", "found", "done", "left", "failed", "gone", "partial", "by_hand"]
_BECAME = " -> "
Standing = Literal["applied", "half-applied", "reverted", "pending"]


@dataclass(frozen=True)
class StepRecord:
    """What became of one step: kept in the `steps` column of a row."""

    number: int
    kind: str
    verb: str
    target: str
    digest: str
    outcome: Outcome
    job_id: str | None = None
    attempts: int = 1
    ms: int = 0
    bytes: int | None = None
    rows: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {key: value for key, value in self.__dict__.items() if value is not None}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> StepRecord:
        """Read it back; keys of a newer version are passed over."""
        known = {key: value for key, value in data.items() if key in cls.__dataclass_fields__}
        return cls(**known)


@dataclass(frozen=True)
class Record:
    """One row."""

    seq: int
    batch: int
    rows: int
    event: Event
    run_id: str
    version: str | None = None
    name: str | None = None
    direction: Direction | None = None
    generation: int = 0
    checksum: str | None = None
    plan_checksum: str | None = None
    chain: str = ""
    steps: tuple[StepRecord, ...] = ()
    undo: Any = None
    finished_at: datetime | None = None
    at: datetime | None = None
    actor: str | None = None
    duration_ms: int | None = None
    git_commit: str | None = None
    tool_version: str | None = None
    host: str | None = None
    error: str | None = None


@dataclass(frozen=True)
class VersionState:
    """Where one version stands, by its last decisive row.

    `steps` are the upgrade's; `reached` is the last of them that was done, None for all. A half-applied
    version with direction `downgrade` can only go down: its upgrade was given up.
    """

    version: str
    name: str
    standing: Standing
    direction: Direction
    generation: int
    checksum: str
    record: Record
    steps: tuple[StepRecord, ...] = ()
    reached: int | None = None
    # The lineage its steps ran under; empty: the one there is.
    lineage: str = ""

    @property
    def done_on_the_way(self) -> tuple[StepRecord, ...]:
        """Return the steps, in the direction it is half-way in, that its rows call done."""
        steps = self.steps
        if self.direction == "downgrade":
            # A seal gives the upgrade up; its row is still the upgrade's.
            steps = self.record.steps if self.record.event == "failed" else ()
        return tuple(s for s in steps if s.outcome in {"made", "found", "done", "by_hand"})


@dataclass(frozen=True)
class HistoryState:
    """All rows folded.

    `next_generation` counts 1 + the reverts and repairs of a version, and the seals of an upgrade that
    had done nothing: its job ids are used up.
    """

    versions: Mapping[str, VersionState] = field(default_factory=lambda: MappingProxyType({}))
    generations: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    last_seq: int = 0
    last_chain: str = ""
    # Every lineage this history had, the present one last: more than one after `repair --new-lineage`.
    lineages: tuple[str, ...] = ()

    def next_generation(self, version: str) -> int:
        """Return the generation that the next upgrade of a version is."""
        return 1 + self.generations.get(version, 0)

    def standing(self, version: str) -> Standing:
        """Return where a version stands."""
        found = self.versions.get(version)
        return found.standing if found else "pending"

    def lineage_of(self, version: str, present: str) -> str:
        """Return the lineage that the steps of a version ran, or will run, under."""
        known = self.versions.get(version)
        is_there = known is not None and known.standing in {"applied", "half-applied"}
        return (known.lineage or present) if known is not None and is_there else present

    def as_if_reverted(self, versions: Iterable[str]) -> HistoryState:
        """Return the state once these versions have been taken back."""
        gone = set(versions)
        states = {v: replace(s, standing="reverted") if v in gone else s for v, s in self.versions.items()}
        counts = {**self.generations, **{v: self.generations.get(v, 0) + 1 for v in gone}}
        return replace(self, versions=MappingProxyType(states), generations=MappingProxyType(counts))

    def all_applied(self, files: Iterable[tuple[str, str, str]]) -> HistoryState:
        """Return the state as if these (version, name, checksum) were applied and nothing else."""
        states = {}
        for version, name, checksum in files:
            known = self.versions.get(version)
            if known is None or known.standing != "applied":
                generation = self.next_generation(version)
                row = Record(0, 0, 0, "applied", "", version, name, "upgrade", generation, checksum)
                known = VersionState(version, name, "applied", "upgrade", generation, checksum, row)
            states[version] = replace(known, checksum=checksum)
        return replace(self, versions=MappingProxyType(states))

    def with_version(self, state: VersionState) -> HistoryState:
        """Return the state with one version standing otherwise."""
        return replace(self, versions=MappingProxyType({**self.versions, state.version: state}))

    @property
    def applied(self) -> Sequence[str]:
        """Return the applied versions in order."""
        return sorted(v for v, s in self.versions.items() if s.standing == "applied")

    @property
    def unsettled(self) -> Sequence[VersionState]:
        """Return the half-applied versions in order."""
        return [s for _, s in sorted(self.versions.items()) if s.standing == "half-applied"]

    @property
    def current(self) -> str | None:
        """Return the highest applied version; None when nothing is applied."""
        return self.applied[-1] if self.applied else None


class IncompleteBatch(Exception):
    """A batch says it has more rows than were seen."""


def fold(records: Iterable[Record]) -> HistoryState:
    """Fold rows into a state. Raises IncompleteBatch when rows of one INSERT are missing from the view."""
    rows = sorted({record.seq: record for record in records}.values(), key=lambda r: r.seq)
    _check_batches(rows)
    versions: dict[str, VersionState] = {}
    generations: dict[str, int] = {}
    lineages: list[str] = []
    for row in rows:
        if row.version is None:
            lineages.extend(born(row))
            continue
        if row.event in {"reverted", "repaired"} or (row.event == "sealed" and not row.steps):
            generations[row.version] = generations.get(row.version, 0) + 1
        before = versions.get(row.version)
        state = _after(row, before)
        if state is not None and state is not before:
            versions[row.version] = replace(state, lineage=_lineage(before, state, lineages))
    last = rows[-1] if rows else None
    return HistoryState(
        MappingProxyType(versions),
        MappingProxyType(generations),
        last.seq if last else 0,
        last.chain if last else "",
        tuple(lineages),
    )


def renamed(old: str, new: str) -> str:
    """Return the name of the row that gives a history a new lineage."""
    return f"{old}{_BECAME}{new}"


def born(row: Record) -> Sequence[str]:
    """Return the lineage that begins with a row: at genesis, and where a repair gave a new one."""
    if row.event == "genesis":
        return [row.name or ""]
    if row.event == "repaired" and row.name and _BECAME in row.name:
        return [row.name.rpartition(_BECAME)[2]]
    return []


def lineages_of(row: Record) -> Sequence[str]:
    """Return the lineages that a row names, the older first: that of genesis, or what became what."""
    became = row.event == "repaired" and row.name and _BECAME in row.name
    return (row.name or "").split(_BECAME) if became else born(row)


def _lineage(before: VersionState | None, now: VersionState, lineages: Sequence[str]) -> str:
    """Return the lineage of a version: that of its first steps, as long as it is the same generation."""
    if before is not None and before.generation == now.generation and before.standing != "reverted":
        return before.lineage
    return lineages[-1] if lineages else ""


def _check_batches(rows: Sequence[Record]) -> None:
    seen: dict[int, int] = {}
    for row in rows:
        seen[row.batch] = seen.get(row.batch, 0) + 1
    for row in rows:
        if seen[row.batch] != row.rows:
            raise IncompleteBatch(f"batch {row.batch} has {seen[row.batch]} of {row.rows} rows")


def _after(row: Record, before: VersionState | None) -> VersionState | None:
    """Return where a version stands after a row; rows that decide nothing leave it where it was."""
    done = [s.number for s in row.steps if s.outcome != "failed"]
    reached = max(done, default=0)
    match row.event, row.direction:
        case (("applied" | "adopted" | "baseline"), _):
            return _state(row, "applied", "upgrade", row.steps, None)
        case "reverted", _:
            return _state(row, "reverted", "downgrade", row.steps, None)
        case "failed", "upgrade" if done or _is_half(before, row):
            steps = _merged(before.steps, row.steps) if before and _is_half(before, row) else row.steps
            reached = max((s.number for s in steps if s.outcome != "failed"), default=0)
            return _state(row, "half-applied", "upgrade", steps, reached)
        case "failed", "downgrade" if done and before is not None:
            return _state(row, "half-applied", "downgrade", before.steps, before.reached)
        case "repaired", _:
            # What has to be done yet stands there as failed; without such a step all of it is done.
            waits = any(s.outcome in {"failed", "partial"} for s in row.steps)
            return _state(row, "half-applied" if waits else "applied", "upgrade", row.steps, reached if waits else None)
        case "sealed", _:
            standing: Standing = "half-applied" if done else "reverted"
            return _state(row, standing, "downgrade", row.steps, reached)
    return before


def _is_half(before: VersionState | None, row: Record) -> bool:
    return before is not None and before.standing == "half-applied" and before.generation == row.generation


def _merged(before: Sequence[StepRecord], now: Sequence[StepRecord]) -> tuple[StepRecord, ...]:
    """Join what two runs know of one upgrade: a step that was done stays done."""
    known = {s.number: s for s in before}
    known |= {s.number: s for s in now if s.outcome != "failed" or s.number not in known}
    return tuple(known[number] for number in sorted(known))


def _state(
    row: Record, standing: Standing, direction: Direction, steps: tuple[StepRecord, ...], reached: int | None
) -> VersionState:
    return VersionState(
        row.version or "", row.name or "", standing, direction, row.generation, row.checksum or "", row, steps, reached
    )
