"""Rows into a table that a job names: create and write dispositions, for query, copy and load jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bqmigrate.local.catalog import tables
from bqmigrate.local.catalog.canonical import canonical, read_columns
from bqmigrate.local.catalog.records import TableRecord
from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql.bound import BoundQuery, TableId
from bqmigrate.local.sql.nodes import Sql
from bqmigrate.local.statements import policies
from bqmigrate.local.statements.creation import insert_query
from bqmigrate.local.statements.decorated import checked, is_empty, place, split, without
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
    first = physical.next_row(run.tx.connection, record.rows_in)
    insert_query(run, record, query, old)
    place(run, record, partition_of(wanted), first)
    return tables.touch(run.tx, record, moves_etag=run.switches.data_moves_etag)


def named(run: Run, wanted: Mapping[str, Any]) -> TableId:
    """Return the full name of the table a job names, without a partition."""
    reference = wanted["destinationTable"]
    name = TableId(reference.get("projectId") or run.project, reference["datasetId"], reference["tableId"])
    return split(name)[0]


def partition_of(wanted: Mapping[str, Any]) -> str | None:
    """Return the partition that a job writes, when it names one: `table$20260301`."""
    return split(TableId("", "", wanted["destinationTable"]["tableId"]))[1]


def prepare(run: Run, wanted: Mapping[str, Any], resource: Mapping[str, Any], default: str) -> TableRecord:
    """Return the table to write into: made, emptied or as it is, as the dispositions say."""
    name, partition = named(run, wanted), partition_of(wanted)
    disposition = wanted.get("writeDisposition") or default
    if disposition not in DISPOSITIONS:
        raise WarehouseError("invalid", f"Invalid writeDisposition: {disposition}")
    full = {**resource, **{k: wanted[k] for k in CARRIED if wanted.get(k)}}
    old = run.tx.table(*name)
    if old is None:
        if wanted.get("createDisposition") == "CREATE_NEVER":
            run.need(name)
        made = tables.create_table(run.tx, *name, full)
        if partition is not None:
            checked(made, partition)
        return made
    need_type(old, "TABLE")
    if partition is not None:
        return _partition(run, old, full, disposition, partition)
    return _existing(run, old, full, disposition)


def _partition(
    run: Run, old: TableRecord, resource: Mapping[str, Any], disposition: str, partition: str
) -> TableRecord:
    """Return a table with one partition ready to be written; its schema and all others stay."""
    checked(old, partition)
    if disposition == "WRITE_EMPTY" and not is_empty(run, old, partition):
        raise WarehouseError("duplicate", f"Already Exists: Table {old.shown}${partition}")
    if resource.get("schema"):
        check_append(old.columns, read_columns(resource))
    return without(run, old, partition) if disposition in TRUNCATING else old


def _existing(run: Run, old: TableRecord, resource: Mapping[str, Any], disposition: str) -> TableRecord:
    if disposition == "WRITE_EMPTY" and physical.count(run.tx.connection, old.rows_in):
        raise WarehouseError("duplicate", f"Already Exists: Table {old.shown}")
    if disposition in TRUNCATING:
        # Constraints and policy tags go with the old contents; what the table is called and carries stays.
        kept = {k: v for k, v in old.resource.items() if k != "tableConstraints"}
        given = resource if disposition == "WRITE_TRUNCATE" else {}
        spec = Partitioning.from_rest(given) or old.model.partitioning
        tables.refuse(schema_rules.replace_partitioning(old.model, spec))
        changed = canonical({**kept, **given})
        emptied = replace(old, resource=changed, physical=run.tx.new_physical(), etag=run.tx.new_etag())
        physical.create(run.tx.connection, emptied.rows_in, emptied.stored)
        if disposition == "WRITE_TRUNCATE":
            policies.forget(run.tx, old)
        return run.tx.put(replace(emptied, overwritten_ms=run.tx.now_ms))
    if resource.get("schema"):
        check_append(old.columns, read_columns(resource))
    return old


def check_append(columns: Sequence[Column], new: Sequence[Column]) -> None:
    """Refuse an append whose columns the table does not have."""
    known = {c.name.lower() for c in columns}
    for column in new:
        if column.name.lower() not in known:
            message = f"Provided Schema does not match Table. Cannot add fields (field: {column.name})"
            raise WarehouseError("invalid", message)
