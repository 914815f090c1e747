"""The warehouse's time: the machine's, or one that a test moves."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Whatever can tell the time."""

    def now(self) -> datetime:
        """Return the time in UTC, with its zone."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the time in UTC, with its zone."""
        return datetime.now(UTC)


@dataclass
class VirtualClock:
    """A clock that stands still until it is moved."""

    time: datetime = field(default_factory=lambda: datetime(2026, 1, 1, tzinfo=UTC))

    def now(self) -> datetime:
        """Return the time in UTC, with its zone."""
        return self.time

    def advance(self, by: timedelta) -> None:
        """Move the clock forward."""
        self.time += by


def milliseconds(at: datetime) -> int:
    """Return the milliseconds since 1970, as REST resources carry times."""
    return int(at.timestamp() * 1000)
