"""insertId: a row that is streamed again within a minute, because its answer was lost, is taken once.

Best effort, as documented: kept in memory, so that a restart forgets it.
https://cloud.google.com/bigquery/docs/streaming-data-into-bigquery#dataconsistency
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from bqmigrate.local.catalog.records import TableRecord

MEMORY_MS = 60_000
Place = tuple[object, ...]


class InsertIds:
    """The ids of the rows that were streamed into each table in the last minute of the clock."""

    def __init__(self) -> None:
        self._seen: dict[Place, dict[str, int]] = {}

    def repeated(self, record: TableRecord, ids: Sequence[str | None], now_ms: int) -> frozenset[int]:
        """Return the places of rows whose id came before, in an earlier request or in this one."""
        seen = {known for known, at in self._seen.get(_place(record), {}).items() if at > now_ms - MEMORY_MS}
        out = set()
        for index, known in enumerate(ids):
            if known is None:
                continue
            if known in seen:
                out.add(index)
            seen.add(known)
        return frozenset(out)

    def note(self, record: TableRecord, ids: Iterable[str | None], now_ms: int) -> None:
        """Remember the ids of rows that were kept, and forget those of more than a minute ago."""
        place, alive = _place(record), now_ms - MEMORY_MS
        kept = {known: at for known, at in self._seen.get(place, {}).items() if at > alive}
        self._seen[place] = {**dict.fromkeys((known for known in ids if known is not None), now_ms), **kept}


def _place(record: TableRecord) -> Place:
    # A table that is made anew knows nothing of the one before it.
    return (*record.key, record.created_ms)


def ids_of(rows: Sequence[Any]) -> list[str | None]:
    """Return the insertId of each row of a request."""
    found = [row.get("insertId") for row in rows]
    return [str(known) if known else None for known in found]
