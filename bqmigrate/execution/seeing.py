"""What a reader sees: where every version stands, who runs now, and what dead runs left behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bqmigrate.execution import history, holders, lease
from bqmigrate.execution.age import interrupted_long_ago
from bqmigrate.execution.runner import Runner
from bqmigrate.execution.settle import assumed
from bqmigrate.model.history import HistoryState
from bqmigrate.planning.views import Running


@dataclass(frozen=True)
class Seen:
    """The rows folded (`recorded`), and the same with what dead runs may have begun (`state`).

    `interrupted` are the versions of dead runs; where that is too long ago to be resumed, with when they were begun.
    What a living run is doing counts as it is recorded; it is told in `running`.
    """

    recorded: HistoryState
    state: HistoryState
    interrupted: Mapping[str, datetime | None]
    running: Running | None
    lineage: str


def look(runner: Runner) -> Seen:
    """Read lock and rows; changes nothing. Raises UnsettledError when the history is broken."""
    view = runner.read()
    if view.lock is None:
        history.refuse_without_lock(runner.warehouse, runner.place)
        return Seen(view.state, view.state, {}, None, runner.lineage)
    holder = view.lock.holder
    lives = holder is not None and not lease.is_dead(holder, view, runner.warehouse.server_time)
    old = {v.version: began for v, began in interrupted_long_ago(view, runner.warehouse.server_time)}
    open_ = holders.others(view.lock, lives=lives).unsettled(view.state)
    return Seen(
        view.state,
        assumed(view.state, open_),
        {v.version: old.get(v.version) for v in open_},
        holders.running(view, lives=lives, margin_s=lease.MARGIN_S),
        view.lock.lineage,
    )
