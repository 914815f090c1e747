"""Materialized views: always fresh here, and bound to the very tables they were made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bqmigrate.local.catalog import tables
from bqmigrate.local.catalog.datasets import require_dataset
from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql.binding import bind_query
from bqmigrate.local.sql.bound import TableId
from bqmigrate.local.sql.nodes import AlterMaterializedView, CreateMaterializedView, DropMaterializedView
from bqmigrate.local.statements import options
from bqmigrate.local.statements.run import Outcome, Run, need_type, nullable

DEFAULTS = {"enableRefresh": True, "refreshIntervalMs": "1800000"}


def create_materialized_view(run: Run, node: CreateMaterializedView) -> Outcome:
    """Make a materialized view, or exchange one."""
    name = run.table_id(node.path)
    require_dataset(run.tx, name.project, name.dataset)
    old = run.tx.table(*name)
    if old is not None and node.if_not_exists:
        return Outcome(node.kind, "SKIP", name)
    bound = bind_query(node.query, run.tables, run.scope)
    bases = _bases(run, bound.tables)
    if old is not None and node.or_replace:
        need_type(old, "MATERIALIZED_VIEW")
        run.tx.remove(old.key)
    fields = [c.to_rest() for c in nullable(bound.columns)]
    shape: dict[str, Any] = {"schema": {"fields": fields}}
    if node.partitioning is not None:
        shape.update(node.partitioning.to_rest())
    if node.clustering:
        shape["clustering"] = {"fields": list(node.clustering)}
    tables.check_table(tables.canonical(shape))
    resource = {**shape, "materializedView": {"query": node.query.text, **DEFAULTS}}
    changes = options.read(run, node.options, options.MATERIALIZED_OPTIONS)
    made = tables.create_view(run.tx, *name, {}, nullable(bound.columns))
    kept = {**made.resource, **tables.canonical(options.apply(resource, changes))}
    run.tx.put(replace(made, type="MATERIALIZED_VIEW", resource=kept, definition={"bases": bases}))
    return Outcome(node.kind, "CREATE" if old is None else "REPLACE", name, referenced=bound.tables)


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
    tables.keep(run.tx, record, tables.canonical(options.apply(record.resource, changes)))
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
