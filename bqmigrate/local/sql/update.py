"""UPDATE and DELETE: the rows are found by a SELECT of row ids, so that any condition works."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from bqmigrate.local.sql.kinds import BOOLEAN
from bqmigrate.local.sql.names import Resolved
from bqmigrate.local.sql.pruning import covering, prune
from bqmigrate.local.sql.reading import needed, read
from bqmigrate.local.sql.scans import Scan
from bqmigrate.local.sql.sources import from_sql
from bqmigrate.local.sql.target import Change, Target, is_default, numbered
from bqmigrate.local.sql.translate import open_tree
from bqmigrate.local.sql.types import quoted
from bqmigrate.model.columns import Column

Path = tuple[str, ...]
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


def update_sql(tree: exp.Expr, target: Target) -> Change:
    """Return one DuckDB UPDATE, with a check that no row is matched twice when there is a FROM."""
    assignments = _assignments(tree, target)
    names = target.columns([name for name, _ in assignments])
    select = exp.Select(expressions=[_item(value, i) for i, (_, value) in enumerate(assignments)])
    select.set("from_", exp.From(this=_aliased(target)))
    select.set("joins", _joins(tree))
    select.set("where", _where(tree, target, "UPDATE"))
    env, prepared, resolved = open_tree(select, target.source, target.tables, target.scope)
    source, env = from_sql(prepared, env)
    prune([prepared.args["where"].this], env, env.froms, alone=len(env.froms) == 1)
    texts = [
        target.value(raw if is_default(raw) else item.args["this"], column, env)
        for (_, raw), item, column in zip(assignments, prepared.expressions, names, strict=True)
    ]
    condition = env.bind_as(prepared.args["where"].this, BOOLEAN, "WHERE clause")
    found = f'{quoted(target.alias)}.rowid AS "r"'
    read(needed([*texts, condition], env))
    values = ", ".join([found, *(f'{text} AS "v{i}"' for i, text in enumerate(texts))])
    sets = ", ".join(f'{quoted(c.name)} = q."v{i}"' for i, c in enumerate(names))
    physical = target.info.physical
    found_rows = f"(SELECT {values}{source} WHERE {condition}) AS q"
    sql = f'UPDATE {physical} SET {sets} FROM {found_rows} WHERE {physical}.rowid = q."r"'
    rows = f"SELECT {found}{source} WHERE {condition}"
    check = f'SELECT {TOO_MANY} FROM ({rows}) GROUP BY "r" HAVING count(*) > 1 LIMIT 1'
    return Change(sql, resolved, (check,) if tree.args.get("from_") else (), _scan(prepared, resolved))


def _item(value: exp.Expr, index: int) -> exp.Expr:
    return numbered(exp.Null() if is_default(value) else value.copy(), index)


def _assignments(tree: exp.Expr, target: Target) -> list[tuple[exp.Expr, exp.Expr]]:
    """Return columns and their values; fields that are set one by one make a value of their whole STRUCT."""
    whole: list[tuple[exp.Expr, exp.Expr]] = []
    nested: dict[str, tuple[exp.Expr, dict[Path, exp.Expr]]] = {}
    for item in tree.expressions:
        if not isinstance(item, exp.EQ):
            raise target.error("Syntax error: Expected column = value", item)
        head, *rest = _path(item.this, target)
        if rest:
            changes = nested.setdefault(head.name.lower(), (head, {}))[1]
            changes[tuple(part.name.lower() for part in rest)] = item.expression
        else:
            whole.append((head, item.expression))
    for head, changes in nested.values():
        column = target.column(head.name, head)
        whole.append((head, _rebuilt(column, exp.column(column.name, table=target.alias), changes, target)))
    return whole


def _path(left: exp.Expr, target: Target) -> list[exp.Expr]:
    """Return the names of what is set, without the target's alias."""
    if isinstance(left, exp.Dot):
        return [*_path(left.this, target), left.expression]
    if not isinstance(left, exp.Column):
        raise target.error("Syntax error: Expected a column", left)
    parts = list(left.parts)
    aliased = len(parts) > 1 and parts[0].name.lower() == target.alias.lower()
    return parts[1:] if aliased else parts


def _rebuilt(column: Column, at: exp.Expr, changes: Mapping[Path, exp.Expr], target: Target) -> exp.Expr:
    """Return the STRUCT with some fields exchanged and the others as they are."""
    if column.type != "RECORD" or column.mode == "REPEATED":
        raise target.error(f"Cannot access field {next(iter(changes))[0]} on a value with type {column.sql_type()}", at)
    for path in changes:
        if column.field(path[0]) is None:
            raise target.error(f"Field name {path[0]} does not exist in {column.sql_type()}", at)
    items = []
    for field in column.fields:
        mine = {path[1:]: value for path, value in changes.items() if path[0] == field.name.lower()}
        before = exp.Dot(this=at.copy(), expression=exp.to_identifier(field.name, quoted=True))
        value = mine[()] if () in mine else _rebuilt(field, before, mine, target) if mine else before
        name = exp.to_identifier(field.name, quoted=True)
        items.append(exp.PropertyEQ(this=name, expression=value.copy()))
    return exp.Struct(expressions=items)


def delete_sql(tree: exp.Expr, target: Target) -> Change:
    """Return one DuckDB DELETE."""
    if tree.args.get("using"):
        raise target.error("Syntax error: DELETE takes no USING", tree)
    select = exp.Select(expressions=[numbered(exp.Boolean(this=True), 0)])
    select.set("from_", exp.From(this=_aliased(target)))
    select.set("where", _where(tree, target, "DELETE"))
    env, prepared, resolved = open_tree(select, target.source, target.tables, target.scope)
    source, env = from_sql(prepared, env)
    prune([prepared.args["where"].this], env, env.froms, alone=True)
    condition = env.bind_as(prepared.args["where"].this, BOOLEAN, "WHERE clause")
    read(needed([condition], env))
    physical = target.info.physical
    rows = f"SELECT {quoted(target.alias)}.rowid{source} WHERE {condition}"
    covered = covering(prepared.args["where"].this, env, env.froms[0])
    sql = f"DELETE FROM {physical} WHERE rowid IN ({rows})"
    return Change(sql, resolved, (), _scan(prepared, resolved), covered)


def _scan(prepared: exp.Expr, resolved: Resolved) -> Scan | None:
    """Return the scan of the table that is changed, which comes first."""
    return resolved.scans.get(prepared.args["from_"].this.name)
