"""Materialized views as resources: what REST lets one set of them, and what stays as it was made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bqmigrate.local.catalog.records import TableRecord
from bqmigrate.local.catalog.resources import settable, whole
from bqmigrate.local.errors import WarehouseError

SETTABLE = frozenset({"query", "enableRefresh", "refreshIntervalMs", "maxStaleness", "allowNonIncrementalDefinition"})
OUTPUT = frozenset({"lastRefreshTime"})
DEFAULTS: Mapping[str, Any] = {"enableRefresh": True, "refreshIntervalMs": "1800000"}
MINUTE_MS = 60_000
LONGEST_REFRESH_MS = 7 * 24 * 60 * MINUTE_MS
# A materialized view is what its query and its shape say: to change those is to make another.
PINNED = ("schema", "timePartitioning", "rangePartitioning", "clustering")


def canonical_materialized(given: Mapping[str, Any]) -> dict[str, Any]:
    """Write a MaterializedViewDefinition as replies show it; 400 for one that BigQuery refuses."""
    out = {**DEFAULTS, **settable(given, SETTABLE, OUTPUT)}
    if not isinstance(out.get("query"), str) or not out["query"].strip():
        raise WarehouseError("invalid", "Required parameter is missing: materializedView.query")
    for key in ("enableRefresh", "allowNonIncrementalDefinition"):
        if not isinstance(out.get(key, True), bool):
            raise WarehouseError("invalid", f"Invalid value for materializedView.{key}: a boolean is needed")
    interval = whole(out["refreshIntervalMs"], "materializedView.refreshIntervalMs")
    if not MINUTE_MS <= interval <= LONGEST_REFRESH_MS:
        message = f"Invalid value for materializedView.refreshIntervalMs: {interval} is not from 1 minute to 7 days"
        raise WarehouseError("invalid", message)
    return {**out, "refreshIntervalMs": str(interval)}


def check_materialized(record: TableRecord, new: Mapping[str, Any]) -> None:
    """Refuse another query or another shape: only options of a materialized view change."""
    if new["materializedView"]["query"] != record.resource["materializedView"]["query"]:
        raise WarehouseError("invalid", f"The query of materialized view {record.shown} cannot be changed")
    for key in PINNED:
        if new.get(key) != record.resource.get(key):
            raise WarehouseError("invalid", f"Cannot change {key} of materialized view {record.shown}")
