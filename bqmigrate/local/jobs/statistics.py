"""What a job's statistics say of what its statement did."""

from __future__ import annotations

from typing import Any

from bqmigrate.local.statements.run import Outcome

MEBIBYTE = 1 << 20
LEAST_BILLED = 10 * MEBIBYTE


def billed(processed: int) -> int:
    """Return the bytes billed: whole mebibytes, at least ten, none for nothing."""
    return 0 if processed == 0 else max(LEAST_BILLED, -(-processed // MEBIBYTE) * MEBIBYTE)


def query_statistics(outcome: Outcome) -> dict[str, Any]:
    """Return REST JobStatistics2."""
    out: dict[str, Any] = {
        "statementType": outcome.kind,
        "totalBytesProcessed": str(outcome.processed),
        "totalBytesBilled": str(billed(outcome.processed)),
        "cacheHit": False,
    }
    if outcome.operation is not None:
        out["ddlOperationPerformed"] = outcome.operation
        out.update(_ddl_targets(outcome))
    if outcome.affected is not None:
        out["numDmlAffectedRows"] = str(outcome.affected)
        out["dmlStats"] = _dml_stats(outcome)
    if outcome.columns is not None and outcome.operation is None:
        out["schema"] = {"fields": [c.to_rest() for c in outcome.columns]}
    if outcome.referenced:
        names = dict.fromkeys(outcome.referenced)
        out["referencedTables"] = [_table(tuple(name)) for name in names]
    return out


def _table(name: tuple[str, ...]) -> dict[str, str]:
    return dict(zip(("projectId", "datasetId", "tableId"), name, strict=False))


def _ddl_targets(outcome: Outcome) -> dict[str, Any]:
    """Name the target: of tables only for CREATE and DROP, as documented; and where a rename led."""
    out: dict[str, Any] = {}
    if outcome.target is not None and outcome.kind.endswith("_SCHEMA"):
        out["ddlTargetDataset"] = _table(outcome.target)
    elif outcome.target is not None and outcome.kind.endswith(("_FUNCTION", "_PROCEDURE")):
        out["ddlTargetRoutine"] = dict(zip(("projectId", "datasetId", "routineId"), outcome.target, strict=True))
    elif outcome.target is not None and not outcome.kind.startswith("ALTER"):
        out["ddlTargetTable"] = _table(outcome.target)
    if outcome.destination is not None:
        out["ddlDestinationTable"] = _table(tuple(outcome.destination))
    return out


def _dml_stats(outcome: Outcome) -> dict[str, str]:
    counts = {
        "insertedRowCount": outcome.inserted,
        "updatedRowCount": outcome.updated,
        "deletedRowCount": outcome.deleted,
    }
    return {key: str(count) for key, count in counts.items() if count is not None}
