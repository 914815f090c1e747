"""Who holds the lease: what it runs, since when, its last sign of life, and when it counts as dead."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bqmigrate.errors import LeaseError
from bqmigrate.execution.events import LeaseTaken, LeaseWaiting
from bqmigrate.execution.history import View
from bqmigrate.execution.lock import Holder, Lock
from bqmigrate.planning.views import Running


def running(view: View, *, lives: bool, margin_s: float) -> Running | None:
    """Return the run that holds the lease as a value to show; None when nobody does."""
    if view.lock is None or view.lock.holder is None:
        return None
    holder = view.lock.holder
    own = [v for r in view.lock.runs if r.id == holder.id for v in r.versions]
    seen = datetime.fromtimestamp(view.lock_changed_ms / 1000, UTC)
    return Running(
        id=holder.id,
        who=holder.who,
        host=holder.host,
        pid=holder.pid,
        since=holder.since,
        last_sign=seen,
        dead_after=None if holder.python else seen + timedelta(seconds=holder.ttl_s + margin_s),
        direction=own[0].direction if own else None,
        versions=tuple(f"{v.version}_{v.name}" for v in own),
        lives=lives,
    )


def seen_again(shown: Running, changed_ms: int) -> Running:
    """Return the run after another sign of life."""
    at = datetime.fromtimestamp(changed_ms / 1000, UTC)
    later = at - shown.last_sign
    return replace(shown, last_sign=at, dead_after=shown.dead_after + later if shown.dead_after else None)


def waiting(shown: Running, holder: Holder, seconds: float, now: datetime | None) -> LeaseWaiting:
    """Return the event that says for whom this run waits, and until when."""
    until = moment(now + timedelta(seconds=seconds)) if now else ""
    return LeaseWaiting(str(holder), shown.since, seconds, what(shown), moment(shown.last_sign), until)


def taken(view: View) -> LeaseTaken:
    """Return the event that says that this run holds the lease, and from whom it took it."""
    found = running(view, lives=False, margin_s=0)
    if found is None or view.lock is None:
        return LeaseTaken()
    return LeaseTaken(str(view.lock.holder), what(found), moment(found.last_sign))


def refusal(shown: Running, holder: Holder, waited_s: float, command: str) -> LeaseError:
    """Return the error that names the holder, and both ways on."""
    dead = (
        f"after {moment(shown.dead_after)}, if it stays silent" if shown.dead_after else "never by time: it runs Python"
    )
    return LeaseError(
        "BQM401",
        f"another run holds the lease: {holder}",
        details=(
            f"runs               {what(shown)}",
            f"since              {written(shown.since)}",
            f"last sign of life  {moment(shown.last_sign)}",
            f"counts as dead     {dead}",
            f"waited             {waited_s:.0f} s",
        ),
        state="Nothing was changed.",
        hint=f"wait for it to end              bqmigrate {command} --lock-timeout 600\n"
        f"or, if it is dead for certain   bqmigrate unlock {holder.id}",
    )


def what(shown: Running) -> str:
    """Say what a run set out to do."""
    return shown.what or "nothing that is open (it adopts, unlocks, or has finished)"


def moment(at: datetime) -> str:
    """Return a moment to the second, in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def others(lock: Lock, *, lives: bool) -> Lock:
    """Return the lock without what the run that holds it is doing right now, if that lives."""
    if not lives or lock.holder is None:
        return lock
    return replace(lock, runs=tuple(r for r in lock.runs if r.id != lock.holder.id))


def written(since: str) -> str:
    """Return a moment that a lock names, in the same form."""
    try:
        return moment(datetime.fromisoformat(since))
    except ValueError:
        return since  # another version of bqmigrate wrote it in its own way
