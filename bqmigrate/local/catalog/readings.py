"""What the documentation leaves open about tables, as the switches answer it: held against each transaction.

The rules that are not open are `model.schema_rules`; these come on top of them, or let a patch past one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bqmigrate.local.catalog.datasets import window_ms
from bqmigrate.local.catalog.records import TableRecord
from bqmigrate.local.catalog.store import Reader, Transaction
from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.switches import Switches
from bqmigrate.model.columns import Column, find


class Readings:
    """The switches, as a check of a transaction that is about to be kept."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches

    def check(self, tx: Transaction) -> None:
        """Refuse what the switches forbid of the tables that a transaction changes."""
        for key, new in list(tx.changes.items()):
            old = tx.committed(key)
            before = old if isinstance(old, TableRecord) else None
            after = new if isinstance(new, TableRecord) else None
            if key[0] == "table" and before != after:
                self._check(tx, before, after)

    def _check(self, tx: Transaction, old: TableRecord | None, new: TableRecord | None) -> None:
        if new is not None and new.columns != (old.columns if old is not None else ()):
            self._check_types(new.columns, "")
        had_key = old is not None and bool(old.model.primary_key)
        has_key = new is not None and bool(new.model.primary_key)
        if self._switches.inbound_keys_block and old is not None and had_key and not has_key:
            _refuse_inbound(tx, old)

    def _check_types(self, columns: Sequence[Column], where: str) -> None:
        for column in columns:
            path = f"{where}{column.name}"
            if column.type == "INTERVAL" and not self._switches.interval_columns:
                raise WarehouseError("invalid", f"Invalid value for type: INTERVAL is not a valid type of field {path}")
            digits = None if column.precision is None else column.precision - (column.scale or 0)
            if self._switches.numeric_needs_a_digit and digits == 0:
                raise WarehouseError("invalid", f"Field {path}: precision minus scale must be at least 1")
            self._check_types(column.fields, f"{path}.")


def _refuse_inbound(tx: Transaction, table: TableRecord) -> None:
    for other in _keyed(tx, table.project):
        if other.key != table.key and _references(other, table):
            message = f"Cannot remove the primary key of {table.shown}: a foreign key of {other.shown} references it"
            raise WarehouseError("invalidQuery", message)


def _keyed(tx: Transaction, project: str) -> Iterator[TableRecord]:
    for dataset in tx.datasets(project):
        yield from (t for t in tx.tables(project, dataset.dataset) if t.model.foreign_keys)


def _references(other: TableRecord, table: TableRecord) -> bool:
    keys = (other.resource.get("tableConstraints") or {}).get("foreignKeys") or ()
    found = [key.get("referencedTable") or {} for key in keys]
    names = [(r.get("projectId", other.project), r.get("datasetId"), r.get("tableId")) for r in found]
    return (table.project, table.dataset, table.table) in names


def judged(old: Sequence[Column], new: Sequence[Column], switches: Switches) -> tuple[Column, ...]:
    """Return a patch's columns as the schema rules are to see them: without what the switches let pass."""
    out = []
    for column in new:
        before = find(old, column.name)
        seen = replace(column, fields=judged(before.fields if before else (), column.fields, switches))
        if before is None and switches.patch_adds_defaults:
            seen = replace(seen, default=None)
        if before is not None and switches.patch_recollates:
            seen = replace(seen, collation=before.collation)
        out.append(seen)
    return tuple(out)


def with_descriptions(fields: Sequence[Mapping[str, Any]], old: Sequence[Column]) -> list[dict[str, Any]]:
    """Give fields that do not name a description the one they have; null clears it."""
    out = []
    for field in fields:
        before = find(old, str(field.get("name", "")))
        kept = dict(field)
        if field.get("fields"):
            kept["fields"] = with_descriptions(field["fields"], before.fields if before else ())
        if before is not None and before.description and "description" not in field:
            kept["description"] = before.description
        out.append(kept)
    return out


def refuse_reserved(reader: Reader, record: TableRecord, names: Sequence[str]) -> None:
    """Refuse a new column under a name that was dropped within the time-travel window."""
    earliest = reader.now_ms - window_ms(reader, record.project, record.dataset)
    for name in names:
        if record.dropped.get(name.lower(), -1) > earliest:
            message = f"Cannot add column {name}: a column of that name was dropped within the time travel window"
            raise WarehouseError("invalidQuery", message)


def without(resource: Mapping[str, Any], lost: frozenset[str]) -> dict[str, Any]:
    """Return a resource without some of its properties; `policyTags` are those of its columns."""
    kept = {key: value for key, value in resource.items() if key not in lost}
    if "policyTags" not in lost:
        return kept
    return {**kept, "schema": {"fields": _untagged(resource["schema"]["fields"])}}


def _untagged(fields: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    kept = [{key: value for key, value in field.items() if key != "policyTags"} for field in fields]
    return [{**field, "fields": _untagged(field["fields"])} if field.get("fields") else field for field in kept]
