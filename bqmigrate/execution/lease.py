"""The lease: who runs now. Correctness does not rest on it; the open run written beside it counts.

Taking is one PATCH with the etag of the very first read: success proves that nobody came between,
so rows and plan still hold.
"""

from __future__ import annotations

import getpass
import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bqmigrate.errors import LeaseError, RunError
from bqmigrate.execution import holders
from bqmigrate.execution.absence import find
from bqmigrate.execution.events import Emit
from bqmigrate.execution.history import Place, View, parse_lock
from bqmigrate.execution.lock import Holder, Lock, OpenRun
from bqmigrate.model.history import HistoryState
from bqmigrate.warehouse.port import OutcomeUnknown, Resource, StaleEtag, Warehouse

TTL_S = 60.0
WAIT_POLL_S = 2.0
TRIES = 4
MARGIN_S = 5.0


@dataclass(frozen=True)
class Clocks:
    """The clocks a run uses: monotonic seconds, and sleeping."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class Patience:
    """How long a run waits in all for others, in seconds, counted from when it set out."""

    def __init__(self, timeout_s: float, clocks: Clocks) -> None:
        self.timeout_s = timeout_s
        self._clocks = clocks
        self._began = clocks.monotonic()

    @property
    def left_s(self) -> float:
        """Return what is left of it."""
        return max(0.0, self.timeout_s - (self._clocks.monotonic() - self._began))


def myself(run_id: str, *, python: bool) -> Holder:
    """Return the holder that this process is."""
    try:
        who = getpass.getuser()
    except (KeyError, OSError, ImportError):
        who = "somebody"  # a user id without a name, as containers have
    since = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return Holder(run_id, who, socket.gethostname(), os.getpid(), since, TTL_S, python=python)


def is_dead(holder: Holder, view: View, server_time: datetime | None) -> bool:
    """Tell whether a holder is gone for certain: its process is, or its lease ran out by the server's clock.

    A run of Python steps is never declared dead by time: its code cannot be fenced.
    """
    if holder.host == socket.gethostname() and not _runs(holder.pid):
        return True
    if holder.python or server_time is None:
        return False
    silent_s = server_time.timestamp() - view.lock_changed_ms / 1000
    return silent_s > holder.ttl_s + MARGIN_S


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@dataclass
class Lease:
    """Held by this run. Every method raises LeaseError once another run has it."""

    warehouse: Warehouse
    place: Place
    lock: Lock
    etag: str
    clocks: Clocks
    renewed_at: float

    @property
    def holder(self) -> Holder:
        """Return this run as the lock names it."""
        if self.lock.holder is None:
            raise _lost(None)
        return self.lock.holder

    def renew_if_due(self) -> None:
        """Say that this run lives, every quarter of the time after which it would be declared dead."""
        if self.clocks.monotonic() - self.renewed_at >= self.holder.ttl_s / 4:
            self._write(replace(self.lock, holder=replace(self.holder, beat=self.holder.beat + 1)))

    def check(self) -> None:
        """Read the lock and see that it is still this run's."""
        resource = find(self.warehouse, self.place.lock, self.clocks.sleep)
        if resource is None:
            raise _lost(None)
        self._adopt(resource)

    def reopen(self, run: OpenRun, state: HistoryState) -> None:
        """Write what this run does next in place of what it has done and recorded."""
        others = tuple(r for r in self.lock.without_settled(state).runs if r.id != run.id)
        self._write(replace(self.lock, runs=(*others, run), seq=state.last_seq))

    def release(self, state: HistoryState, *, own: OpenRun, unsettled: OpenRun | None) -> None:
        """Let go: settled runs leave the lock, and this run's own leaves what is not known of it."""
        others = tuple(r for r in self.lock.runs if r.id != own.id)
        runs = (*others, unsettled) if unsettled is not None else others
        free = replace(self.lock, holder=None, runs=runs, seq=state.last_seq).without_settled(state)
        self._write(free)

    def _write(self, lock: Lock) -> None:
        for _ in range(TRIES):
            try:
                resource = self.warehouse.patch(self.place.lock, {"description": lock.to_text()}, self.etag)
            except (StaleEtag, OutcomeUnknown):
                # A reply that was lost and sent again looks like this too: read before giving up.
                if self._is_written(lock):
                    return
                continue
            self._hold(lock, resource)
            return
        raise RunError("BQM215", f"{self.place.lock} could not be written", hint="run the same command again")

    def _is_written(self, lock: Lock) -> bool:
        resource = find(self.warehouse, self.place.lock, self.clocks.sleep)
        if resource is None:
            raise _lost(None)
        if parse_lock(resource, self.place).to_text() == lock.to_text():
            self._hold(lock, resource)
            return True
        self._adopt(resource)
        return False

    def _adopt(self, resource: Resource) -> None:
        found = parse_lock(resource, self.place)
        if found.holder is None or found.holder.id != self.holder.id:
            raise _lost(found.holder)
        self.etag = resource.etag

    def _hold(self, lock: Lock, resource: Resource) -> None:
        self.lock, self.etag = lock, resource.etag
        self.renewed_at = self.clocks.monotonic()


def take(warehouse: Warehouse, place: Place, view: View, holder: Holder, run: OpenRun, clocks: Clocks) -> Lease | None:
    """Take the lease with the etag of the first read, keeping every unsettled run; None: read again, somebody moved."""
    if view.lock is None:
        raise ValueError("there is no lock to take")
    kept = view.lock.without_settled(view.state)
    lock = replace(kept, holder=holder, runs=(*kept.runs, run))
    try:
        resource: Resource | None = warehouse.patch(place.lock, {"description": lock.to_text()}, view.etag)
    except (StaleEtag, OutcomeUnknown):
        # Our own request, sent again by the client after its reply was lost, looks like this too.
        resource = _mine(warehouse, place, holder, clocks)
    if resource is None:
        return None
    return Lease(warehouse, place, lock, resource.etag, clocks, clocks.monotonic())


def _mine(warehouse: Warehouse, place: Place, holder: Holder, clocks: Clocks) -> Resource | None:
    resource = find(warehouse, place.lock, clocks.sleep)
    if resource is None:
        return None
    found = parse_lock(resource, place).holder
    return resource if found is not None and found.id == holder.id else None


def wait(
    warehouse: Warehouse,
    place: Place,
    view: View,
    holder: Holder,
    patience: Patience,
    clocks: Clocks,
    emit: Emit,
    command: str,
) -> str | None:
    """Wait until the lock moves (None) or its holder has been silent for its whole ttl (his name).

    Raises LeaseError, which names `command` as the way on, when neither happens while there is patience.
    """
    last_moved = clocks.monotonic()
    etag = view.etag
    shown = holders.running(view, lives=True, margin_s=MARGIN_S)
    if shown is None:
        return None
    if patience.left_s > 0:
        emit(holders.waiting(shown, holder, patience.left_s, warehouse.server_time))
    while patience.left_s > 0:
        clocks.sleep(min(WAIT_POLL_S, patience.timeout_s))
        resource = warehouse.get(place.lock)
        if resource is None:
            return None
        if resource.etag != etag:
            etag, last_moved = resource.etag, clocks.monotonic()
            shown = holders.seen_again(shown, int(resource.body.get("lastModifiedTime") or 0))
            now = parse_lock(resource, place).holder
            if now is None or now.id != holder.id:
                return None
        if not holder.python and clocks.monotonic() - last_moved > holder.ttl_s:
            return str(holder)
    raise holders.refusal(shown, holder, patience.timeout_s, command)


def _lost(holder: Holder | None) -> LeaseError:
    now, who = (f"now held by {holder}", "the other") if holder else ("nobody holds it", "the next")
    return LeaseError(
        "BQM403",
        f"the lease of this run is lost: {now}",
        state=f"This run stopped before its next step; {who} run finishes what was started.",
        hint="bqmigrate history",
    )
