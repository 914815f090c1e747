"""A migration that stopped on its way: what is done of it, what failed and why, and the ways on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bqmigrate.model.history import Direction, HistoryState, Record, StepRecord, VersionState

STOPPED = frozenset({"failed", "partial"})


@dataclass(frozen=True)
class WayOn:
    """Something a person can do, and the command that follows it."""

    what: str
    command: str


@dataclass(frozen=True)
class Halfway:
    """A half-applied version; `is_known` is false where a run died and nobody has looked yet how far it got.

    `steps` are those of its direction, or the upgrade's where that `is_given_up` and nothing was taken back yet.
    `too_old` is when it was begun, where that is too long ago for anybody to find out.
    """

    version: str
    name: str
    direction: Direction
    steps: tuple[StepRecord, ...]
    error: str | None
    ways: tuple[WayOn, ...]
    is_known: bool = True
    too_old: datetime | None = None
    is_given_up: bool = False
    # Nothing failed since: somebody accepted its file, and the rest waits.
    is_accepted: bool = False

    @property
    def done(self) -> Sequence[StepRecord]:
        """Return the steps that are done."""
        return [s for s in self.steps if s.outcome not in STOPPED]

    @property
    def failed(self) -> StepRecord | None:
        """Return the step it stopped at; None where it stopped between two."""
        if self.is_given_up or self.is_accepted:
            return None
        return next((s for s in self.steps if s.outcome in STOPPED), None)


def halfway(
    known: VersionState,
    state: HistoryState,
    *,
    is_known: bool,
    too_old: datetime | None = None,
    has_file: bool = True,
) -> Halfway:
    """Return what a person should know of a half-applied version."""
    below = max((v for v in state.applied if v < known.version), default=None)
    went_down = known.direction == "downgrade"
    is_given_up = went_down and known.record.event == "sealed"
    steps = (known.record.steps if went_down and not is_given_up else known.steps) if is_known else ()
    is_accepted = known.record.event == "repaired"
    found = Halfway(
        known.version,
        known.name,
        known.direction,
        steps,
        failure(known.record),
        (),
        is_known,
        too_old,
        is_given_up,
        is_accepted,
    )
    failed = found.failed.number if found.failed else None
    if too_old is not None:
        what = "once all is as the file says"
        ways: Sequence[WayOn] = [WayOn(what, f"bqmigrate repair {known.version} --mark-applied")]
    elif went_down:
        ways = [WayOn("go on with taking it back", _down(below))]
        if not is_known:
            # What had not begun to go down stays; what had is finished, and goes up again.
            ways = [*ways, WayOn("or go up again, and keep what had not begun", "bqmigrate upgrade")]
    elif not is_known:
        ways = [WayOn("go on with it", "bqmigrate upgrade"), WayOn("or take it back", _down(below))]
    else:
        ways = ways_on(known.version, failed, len(found.done), below)
    return replace(found, ways=tuple(ways) if has_file else tuple(_without_file(known.version, ways, too_old)))


def failure(row: Record) -> str | None:
    """Return what a step failed with; other rows keep what they are about in that place."""
    return row.error if row.event == "failed" else None


def _without_file(version: str, ways: Sequence[WayOn], too_old: datetime | None) -> Iterator[WayOn]:
    """Yield the ways on where the file is gone: every other needs it back first."""
    yield WayOn(f"bring its file back, then {ways[0].what}", ways[0].command)
    if too_old is None:
        yield WayOn("or take it back without the file", f"bqmigrate repair {version} --revert")


def ways_on(version: str, failed: int | None, done: int, below: str | None) -> Sequence[WayOn]:
    """Return the ways on from an upgrade that stopped after `done` steps; `below` is the version before it."""
    back = {0: "or take back what it did", 1: "or take step 1 back"}.get(done, f"or take steps 1 to {done} back")
    if failed is None:
        return [WayOn(f"go on with step {done + 1}", "bqmigrate upgrade"), WayOn(back, _down(below))]
    return [
        WayOn(f"fix step {failed} in the file, then", "bqmigrate upgrade"),
        WayOn(back, _down(below)),
        WayOn(f"or, if you did step {failed} by hand", f"bqmigrate repair {version} --mark-applied"),
    ]


def told(ways: Sequence[WayOn]) -> str:
    """Return the ways on as lines, the commands below each other."""
    width = max((len(way.what) for way in ways), default=0)
    return "\n".join(f"{way.what.ljust(width)}   {way.command}" for way in ways)


def _down(below: str | None) -> str:
    return f"bqmigrate downgrade {below or 'base'}"
