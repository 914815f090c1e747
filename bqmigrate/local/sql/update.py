"""UPDATE and DELETE: the rows are found by a SELECT of row ids, so that any condition works."""

from __future__ import annotations

from sqlglot import exp

from bqmigrate.local.errors import unsupported
from bqmigrate.local.sql.bound import TableId
from bqmigrate.local.sql.kinds import BOOLEAN
from bqmigrate.local.sql.sources import from_sql
from bqmigrate.local.sql.target import Target, is_default, numbered
from bqmigrate.local.sql.translate import open_tree
from bqmigrate.local.sql.types import quoted

Text = tuple[str, tuple[str, ...], tuple[TableId, ...]]
TOO_MANY = "error('UPDATE/MERGE must match at most one source row for each target row')"


def _aliased(target: Target) -> exp.Table:
    table = target.node.copy()
    table.set("joins", None)
    return table


def _where(tree: exp.Expr, target: Target, verb: str) -> exp.Where:
    where = tree.args.get("where")
    if not isinstance(where, exp.Where):
        raise target.error(f"{verb} must have a WHERE clause", tree)
    return where.copy()


def _joins(tree: exp.Expr) -> list[exp.Join]:
    from_ = tree.args.get("from_")
    if from_ is None:
        return []
    first = from_.this.copy()
    rest = [join.copy() for join in first.args.get("joins") or ()]
    first.set("joins", None)
    return [exp.Join(this=first, kind="CROSS"), *rest]


def update_sql(tree: exp.Expr, target: Target) -> Text:
    """Return one DuckDB UPDATE, with a check that no row is matched twice when there is a FROM."""
    assignments = [_assignment(item, target) for item in tree.expressions]
    names = target.columns([name for name, _ in assignments])
    select = exp.Select(expressions=[_item(value, i) for i, (_, value) in enumerate(assignments)])
    select.set("from_", exp.From(this=_aliased(target)))
    select.set("joins", _joins(tree))
    select.set("where", _where(tree, target, "UPDATE"))
    env, prepared, resolved = open_tree(select, target.source, target.tables, target.scope)
    source, env = from_sql(prepared, env)
    texts = [
        target.value(raw if is_default(raw) else item.args["this"], column, env)
        for (_, raw), item, column in zip(assignments, prepared.expressions, names, strict=True)
    ]
    condition = env.bind_as(prepared.args["where"].this, BOOLEAN, "WHERE clause")
    found = f'{quoted(target.alias)}.rowid AS "r"'
    values = ", ".join([found, *(f'{text} AS "v{i}"' for i, text in enumerate(texts))])
    sets = ", ".join(f'{quoted(c.name)} = q."v{i}"' for i, c in enumerate(names))
    physical = target.info.physical
    found_rows = f"(SELECT {values}{source} WHERE {condition}) AS q"
    sql = f'UPDATE {physical} SET {sets} FROM {found_rows} WHERE {physical}.rowid = q."r"'
    rows = f"SELECT {found}{source} WHERE {condition}"
    check = f'SELECT {TOO_MANY} FROM ({rows}) GROUP BY "r" HAVING count(*) > 1 LIMIT 1'
    return sql, (check,) if tree.args.get("from_") else (), tuple(resolved.ids)


def _item(value: exp.Expr, index: int) -> exp.Expr:
    return numbered(exp.Null() if is_default(value) else value.copy(), index)


def _assignment(item: exp.Expr, target: Target) -> tuple[exp.Expr, exp.Expr]:
    if not isinstance(item, exp.EQ):
        raise target.error("Syntax error: Expected column = value", item)
    left = item.this
    table = left.args.get("table") if isinstance(left, exp.Column) else None
    if not isinstance(left, exp.Column) or (table is not None and table.name.lower() != target.alias.lower()):
        raise unsupported("UPDATE of a nested field (set the whole STRUCT)")
    return left, item.expression


def delete_sql(tree: exp.Expr, target: Target) -> Text:
    """Return one DuckDB DELETE."""
    if tree.args.get("using"):
        raise target.error("Syntax error: DELETE takes no USING", tree)
    select = exp.Select(expressions=[numbered(exp.Boolean(this=True), 0)])
    select.set("from_", exp.From(this=_aliased(target)))
    select.set("where", _where(tree, target, "DELETE"))
    env, prepared, resolved = open_tree(select, target.source, target.tables, target.scope)
    source, env = from_sql(prepared, env)
    condition = env.bind_as(prepared.args["where"].this, BOOLEAN, "WHERE clause")
    physical = target.info.physical
    rows = f"SELECT {quoted(target.alias)}.rowid{source} WHERE {condition}"
    return f"DELETE FROM {physical} WHERE rowid IN ({rows})", (), tuple(resolved.ids)
