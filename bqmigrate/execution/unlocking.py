"""Taking the lease away from a run that a person declares dead.

First a row: it claims the slot that the dead run would write next, so that, should it live after all, it finds
out. Then the holder is taken out of the lock; the list of open runs stays as it is. Where the rows are damaged there is
no slot to claim: that run, if it lives, finds out by the lock, which it renews before it writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bqmigrate.errors import LeaseError, RefusedError, RunError, UnsettledError
from bqmigrate.execution import history, holders
from bqmigrate.execution.absence import looks
from bqmigrate.execution.history import View, parse_lock
from bqmigrate.execution.jobs import Jobs
from bqmigrate.execution.lease import TRIES
from bqmigrate.execution.lock import Holder, Lock, OpenVersion
from bqmigrate.execution.runner import Runner
from bqmigrate.execution.writer import Writer
from bqmigrate.model.history import HistoryState
from bqmigrate.planning.views import Running
from bqmigrate.warehouse.port import ColumnsWanted, OutcomeUnknown, StaleEtag

REBUILD = "bqmigrate repair --rebuild-history"
# A row was written, and is not there: it shows when the next is written.
ROW_GONE = "BQM515"
WRITTEN = ColumnsWanted((("seq", "INTEGER", "REQUIRED"), ("at", "TIMESTAMP", "REQUIRED")))


@dataclass(frozen=True)
class UnlockReport:
    """Whom the lease was taken from, what that run had set out and nobody has settled, and the next command."""

    holder: Running
    open: tuple[OpenVersion, ...]
    next: str
    requests: int = 0


def unlock(runner: Runner, lease_id: str) -> UnlockReport:
    """Take the lease away from the run of that id.

    Raises RefusedError when nobody holds it, or another run does; LeaseError when that run turns out to live.
    """
    following = None
    try:
        view, seq = _fenced(runner, lease_id)
    except UnsettledError as error:
        if error.code not in {*history.ROWS_BROKEN, ROW_GONE}:
            raise
        view, following = _without_rows(runner), REBUILD
        if view.lock is None or view.lock.holder is None:
            raise  # there is nothing to unlock: the rows are what is wrong
        seq = view.lock.seq
    lock, holder = _checked(view, lease_id)
    _let_go(runner, view, holder, seq)
    shown = holders.running(view, lives=False, margin_s=0)
    if shown is None:
        raise TypeError(view)
    # Of runs that set out to do the same, one tells of all.
    open_ = tuple(lock.without_settled(view.state).unsettled(view.state))
    return UnlockReport(shown, open_, following or _next(open_, view.state))


def _without_rows(runner: Runner) -> View:
    """Read the lock alone: what was set out is all open, as far as it tells."""
    found = runner.warehouse.get(runner.place.lock)
    if found is None:
        return View()
    return View(parse_lock(found, runner.place), found.etag, int(found.body.get("lastModifiedTime") or 0))


def _fenced(runner: Runner, lease_id: str) -> tuple[View, int]:
    """Claim the slot after the last row; a slot that an older page did not show is no sign of life."""
    began = None
    for is_last in looks(TRIES, runner.clocks.sleep):
        view = runner.read()
        began = began or runner.warehouse.server_time
        lock, holder = _checked(view, lease_id)
        try:
            return view, _fence(runner, view, lock, holder)
        except LeaseError:
            if is_last or _wrote_since(runner, view.state.last_seq, began):
                raise
    raise AssertionError(TRIES)


def _wrote_since(runner: Runner, seq: int, began: datetime | None) -> bool:
    """Tell whether a row after `seq` was written since a moment of the server's clock."""
    later = [r["at"] for r in runner.warehouse.rows(runner.place.rows, WRITTEN) or () if int(r["seq"]) > seq]
    return any(began is None or at is None or at >= began for at in later)


def _checked(view: View, lease_id: str) -> tuple[Lock, Holder]:
    if view.lock is None or view.lock.holder is None:
        raise RefusedError(
            "BQM360",
            "nobody holds the lease: there is nothing to unlock",
            state="Nothing was changed.",
            hint="bqmigrate history",
        )
    holder = view.lock.holder
    if holder.id != lease_id:
        shown = holders.running(view, lives=True, margin_s=0)
        raise RefusedError(
            "BQM361",
            f"the lease is not that of run {lease_id}: it is held by {holder}",
            details=(
                f"runs               {holders.what(shown)}",
                f"since              {holders.written(holder.since)}",
                f"last sign of life  {holders.moment(shown.last_sign)}",
            )
            if shown
            else (),
            state="Nothing was changed.",
            hint=f"if that run is dead for certain: bqmigrate unlock {holder.id}",
        )
    return view.lock, holder


def _fence(runner: Runner, view: View, lock: Lock, holder: Holder) -> int:
    """Write the row that the dead run would have to write over; returns its seq."""
    if not view.has_rows_table:
        history.create_rows(runner.warehouse, runner.place)
    writer = Writer(
        Jobs(runner.warehouse, sleep=runner.clocks.sleep),
        runner.place,
        lock.lineage,
        view.state.last_seq,
        view.state.last_chain,
    )
    born = [runner.identity.record("genesis", name=lock.lineage)] if view.state.last_seq == 0 else []
    try:
        writer.append([*born, runner.identity.record("taken_over", name=holder.id)])
    except LeaseError as error:
        raise LeaseError(
            "BQM402",
            f"run {holder.id} is not dead: it wrote row {view.state.last_seq + 1} of the history just now",
            state="Nothing was changed by unlock.",
            hint="bqmigrate history",
        ) from error
    return writer.seq


def _let_go(runner: Runner, view: View, holder: Holder, seq: int) -> None:
    """Take the holder out of the lock, and nothing else."""
    lock, etag = view.lock, view.etag
    for _ in range(TRIES):
        if lock is None or lock.holder is None or lock.holder.id != holder.id:
            return  # it let go by itself, or another run has taken over meanwhile
        free = replace(lock, holder=None, seq=seq)
        try:
            runner.warehouse.patch(runner.place.lock, {"description": free.to_text()}, etag)
        except (StaleEtag, OutcomeUnknown):
            found = runner.warehouse.get(runner.place.lock)
            lock, etag = (parse_lock(found, runner.place), found.etag) if found else (None, "")
            continue
        return
    raise RunError("BQM215", f"{runner.place.lock} could not be written", hint=f"bqmigrate unlock {holder.id}")


def _next(open_: Sequence[OpenVersion], state: HistoryState) -> str:
    downs = [v.version for v in open_ if v.direction == "downgrade"]
    if downs:
        below = max((v for v in state.applied if v < min(downs)), default="base")
        return f"bqmigrate downgrade {below}"
    return "bqmigrate upgrade" if open_ else "bqmigrate history"
