"""What a run came to, as text."""

from __future__ import annotations

from collections.abc import Iterator

from bqmigrate.cli.render.words import count, seconds
from bqmigrate.execution.report import Report


def lines(done: Report) -> Iterator[str]:
    """Return the result of an upgrade or a downgrade."""
    requests = count(done.requests, "request")
    if done.nothing_to_do:
        yield f"Nothing to do: already at {done.to_version or 'base'} ({requests})."
        return
    if done.left_in_place:
        yield f"Left in place, because found, not made: {', '.join(done.left_in_place)}."
    if done.tables_existed:
        yield f"Already there, and identical: {', '.join(done.tables_existed)}."
    parts = []
    if done.reverted:
        parts.append(f"reverted {count(len(done.reverted), 'migration')}")
    if done.applied:
        parts.append(f"applied {count(len(done.applied), 'migration')}")
    what = " and ".join(parts)
    yield f"{what[:1].upper()}{what[1:]} in {seconds(done.duration_ms)} ({requests})."
