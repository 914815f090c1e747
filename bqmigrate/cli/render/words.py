"""Small words: durations, dates, counts, and text made fit for one line of a terminal."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
SECOND_MS = 1000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS


def clean(text: str) -> str:
    """Return text without control characters: what a server or a file says must not drive the terminal."""
    return _CONTROL.sub("", text)


def one_line(text: str) -> str:
    """Return text on one line."""
    return " ".join(clean(text).split())


def duration(ms: int) -> str:
    """Return milliseconds as 12 ms, 0.4 s, 3 min 5 s, 2 h 10 min."""
    if ms < SECOND_MS:
        return f"{ms} ms"
    if ms < MINUTE_MS:
        return f"{ms / SECOND_MS:.1f} s"
    if ms < HOUR_MS:
        return f"{ms // MINUTE_MS} min {ms % MINUTE_MS // SECOND_MS} s"
    return f"{ms // HOUR_MS} h {ms % HOUR_MS // MINUTE_MS} min"


def seconds(ms: int) -> str:
    """Return the duration of a whole run: tenths of a second, where it is short."""
    return f"{ms / SECOND_MS:.1f} s" if ms < MINUTE_MS else duration(ms)


def minute(moment: datetime | None) -> str:
    """Return a moment as 2026-09-01 08:12, in UTC; nothing for None."""
    return "" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def timestamp(moment: datetime | None) -> str | None:
    """Return a moment in ISO 8601, in UTC, with Z."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Return `1 migration`, `9 migrations`."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
