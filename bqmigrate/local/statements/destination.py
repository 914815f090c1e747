"""Rows into a table that a job names: create and write dispositions, for query, copy and load jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bqmigrate.local.catalog import tables
from bqmigrate.local.catalog.records import TableRecord
from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql.bound import BoundQuery, TableId
from bqmigrate.local.sql.nodes import Sql
from bqmigrate.local.statements import policies
from bqmigrate.local.statements.creation import insert_query
from bqmigrate.local.statements.run import Run, need_type
from bqmigrate.local.storage import physical
from bqmigrate.model import schema_rules
from bqmigrate.model.catalog import Partitioning
from bqmigrate.model.columns import Column

CARRIED = ("timePartitioning", "rangePartitioning", "clustering")
TRUNCATING = frozenset({"WRITE_TRUNCATE", "WRITE_TRUNCATE_DATA"})
DISPOSITIONS = TRUNCATING | {"WRITE_APPEND", "WRITE_EMPTY"}


def write_result(run: Run, wanted: Mapping[str, Any], bound: BoundQuery, query: Sql) -> TableRecord:
    """Write a query's rows into the table the job's configuration names."""
    fields = [replace(c, mode=c.mode if c.mode == "REPEATED" else "NULLABLE").to_rest() for c in bound.columns]
    old = run.tx.table(*named(run, wanted))
    record = prepare(run, wanted, {"schema": {"fields": fields}}, default="WRITE_EMPTY")
    insert_query(run, record, query, old)
    return tables.touch(run.tx, record, moves_etag=run.switches.data_moves_etag)


def named(run: Run, wanted: Mapping[str, Any]) -> TableId:
    """Return the full name of the table a job names."""
    reference = wanted["destinationTable"]
    return TableId(reference.get("projectId") or run.project, reference["datasetId"], reference["tableId"])


def prepare(run: Run, wanted: Mapping[str, Any], resource: Mapping[str, Any], default: str) -> TableRecord:
    """Return the table to write into: made, emptied or as it is, as the dispositions say."""
    name = named(run, wanted)
    disposition = wanted.get("writeDisposition") or default
    if disposition not in DISPOSITIONS:
        raise WarehouseError("invalid", f"Invalid writeDisposition: {disposition}")
    full = {**resource, **{k: wanted[k] for k in CARRIED if wanted.get(k)}}
    old = run.tx.table(*name)
    if old is None:
        if wanted.get("createDisposition") == "CREATE_NEVER":
            run.need(name)
        return tables.create_table(run.tx, *name, full)
    need_type(old, "TABLE")
    return _existing(run, old, full, disposition)


def _existing(run: Run, old: TableRecord, resource: Mapping[str, Any], disposition: str) -> TableRecord:
    if disposition == "WRITE_EMPTY" and physical.count(run.tx.connection, old.rows_in):
        raise WarehouseError("duplicate", f"Already Exists: Table {old.shown}")
    if disposition in TRUNCATING:
        # Constraints and policy tags go with the old contents; what the table is called and carries stays.
        kept = {k: v for k, v in old.resource.items() if k != "tableConstraints"}
        given = resource if disposition == "WRITE_TRUNCATE" else {}
        spec = Partitioning.from_rest(given) or old.model.partitioning
        tables.refuse(schema_rules.replace_partitioning(old.model, spec))
        changed = tables.canonical({**kept, **given})
        emptied = replace(old, resource=changed, physical=run.tx.new_physical(), etag=run.tx.new_etag())
        physical.create(run.tx.connection, emptied.rows_in, emptied.columns)
        if disposition == "WRITE_TRUNCATE":
            policies.forget(run.tx, old)
        return run.tx.put(replace(emptied, overwritten_ms=run.tx.now_ms))
    if resource.get("schema"):
        check_append(old.columns, tables.read_columns(resource))
    return old


def check_append(columns: Sequence[Column], new: Sequence[Column]) -> None:
    """Refuse an append whose columns the table does not have."""
    known = {c.name.lower() for c in columns}
    for column in new:
        if column.name.lower() not in known:
            message = f"Provided Schema does not match Table. Cannot add fields (field: {column.name})"
            raise WarehouseError("invalid", message)
