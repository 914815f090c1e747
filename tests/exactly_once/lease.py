"""The lease alone: every interleaving of two runners x six calls, and of three x four, in three stories.

`live`: all come back in time. `dies`: the first to get the lease is never heard of again. `slow`: the first to get
it comes back after its time to live, and lets go of what is another's by then.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bqmigrate.errors import LeaseError
from bqmigrate.execution import history, lease
from bqmigrate.execution.history import Place, View
from bqmigrate.execution.lease import Clocks, Lease
from bqmigrate.execution.lock import Holder, Lock, OpenRun, OpenVersion, Pins
from bqmigrate.warehouse.bigquery import BigQuery, connect
from tests.exactly_once.case import HISTORY, LOCK, SUCCESS, Case
from tests.exactly_once.turns import Turns

TTL_S = 60.0
STORIES = ("live", "dies", "slow")
# Runners, calls of each.
SHAPES = ((2, 6), (3, 4))
# Whose connection puts the lock back.
OWN = -1


@dataclass(frozen=True)
class Interleaving:
    """Who makes the next call, call by call, and what befalls the first holder."""

    story: str
    calls: int
    order: tuple[int, ...]


def count() -> int:
    """Return how many interleavings there are."""
    return len(STORIES) * sum(_ways(runners, calls) for runners, calls in SHAPES)


def _ways(runners: int, calls: int) -> int:
    return math.factorial(runners * calls) // math.factorial(calls) ** runners


def numbered(seed: int) -> Interleaving:
    """Return the interleaving of a number."""
    story, rest = STORIES[seed % len(STORIES)], seed // len(STORIES)
    for runners, calls in SHAPES:
        ways = _ways(runners, calls)
        if rest < ways:
            return Interleaving(story, calls, _order([calls] * runners, rest))
        rest -= ways
    return numbered(seed % count())


def _order(left: list[int], rank: int) -> tuple[int, ...]:
    """Return the interleaving of a rank, in the order of the dictionary."""
    out = []
    while any(left):
        for runner, calls in enumerate(left):
            if not calls:
                continue
            remaining = [n - (i == runner) for i, n in enumerate(left)]
            ways = math.factorial(sum(remaining)) // math.prod(math.factorial(n) for n in remaining)
            if rank < ways:
                out.append(runner)
                left = remaining
                break
            rank -= ways
    return tuple(out)


@dataclass
class Ground:
    """A lock that is used again and again: what it said before is put back each time."""

    case: Case
    text: str = ""
    connections: dict[int, BigQuery] = field(default_factory=dict)
    places: Place = field(init=False)
    pins: Pins = field(init=False)

    def __post_init__(self) -> None:
        self.places = Place(self.case.project, HISTORY)
        self.pins = Pins(self.case.project, "US", HISTORY, "local", "sweep")
        first = self.connection(OWN)
        lock = Lock("lineage000", self.pins)
        history.create(first, self.places, lock, "US")
        self.text = lock.to_text()

    def connection(self, number: int) -> BigQuery:
        """Return the connection of a runner: one of its own, as a process has."""
        if number not in self.connections:
            wire = self.case.wire()
            self.connections[number] = connect(self.case.project, "US", endpoint="http://bq.local", wrap=lambda _: wire)
        return self.connections[number]

    def lock(self) -> Lock:
        """Read the lock past every wire."""
        return Lock.from_text(self.case.resource(f"datasets/{HISTORY}/tables/{LOCK}")["description"])

    def reset(self) -> None:
        """Put the lock back as it was born."""
        self.case.late.clear()
        self.case.log.clear()
        connection = self.connection(OWN)
        found = connection.get(self.places.lock)
        if found is None:
            raise AssertionError("the lock is gone")
        connection.patch(self.places.lock, {"description": self.text}, found.etag)


@dataclass
class Taker:
    """One runner that does nothing but take, renew, and let go."""

    ground: Ground
    number: int
    calls: int
    story: str
    first: list[int]
    told: str = ""
    held: tuple[float, float] | None = None

    @property
    def id(self) -> str:
        """Return the id of the run."""
        return f"run{self.number}"

    def run(self) -> None:
        """Read, take, perhaps renew and look, let go."""
        connection = self.ground.connection(self.number)
        clocks = Clocks(self.ground.case.timeline.monotonic, self.ground.case.timeline.sleep)
        view = history.read(connection, self.ground.places, self.ground.pins, clocks.sleep)
        held = self._take(connection, view, clocks)
        if held is None:
            return
        self.first.append(self.number)
        mishap = self.first[0] == self.number and self.story != "live"
        began = clocks.monotonic()
        try:
            if mishap:
                clocks.sleep(TTL_S * 2)
            if mishap and self.story == "dies":
                self.told = "died"
                return
            if self.calls > 4:
                held.renewed_at -= TTL_S
                held.renew_if_due()
                held.check()
            held.release(view.state, own=self._open(), unsettled=self._open())
            self.told = "released"
        except LeaseError:
            self.told = "lost"
        self.held = (began, clocks.monotonic())

    def _take(self, connection: BigQuery, view: View, clocks: Clocks) -> Lease | None:
        holder = view.lock.holder if view.lock else None
        if holder is not None and not lease.is_dead(holder, view, connection.server_time):
            self.told = "waits"
            return None
        taken = lease.take(connection, self.ground.places, view, self._holder(), self._open(), clocks)
        self.told = "taken" if taken else "came too late"
        return taken

    def _holder(self) -> Holder:
        return Holder(self.id, "sweep", f"host{self.number}", 1, "2026-03-01T12:00:00Z", TTL_S)

    def _open(self) -> OpenRun:
        return OpenRun(self.id, (OpenVersion(f"{self.number + 1:04}", "x", "upgrade", 1, "sha256:0"),))


def interleaved(ground: Ground, seed: int) -> Iterator[str]:
    """Run one interleaving and yield what is wrong."""
    chosen = numbered(seed)
    ground.reset()
    first: list[int] = []
    takers = [Taker(ground, i, chosen.calls, chosen.story, first) for i in sorted(set(chosen.order))]
    turns = Turns(ground.case.timeline, ground.case.random, chosen.order)
    ground.case.turns = turns
    try:
        turns.run(*(taker.run for taker in takers))
    finally:
        ground.case.turns = None
    ground.case.note = f"{chosen.story} {''.join(map(str, chosen.order))}: {[t.told for t in takers]}"
    yield from _wrong(ground, takers)


def _wrong(ground: Ground, takers: Sequence[Taker]) -> Iterator[str]:
    lock = ground.lock()
    kept = {run.id for run in lock.runs}
    for taker in takers:
        if taker.told in {"died", "released", "lost"} and taker.id not in kept:
            yield f"6: what {taker.id} had set out to do is forgotten: the lock keeps {sorted(kept)}"
    if not any(taker.told in {"died", "released", "lost"} for taker in takers):
        yield "6: nobody got a lease that was free"
    if lock.holder is not None and all(taker.told != "died" for taker in takers):
        yield f"6: {lock.holder.id} is gone, and still holds the lease"
    yield from _handed_over(ground)


def _handed_over(ground: Ground) -> Iterator[str]:
    """Walk the writes of the lock: who holds it changes hands only when it is free, or its holder was silent."""
    holder, owner, since = None, "", 0.0
    for sent in ground.case.log:
        if sent.method != "PATCH" or sent.status not in SUCCESS or not sent.path.endswith(LOCK):
            continue
        found = json.loads(sent.body["description"])["holder"]
        now = found["id"] if found else None
        if holder is not None and now not in {holder, None} and sent.at - since <= TTL_S:
            yield f"5: {now} took the lease from {holder}, who had been heard of {sent.at - since:.0f} s before"
        if now is None and holder is not None and sent.runner != owner:
            yield f"5: {sent.runner} let go of what {owner} held"
        if now is not None and now != holder:
            owner = sent.runner
        holder, since = now, sent.at
