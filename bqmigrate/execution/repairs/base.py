"""What all repairs share: read, decide, take the lease, act, let go; and what one came to."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bqmigrate.errors import RefusedError, RunError
from bqmigrate.execution import lease
from bqmigrate.execution.events import LeaseTaken
from bqmigrate.execution.executor import Executor
from bqmigrate.execution.history import View
from bqmigrate.execution.jobs import Jobs
from bqmigrate.execution.lease import Lease
from bqmigrate.execution.letting_go import after, let_go_after_failure
from bqmigrate.execution.lock import OpenRun, opened
from bqmigrate.execution.runner import ROUNDS, Runner
from bqmigrate.execution.settle import assumed
from bqmigrate.execution.stepper import Stepper
from bqmigrate.execution.writer import Writer
from bqmigrate.files.migration import MigrationSet
from bqmigrate.model.history import HistoryState, StepRecord
from bqmigrate.planning.plan import PlannedMigration

How = Literal["mark-applied", "accept-file", "revert", "rebuild-history", "new-lineage"]
UNCHANGED = "Nothing was changed."
DONE = frozenset({"made", "found", "done", "by_hand"})
logger = logging.getLogger("bqmigrate")


@dataclass(frozen=True)
class Repair:
    """One repair: what it works with, the version it is about ("" where it is about the history), and consent."""

    runner: Runner
    # Reads the files again, and raises ValidationError where they are wrong.
    files: Callable[[], MigrationSet]
    version: str = ""
    yes: bool = False


@dataclass(frozen=True)
class Repaired:
    """What a repair did: facts, for the report."""

    steps: tuple[StepRecord, ...] = ()
    differences: tuple[str, ...] = ()
    left_in_place: tuple[str, ...] = ()
    rows_rebuilt: tuple[int, ...] = ()
    rows_unchecked: tuple[int, ...] = ()
    rows_lost: tuple[int, ...] = ()
    lineage: tuple[str, str] | None = None
    bytes_billed: int | None = None
    state: HistoryState = field(default_factory=HistoryState, compare=False)


@dataclass(frozen=True)
class Work:
    """What was decided on a view: what is open meanwhile, and what to do with the lease in hand."""

    act: Callable[[Executor], Repaired]
    migrations: Sequence[PlannedMigration] = ()
    # What has to be there before the first row can be written.
    prepare: Callable[[], None] | None = None


def under_lease(repair: Repair, read: Callable[[], View], decide: Callable[[View], Work]) -> Repaired:
    """Read, decide, take the lease on what was read, act, and let go. Raises LeaseError, and what `decide` raises."""
    runner, dead = repair.runner, None
    patience = lease.Patience(runner.lock_timeout_s, runner.clocks)
    for _ in range(ROUNDS):
        view = read()
        work = decide(view)
        holder = view.lock.holder if view.lock else None
        if holder and str(holder) != dead and not lease.is_dead(holder, view, runner.warehouse.server_time):
            dead = lease.wait(
                runner.warehouse, runner.place, view, holder, patience, runner.clocks, runner.emit,
                command="repair",
            )  # fmt: skip
            continue
        own = opened(runner.identity.run_id, work.migrations, view.state.last_seq, runner.warehouse.server_time)
        mine = lease.myself(runner.identity.run_id, python=False)
        held = lease.take(runner.warehouse, runner.place, view, mine, own, runner.clocks)
        if held is None:
            continue
        runner.emit(LeaseTaken(str(holder) if holder else None))
        return _act(repair, held, view, work, own)
    raise RunError("BQM219", f"the lock kept moving for {ROUNDS} rounds", hint="bqmigrate history")


def executor_for(runner: Runner, held: Lease, state: HistoryState) -> Executor:
    """Return what runs steps and writes rows under a lease, after the last row of a state."""
    jobs = Jobs(runner.warehouse, held.renew_if_due, runner.clocks.sleep, past_seal=held.check)
    steps = Stepper(
        runner.warehouse,
        jobs,
        held,
        runner.scope,
        runner.identity.run_id,
        runner.allow_data_loss,
        sleep=runner.clocks.sleep,
        lineages=state.lineages,
    )
    writer = Writer(jobs, runner.place, held.lock.lineage, state.last_seq, state.last_chain)
    return Executor(steps, writer, held, runner.identity, runner.emit, runner.clocks.monotonic)


def _act(repair: Repair, held: Lease, view: View, work: Work, own: OpenRun) -> Repaired:
    executor = executor_for(repair.runner, held, view.state)
    try:
        if work.prepare is not None:
            work.prepare()
        fence(executor, view)
        done = work.act(executor)
    except BaseException:
        let_go_after_failure(held, executor, view, own)
        raise
    state = after(view, executor)
    held.release(state, own=own, unsettled=None)
    return _with_state(done, state)


def fence(executor: Executor, view: View) -> None:
    """Claim the next slot where a dead run held the lease: from then on it writes nothing."""
    if view.lock is not None and view.lock.holder is not None:
        executor.records.append(executor.identity.record("taken_over", name=view.lock.holder.id))
        executor.flush()


def _with_state(done: Repaired, state: HistoryState) -> Repaired:
    return Repaired(**{**done.__dict__, "state": state})


def presumed(view: View) -> HistoryState:
    """Return the state in which what open runs set out counts as half-applied."""
    return assumed(view.state, view.lock.unsettled(view.state) if view.lock else ())


def healthy(message: str, hint: str) -> RefusedError:
    """Return the refusal to repair what is not broken."""
    return RefusedError("BQM363", message, state=UNCHANGED, hint=hint)
