"""One statement of a job, as far as the caller's rights and the job's own limits allow it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bqmigrate.local.catalog.records import table_key
from bqmigrate.local.catalog.resources import whole
from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.jobs.rights import require_reading, require_rights, require_writing
from bqmigrate.local.jobs.statistics import billed
from bqmigrate.local.sql.nodes import Statement
from bqmigrate.local.statements.destination import named
from bqmigrate.local.statements.handlers import carry_out
from bqmigrate.local.statements.run import Outcome, Run


def permitted(run: Run, node: Statement, settings: Mapping[str, Any] | None = None) -> Outcome:
    """Carry a statement out in its transaction; raises what forbids it, which rolls it back."""
    require_rights(run, node)
    if run.destination is not None:
        require_writing(run, exists=run.tx.table(*named(run, run.destination)) is not None)
    outcome = carry_out(run, node)
    require_reading(run, outcome)
    if run.destination is not None and outcome.result is not None:
        run.tx.written_by_job.add(table_key(*named(run, run.destination)))
    _check_bytes(outcome, settings or {})
    return outcome


def _check_bytes(outcome: Outcome, settings: Mapping[str, Any]) -> None:
    limit = settings.get("maximumBytesBilled")
    if limit in (None, "", "0", 0):
        return
    most, cost = whole(limit, "maximumBytesBilled"), billed(outcome.processed)
    if cost > most:
        message = f"Query exceeded limit for bytes billed: {most}. {cost} or higher required."
        raise WarehouseError("bytesBilledLimitExceeded", message)
