"""INSERT, UPDATE, DELETE and MERGE: from the author's text to one DuckDB statement and the checks before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlglot import exp

from bqmigrate.local.errors import WarehouseError, unsupported
from bqmigrate.local.sql.bound import BoundDml, DmlKind, Scope, TableInfo, Tables
from bqmigrate.local.sql.insert import insert_sql
from bqmigrate.local.sql.merge import merge_sql
from bqmigrate.local.sql.names import lookup, path_of
from bqmigrate.local.sql.nodes import Sql
from bqmigrate.local.sql.parsing import parse_statement
from bqmigrate.local.sql.target import Change, Target
from bqmigrate.local.sql.tokens import source_of
from bqmigrate.local.sql.update import delete_sql, update_sql

KINDS: Mapping[type[exp.Expr], tuple[DmlKind, Callable[[exp.Expr, Target], Change]]] = {
    exp.Insert: ("INSERT", insert_sql),
    exp.Update: ("UPDATE", update_sql),
    exp.Delete: ("DELETE", delete_sql),
    exp.Merge: ("MERGE", merge_sql),
}


def bind_dml(sql: Sql | str, tables: Tables, scope: Scope) -> BoundDml:
    """Translate a change of rows; raises WarehouseError."""
    tree = parse_statement(sql)
    if type(tree) not in KINDS:
        raise WarehouseError("invalidQuery", "Syntax error: Expected INSERT, UPDATE, DELETE or MERGE")
    kind, translate = KINDS[type(tree)]
    if tree.args.get("with_"):
        raise unsupported(f"WITH before {kind}")
    if tree.args.get("returning"):
        raise WarehouseError("invalidQuery", f"Syntax error: {kind} takes no RETURNING")
    info = _writable(lookup(path_of(_target(tree)), tables))
    change = translate(tree, Target(info, _target(tree), tables, scope, source_of(sql)))
    ids = tuple(dict.fromkeys((info.id, *change.resolved.ids)))
    scans = tuple(change.resolved.scans.values())
    return BoundDml(kind, info, change.sql, change.checks, ids, scans, change.changed, change.covered)


def _target(tree: exp.Expr) -> exp.Table:
    node = tree.args.get("this") or (tree.args.get("tables") or [None])[0]
    table = node.this if isinstance(node, exp.Schema) else node
    if not isinstance(table, exp.Table):
        raise unsupported(f"a target that is a {type(table).__name__}")
    return table


def _writable(info: TableInfo) -> TableInfo:
    if info.kind != "TABLE":
        raise WarehouseError("invalidQuery", f"Cannot modify {info.id}: it is not a table but a {info.kind}")
    return info
