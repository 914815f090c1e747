"""The lock: JSON in the description of `_schema_migrations_lock`, read and written as a value.

It holds the lineage and what is pinned with it, who runs now, and the open runs that are not yet
settled. An open run is part of the history: it names every step that may have been sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from bqmigrate.config import Config
from bqmigrate.model.history import Direction, HistoryState, Record
from bqmigrate.planning.plan import DIGEST_KEPT, PlannedMigration
from bqmigrate.planning.way_back import inverse_data

LOCK_TABLE = "_schema_migrations_lock"
# A description holds 16,384 characters; above this the `started` row carries the steps instead.
STEPS_LIMIT = 12_000
# The rest is for what must be in any case: the runs and their versions.
LENGTH_LIMIT = 16_000
FORMAT = 1
# Where only the length of a document counts, any time does.
SOME_DAY = datetime(2100, 1, 1, tzinfo=UTC)


class NotALock(Exception):
    """The description is not what bqmigrate wrote."""


@dataclass(frozen=True)
class Holder:
    """Who runs: `beat` counts renewals, `ttl_s` is how long silence means death, in seconds."""

    id: str
    who: str
    host: str
    pid: int
    since: str
    ttl_s: float
    beat: int = 0
    python: bool = False

    def __str__(self) -> str:
        return f"{self.who} on {self.host} (process {self.pid}, run {self.id})"


@dataclass(frozen=True)
class OpenStep:
    """A step that may have been sent: kind, target, the first half of its digest, and its inverse as JSON data."""

    kind: str
    target: str
    digest: str
    undo: Any = None


@dataclass(frozen=True)
class OpenVersion:
    """One version in one direction that an unsettled run set out to do."""

    version: str
    name: str
    direction: Direction
    generation: int
    checksum: str
    steps: tuple[OpenStep, ...] = ()
    # What of the way back does not belong to one step; see WayBack.more.
    back: Any = None


@dataclass(frozen=True)
class OpenRun:
    """A run that set out and whose versions are not all settled; only rows after `seq` settle them.

    `at_ms` is when it began by the server's clock, in milliseconds since 1970; 0 where nobody noted it.
    """

    id: str
    versions: tuple[OpenVersion, ...]
    seq: int = 0
    at_ms: int = 0

    @property
    def bare(self) -> OpenRun:
        """Return the run without the steps of its versions."""
        return replace(self, versions=tuple(replace(v, steps=(), back=None) for v in self.versions))

    def with_steps_of(self, records: Sequence[Record]) -> OpenRun:
        """Return the run with the steps that its `started` rows have."""
        own = [r for r in records if r.run_id == self.id and r.event == "started"]
        started = {(r.version, r.direction, r.generation): r for r in own}

        def filled(item: OpenVersion) -> OpenVersion:
            row = started.get((item.version, item.direction, item.generation))
            if item.steps or row is None:
                return item
            return replace(item, steps=tuple(OpenStep(s.kind, s.target, s.digest[:DIGEST_KEPT]) for s in row.steps))

        return replace(self, versions=tuple(filled(v) for v in self.versions))

    def tells(self, other: OpenRun) -> bool:
        """Tell whether all that another set out to do is in this one, step for step."""
        mine = {_dump(v) for v in self.versions}
        return all(_dump(v) in mine for v in other.versions)


@dataclass(frozen=True)
class Pins:
    """What a history belongs to for life: another value means another history."""

    project: str
    location: str
    history_dataset: str
    environment: str
    name: str
    datasets: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, config: Config) -> Pins:
        """Return what the history of a configuration belongs to."""
        chosen = config.environment
        datasets = tuple(sorted(chosen.datasets.items()))
        return cls(chosen.project, chosen.location.upper(), config.history_dataset, chosen.name, config.name, datasets)

    def differences(self, other: Pins) -> Sequence[str]:
        """Name what differs, as `field: here, there`."""
        mine, theirs = asdict(self), asdict(other)
        return [f"{key}: recorded {theirs[key]!r}, now {mine[key]!r}" for key in mine if mine[key] != theirs[key]]


@dataclass(frozen=True)
class Lock:
    """The whole document. `seq` is the last row known to be written when it was last released."""

    lineage: str
    pins: Pins
    holder: Holder | None = None
    runs: tuple[OpenRun, ...] = ()
    seq: int = 0
    version: int = field(default=FORMAT)

    def unsettled(self, state: HistoryState) -> Sequence[OpenVersion]:
        """Return what was set out and has no row yet, in the order it was to be done.

        A run may finish downgrades and go up again: the upgrades wait until it is known what came of the downgrades.
        """
        return [v for v, waits in self._open(state) if not waits]

    def unsettled_upgrades(self, state: HistoryState) -> Sequence[OpenVersion]:
        """Return each upgrade that is not settled once: as set out with most steps, by the last run of those."""
        longest: dict[tuple[str, int], OpenVersion] = {}
        for item in self.unsettled(state):
            before = longest.get((item.version, item.generation))
            if item.direction == "upgrade" and (before is None or len(item.steps) >= len(before.steps)):
                longest[item.version, item.generation] = item
        return list(longest.values())

    def waiting(self, state: HistoryState) -> Sequence[OpenVersion]:
        """Return the upgrades that were set out after downgrades which are not settled."""
        return [v for v, waits in self._open(state) if waits]

    def _open(self, state: HistoryState) -> Sequence[tuple[OpenVersion, bool]]:
        """Return what is not settled, and whether it comes after a downgrade that is not."""
        out: list[tuple[OpenVersion, bool]] = []
        for item in (v for run in self.runs for v in run.versions if not _settled(v, run.seq, state)):
            after_downgrade = any(v.direction == "downgrade" for v, _ in out)
            out.append((item, item.direction == "upgrade" and after_downgrade))
        return out

    def without_settled(self, state: HistoryState) -> Lock:
        """Return the lock with only those runs that the history does not account for.

        A run that set out to do nothing else than one before it is left out: however many die one after the other,
        they do not fill the lock.
        """
        kept: list[OpenRun] = []
        for run in self.runs:
            open_ = replace(run, versions=tuple(v for v in run.versions if not _settled(v, run.seq, state)))
            if open_.versions and not any(earlier.tells(open_) for earlier in kept):
                kept.append(open_)
        return replace(self, runs=tuple(kept))

    def to_text(self) -> str:
        """Write the document; where it would grow too long the steps of runs are left out, of the last one first.

        The last is the run that writes this: it puts its steps into `started` rows then. Those before it may have none.
        """
        if self.fits:
            return _dump(self)
        text = _dump(self)
        for whole in range(len(self.runs) - 1, -1, -1):
            text = _dump(replace(self, runs=(*self.runs[:whole], *(r.bare for r in self.runs[whole:]))))
            if len(text) <= LENGTH_LIMIT:
                break
        return text

    def with_steps_of(self, records: Sequence[Record]) -> Lock:
        """Return the lock with the steps that stand in `started` rows instead."""
        return replace(self, runs=tuple(r.with_steps_of(records) for r in self.runs))

    @property
    def fits(self) -> bool:
        """Tell whether the steps of all runs are in the document."""
        return len(_dump(self)) <= STEPS_LIMIT

    @classmethod
    def from_text(cls, text: str) -> Lock:
        """Read the document. Raises NotALock."""
        try:
            data = json.loads(text)
            pins = data["pins"] | {"datasets": tuple(tuple(pair) for pair in data["pins"]["datasets"])}
            return cls(
                lineage=data["lineage"],
                pins=Pins(**pins),
                holder=Holder(**data["holder"]) if data["holder"] else None,
                runs=tuple(_run(r) for r in data["runs"]),
                seq=data["seq"],
                version=data["version"],
            )
        except json.JSONDecodeError as error:
            raise NotALock("it is no JSON") from error
        except (ValueError, KeyError, TypeError) as error:
            raise NotALock(f"its JSON lacks or mistakes {error}") from error


def opened(run_id: str, migrations: Sequence[PlannedMigration], seq: int, now: datetime | None) -> OpenRun:
    """Return the open run of what is about to be done after row `seq`; `now` by the server's clock."""
    return OpenRun(run_id, tuple(_opened(m) for m in migrations), seq, round(now.timestamp() * 1000) if now else 0)


def chunks(lock: Lock, run_id: str, migrations: Sequence[PlannedMigration]) -> Sequence[Sequence[PlannedMigration]]:
    """Cut a long plan into runs of migrations whose steps fit into the lock beside what is there.

    A migration that does not fit even alone is a chunk of its own: its `started` row carries the steps.
    """
    out: list[list[PlannedMigration]] = []
    for migration in migrations:
        longer = [*out[-1], migration] if out else [migration]
        if out and replace(lock, runs=(*lock.runs, opened(run_id, longer, 0, SOME_DAY))).fits:
            out[-1] = longer
        else:
            out.append([migration])
    return out


def _opened(migration: PlannedMigration) -> OpenVersion:
    back = migration.way_back
    inverses = back.steps if back else (None,) * len(migration.steps)
    return OpenVersion(
        migration.version,
        migration.name,
        migration.direction,
        migration.generation,
        migration.checksum,
        tuple(
            OpenStep(s.step.kind, s.step.target, s.digest[:DIGEST_KEPT], inverse_data(inverse))
            for s, inverse in zip(migration.steps, inverses, strict=True)
        ),
        back.more() or None if back else None,
    )


def _settled(item: OpenVersion, seq: int, state: HistoryState) -> bool:
    known = state.versions.get(item.version)
    if known is None or known.record.seq <= seq:
        return False
    if known.record.event in {"repaired", "adopted"}:
        return True  # it says where the version stands, whatever was set out before
    if known.generation != item.generation:
        return known.generation > item.generation  # none goes up again before its way back is done
    # A seal accounts for the upgrade that it gives up; what takes back the rest of it comes after.
    return item.direction == "upgrade" or known.record.event != "sealed" or known.standing == "reverted"


def _dump(part: Lock | OpenVersion) -> str:
    return json.dumps(asdict(part), separators=(",", ":"), ensure_ascii=False, sort_keys=True)


def _run(data: Mapping[str, Any]) -> OpenRun:
    versions = tuple(OpenVersion(**{**v, "steps": tuple(OpenStep(**s) for s in v["steps"])}) for v in data["versions"])
    return OpenRun(data["id"], versions, data["seq"], data.get("at_ms", 0))
