"""Table resources in canonical form: types under the names of replies, numbers as text, nothing that is empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bqmigrate.local.catalog.materialized import canonical_materialized
from bqmigrate.local.catalog.resources import check_texts, whole, without_nulls
from bqmigrate.local.errors import WarehouseError
from bqmigrate.model.columns import Column


def canonical(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Write a resource as replies show it: canonical type names, every number as text."""
    out = without_nulls(resource)
    check_texts(out)
    out["schema"] = {"fields": [c.to_rest() for c in read_columns(out)]}
    if "expirationTime" in out:
        out["expirationTime"] = str(whole(out["expirationTime"], "expirationTime"))
        if out["expirationTime"] == "0":
            del out["expirationTime"]
    by_time = out.get("timePartitioning")
    if by_time is not None:
        out["timePartitioning"] = _canonical_time(by_time)
        if out["timePartitioning"].pop("requirePartitionFilter", None):
            out["requirePartitionFilter"] = True
    if "rangePartitioning" in out:
        out["rangePartitioning"] = _canonical_range(out["rangePartitioning"])
    if not out.get("requirePartitionFilter"):
        out.pop("requirePartitionFilter", None)
    if not (out.get("clustering") or {}).get("fields"):
        out.pop("clustering", None)
    if "materializedView" in out:
        out["materializedView"] = canonical_materialized(out["materializedView"])
    return out


def _canonical_time(spec: Mapping[str, Any]) -> dict[str, Any]:
    if str(spec.get("type", "DAY")) not in {"DAY", "HOUR", "MONTH", "YEAR"}:
        raise WarehouseError("invalid", f"Unsupported partitioning type: {spec.get('type')}")
    out = {"type": "DAY", **spec}
    if "expirationMs" in out:
        out["expirationMs"] = str(whole(out["expirationMs"], "timePartitioning.expirationMs"))
        if out["expirationMs"] == "0":
            del out["expirationMs"]
    return out


def _canonical_range(spec: Mapping[str, Any]) -> dict[str, Any]:
    numbers = spec.get("range") or {}
    try:
        found = {k: str(whole(numbers[k], f"rangePartitioning.range.{k}")) for k in ("start", "end", "interval")}
        return {"field": spec["field"], "range": found}
    except KeyError as error:
        raise WarehouseError("invalid", f"Range partitioning needs {error.args[0]}") from error


def read_columns(resource: Mapping[str, Any]) -> tuple[Column, ...]:
    """Read a resource's columns; 400 when they cannot be read."""
    fields = (resource.get("schema") or {}).get("fields") or ()
    try:
        return tuple(Column.from_rest(f) for f in fields)
    except KeyError as error:
        raise WarehouseError("invalid", f"Invalid schema: a field has no {error.args[0]}") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise WarehouseError("invalid", f"Invalid schema: {error}") from error
