"""CREATE TABLE in all its forms, and CREATE VIEW."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bqmigrate.local.catalog import tables
from bqmigrate.local.catalog.canonical import read_columns
from bqmigrate.local.catalog.datasets import require_dataset
from bqmigrate.local.catalog.records import TableRecord
from bqmigrate.local.errors import WarehouseError, unsupported
from bqmigrate.local.sql.binding import bind_dml, bind_query
from bqmigrate.local.sql.bound import BoundQuery, TableId
from bqmigrate.local.sql.nodes import Constraint, CreateTable, CreateView, ForeignKey, PrimaryKey, Sql
from bqmigrate.local.statements import copies, options, policies
from bqmigrate.local.statements.copies import Original, original
from bqmigrate.local.statements.defaults import check_defaults
from bqmigrate.local.statements.run import Outcome, Run, as_sql, need_type, nullable, table_info
from bqmigrate.local.statements.scanned import scanned_bytes
from bqmigrate.model import schema_rules
from bqmigrate.model.catalog import Partitioning, Table
from bqmigrate.model.columns import Column
from bqmigrate.model.names import quote

TARGET = "_bqm_target"
# What OPTIONS(...) of CREATE TABLE says beside the shape of the table.
OPTIONAL = ("description", "friendlyName", "labels", "expirationTime", "resourceTags", "maxStaleness")


def create_table(run: Run, node: CreateTable) -> Outcome:
    """Make a table, or exchange one of the same partition spec."""
    if node.temporary:
        raise unsupported("temporary tables")
    name = run.table_id(node.path)
    require_dataset(run.tx, name.project, name.dataset)
    old = run.tx.table(*name)
    if old is not None and node.if_not_exists:
        return Outcome(node.kind, "SKIP", name)
    bound = None if node.query is None else bind_query(node.query, run.tables, run.scope)
    found = None if node.source is None else original(run, node.source)
    processed = scanned_bytes(run, bound) if bound else 0
    resource = _resource(run, node, bound, found)
    if old is not None and run.switches.replace_keeps_options:
        resource = {**{k: old.resource[k] for k in OPTIONAL if k in old.resource}, **resource}
    record = _put(run, name, resource, old, replaces=node.or_replace)
    if node.query is not None:
        insert_query(run, record, node.query, old)
    elif node.source is not None and found is not None and node.source.how != "LIKE":
        record = run.tx.put(replace(record, definition=copies.made_by(node.source.how, found)))
        copies.fill(run, record, found)
    operation = "REPLACE" if old is not None else "CREATE"
    referenced = bound.tables if bound else ()
    return Outcome(
        node.kind, operation, name, referenced=referenced, columns=record.columns, processed=processed
    )  # fmt: skip


def _put(
    run: Run, name: TableId, resource: Mapping[str, Any], old: TableRecord | None, *, replaces: bool
) -> TableRecord:
    if old is not None and replaces:
        need_type(old, "TABLE")
        tables.refuse(schema_rules.replace_partitioning(old.model, Partitioning.from_rest(resource)))
        if run.switches.replace_pins_clustering:
            tables.refuse(schema_rules.replace_clustering(old.model, Table.from_rest(resource).clustering))
        policies.forget(run.tx, old)
        run.tx.remove(old.key)
    made = tables.create_table(run.tx, *name, resource)
    if old is not None and run.switches.replace_keeps_iam:
        return run.tx.put(replace(made, iam=old.iam))
    return made


def _resource(run: Run, node: CreateTable, bound: BoundQuery | None, found: Original | None) -> dict[str, Any]:
    """Return the REST resource that the statement describes."""
    base = {} if found is None or node.source is None else copies.inherited(run, found, how=node.source.how)
    columns = node.columns if node.columns is not None else None if bound is None else nullable(bound.columns)
    if node.collation is not None:
        base["defaultCollation"] = node.collation
    if columns is not None:
        check_defaults(columns, run.tables, run.scope)
        base["schema"] = {"fields": [c.to_rest() for c in columns]}
    if node.partitioning is not None:
        base.update(node.partitioning.to_rest())
    if node.clustering:
        base["clustering"] = {"fields": list(node.clustering)}
    if node.constraints:
        base["tableConstraints"] = constraints(run, node.constraints)
    changes = options.read(run, node.options, options.TABLE_OPTIONS)
    options.check_partition_options(base, changes)
    return options.apply(base, changes)


def constraints(run: Run, given: Sequence[Constraint]) -> dict[str, Any]:
    """Return REST tableConstraints."""
    out: dict[str, Any] = {}
    for constraint in given:
        if isinstance(constraint, PrimaryKey):
            if "primaryKey" in out:
                raise WarehouseError("invalidQuery", "A table has at most one primary key")
            out["primaryKey"] = {"columns": list(constraint.columns)}
        else:
            out.setdefault("foreignKeys", []).append(foreign_key(run, constraint, len(out.get("foreignKeys", ())) + 1))
    return out


def foreign_key(run: Run, key: ForeignKey, number: int) -> dict[str, Any]:
    """Return one REST foreign key; the table it points to must have that primary key."""
    name = run.table_id(key.path)
    referenced = run.need(name).model.primary_key
    if sorted(c.lower() for c in referenced) != sorted(c.lower() for c in key.referenced):
        message = f"Foreign key must reference the primary key of table {name.project}:{name.dataset}.{name.table}"
        raise WarehouseError("invalidQuery", message)
    pairs = zip(key.columns, key.referenced, strict=True)
    return {
        "name": key.name or f"fk${number}",
        "referencedTable": {"projectId": name.project, "datasetId": name.dataset, "tableId": name.table},
        "columnReferences": [{"referencingColumn": a, "referencedColumn": b} for a, b in pairs],
    }


def insert_query(run: Run, record: TableRecord, query: Sql, old: TableRecord | None = None) -> int:
    """Append a query's rows by position, with the coercions and checks of INSERT; return their number.

    A query that reads the table it replaces reads `old`.
    """
    columns = ", ".join(quote(c.name) for c in record.columns)
    info = table_info(record)
    before = {} if old is None else {info.id: table_info(old)}
    catalog = replace(run.tables, extra={(TARGET,): info}, before=before)
    bound = bind_dml(as_sql(f"INSERT INTO {TARGET} ({columns})", query), catalog, run.scope)
    for check in bound.checks:
        run.execute(check)
    return int(run.execute(bound.sql)[0][0])


def create_view(run: Run, node: CreateView) -> Outcome:
    """Make a view, or exchange one; its columns are frozen as the query has them now."""
    name = run.table_id(node.path)
    require_dataset(run.tx, name.project, name.dataset)
    old = run.tx.table(*name)
    if old is not None and node.if_not_exists:
        return Outcome(node.kind, "SKIP", name)
    bound = bind_query(node.query, run.tables, run.scope)
    columns = _named(nullable(bound.columns), node.columns)
    body = {"view": {"query": node.query.text, "useLegacySql": False}}
    if old is not None and node.or_replace:
        need_type(old, "VIEW")
        run.tx.remove(old.key)
    body = options.apply(body, options.read(run, node.options, options.VIEW_OPTIONS))
    tables.create_view(run.tx, *name, body, columns)
    refuse_circle(run, name)
    return Outcome(node.kind, "REPLACE" if old is not None else "CREATE", name, referenced=bound.tables)


def refuse_circle(run: Run, name: TableId) -> None:
    """Refuse a view that, as it is now, reads itself, be it through others."""
    bind_query(f"SELECT 1 AS one FROM {quote(*name)}", run.tables, run.scope)


def _named(columns: tuple[Column, ...], listed: tuple[Column, ...] | None) -> tuple[Column, ...]:
    if listed is None:
        return columns
    if len(listed) != len(columns):
        message = f"The view has {len(listed)} column names, but its query has {len(columns)} columns"
        raise WarehouseError("invalidQuery", message)
    pairs = zip(columns, listed, strict=True)
    return tuple(replace(c, name=given.name, description=given.description) for c, given in pairs)


def view_from_rest(run: Run, name: TableId, body: Mapping[str, Any]) -> TableRecord:
    """Make a view as tables.insert describes it."""
    return tables.create_view(run.tx, *name, body, view_columns(run, body["view"], body.get("schema")))


def view_columns(run: Run, view: Mapping[str, Any], schema: Mapping[str, Any] | None) -> tuple[Column, ...]:
    """Return the columns of a REST view; descriptions come from a schema sent along."""
    if view.get("useLegacySql", True):
        raise unsupported("legacy SQL; set view.useLegacySql to false")
    if not isinstance(view.get("query"), str):
        raise WarehouseError("invalid", "A view needs a query")
    bound = bind_query(str(view["query"]), run.tables, run.scope)
    sent = {c.name.lower(): c.description for c in read_columns({"schema": schema or {}})}
    return tuple(replace(c, description=sent.get(c.name.lower())) for c in nullable(bound.columns))
