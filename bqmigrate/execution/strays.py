"""Strays: a create that was on its way for long can arrive when its object was renamed or dropped since.

BigQuery has no id that makes a `tables.insert` late: what arrives is an empty table with our label. It is told by
the label, counts as nothing, and is dropped (if it is still empty) where something has to take its place or leave.
"""

from __future__ import annotations

from collections.abc import Callable

from bqmigrate.execution.absence import find
from bqmigrate.execution.jobs import Jobs, StepStopped
from bqmigrate.execution.statement import Statement
from bqmigrate.model.catalog import Table
from bqmigrate.model.names import quote
from bqmigrate.operations.steps import ObjectRef
from bqmigrate.operations.tables import every_row
from bqmigrate.planning.trace import MADE_LABEL
from bqmigrate.warehouse.port import Resource, Warehouse

SWEEPS = 5


def is_stray(live: Resource, label: str | None) -> bool:
    """Tell whether an object is an empty one that the same migration made, in whatever generation."""
    made = live.labels.get(MADE_LABEL, "").rpartition("-g")[0]
    return bool(made) and made == (label or "").rpartition("-g")[0] and not live.rows and not live.is_streamed_to


def sweep(
    warehouse: Warehouse,
    jobs: Jobs,
    reference: ObjectRef,
    label: str | None,
    job_id: str,
    sleep: Callable[[float], None],
) -> bool:
    """Drop strays of a name until none is there, each by a job with an id of its own; false when it is no stray.

    `job_id` is what the ids begin with. Raises StepStopped when one is not empty any more.
    """
    if reference.table is None:
        return False
    for number in range(1, SWEEPS + 1):
        live = find(warehouse, reference, sleep) if number == 1 else warehouse.get(reference)
        if live is None:
            return True
        if not is_stray(live, label):
            return False
        try:
            drop = Statement(_drop(live, reference), is_guarded=True)
            jobs.run_once(lambda attempt, n=number: f"{job_id}-s{n}-a{attempt}", drop)  # type: ignore[misc]
        except StepStopped as stop:
            if stop.error.reason != "notFound":
                raise
    return warehouse.get(reference) is None


def _drop(live: Resource, reference: ObjectRef) -> str:
    path = quote(reference.project, reference.dataset, reference.table or "")
    if live.body.get("type") == "VIEW":
        return f"DROP VIEW {path};"
    rows = every_row(Table.from_rest(live.body))
    return f"ASSERT (SELECT COUNT(*) = 0 FROM {path}{rows}) AS 'it has rows: nothing was dropped';\nDROP TABLE {path};"
