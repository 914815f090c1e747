"""Time zones: names of the tz database, and offsets from UTC, which DuckDB does not take for zones.

https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#time_zones
"""

from __future__ import annotations

import re
from datetime import timedelta

from bqmigrate.local.sql.times import zone_of

CONSTANT = re.compile(r"'([^']*)'\Z")


def local_time(zone: str, instant: str) -> str:
    """Write the DATETIME that a TIMESTAMP is in a zone; both are DuckDB texts."""
    minutes = _offset(zone)
    if minutes is None:
        return f"timezone({zone}, {instant})"
    return f"(timezone('UTC', {instant}) + to_minutes({minutes}))"


def instant_of(zone: str, local: str) -> str:
    """Write the TIMESTAMP that a DATETIME is in a zone; both are DuckDB texts."""
    minutes = _offset(zone)
    if minutes is None:
        return f"timezone({zone}, {local})"
    return f"timezone('UTC', {local} - to_minutes({minutes}))"


def _offset(zone: str) -> int | None:
    """Return the minutes of a constant such as '+05:30'; None for names and for what is only known per row."""
    constant = CONSTANT.match(zone)
    if constant is None or constant[1][:1] not in {"+", "-"}:
        return None
    found = zone_of(constant[1])
    delta = found.utcoffset(None) if found is not None else None
    return delta // timedelta(minutes=1) if delta is not None else None
