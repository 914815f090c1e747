"""BigQuery's texts of dates and times, read strictly: DuckDB reads more than BigQuery does.

https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#canonical_format_for_timestamp_literals
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

_DATE = r"(\d{4})-(\d{1,2})-(\d{1,2})"
_TIME = r"(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{0,6}))?"
_ZONE = r"(Z|z|[+-]\d{1,2}(?::?\d{2})?|\s*UTC|\s+[A-Za-z_]+(?:/[A-Za-z_+-]+[0-9]*)*)?"
DATE = re.compile(rf"\s*{_DATE}\s*\Z")
TIME = re.compile(rf"\s*{_TIME}\s*\Z")
DATETIME = re.compile(rf"\s*{_DATE}(?:[Tt ]{_TIME})?\s*\Z")
TIMESTAMP = re.compile(rf"\s*{_DATE}(?:[Tt ]{_TIME})?\s*{_ZONE}\s*\Z")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOURS, MINUTES = 24, 60


def date_text(text: str) -> str | None:
    """Return YYYY-MM-DD, or None when the text is no DATE."""
    match = DATE.match(text)
    try:
        return date(*(int(p) for p in match.groups())).isoformat() if match else None
    except ValueError:
        return None


def time_text(text: str) -> str | None:
    """Return HH:MM:SS.ffffff, or None when the text is no TIME."""
    match = TIME.match(text)
    moment = _moment((None, None, None, *match.groups())) if match else None
    return moment.strftime("%H:%M:%S.%f") if moment else None


def datetime_text(text: str) -> str | None:
    """Return YYYY-MM-DD HH:MM:SS.ffffff, or None when the text is no DATETIME."""
    match = DATETIME.match(text)
    moment = _moment(match.groups()) if match else None
    return moment.isoformat(" ", "microseconds") if moment else None


def timestamp_micros(text: str) -> int | None:
    """Return microseconds since 1970 in UTC, or None when the text is no TIMESTAMP."""
    match = TIMESTAMP.match(text)
    moment = _moment(match.groups()[:7]) if match else None
    zone = zone_of((match[8] or "UTC").strip()) if match else None
    if moment is None or zone is None:
        return None
    try:
        delta = moment.replace(tzinfo=zone) - EPOCH
    except OverflowError:
        return None
    return delta // timedelta(microseconds=1)


def _moment(parts: tuple[str | None, ...]) -> datetime | None:
    year, month, day, hour, minute, second, fraction = parts
    micros = int((fraction or "0").ljust(6, "0"))
    try:
        return datetime(  # noqa: DTZ001 - the zone is added by who knows it
            int(year or 1970),
            int(month or 1),
            int(day or 1),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            micros,
        )
    except ValueError:
        return None


def zone_of(name: str) -> timezone | ZoneInfo | None:
    """Return the time zone of a name or of an offset such as +05:30, or None when there is none."""
    if name.upper() in {"Z", "UTC"}:
        return UTC
    if name[0] in "+-":
        digits = name[1:].replace(":", "")
        hours, minutes = (int(digits), 0) if len(digits) < 3 else (int(digits[:-2]), int(digits[-2:]))  # noqa: PLR2004
        if hours >= HOURS or minutes >= MINUTES:
            return None
        return timezone((1 if name[0] == "+" else -1) * timedelta(hours=hours, minutes=minutes))
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None
