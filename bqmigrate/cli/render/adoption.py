"""What adopting came to: as text, and as a JSON document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bqmigrate.cli.render.words import count, one_line, seconds
from bqmigrate.execution.adopting import AdoptionReport
from bqmigrate.planning.adopt import ObjectDifference
from bqmigrate.planning.compare import shown

FEW = 3
OF_COLUMN = "description of column "


def lines(done: AdoptionReport) -> Iterator[str]:
    """Return the result as lines."""
    requests = count(done.requests, "request")
    if done.nothing_to_do:
        yield f"Nothing to do: already at {done.to_version or 'base'} ({requests})."
        return
    if done.differences:
        yield "Differs, without mattering (--json has the values):"
    yield from _by_object(done.differences)
    for each in done.not_compared:
        yield f"Not compared: {one_line(each)}"
    if done.differences or done.not_compared:
        yield ""
    yield f"Compared with what is there, and equal: {count(len(done.compared), 'object')}."
    versions = _span(done.adopted)
    if done.dry_run:
        yield f"Would record {versions} as applied; nothing was written ({requests})."
        return
    yield f"Recorded {versions} as applied in {seconds(done.duration_ms)} ({requests}); nothing else was touched."


def document(done: AdoptionReport) -> dict[str, Any]:
    """Return the result as JSON data."""
    return {
        "adopted": list(done.adopted),
        "from": done.from_version,
        "to": done.to_version,
        "compared": list(done.compared),
        "differences": [
            {
                "object": d.object,
                "attribute": d.difference.attribute,
                "stated": shown(d.difference.stated),
                "live": shown(d.difference.live),
            }
            for d in done.differences
        ],
        "not_compared": list(done.not_compared),
        "requests": done.requests,
        "duration_ms": done.duration_ms,
        "dry_run": done.dry_run,
    }


def _by_object(found: Sequence[ObjectDifference]) -> Iterator[str]:
    """Name what differs, a line per object: descriptions of columns together."""
    for name in dict.fromkeys(d.object for d in found):
        attributes = [d.difference.attribute for d in found if d.object == name]
        columns = [a.removeprefix(OF_COLUMN) for a in attributes if a.startswith(OF_COLUMN)]
        others = [a for a in attributes if not a.startswith(OF_COLUMN)]
        named = f"columns {', '.join(columns)}" if len(columns) <= FEW else f"{len(columns)} columns"
        parts = [*others, f"descriptions of {named}"] if columns else others
        yield f"  {one_line(name)}: {one_line(', '.join(parts))}"


def _span(versions: tuple[str, ...]) -> str:
    first, *rest = versions
    return f"{first} to {rest[-1]} ({len(versions)} migrations)" if rest else first
