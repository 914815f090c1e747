"""`repair --new-lineage`: a history whose lock was lost, or that was copied elsewhere, gets ids of its own."""

from __future__ import annotations

from dataclasses import replace

from bqmigrate.errors import ConfigError, RefusedError, RunError, UnsettledError
from bqmigrate.execution import history, lease
from bqmigrate.execution.absence import looks
from bqmigrate.execution.age import RESUMABLE
from bqmigrate.execution.events import LeaseTaken
from bqmigrate.execution.executor import Executor
from bqmigrate.execution.history import View
from bqmigrate.execution.jobs import Jobs
from bqmigrate.execution.lease import Lease
from bqmigrate.execution.letting_go import let_go_after_failure
from bqmigrate.execution.lock import Lock, OpenRun
from bqmigrate.execution.repairs.base import (
    UNCHANGED,
    Repair,
    Repaired,
    executor_for,
    fence,
    healthy,
)
from bqmigrate.execution.repairs.begun import Begun
from bqmigrate.execution.runner import ROUNDS, Runner
from bqmigrate.execution.writer import slot
from bqmigrate.model.history import fold, renamed
from bqmigrate.warehouse.port import OutcomeUnknown, StaleEtag

OPTION = "--new-lineage"


def new_lineage(repair: Repair) -> Repaired:
    """Give the history a lineage of its own, with this configuration's pins; every version keeps its standing.

    Raises RefusedError where the history has its lock and is this configuration's, UnsettledError where
    something is open that another lineage could not finish.
    """
    runner, dead = repair.runner, None
    patience = lease.Patience(runner.lock_timeout_s, runner.clocks)
    for _ in range(ROUNDS):
        view = _read(runner)
        lock, how = _decide(repair, view)
        holder = view.lock.holder if view.lock else None
        if holder and str(holder) != dead and not lease.is_dead(holder, view, runner.warehouse.server_time):
            dead = lease.wait(
                runner.warehouse, runner.place, view, holder, patience, runner.clocks, runner.emit,
                command="repair",
            )  # fmt: skip
            continue
        held = _take(runner, view, lock)
        if held is None:
            continue
        runner.emit(LeaseTaken(str(holder) if holder else None))
        return _hold(repair, held, view, how)
    raise RunError("BQM219", f"the lock kept moving for {ROUNDS} rounds", hint="bqmigrate history")


def _read(runner: Runner) -> View:
    """Read rows, and the lock whatever it is pinned to. Raises UnsettledError where rows are not whole."""
    try:
        return history.read_any(runner.warehouse, runner.place, runner.clocks.sleep)
    except UnsettledError as error:
        if runner.warehouse.get(runner.place.lock) is None:
            # To write rows again takes a lock, and a lock takes rows that are whole.
            error.hint = (
                "the lock is gone as well: bring the rows back by time travel (seven days) or from a copy\n"
                "then: bqmigrate repair --new-lineage"
            )
        raise


def _decide(repair: Repair, view: View) -> tuple[Lock, str]:
    """Return the lock as it will be, and why."""
    runner = repair.runner
    mine = lease.myself(runner.identity.run_id, python=False)
    last = view.state.last_seq
    if view.lock is None:
        if not last:
            raise healthy("there is no history here yet", "bqmigrate upgrade")
        _refuse_long_rest(repair, view)
        return Lock(runner.lineage, runner.pins, mine, seq=last), "its lock was lost"
    differences = runner.pins.differences(view.lock.pins)
    if differences:
        _refuse_open(view)
        return Lock(runner.lineage, runner.pins, mine, seq=last), "; ".join(differences)
    if not view.state.lineages or view.state.lineages[-1] == view.lock.lineage:
        raise healthy("the history has its lock, and is this configuration's", "bqmigrate history")
    if not _follows(runner, view, view.lock):
        raise UnsettledError(
            "BQM511",
            f"{runner.place.rows} is not this lock's history",
            state=UNCHANGED,
            hint="restore the table by time travel, or copy lock and rows together",
        )
    # A repair died between the lock and its row.
    return replace(view.lock, holder=mine), "a repair that did not end"


def _follows(runner: Runner, view: View, lock: Lock) -> bool:
    """Tell whether the rows are those that were there when the lock was made, and what was written under it since."""
    if view.state.last_seq < lock.seq:
        return False
    jobs = Jobs(runner.warehouse, sleep=runner.clocks.sleep)
    later = {r.batch for r in view.records if r.seq > lock.seq}
    return all(jobs.find_done(slot(lock.lineage, batch)) is not None for batch in later)


def _refuse_long_rest(repair: Repair, view: View) -> None:
    """Raise RefusedError where a run of the lost lock may be so old that its jobs are forgotten; a yes goes on."""
    last, now = max(view.records, key=lambda r: r.seq), repair.runner.warehouse.server_time
    if repair.yes or last.at is None or now is None or now - last.at <= RESUMABLE:
        return
    raise RefusedError(
        "BQM364",
        f"the last row of the history is of {last.at:%Y-%m-%d}: BigQuery forgets jobs after 180 days",
        details=["A run that began something after it, long ago, and died before its row would not be found."],
        state=UNCHANGED,
        hint="compare the tables with what history says\n"
        "then, if nothing was begun: bqmigrate repair --new-lineage --yes",
    )


def _refuse_open(view: View) -> None:
    """Refuse what another lineage could not finish: the jobs of an open run are those of the old one."""
    open_ = view.lock.unsettled(view.state) if view.lock else ()
    if open_:
        raise UnsettledError(
            "BQM534",
            f"{open_[0].version}_{open_[0].name} is not settled: its jobs belong to where the history was",
            details=[f"{v.version}_{v.name}  {v.direction}" for v in open_],
            state=UNCHANGED,
            hint="finish it there with its own configuration (bqmigrate upgrade), then copy the history again",
        )


def _take(runner: Runner, view: View, lock: Lock) -> Lease | None:
    """Write the new lock, which is the lease too; None: somebody moved, read again."""
    warehouse, place, clocks = runner.warehouse, runner.place, runner.clocks
    _check_location(runner)
    if view.lock is None:
        etag = history.create_lock(warehouse, place, lock)
    else:
        try:
            etag = warehouse.patch(place.lock, {"description": lock.to_text()}, view.etag).etag
        except (StaleEtag, OutcomeUnknown):
            etag = None
    if etag is None:
        found = warehouse.get(place.lock)
        # Our own request, sent again by the client after its reply was lost, looks like this too.
        is_mine = found is not None and history.parse_lock(found, place) == lock
        etag = found.etag if found is not None and is_mine else None
    return None if etag is None else Lease(warehouse, place, lock, etag, clocks, clocks.monotonic())


def _check_location(runner: Runner) -> None:
    there = runner.warehouse.get(runner.place.container)
    found = str(there.body.get("location")) if there else runner.scope.location
    if found.upper() != runner.scope.location.upper():
        raise ConfigError(
            "BQM341",
            f"dataset {runner.place.dataset} is in {found}, this environment in {runner.scope.location}",
            state=UNCHANGED,
            hint="give the environment that location, or copy the history into one there",
        )


def _hold(repair: Repair, held: Lease, view: View, why: str) -> Repaired:
    """Record what the old lineage had begun, and the new lineage; then let go."""
    # A lock of these pins and a lineage without its row is what an earlier repair of a lost one left.
    is_lost = view.lock is None or not repair.runner.pins.differences(view.lock.pins)
    executor = executor_for(repair.runner, held, view.state)
    own = OpenRun(repair.runner.identity.run_id, (), view.state.last_seq)
    try:
        if is_lost:
            view = _whole(repair.runner, executor, view)
            executor = executor_for(repair.runner, held, view.state)
        old, new = view.state.lineages[-1], held.lock.lineage
        fence(executor, view)
        if is_lost:
            Begun(repair.runner, executor, old).record(view)
        executor.records.append(executor.identity.record("repaired", name=renamed(old, new), error=f"{OPTION}: {why}"))
        executor.flush()
    except BaseException:
        let_go_after_failure(held, executor, view, own)
        raise
    state = fold((*view.records, *executor.written))
    held.release(state, own=own, unsettled=None)
    return Repaired(lineage=(old, new), state=state)


def _whole(runner: Runner, executor: Executor, view: View) -> View:
    """Return the view once it shows every row, and seal the slot after them: no run of the lost lock writes more.

    No lock tells how many rows there are; their table does, and the slot. Raises UnsettledError.
    """
    for _ in looks(history.READS, runner.clocks.sleep):
        there = runner.warehouse.get(runner.place.rows)
        next_slot = slot(view.state.lineages[-1], view.state.last_seq + 1)
        if (there is None or there.rows == len(view.records)) and executor.stepper.jobs.seal(next_slot).ran is None:
            return view
        again = _read(runner)
        view = replace(view, state=again.state, records=again.records)
    raise UnsettledError(
        "BQM515",
        f"{runner.place.rows}: row {view.state.last_seq + 1} was written by a job, and is not there",
        state=UNCHANGED,
        hint="rebuild the history from its jobs: bqmigrate repair --rebuild-history",
    )
