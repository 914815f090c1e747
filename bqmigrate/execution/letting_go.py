"""Letting go of the lease after a failure: what was begun and has no row stays in the lock for the next run."""

from __future__ import annotations

import logging
from dataclasses import replace

from bqmigrate.errors import BqmigrateError
from bqmigrate.execution.executor import Executor
from bqmigrate.execution.history import View
from bqmigrate.execution.lease import Lease
from bqmigrate.execution.lock import OpenRun, opened
from bqmigrate.model.history import HistoryState, fold
from bqmigrate.warehouse.port import WarehouseError

logger = logging.getLogger("bqmigrate")


def after(view: View, executor: Executor) -> HistoryState:
    """Return the state with the rows that were written since a view."""
    return fold((*view.records, *executor.written))


def let_go_after_failure(held: Lease, executor: Executor, view: View, own: OpenRun) -> None:
    """Let go; what stopped the run is the news, so that failing in this is only logged."""
    begun = opened(own.id, executor.begun, executor.writer.seq, None)
    left = replace(begun, at_ms=own.at_ms) if executor.begun else None
    try:
        held.release(after(view, executor), own=own, unsettled=left)
    except (BqmigrateError, WarehouseError) as error:
        # The lease runs out by itself.
        logger.warning("the lease was not released: %s", error)
