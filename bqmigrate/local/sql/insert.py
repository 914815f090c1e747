"""INSERT ... VALUES and INSERT ... SELECT."""

from __future__ import annotations

from sqlglot import exp

from bqmigrate.local.errors import unsupported
from bqmigrate.local.sql.kinds import Typed
from bqmigrate.local.sql.reading import read_all
from bqmigrate.local.sql.target import Change, Target, is_default, numbered
from bqmigrate.local.sql.translate import bind_tree, open_tree
from bqmigrate.local.sql.types import quoted
from bqmigrate.model.columns import Column

NAMES = (exp.Column, exp.Query, exp.Table, exp.Unnest)


def insert_sql(tree: exp.Expr, target: Target) -> Change:
    """Return one DuckDB INSERT with every column, omitted ones by their defaults; raises WarehouseError."""
    for refused in ("overwrite", "ignore", "conflict", "partition", "by_name", "default", "exists"):
        if tree.args.get(refused):
            raise unsupported(f"INSERT with {refused.upper()}")
    names = tree.args["this"].expressions if isinstance(tree.args["this"], exp.Schema) else []
    columns = target.columns(names)
    body = tree.args.get("expression")
    if isinstance(body, exp.Values):
        return _values(body, columns, target)
    if isinstance(body, exp.Query):
        return _query(body, columns, target)
    raise target.error("Syntax error: Expected VALUES or a query", tree)


def _head(columns: tuple[Column, ...], omitted: dict[str, str], target: Target) -> str:
    names = ", ".join([*(quoted(c.name) for c in columns), *omitted])
    return f"INSERT INTO {target.info.physical} ({names})"


def _values(body: exp.Values, columns: tuple[Column, ...], target: Target) -> Change:
    rows = [row.expressions if isinstance(row, exp.Tuple) else [row] for row in body.expressions]
    rows = [[r.this if isinstance(r, exp.Paren) else r for r in row] if len(row) == 1 else row for row in rows]
    for row in rows:
        _check_count(len(row), columns, target, body)
    flat = [value for row in rows for value in row]
    # Only values that hold names go through their resolution, all in one SELECT: it is slow.
    hard = [i for i, value in enumerate(flat) if not is_default(value) and value.find(*NAMES) is not None]
    select = exp.Select(expressions=[numbered(flat[i].copy(), i) for i in hard] or [numbered(exp.Null(), 0)])
    env, prepared, resolved = open_tree(select, target.source, target.tables, target.scope)
    bound = dict(zip(hard, (item.args["this"] for item in prepared.expressions), strict=False))
    texts = [target.value(bound.get(i, raw), columns[i % len(columns)], env) for i, raw in enumerate(flat)]
    omitted = target.omitted(columns)
    width = len(columns)
    lines = (", ".join([*texts[i : i + width], *omitted.values()]) for i in range(0, len(texts), width))
    sql = f"{_head(columns, omitted, target)} VALUES {', '.join(f'({line})' for line in lines)}"
    return Change(sql, resolved)


def _query(body: exp.Expr, columns: tuple[Column, ...], target: Target) -> Change:
    relation, resolved = bind_tree(body, target.source, target.tables, target.scope)
    read_all(relation)
    _check_count(len(relation.columns), columns, target, body)
    texts = []
    for i, ((_, kind), column) in enumerate(zip(relation.columns, columns, strict=True)):
        text = target.store(Typed(f"c{i}", kind), column)
        if text is None:
            wanted = column.sql_type()
            message = f"Query column {i + 1} has type {kind} which cannot be inserted into column {column.name}"
            message += f", which has type {wanted}"
            raise target.error(message, body)
        texts.append(text)
    omitted = target.omitted(columns)
    inner = ", ".join(f"c{i}" for i in range(len(relation.columns)))
    shown = ", ".join([*texts, *omitted.values()])
    sql = f"{_head(columns, omitted, target)} SELECT {shown} FROM ({relation.sql}) AS q({inner})"
    return Change(sql, resolved)


def _check_count(given: int, columns: tuple[Column, ...], target: Target, node: exp.Expr) -> None:
    if given != len(columns):
        raise target.error(f"Inserted row has wrong column count; Has {given}, expected {len(columns)}", node)
