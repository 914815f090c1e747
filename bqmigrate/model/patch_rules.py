"""What tables.patch lets one change of a table: the rules of schema_rules, where the API has its own.

Each returns None when the change is legal, else a Refusal in BigQuery's words.
Source: "Modifying table schemas" at cloud.google.com/bigquery/docs, and REST, tables.patch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bqmigrate.model.catalog import Partitioning, Table
from bqmigrate.model.columns import Column, find
from bqmigrate.model.schema_rules import Refusal, columns_problem


def patch_columns(old: Sequence[Column], new: Sequence[Column], *, _where: str = "") -> Refusal | None:
    """Check a `schema` sent by tables.patch: the whole list, additions last, relaxations only."""
    for column in old:
        match = find(new, column.name)
        path = f"{_where}{column.name}"
        if match is None:
            return Refusal(f"Provided Schema does not match Table. Field {path} is missing in new schema")
        problem = _patch_column(column, match, path)
        if problem:
            return problem
    return _patch_additions(old, new, _where) or (None if _where else columns_problem(new))


def _patch_additions(old: Sequence[Column], new: Sequence[Column], where: str) -> Refusal | None:
    additions = [c for c in new if find(old, c.name) is None]
    for column in additions:
        if column.mode == "REQUIRED":
            message = "Cannot add required fields to an existing schema."
            return Refusal(f"{message} (field: {where}{column.name})")
        if column.default is not None:
            return Refusal(f"Cannot add field {where}{column.name} with a default value to an existing schema")
    if additions and list(new[-len(additions) :]) != additions:
        return Refusal("Precondition Failed: new fields must come after the existing ones", "conditionNotMet")
    return None


def _patch_column(old: Column, new: Column, path: str) -> Refusal | None:
    changed = "Provided Schema does not match Table. Field"
    if old.mode != new.mode and (old.mode, new.mode) != ("REQUIRED", "NULLABLE"):
        return Refusal(f"{changed} {path} has changed mode from {old.mode} to {new.mode}")
    if old.type != new.type:
        return Refusal(f"{changed} {path} has changed type from {old.type} to {new.type}")
    if old.type == "RECORD":
        return patch_columns(old.fields, new.fields, _where=f"{path}.")
    if not replace(old, mode=new.mode).same_type(new):
        return Refusal(f"{changed} {path} has changed type from {old.sql_type()} to {new.sql_type()}")
    if (old.collation or "") != (new.collation or ""):
        return Refusal(f"{changed} {path} has changed collation")
    return None


def patch_partitioning(old: Table, new: Partitioning | None) -> Refusal | None:
    """Check tables.patch: only the expiration of partitions can change."""
    before = old.partitioning.spec() if old.partitioning else None
    if before == (new.spec() if new else None):
        return None
    return Refusal("Cannot change partitioning/clustering spec for a partitioned/clustered table.")


def patch_key(before: bool, after: bool) -> Refusal | None:  # noqa: FBT001  two facts of one kind
    """Check tables.patch: a customer's key is exchanged for another, never given or taken away."""
    if before == after:
        return None
    return Refusal("Cannot change between default encryption and a customer-managed key in place: copy the table")


def relax_nested(old: Sequence[Column], new: Sequence[Column], *, _where: str = "") -> Refusal | None:
    """Refuse another mode of a nested field, for those who read the documentation as "top level only"."""
    for column in old:
        match = find(new, column.name)
        if match is None:
            continue
        if _where and column.mode != match.mode:
            path = f"{_where}{column.name}"
            return Refusal(f"Provided Schema does not match Table. Field {path} has changed mode")
        nested = relax_nested(column.fields, match.fields, _where=f"{_where}{column.name}.")
        if nested:
            return nested
    return None
