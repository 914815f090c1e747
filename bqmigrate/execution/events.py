"""What a run tells the outside, as values; how it is shown is decided elsewhere."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass

from bqmigrate.model.history import Direction, Outcome

logger = logging.getLogger("bqmigrate")


@dataclass(frozen=True)
class RunStarted:
    """A run begins; versions are those of the plan."""

    direction: Direction
    from_version: str | None
    to_version: str | None
    versions: tuple[str, ...]


@dataclass(frozen=True)
class LeaseWaiting:
    """Somebody else is running; this run waits for at most `seconds` more, which is until `until`.

    `runs` says what the other one does, `last_sign` when it last said that it lives.
    """

    holder: str
    since: str
    seconds: float
    runs: str = ""
    last_sign: str = ""
    until: str = ""


@dataclass(frozen=True)
class WayBackGivenUp:
    """A dead run had set out to take a version back, and not begun: it stays as it is."""

    version: str
    name: str


@dataclass(frozen=True)
class LeaseTaken:
    """This run holds the lease; `taken_over_from` names a dead holder, the rest what is known of it."""

    taken_over_from: str | None = None
    runs: str = ""
    last_sign: str = ""


@dataclass(frozen=True)
class LimitWaiting:
    """The run waits for `target`: BigQuery takes only so much at a time, or does not show all yet; `reason` says."""

    target: str
    seconds: float
    reason: str


@dataclass(frozen=True)
class MigrationStarted:
    """A migration begins; `resumes` when an earlier run got part of the way."""

    version: str
    name: str
    direction: Direction
    steps: int
    resumes: bool = False


@dataclass(frozen=True)
class StepStarted:
    """A step is about to be sent."""

    version: str
    number: int
    of: int
    verb: str
    target: str


@dataclass(frozen=True)
class StepFinished:
    """A step is done; `outcome` says how (made, found, done, left, gone)."""

    version: str
    number: int
    of: int
    verb: str
    target: str
    outcome: Outcome
    duration_ms: int
    requests: int
    job_id: str | None = None
    rows: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class StepFailed:
    """A step stopped the run."""

    version: str
    number: int
    of: int
    verb: str
    target: str
    message: str
    duration_ms: int
    requests: int
    job_id: str | None = None


@dataclass(frozen=True)
class MigrationFinished:
    """A migration is done in its direction."""

    version: str
    name: str
    direction: Direction
    duration_ms: int
    summary: str
    left: tuple[str, ...] = ()


@dataclass(frozen=True)
class RowsWritten:
    """Rows were appended to the history."""

    first_seq: int
    rows: int


Event = (
    RunStarted
    | LeaseWaiting
    | LeaseTaken
    | WayBackGivenUp
    | LimitWaiting
    | MigrationStarted
    | StepStarted
    | StepFinished
    | StepFailed
    | MigrationFinished
    | RowsWritten
)
Emit = Callable[[Event], None]


def log(event: Event) -> None:
    """Write an event to the `bqmigrate` logger: the fields are in `record.bqmigrate`."""
    name = type(event).__name__
    level = logging.ERROR if isinstance(event, StepFailed) else logging.INFO
    fields = {"event": name, **asdict(event)}
    if logger.isEnabledFor(level):
        shown = " ".join(f"{key}={value}" for key, value in fields.items() if value not in (None, ()))
        logger.log(level, "%s", shown, extra={"bqmigrate": fields})


def logged(emit: Emit | None) -> Emit:
    """Return what logs an event, and passes it on where somebody listens."""

    def tell(event: Event) -> None:
        log(event)
        if emit is not None:
            emit(event)

    return tell
