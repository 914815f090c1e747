"""What BigQuery refuses though the request is right: rates, writers that met, and quotas that are used up.

The first two are tried again, with growing pauses; a quota is not: it comes back in minutes or
tomorrow, and every further try is counted against it.
"""

from __future__ import annotations

from bqmigrate.errors import CredentialsError, RunError
from bqmigrate.model.history import Direction
from bqmigrate.warehouse.port import OutcomeUnknown, WarehouseError

FORBIDDEN = 403
ROLES = "grant the roles in docs/real-bigquery.md"
QUOTA = "quotaExceeded"
RATES = frozenset({"rateLimitExceeded", "jobRateLimitExceeded"})
FAULTS = frozenset({"backendError", "internalError", "jobBackendError", "jobInternalError"})
# These arrive as 400 with a reason that says nothing; only their words tell.
CONCURRENT = ("Could not serialize access", "due to concurrent update")
WORDS = {
    "BQM221": "a quota of BigQuery is used up",
    "BQM222": "too much at once for BigQuery",
    "BQM223": "a job takes longer than job_timeout_s allows",
}
LIMITS = frozenset(WORDS)
STATES = {"BQM223": "The job goes on in BigQuery; the next run finds it and goes on from there."}
LATER = {
    "BQM221": "wait until it has refilled (most do within a day) or have it raised",
    "BQM222": "stop what else changes it, or wait some minutes",
    "BQM223": "wait for the job, or set a longer job_timeout_s",
}


class JobTimeout(OutcomeUnknown):
    """A job was waited for as long as the configuration says, and still runs."""

    def __init__(self, job_id: str, seconds: float) -> None:
        super().__init__(408, "timeout", f"job {job_id} still runs after {seconds:g} s")
        self.job_id = job_id


class NotKnown(RunError):
    """What was sent may have been done, or may still arrive: nothing may be recorded of it."""


class JobUnread(NotKnown):
    """A job may not be read: it is not known what came of it."""

    def __init__(self, job_id: str, why: str) -> None:
        super().__init__(
            "BQM212",
            f"not allowed to read job {job_id}: {why}",
            hint="grant bigquery.jobs.get on the project (see docs/real-bigquery.md), then run the same command again",
        )


def is_denied(error: Exception) -> bool:
    """Tell whether a right is missing, whatever the file says."""
    cause = getattr(error, "error", error)
    return isinstance(cause, WarehouseError) and cause.reason == "accessDenied"


def is_rate(error: WarehouseError) -> bool:
    """Tell whether there was too much at once: nothing happened, and it may be sent again after a pause."""
    return error.reason in RATES


def is_transient(error: WarehouseError) -> bool:
    """Tell whether the same statement may well succeed on a second try."""
    return error.reason in RATES | FAULTS or any(words in error.message for words in CONCURRENT)


def is_unknown(error: Exception) -> bool:
    """Tell whether a change may have happened; before one is refused for its rate, a try may have got through."""
    # A login that ran out while a step was asked about says nothing of the step.
    unknown = isinstance(error, OutcomeUnknown | NotKnown | CredentialsError)
    return unknown or (isinstance(error, WarehouseError) and is_rate(error))


def told(error: Exception, direction: Direction | None = None) -> RunError | None:
    """Return what a person is told of a limit that stopped a run; None for every other failure."""
    cause = getattr(error, "error", error)
    if not isinstance(cause, WarehouseError):
        return None
    code = _code(cause)
    if code is None:
        return None
    again = f"then: bqmigrate {direction}" if direction else "then run it again"
    return RunError(code, f"{WORDS[code]}: {cause.message}", state=STATES.get(code), hint=f"{LATER[code]}, {again}")


def _code(cause: WarehouseError) -> str | None:
    if isinstance(cause, JobTimeout):
        return "BQM223"
    if cause.reason == QUOTA:
        return "BQM221"
    concurrent = any(words in cause.message for words in CONCURRENT)
    return "BQM222" if is_rate(cause) or concurrent else None
