"""Subqueries inside expressions."""

from __future__ import annotations

from sqlglot import exp

from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql.env import Env
from bqmigrate.local.sql.kinds import BOOLEAN, Type, Typed, array_of
from bqmigrate.local.sql.names import Relation
from bqmigrate.local.sql.operators import compare
from bqmigrate.local.sql.reading import read, read_all
from bqmigrate.local.sql.types import quoted


def _inner(node: exp.Expr, env: Env) -> exp.Expr:
    if node.args.get("alias"):
        raise WarehouseError("invalidQuery", f"A subquery in an expression takes no alias{env.where(node)}")
    return node


def _one_column(relation: Relation, node: exp.Expr, env: Env, what: str) -> tuple[str, Type]:
    if len(relation.columns) != 1:
        message = f"{what} cannot have more than one column unless using SELECT AS STRUCT to build STRUCT values"
        raise env.error(message, node)
    return relation.columns[0]


def scalar(node: exp.Expr, env: Env) -> Typed:
    """Bind (SELECT one value)."""
    relation = read_all(env.inside().query(_inner(node, env)))
    _, kind = _one_column(relation, node, env, "Scalar subquery")
    return Typed(f"({relation.sql})", kind)


def exists(node: exp.Expr, env: Env) -> Typed:
    """Bind EXISTS (SELECT ...)."""
    relation = env.inside().query(node.args["this"])
    read(relation.needed)
    return Typed(f"EXISTS ({relation.sql})", BOOLEAN)


def array(node: exp.Expr, env: Env) -> Typed:
    """Bind ARRAY(SELECT one column); no row gives an empty array."""
    relation = read_all(env.inside().query(node))
    name, kind = _one_column(relation, node, env, "ARRAY subquery")
    if kind.element is not None:
        raise env.error(f"Cannot use array subquery with column of type {kind}", node)
    items = f"(SELECT list({quoted(name)}) FROM ({relation.sql}))"
    return Typed(f"coalesce({items}, [])", array_of(kind))


def in_(node: exp.Expr, env: Env) -> Typed:
    """Bind x IN (list), x IN (subquery) and x IN UNNEST(array)."""
    value = env.bind(node.args["this"])
    if node.args.get("query") is not None:
        inner = node.args["query"]
        relation = read_all(env.inside().query(inner))
        _, kind = _one_column(relation, node, env, "Subquery of type IN")
        compare(node, value, Typed("NULL", kind), env, "=")
        return Typed(f"({value.sql} IN ({relation.sql}))", BOOLEAN)
    if node.args.get("unnest") is not None:
        items = env.bind(node.args["unnest"].expressions[0])
        if items.type.element is None:
            raise env.error(f"Second argument of IN UNNEST must be an array but was {items.type}", node)
        compare(node, value, Typed("NULL", items.type.element), env, "=")
        found = f"list_contains({items.sql}, {value.sql})"
        unknown = f"list_contains(list_transform({items.sql}, lambda e: e IS NULL), true)"
        return Typed(
            f"(CASE WHEN {items.sql} IS NULL THEN false WHEN {value.sql} IS NULL THEN "
            f"CASE WHEN len({items.sql}) > 0 THEN NULL ELSE false END WHEN {found} THEN true "
            f"WHEN {unknown} THEN NULL ELSE false END)",
            BOOLEAN,
        )
    tests = [compare(node, value, env.bind(item), env, "=").sql for item in node.expressions]
    return Typed(f"({' OR '.join(tests)})", BOOLEAN)
