"""New columns of a table take over what it says of those to come: its default collation and rounding mode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bqmigrate.local.catalog.canonical import read_columns
from bqmigrate.model.columns import Column, find

DECIMALS = ("NUMERIC", "BIGNUMERIC")
UNSPECIFIED = "ROUNDING_MODE_UNSPECIFIED"


def with_table_defaults(resource: dict[str, Any], old: Sequence[Column]) -> dict[str, Any]:
    """Give the columns of a resource that `old` does not hold the table's defaults."""
    if not _collation(resource) and not _rounding(resource):
        return resource
    columns = [c if find(old, c.name) else fresh(c, resource) for c in read_columns(resource)]
    return {**resource, "schema": {"fields": [c.to_rest() for c in columns]}}


def fresh(column: Column, resource: Mapping[str, Any]) -> Column:
    """Return a new column with the defaults of its table's resource where it states nothing."""
    collation, rounding = column.collation, column.rounding_mode
    if column.type == "STRING" and collation is None:
        collation = _collation(resource)
    if column.type in DECIMALS and rounding is None:
        rounding = _rounding(resource)
    fields = tuple(fresh(field, resource) for field in column.fields)
    return replace(column, collation=collation, rounding_mode=rounding, fields=fields)


def _collation(resource: Mapping[str, Any]) -> str | None:
    return resource.get("defaultCollation") or None


def _rounding(resource: Mapping[str, Any]) -> str | None:
    mode = resource.get("defaultRoundingMode")
    return None if mode == UNSPECIFIED else mode
