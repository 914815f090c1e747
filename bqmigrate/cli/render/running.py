"""The run that holds the lease: as text, and as JSON data."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from rich.text import Text

from bqmigrate.cli.render.words import one_line, timestamp
from bqmigrate.planning.views import Running


def lines(found: Running) -> Iterator[Text]:
    """Say who runs what, since when, and whether it still lives."""
    doing = one_line(found.what or "no migration")
    if found.lives:
        yield Text.assemble(("Running now", "bold cyan"), f": {doing}")
    else:
        yield Text.assemble(("A run died", "bold red"), f": {doing}")
    yield Text(f"  by                 {who(found)}")
    yield Text(f"  since              {since(found)}")
    yield Text(f"  last sign of life  {second(found.last_sign)}")
    if found.lives:
        after = found.dead_after
        dead = f"after {second(after)}" if after else "never by time, since it runs Python"
        yield Text(f"  counts as dead     {dead}")
    else:
        yield Text("  the next upgrade or downgrade takes over from it")


def who(found: Running) -> str:
    """Name the run, with the id that `unlock` takes."""
    return one_line(f"{found.who} on {found.host} (process {found.pid}, run {found.id})")


def since(found: Running) -> str:
    """Say when it began, by its own clock."""
    try:
        return second(datetime.fromisoformat(found.since))
    except ValueError:
        return one_line(found.since)


def second(at: datetime) -> str:
    """Return a moment to the second, in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def document(found: Running) -> dict[str, Any]:
    """Return it as JSON data."""
    return {
        "id": found.id,
        "who": found.who,
        "host": found.host,
        "pid": found.pid,
        "since": found.since,
        "last_sign_of_life": timestamp(found.last_sign),
        "dead_after": timestamp(found.dead_after),
        "direction": found.direction,
        "versions": list(found.versions),
        "lives": found.lives,
    }
