"""The history as text: a table, and the line of `current`."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from bqmigrate.cli.render import halfway, running
from bqmigrate.cli.render.events import NOWHERE
from bqmigrate.cli.render.layout import table
from bqmigrate.cli.render.marks import Marks
from bqmigrate.cli.render.words import duration, minute, one_line
from bqmigrate.model.history import VersionState
from bqmigrate.planning.views import HistoryLine, HistoryView, Running

COLUMNS = ("version", "name", "state", "when (UTC)", "took", "by")
NAME, BY = 1, 5
STYLES = {"half-applied": "bold red", "missing": "bold red", "edited": "bold red", "pending": "yellow"}


def lines(view: HistoryView, *, limit: int | None, marks: Marks, where: str | None = None) -> Iterator[Text]:
    """Return who runs now, the table, oldest first, what it amounts to, and the ways on where something stopped."""
    if view.running is not None:
        yield from running.lines(view.running)
        yield Text("")
    if view.migrations:
        rows = [COLUMNS, *(_row(each, runs=_runs(each, view.running)) for each in view.migrations)]
        head, *rest = table(rows, flexible=(BY, NAME), limit=limit, mark=marks.cut)
        yield Text(head, "bold")
        for text, each in zip(rest, view.migrations, strict=True):
            yield Text(text, STYLES.get(each.state, ""))
        yield Text("")
    half = len(view.halfway)
    stopped = f", {half} half-applied" if half else ""
    yield Text(f"At {view.current or NOWHERE}; {len(view.pending)} pending{stopped}.")
    for found in view.halfway:
        yield Text("")
        yield from halfway.lines(found, marks, where, limit)


def current(state: VersionState | None) -> str:
    """Return the version and name the warehouse is at."""
    return one_line(f"{state.version} {state.name}") if state else NOWHERE


def _runs(each: HistoryLine, run: Running | None) -> bool:
    """Tell whether a migration is on its way: one that is recorded where the run brings it has arrived."""
    if run is None or not run.lives or each.version not in {slug.partition("_")[0] for slug in run.versions}:
        return False
    return (each.state in {"applied", "edited"}) != (run.direction == "upgrade")


def _row(each: HistoryLine, *, runs: bool) -> tuple[str, ...]:
    took = "found" if each.adopted else "" if each.duration_ms is None else duration(each.duration_ms)
    when = "running now" if runs else minute(each.applied_at)
    return (each.version, one_line(each.name), each.state, when, took, one_line(each.actor or ""))
