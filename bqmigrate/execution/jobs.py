"""`run_once`: one effect under a write-once job id, whatever dies and however often it is sent.

Insert, then jobs.get, whatever insert answered. A new attempt gets a new id only when the earlier
one is known to have failed; an unknown outcome is asked about under the same id.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bqmigrate.errors import RunError
from bqmigrate.execution.lease import Clocks
from bqmigrate.execution.pace import TRIES, Pace
from bqmigrate.execution.paced import Paced
from bqmigrate.execution.refusals import FORBIDDEN, QUOTA, JobTimeout, JobUnread, NotKnown, is_rate, is_transient, told
from bqmigrate.execution.statement import Statement, check_same
from bqmigrate.warehouse.port import Conflict, Job, OutcomeUnknown, Warehouse, WarehouseError, still_unknown

# How many failed attempts of earlier runs are walked past: one by one, and after the leap to the last of them.
WALKED, ATTEMPTS = 4, 50
RESENDS = 5
POLL_FIRST_S, POLL_MOST_S = 0.2, 5.0
# What uses up an id, so that nothing can come late under it.
SEAL = "SELECT 'sealed by bqmigrate: this step is not run in this direction any more'"


@dataclass(frozen=True)
class Ran:
    """A job that ended well: its id, the attempt it was, and whether an earlier run had submitted it."""

    job_id: str
    attempt: int
    job: Job
    adopted: bool


@dataclass(frozen=True)
class Known:
    """What attempts of earlier runs tell: the one that ended well, or whether a failed one left something behind."""

    ran: Ran | None = None
    # A script commits statement by statement: of one that failed, those before may stand.
    is_partial: bool = False


class StepStopped(Exception):
    """A job failed for good, or was refused: then there is none of that id."""

    def __init__(
        self, error: WarehouseError, job_id: str, attempt: int, *, ran: bool = False, may_be_partial: bool = False
    ) -> None:
        super().__init__(error.message)
        self.ran = ran
        self.may_be_partial = may_be_partial
        self.error = error
        self.job_id = job_id
        self.attempt = attempt


@dataclass
class Jobs:
    """Runs statements once; `while_waiting` is called between polls (the lease is renewed there)."""

    warehouse: Warehouse
    while_waiting: Callable[[], None] | None = None
    sleep: Callable[[float], None] = time.sleep
    # Called where an id was used up by a seal: raises when this run may not go on past it. None: nobody may.
    past_seal: Callable[[], None] | None = None
    pace: Pace = field(init=False)

    def __post_init__(self) -> None:
        """Keep to the pace of the warehouse; who waits for a job and who waits for room does the same meanwhile."""
        self.pace = self.warehouse.pace if isinstance(self.warehouse, Paced) else Pace(Clocks(sleep=self.sleep))
        if self.while_waiting is not None:
            self.pace.while_waiting = self.while_waiting

    def run_once(self, job_id_of: Callable[[int], str], statement: Statement) -> Ran:
        """Run a statement once and return its job.

        Raises StepStopped when it failed for good, UnsettledError when the id holds another statement,
        RunError when BigQuery cannot be asked.
        """
        failed: list[Job] = []
        for attempt in self._attempts(job_id_of, is_last=lambda: bool(failed)):
            job_id = job_id_of(attempt)
            mine, job = self._at_pace(job_id, attempt, statement)
            if job.sql == SEAL and self.past_seal is not None:
                self.past_seal()
                continue
            if job.error is None:
                check_same(job, job_id, statement)
                return Ran(job_id, attempt, job, adopted=not mine)
            if not mine:
                continue  # an earlier run's failure: the file was mended since, or a right granted
            failed.append(job)
            changed_nothing = statement.is_guarded or not job.may_be_partial
            if not (is_transient(job.error) and changed_nothing) or len(failed) == TRIES:
                raise StepStopped(job.error, job_id, attempt, ran=True, may_be_partial=job.may_be_partial)
            self.pace.back_off(len(failed), f"job {job_id}", job.error.message)
        raise _outrun(job_id_of)

    def find_done(self, job_id_of: Callable[[int], str]) -> Ran | None:
        """Return the attempt of an earlier run that ended well, or None; submits nothing."""
        return self.look(job_id_of).ran

    def look(self, job_id_of: Callable[[int], str]) -> Known:
        """Return what earlier runs got done under the ids of a step; submits nothing."""
        is_partial = False
        for attempt in self._attempts(job_id_of):
            job_id = job_id_of(attempt)
            job = self._read(job_id)
            if job is None:
                return Known(is_partial=is_partial)
            job = self._wait(job_id, job)
            if job.error is None and job.sql != SEAL:
                return Known(Ran(job_id, attempt, job, adopted=True))
            is_partial = is_partial or _left_something(job)
        raise _outrun(job_id_of)

    def has_begun(self, job_id_of: Callable[[int], str]) -> bool:
        """Tell whether an attempt runs, ended well or left something; waits for none."""
        for attempt in self._attempts(job_id_of):
            job = self._read(job_id_of(attempt))
            if job is None:
                return False
            if not job.is_done or (job.error is None and job.sql != SEAL) or _left_something(job):
                return True
        raise _outrun(job_id_of)

    def seal(self, job_id_of: Callable[[int], str]) -> Known:
        """Use up the next free id with a no-op; returns what the real attempts before it got done.

        Raises RunError when BigQuery refuses even that: what was sent may still arrive.
        """
        is_partial = False
        for attempt in self._attempts(job_id_of):
            job_id = job_id_of(attempt)
            try:
                mine, job = self._settle(job_id, attempt, Statement(SEAL))
            except StepStopped as stop:
                raise told(stop) or _not_sealed(stop) from stop
            if job.sql == SEAL and mine:
                return Known(is_partial=is_partial)
            if job.error is None and job.sql != SEAL:
                return Known(Ran(job_id, attempt, job, adopted=True))
            is_partial = is_partial or _left_something(job)
        raise _outrun(job_id_of)

    def _attempts(self, job_id_of: Callable[[int], str], is_last: Callable[[], bool] = lambda: False) -> Iterator[int]:
        """Yield the attempts to look at, in order: the first few, then from the last one that is there.

        `is_last` tells whether it was just sent by this run, and the next is free.
        """
        yield from range(1, WALKED + 1)
        first = WALKED + 1 if is_last() else max(self._last(job_id_of), WALKED + 1)
        yield from range(first, first + ATTEMPTS)

    def _last(self, job_id_of: Callable[[int], str]) -> int:
        """Find the last attempt that is there, or one before it where a read lags.

        An attempt is sent only once the one before it is known to have failed: what lies before the last needs no look.
        """
        there, leap = WALKED, 1
        while self._read(job_id_of(there + leap)) is not None:
            there, leap = there + leap, leap * 2
        missing = there + leap
        while missing - there > 1:
            middle = (there + missing) // 2
            if self._read(job_id_of(middle)) is None:
                missing = middle
            else:
                there = middle
        return there

    def _at_pace(self, job_id: str, attempt: int, statement: Statement) -> tuple[bool, Job]:
        """Insert and wait for the job when there is room for what it changes, and count that when it is over."""
        changes = statement.changes or self.pace.named_in(statement.sql)
        self.pace.room(*changes)
        try:
            mine, job = self._settle(job_id, attempt, statement)
            changes = (*changes, *job.changes)
        finally:
            self.pace.used(*changes)
        return mine, job

    def _settle(self, job_id: str, attempt: int, statement: Statement) -> tuple[bool, Job]:
        """Insert and read until the job is there and done; True when this run submitted it."""
        unanswered = False
        for resend in range(RESENDS):
            refusal = self._submit(job_id, statement)
            unanswered = unanswered or isinstance(refusal, OutcomeUnknown)
            job = self._read(job_id)
            if job is not None:
                job = self._wait(job_id, job)
                if refusal is not None and refusal.is_definite and job.error is not None:
                    # Whoever left it, the next attempt would be refused as this one was.
                    raise StepStopped(refusal, job_id, attempt)
                return refusal is None, job
            if refusal is not None and refusal.is_definite:
                if unanswered:  # that it is refused by now says nothing of what was sent before
                    raise still_unknown(refusal)
                raise StepStopped(refusal, job_id, attempt)
            if refusal is not None and is_rate(refusal):
                raise refusal  # it was sent again and again already
            self.sleep(min(2.0**resend, 16.0))
        raise NotKnown("BQM211", f"job {job_id} does not appear, though it was sent {RESENDS} times", where=job_id)

    def _submit(self, job_id: str, statement: Statement) -> WarehouseError | None:
        try:
            self.warehouse.submit(job_id, statement.sql, statement.parameters)
        except (Conflict, OutcomeUnknown) as unsure:
            return unsure
        except WarehouseError as refusal:
            return refusal
        return None

    def _read(self, job_id: str) -> Job | None:
        try:
            return self.warehouse.job(job_id)
        except OutcomeUnknown:
            raise
        except WarehouseError as error:
            if error.status == FORBIDDEN and error.reason != QUOTA and not is_rate(error):
                raise JobUnread(job_id, error.message) from error
            # The job may be there, and may have gone well: that this is not known is all that is known.
            raise OutcomeUnknown(error.status, error.reason, error.message) from error

    def _wait(self, job_id: str, job: Job) -> Job:
        pause, began, limit = POLL_FIRST_S, self.pace.clocks.monotonic(), self.pace.job_timeout_s
        while not job.is_done:
            if limit is not None and self.pace.clocks.monotonic() - began >= limit:
                raise JobTimeout(job_id, limit)
            self.sleep(pause)
            pause = min(pause * 1.5, POLL_MOST_S)
            self.pace.while_waiting()
            again = self._read(job_id)
            job = again if again is not None else job
        return job


def _left_something(job: Job) -> bool:
    """Tell whether a job that failed may have changed something; ours assert first, and change nothing then."""
    return job.error is not None and job.may_be_partial and not job.sql.startswith("ASSERT ")


def _outrun(job_id_of: Callable[[int], str]) -> RunError:
    return RunError(
        "BQM210",
        f"attempts keep appearing that this run did not send, {job_id_of(WALKED)} and {ATTEMPTS} more",
        hint="bqmigrate history",
    )


def _not_sealed(stop: StepStopped) -> RunError:
    return RunError(
        "BQM202",
        f"BigQuery refused: {stop.error.message}",
        where=f"job {stop.job_id}",
        state="No step was taken back; what an earlier run began is still open.",
        hint="remove the cause (often a missing role, see docs/real-bigquery.md), then run it again",
    )
