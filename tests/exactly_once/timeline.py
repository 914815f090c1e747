"""The one clock of a sweep: the warehouse, the tool and the official client's own retries all read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from google.api_core.retry import retry_base, retry_unary

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
# What a request takes: two of them never happen at the same moment.
CALL_S = 0.05


@dataclass
class Timeline:
    """Time that moves when somebody sleeps or asks; `sleeping` is where a sleeper of many hands over to the others."""

    seconds: float = 0.0
    sleeping: Callable[[float], None] | None = field(default=None)

    def now(self) -> datetime:
        """Return the warehouse's time."""
        return START + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        """Return seconds since the start."""
        return self.seconds

    time = monotonic

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        if self.sleeping is not None:
            self.sleeping(seconds)
        else:
            self.seconds += max(seconds, 0.0)


@contextmanager
def clients_retry_in(timeline: Timeline) -> Iterator[None]:
    """Let the official client's back-off pass on the timeline instead of in this process."""
    before = retry_unary.time, retry_base.time
    retry_unary.time = retry_base.time = timeline
    try:
        yield
    finally:
        retry_unary.time, retry_base.time = before
