"""What unlocking came to: as text, and as a JSON document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bqmigrate.cli.render import running
from bqmigrate.cli.render.words import one_line
from bqmigrate.execution.unlocking import UnlockReport


def lines(done: UnlockReport, following: str) -> Iterator[str]:
    """Return the result as lines; `following` is the next command."""
    yield f"Took the lease from {running.who(done.holder)}."
    yield f"since              {running.since(done.holder)}"
    yield f"last sign of life  {running.second(done.holder.last_sign)}"
    yield ""
    if not done.open:
        yield "It left nothing open."
    else:
        yield "It had set out, and no row says how far it got:"
    for each in done.open:
        yield f"  {each.direction} {each.version} {one_line(each.name)}"
        for number, step in enumerate(each.steps, start=1):
            yield f"    {number}/{len(each.steps)}  {step.kind}  {one_line(step.target)}"
    yield ""
    yield f"Next: {following}"


def document(done: UnlockReport, following: str) -> dict[str, Any]:
    """Return the result as JSON data."""
    return {
        "unlocked": running.document(done.holder),
        "open": [
            {
                "version": v.version,
                "name": v.name,
                "direction": v.direction,
                "steps": [{"kind": s.kind, "target": s.target} for s in v.steps],
            }
            for v in done.open
        ],
        "next": following,
        "requests": done.requests,
    }
