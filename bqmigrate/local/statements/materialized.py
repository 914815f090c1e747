"""Materialized views: always fresh here, and bound to the very tables they were made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bqmigrate.local.catalog import tables
from bqmigrate.local.catalog.canonical import canonical
from bqmigrate.local.catalog.datasets import require_dataset
from bqmigrate.local.catalog.materialized import DEFAULTS
from bqmigrate.local.catalog.records import TableRecord
from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql.binding import bind_query
from bqmigrate.local.sql.bound import BoundQuery, TableId
from bqmigrate.local.sql.nodes import AlterMaterializedView, CreateMaterializedView, DropMaterializedView
from bqmigrate.local.statements import options
from bqmigrate.local.statements.run import Outcome, Run, need_type, nullable


def create_materialized_view(run: Run, node: CreateMaterializedView) -> Outcome:
    """Make a materialized view, or exchange one."""
    name = run.table_id(node.path)
    require_dataset(run.tx, name.project, name.dataset)
    old = run.tx.table(*name)
    if old is not None and node.if_not_exists:
        return Outcome(node.kind, "SKIP", name)
    if old is not None and node.or_replace:
        need_type(old, "MATERIALIZED_VIEW")
        run.tx.remove(old.key)
    body: dict[str, Any] = {"materializedView": {"query": node.query.text, **DEFAULTS}}
    if node.partitioning is not None:
        body.update(node.partitioning.to_rest())
    if node.clustering:
        body["clustering"] = {"fields": list(node.clustering)}
    changes = options.read(run, node.options, options.MATERIALIZED_OPTIONS)
    bound = bind_query(node.query, run.tables, run.scope)
    _make(run, name, bound, options.apply(body, changes))
    return Outcome(node.kind, "CREATE" if old is None else "REPLACE", name, referenced=bound.tables)


def materialized_from_rest(run: Run, name: TableId, body: Mapping[str, Any]) -> TableRecord:
    """Make a materialized view as tables.insert describes it; 409 when the name is taken."""
    if body.get("view") is not None:
        raise WarehouseError("invalid", "A table cannot be a view and a materialized view")
    chosen = canonical({key: value for key, value in body.items() if key != "schema"})
    return _make(run, name, bind_query(chosen["materializedView"]["query"], run.tables, run.scope), body)


def _make(run: Run, name: TableId, bound: BoundQuery, body: Mapping[str, Any]) -> TableRecord:
    """Keep a materialized view with the columns and on the tables that its query has now."""
    bases = _bases(run, bound.tables)
    made = tables.create_view(run.tx, *name, body, nullable(bound.columns))
    tables.check_table(made.resource)
    return run.tx.put(replace(made, type="MATERIALIZED_VIEW", definition={"bases": bases}))


def _bases(run: Run, names: Sequence[TableId]) -> list[list[Any]]:
    """Return which tables a materialized view stands on; others than tables it cannot."""
    if not names:
        raise WarehouseError("invalidQuery", "A materialized view must read at least one table")
    found = [run.need(name) for name in names]
    for record in found:
        need_type(record, "TABLE")
    return [[r.project, r.dataset, r.table, r.created_ms, r.overwritten_ms, r.resource["schema"]] for r in found]


def alter_materialized_view(run: Run, node: AlterMaterializedView) -> Outcome:
    """Set options: the only thing of a materialized view that can change."""
    name = run.table_id(node.path)
    if node.if_exists and run.tx.table(*name) is None:
        return Outcome(node.kind, "SKIP", name)
    record = run.need(name)
    need_type(record, "MATERIALIZED_VIEW")
    changes = options.read(run, node.options, options.MATERIALIZED_OPTIONS)
    tables.keep(run.tx, record, canonical(options.apply(record.resource, changes)))
    return Outcome(node.kind, "ALTER", name)


def drop_materialized_view(run: Run, node: DropMaterializedView) -> Outcome:
    """Remove a materialized view."""
    name = run.table_id(node.path)
    if node.if_exists and run.tx.table(*name) is None:
        return Outcome(node.kind, "SKIP", name)
    record = run.need(name)
    need_type(record, "MATERIALIZED_VIEW")
    run.tx.remove(record.key)
    return Outcome(node.kind, "DROP", name)
