"""From the author's text to a DuckDB SELECT with BigQuery's columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import cast

from sqlglot import exp

from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql import reading
from bqmigrate.local.sql.bound import BoundQuery, Function, Scope, Tables
from bqmigrate.local.sql.coercion import coerce
from bqmigrate.local.sql.env import Env
from bqmigrate.local.sql.expressions import bind
from bqmigrate.local.sql.filters import require_filters, unfiltered
from bqmigrate.local.sql.inlining import NoTables, inlined
from bqmigrate.local.sql.kinds import TIMESTAMP, Typed, column_of, type_of
from bqmigrate.local.sql.names import Relation, Resolved, qualified, resolve
from bqmigrate.local.sql.nodes import Sql
from bqmigrate.local.sql.parsing import parse_expression, parse_statement
from bqmigrate.local.sql.queries import query
from bqmigrate.local.sql.scans import Scan
from bqmigrate.local.sql.tokens import Source, source_of
from bqmigrate.local.sql.types import cast_sql, quoted
from bqmigrate.model.columns import Column

VIEW_DEPTH = 16
TOO_COMPLEX = "Query is too complex: too many nested expressions"


def bind_query(sql: Sql | str, tables: Tables, scope: Scope) -> BoundQuery:
    """Translate a query; raises WarehouseError."""
    bound = _bind_query(sql, tables, scope, 0)
    reading.read(reading.together([bound.needed, *bound.cells.values()]))
    return bound


def bind_expression(sql: Sql | str, tables: Tables, scope: Scope, column: Column | None = None) -> BoundQuery:
    """Translate one expression to a query of one row and one column `value`, coerced to `column` if given."""
    value, resolved = bind_value(sql, tables, scope)
    kind = value.type if column is None else type_of(column)
    text = coerce(value, kind)
    if text is None:
        raise WarehouseError("invalidQuery", f"Cannot coerce expression of type {value.type} to type {kind}")
    return _bound(Relation(f"SELECT {text} AS v", (("value", kind),)), resolved)


def bind_value(sql: Sql | str, tables: Tables, scope: Scope) -> tuple[Typed, Resolved]:
    """Translate one expression to typed DuckDB text, with the tables it reads."""
    tree = parse_expression(sql)
    source = source_of(sql)
    place = source.origin._replace(column=source.origin.column - len("SELECT "))
    shifted = Source(f"SELECT {source.text}", place)
    env, prepared, resolved = open_tree(tree, shifted, tables, scope)
    item = cast("exp.Select", prepared).expressions[0]
    try:
        return env.bind(item.args["this"]), resolved
    except RecursionError as error:
        raise WarehouseError("invalidQuery", TOO_COMPLEX) from error


def _bind_query(sql: Sql | str, tables: Tables, scope: Scope, depth: int) -> BoundQuery:
    tree = parse_statement(sql)
    if not isinstance(tree, exp.Query):
        raise WarehouseError("invalidQuery", "Syntax error: Expected a query")
    relation, resolved = bind_tree(tree, source_of(sql), tables, scope, depth)
    _refuse_duplicates(relation)
    return _bound(relation, resolved)


def bind_tree(
    tree: exp.Expr, source: Source, tables: Tables, scope: Scope, depth: int = 0
) -> tuple[Relation, Resolved]:
    """Translate a parsed query; returns its relation and the tables it reads."""
    env, prepared, resolved = open_tree(tree, source, tables, scope, depth)
    try:
        return query(prepared, env), resolved
    except RecursionError as error:
        raise WarehouseError("invalidQuery", TOO_COMPLEX) from error


def open_tree(
    tree: exp.Expr, source: Source, tables: Tables, scope: Scope, depth: int = 0, *, without_filters: bool = False
) -> tuple[Env, exp.Expr, Resolved]:
    """Qualify a parsed query; returns what its names mean, the tree, and the tables it reads.

    `without_filters` leaves require_partition_filter to the caller.
    """
    if depth > VIEW_DEPTH:
        raise WarehouseError("invalidQuery", "Not supported: views nested too deeply or referring to each other")
    moments = partial(_moment, source=source, tables=tables, scope=scope)
    tree, resolved = resolve(tree, tables, moments, scope.is_table_function)
    relations = {name: relation_of(name, tables, scope, depth, resolved) for name in resolved.infos}
    found = qualified(tree, relations, source)
    if depth:
        # A view hands its need of a filter on to the query around it.
        resolved.unmet = unfiltered(found, resolved)
    elif not without_filters:
        require_filters(found, resolved)
    return Env(scope, source, relations, bind, query, call_function), found, resolved


def call_function(function: Function, given: Sequence[Typed], scope: Scope, where: str) -> Typed:
    """Translate a call of a function that somebody made; raises WarehouseError."""
    return inlined(function, given, scope, lambda body, inner: bind_value(body, NoTables(), inner)[0], where)


def _moment(node: exp.Expr, source: Source, tables: Tables, scope: Scope) -> str:
    """Return the text of a TIMESTAMP that depends on no row."""
    if node.find(exp.Query) is not None:
        raise WarehouseError("invalidQuery", "FOR SYSTEM_TIME AS OF expression must not contain a subquery")
    env, prepared, _ = open_tree(exp.Select(expressions=[node.copy()]), source, tables, scope)
    return env.bind_as(cast("exp.Select", prepared).expressions[0].args["this"], TIMESTAMP, "FOR SYSTEM_TIME AS OF")


def relation_of(name: str, tables: Tables, scope: Scope, depth: int, resolved: Resolved) -> Relation:
    """Return a table as it is stored, or a view as the query it stands for."""
    info = resolved.infos[name]
    if info.view_query is None:
        scan = Scan(info) if info.stored else None
        if scan is not None:
            resolved.scans[name] = scan
        cells = reading.stored(scan) if scan is not None else {}
        columns = tuple((c.name, type_of(c)) for c in info.columns)
        return Relation(info.physical, columns, info.pseudo, scan=scan, cells=cells)
    # A view takes no parameters and sees no variables.
    inner = _bind_query(info.view_query, tables, replace(scope, parameters=(), variables={}), depth + 1)
    if inner.unmet is not None:
        resolved.infos[name] = replace(info, id=inner.unmet.id, partition_filter=inner.unmet.partition_filter)
    resolved.ids.extend(i for i in inner.tables if i not in resolved.ids)
    resolved.scans.update({f"{name}.{i}": scan for i, scan in enumerate(inner.scans)})
    names = (
        [c.name for c in info.columns] if len(info.columns) == len(inner.columns) else [c.name for c in inner.columns]
    )
    shown = ", ".join(quoted(name) for name in names)
    columns = tuple((name, type_of(c)) for name, c in zip(names, inner.columns, strict=True))
    sql = f"(SELECT * FROM ({inner.sql}) AS q({shown}))"
    return Relation(sql, columns, pins=inner.pins, cells=inner.cells, needed=inner.needed)


def _refuse_duplicates(relation: Relation) -> None:
    seen: set[str] = set()
    for name, _ in relation.columns:
        if name.lower() in seen:
            raise WarehouseError(
                "invalidQuery", f"Duplicate column names in the result are not supported. Found duplicate(s): {name}"
            )
        seen.add(name.lower())


def _bound(relation: Relation, resolved: Resolved) -> BoundQuery:
    inner = ", ".join(f"c{i}" for i in range(len(relation.columns)))
    shown = ", ".join(f"{cast_sql(f'c{i}', kind)} AS {quoted(name)}" for i, (name, kind) in enumerate(relation.columns))
    columns = tuple(column_of(name, kind) for name, kind in relation.columns)
    return BoundQuery(
        f"SELECT {shown} FROM ({relation.sql}) AS q({inner})",
        columns,
        tuple(resolved.ids),
        resolved.unmet,
        tuple(resolved.scans.values()),
        relation.pins,
        relation.cells,
        relation.needed,
    )
