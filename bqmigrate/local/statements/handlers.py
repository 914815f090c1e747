"""The table of statements: node class -> what carries it out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bqmigrate.local.errors import unsupported
from bqmigrate.local.sql import nodes
from bqmigrate.local.statements import (
    alter,
    copies,
    creation,
    materialized,
    policies,
    removal,
    routines,
    rows,
    schemas,
)
from bqmigrate.local.statements.run import Outcome, Run

Handler = Callable[[Run, Any], Outcome]

ROWS: Mapping[type[nodes.Statement], Handler] = {
    nodes.Query: rows.select,
    nodes.Dml: rows.change_rows,
    nodes.TruncateTable: removal.truncate_table,
}
DDL: Mapping[type[nodes.Statement], Handler] = {
    nodes.CreateSchema: schemas.create_schema,
    nodes.AlterSchema: schemas.alter_schema,
    nodes.DropSchema: schemas.drop_schema,
    nodes.CreateTable: creation.create_table,
    nodes.DropTable: removal.drop_table,
    nodes.CreateView: creation.create_view,
    nodes.DropView: removal.drop_view,
    nodes.AlterTable: alter.alter_table,
    nodes.AlterView: alter.alter_view,
    nodes.CreateSnapshot: copies.create_snapshot,
    nodes.DropSnapshot: copies.drop_snapshot,
    nodes.CreateMaterializedView: materialized.create_materialized_view,
    nodes.AlterMaterializedView: materialized.alter_materialized_view,
    nodes.DropMaterializedView: materialized.drop_materialized_view,
    nodes.CreateRoutine: routines.create_routine,
    nodes.DropRoutine: routines.drop_routine,
    nodes.CreatePolicy: policies.create_policy,
    nodes.DropPolicies: policies.drop_policies,
}
HANDLERS: Mapping[type[nodes.Statement], Handler] = {**ROWS, **DDL}


def carry_out(run: Run, node: nodes.Statement) -> Outcome:
    """Run one statement in its transaction; 501 for those that have not been taught."""
    handler = HANDLERS.get(type(node))
    if handler is None:
        raise unsupported(node.kind.replace("_", " "))
    return handler(run, node)
