"""The history as text: a table, and the line of `current`."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from bqmigrate.cli.render.events import NOWHERE
from bqmigrate.cli.render.layout import table
from bqmigrate.cli.render.marks import Marks
from bqmigrate.cli.render.words import duration, minute, one_line
from bqmigrate.model.history import VersionState
from bqmigrate.planning.views import HistoryLine, HistoryView

COLUMNS = ("version", "name", "state", "when (UTC)", "took", "by")
NAME, BY = 1, 5
STYLES = {"half-applied": "bold red", "missing": "bold red", "edited": "bold red", "pending": "yellow"}


def lines(view: HistoryView, *, limit: int | None, marks: Marks) -> Iterator[Text]:
    """Return the table, oldest first, and what it amounts to."""
    if view.migrations:
        rows = [COLUMNS, *(_row(each) for each in view.migrations)]
        head, *rest = table(rows, flexible=(BY, NAME), limit=limit, mark=marks.cut)
        yield Text(head, "bold")
        for text, each in zip(rest, view.migrations, strict=True):
            yield Text(text, STYLES.get(each.state, ""))
        yield Text("")
    half = len(unsettled(view))
    stopped = f", {half} half-applied" if half else ""
    yield Text(f"At {view.current or NOWHERE}; {len(view.pending)} pending{stopped}.")


def unsettled(view: HistoryView) -> list[str]:
    """Return the versions that an earlier run got only part of the way with."""
    return [each.version for each in view.migrations if each.state == "half-applied"]


def current(state: VersionState | None) -> str:
    """Return the version and name the warehouse is at."""
    return one_line(f"{state.version} {state.name}") if state else NOWHERE


def _row(each: HistoryLine) -> tuple[str, ...]:
    took = "" if each.duration_ms is None else duration(each.duration_ms)
    return (each.version, one_line(each.name), each.state, minute(each.applied_at), took, one_line(each.actor or ""))
