"""FROM: tables, subqueries, UNNEST and joins."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from bqmigrate.local.errors import unsupported
from bqmigrate.local.sql.coercion import coerce
from bqmigrate.local.sql.env import Env, From
from bqmigrate.local.sql.kinds import BOOLEAN, INTEGER
from bqmigrate.local.sql.names import Relation
from bqmigrate.local.sql.pruning import prune
from bqmigrate.local.sql.scans import pinned
from bqmigrate.local.sql.types import quoted

SIDES = ("LEFT", "RIGHT", "FULL")


def from_sql(select: exp.Expr, env: Env) -> tuple[str, Env]:
    """Return ` FROM ...` (or nothing) and the environment in which its columns are known."""
    first = select.args.get("from_")
    if first is None:
        return "", env
    text, item = source_sql(first.args["this"], env)
    env = replace(env, froms=(*env.froms, item))
    for join in (*(first.args["this"].args.get("joins") or ()), *(select.args.get("joins") or ())):
        part, env = join_sql(join, env)
        text += part
    return f" FROM {text}", env


def join_sql(join: exp.Expr, env: Env) -> tuple[str, Env]:
    """Return one join and the environment after it."""
    for refused in ("using", "method", "match_condition", "hint"):
        if join.args.get(refused):
            raise unsupported(f"{refused.upper()} in a join")
    text, item = source_sql(join.args["this"], env)
    inner = replace(env, froms=(*env.froms, item))
    side, kind, on = str(join.args.get("side") or ""), str(join.args.get("kind") or ""), join.args.get("on")
    if side not in ("", *SIDES) or kind not in ("", "INNER", "OUTER", "CROSS"):
        raise unsupported(f"{side} {kind} JOIN".strip())
    if on is None and (side or kind == "INNER") and not item.unnested:
        raise env.error(f"{side or kind} JOIN must have an immediately following ON or USING clause", join)
    _prune_join(on, side, inner, item)
    if on is None:
        # An UNNEST may follow LEFT JOIN without a condition: it belongs to its row.
        return (f" LEFT JOIN {text} ON true" if side == "LEFT" else f" CROSS JOIN {text}"), inner
    value = inner.bind(on)
    condition = coerce(value, BOOLEAN)
    if condition is None:
        raise env.error(f"JOIN ON clause should return type BOOL, but returns type {value.type}", on)
    inner = replace(inner, froms=(*env.froms, replace(item, uses=f"{item.uses} {condition}")))
    return f" {side or 'INNER'} JOIN {text} ON {condition}", inner


def _prune_join(on: exp.Expr | None, side: str, env: Env, item: From) -> None:
    """Let ON limit the partitions of the sides whose rows go when it does not hold."""
    before = tuple(f for f in env.froms if f is not item)
    limited = {"": (*before, item), "LEFT": (item,), "RIGHT": before, "FULL": ()}[side]
    prune([on], env, limited)


def source_sql(node: exp.Expr, env: Env) -> tuple[str, From]:
    """Return one item of a FROM: text with its alias, and what it offers."""
    if isinstance(node, exp.Table):
        return _table(node, env)
    if isinstance(node, exp.Unnest):
        return _unnest(node, env)
    if isinstance(node, exp.Subquery):
        if not isinstance(node.args["this"], exp.Query):
            raise unsupported("a join in parentheses")
        # A subquery in FROM sees what encloses the query, not its neighbours.
        relation = replace(env, froms=(), aliases={}).query(node.args["this"])
        return f"({relation.sql}) AS {quoted(node.alias)}", offered(relation, node.alias)
    raise unsupported(f"{node.key.upper()} in FROM")


def _table(node: exp.Table, env: Env) -> tuple[str, From]:
    name, alias = node.name, node.alias_or_name
    relation = env.relations.get(name) or env.ctes.get(name.lower())
    if relation is None:
        raise env.error(f"Table not found: {name}", node)
    return f"{relation.sql} AS {quoted(alias)}", offered(relation, alias)


def offered(relation: Relation, alias: str) -> From:
    """Return what a relation offers under an alias."""
    names = [name.lower() for name, _ in relation.columns]
    pins = {names[place]: scans for place, scans in relation.pins.items()}
    cells = {names[place]: found for place, found in relation.cells.items()}
    if relation.scan is not None:
        pins = pinned(relation.scan)
    return From(alias, relation.columns, pseudo=relation.pseudo, pins=pins, cells=cells, needed=relation.needed)


def _unnest(node: exp.Unnest, env: Env) -> tuple[str, From]:
    if len(node.expressions) != 1:
        raise unsupported("UNNEST of several arrays")
    value = env.bind(node.expressions[0])
    element = value.type.element
    if element is None:
        raise env.error(
            f"Values referenced in UNNEST must be arrays. UNNEST contains expression of type {value.type}", node
        )
    table = node.args["alias"]
    alias, names = table.this.name if table.this else table.columns[0].name, [c.name for c in table.columns]
    columns = [(names[0], element)]
    shown = f"unnest(a) AS {quoted(names[0])}"
    offset = node.args.get("offset")
    if len(names) > 1 or offset:
        label = names[1] if len(names) > 1 else offset.name if isinstance(offset, exp.Identifier) else "offset"
        columns.append((label, INTEGER))
        shown += f", generate_subscripts(a, 1) - 1 AS {quoted(label)}"
    sql = f"(SELECT {shown} FROM (SELECT {value.sql} AS a)) AS {quoted(alias)}"
    return sql, From(alias, tuple(columns), unnested=True, uses=value.sql)
