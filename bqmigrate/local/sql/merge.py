"""MERGE.

https://cloud.google.com/bigquery/docs/reference/standard-sql/dml-syntax#merge_statement
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from bqmigrate.local.errors import unsupported
from bqmigrate.local.sql.env import Env, From
from bqmigrate.local.sql.filters import require_limits
from bqmigrate.local.sql.kinds import BOOLEAN, Typed
from bqmigrate.local.sql.merge_pruning import Searched, limit
from bqmigrate.local.sql.reading import needed, read
from bqmigrate.local.sql.sources import source_sql
from bqmigrate.local.sql.target import Change, Target, is_default, numbered
from bqmigrate.local.sql.translate import open_tree
from bqmigrate.local.sql.types import quoted
from bqmigrate.local.sql.update import TOO_MANY
from bqmigrate.model.columns import Column


class _Expressions:
    """All expressions of a MERGE, resolved together by one SELECT over target and source."""

    def __init__(self) -> None:
        self.raw: list[exp.Expr] = []
        self.bound: Sequence[exp.Expr] = ()

    def add(self, node: exp.Expr) -> int:
        """Take an expression; returns its number."""
        self.raw.append(node)
        return len(self.raw) - 1

    def select(self) -> exp.Select:
        """Return the SELECT that resolves them."""
        items = [exp.Null() if is_default(n) else n.copy() for n in self.raw]
        return exp.Select(expressions=[numbered(n, i) for i, n in enumerate(items)])

    def get(self, index: int) -> exp.Expr:
        """Return an expression after resolution; DEFAULT as it was."""
        return self.raw[index] if is_default(self.raw[index]) else self.bound[index]


def merge_sql(tree: exp.Expr, target: Target) -> Change:
    """Return one DuckDB MERGE that answers the action taken for every row."""
    expressions = _Expressions()
    on = expressions.add(tree.args["on"])
    whens = [_collect(when, expressions) for when in tree.args["whens"].expressions]
    select = expressions.select()
    select.set("from_", exp.From(this=target.node.copy()))
    select.set("joins", [exp.Join(this=tree.args["using"].copy(), kind="CROSS")])
    env, prepared, resolved = open_tree(select, target.source, target.tables, target.scope, without_filters=True)
    expressions.bound = [item.args["this"] for item in prepared.expressions]
    own, target_item = source_sql(prepared.args["from_"].this, env)
    using, source_item = source_sql(prepared.args["joins"][0].this, env)
    env = replace(env, froms=(target_item, source_item))
    condition = env.bind_as(expressions.get(on), BOOLEAN, "MERGE condition")
    clauses = [
        _when(when, numbers, expressions, target, _view(when, env, target_item, source_item), source_item)
        for when, numbers in whens
    ]
    read(needed([condition, *clauses], env))
    searched = [_searched(when, numbers, expressions) for when, numbers in whens]
    limit(expressions.get(on), searched, env)
    require_limits(resolved)
    checks = _once(searched, f"{own} JOIN {using} ON {condition}", env, target)
    using = _marked(using, own, condition, source_item)
    sql = f"MERGE INTO {own} USING {using} ON {condition} {' '.join(clauses)} RETURNING merge_action"
    mutates = any(not isinstance(when.args["then"], exp.Insert) for when, _ in whens)
    changed = resolved.scans.get(prepared.args["from_"].this.name) if mutates else None
    return Change(sql, resolved, checks, changed)


def _once(whens: Sequence[Searched], matches: str, env: Env, target: Target) -> tuple[str, ...]:
    """Return the check that no row of the target is changed for two rows of the source: DuckDB leaves that open."""
    found = [w.condition for w in whens if w.side == "matched"]
    if not found:
        return ()
    tests = ["true" if c is None else env.bind_as(c, BOOLEAN, "WHEN condition") for c in found]
    rows = f"SELECT {quoted(target.alias)}.rowid AS r FROM {matches} WHERE {' OR '.join(f'({t})' for t in tests)}"
    return (f"SELECT {TOO_MANY} FROM ({rows}) GROUP BY r HAVING count(*) > 1 LIMIT 1",)


def _searched(when: exp.When, numbers: Numbers, expressions: _Expressions) -> Searched:
    condition = None if numbers[0] is None else expressions.get(numbers[0])
    if when.args["matched"]:
        return Searched("matched", condition)
    return Searched("by source" if when.args["source"] else "by target", condition)


HERE, MATCHED = '"bq here"', '"bq matched"'


def _marked(using: str, own: str, condition: str, source: From) -> str:
    """Return the source with two marks: that there is a source row, and whether it has a target row.

    DuckDB evaluates the values of every WHEN for every row: the marks keep checks from the rows of other WHENs.
    """
    alias = quoted(source.alias)
    matched = f"EXISTS (SELECT 1 FROM {own} WHERE {condition})"
    return f"(SELECT {alias}.*, true AS {HERE}, {matched} AS {MATCHED} FROM {using}) AS {alias}"


def _only(text: str, when: exp.When, target: Target, source: From) -> str:
    """Return a value that is evaluated for the rows of its WHEN alone."""
    alias = quoted(source.alias)
    if when.args["matched"]:
        return f"CASE WHEN {alias}.{HERE} AND {quoted(target.alias)}.rowid IS NOT NULL THEN {text} END"
    if when.args["source"]:
        return text
    return f"CASE WHEN {alias}.{HERE} AND NOT {alias}.{MATCHED} THEN {text} END"


def _view(when: exp.When, env: Env, target: From, source: From) -> Env:
    """Return what a WHEN sees: an unmatched row has only its own side."""
    if when.args["matched"]:
        return env
    return replace(env, froms=(target,) if when.args["source"] else (source,))


Numbers = tuple[int | None, list[int]]


def _collect(when: exp.When, expressions: _Expressions) -> tuple[exp.When, Numbers]:
    condition = when.args.get("condition")
    number = expressions.add(condition) if condition is not None else None
    then = when.args["then"]
    values: list[exp.Expr] = []
    if isinstance(then, exp.Update):
        values = [item.expression for item in then.expressions]
    elif isinstance(then, exp.Insert) and isinstance(then.args.get("expression"), exp.Tuple):
        values = then.args["expression"].expressions
    elif isinstance(then, exp.Insert) and isinstance(then.args.get("expression"), exp.Paren):
        values = [then.args["expression"].this]
    return when, (number, [expressions.add(v) for v in values])


def _when(when: exp.When, numbers: Numbers, expressions: _Expressions, target: Target, env: Env, source: From) -> str:
    number, values = numbers
    head = (
        "WHEN MATCHED"
        if when.args["matched"]
        else f"WHEN NOT MATCHED BY {'SOURCE' if when.args['source'] else 'TARGET'}"
    )
    if number is not None:
        head += f" AND {env.bind_as(expressions.get(number), BOOLEAN, 'WHEN condition')}"
    then = when.args["then"]
    if isinstance(then, exp.Update):
        sets = _sets(then, values, expressions, target, env)
        shown = ", ".join(f"{name} = {_only(text, when, target, source)}" for name, text in sets)
        return f"{head} THEN UPDATE SET {shown}"
    if isinstance(then, exp.Insert):
        columns, texts = _insert(then, values, expressions, target, env, source)
        shown = ", ".join(_only(text, when, target, source) for text in texts)
        return f"{head} THEN INSERT ({', '.join(columns)}) VALUES ({shown})"
    if str(then.this).upper() != "DELETE":
        raise unsupported(f"MERGE ... THEN {then.this}")
    return f"{head} THEN DELETE"


def _sets(
    then: exp.Update, values: list[int], expressions: _Expressions, target: Target, env: Env
) -> list[tuple[str, str]]:
    out = []
    for item, number in zip(then.expressions, values, strict=True):
        left = item.this
        if not isinstance(left, exp.Column) or (left.table and left.table.lower() != target.alias.lower()):
            raise unsupported("UPDATE of a nested field (set the whole STRUCT)")
        column = target.column(left.name, left)
        out.append((quoted(column.name), target.value(expressions.get(number), column, env)))
    return out


def _insert(
    then: exp.Insert, values: list[int], expressions: _Expressions, target: Target, env: Env, source: From
) -> tuple[list[str], list[str]]:
    listed = then.args.get("this")
    names = list(listed.expressions) if isinstance(listed, exp.Tuple) else []
    if isinstance(listed, exp.Paren):
        names = [listed.this]
    columns = target.columns(names)
    row = isinstance(listed, exp.Var) or not values
    texts = _row(source, columns, target, then) if row else _texts(values, columns, expressions, target, env, then)
    omitted = target.omitted(columns)
    return [*(quoted(c.name) for c in columns), *omitted], [*texts, *omitted.values()]


def _texts(
    values: list[int], columns: Sequence[Column], expressions: _Expressions, target: Target, env: Env, node: exp.Insert
) -> list[str]:
    _check_count(len(values), columns, target, node)
    return [target.value(expressions.get(v), c, env) for v, c in zip(values, columns, strict=True)]


def _row(source: From, columns: Sequence[Column], target: Target, node: exp.Insert) -> list[str]:
    _check_count(len(source.columns), columns, target, node)
    out = []
    for (name, kind), column in zip(source.columns, columns, strict=True):
        text = target.store(Typed(f"{quoted(source.alias)}.{quoted(name)}", kind), column)
        if text is None:
            raise target.error(f"Value of type {kind} cannot be inserted into column {column.name}", node)
        out.append(text)
    return out


def _check_count(given: int, columns: Sequence[Column], target: Target, node: exp.Expr) -> None:
    if given != len(columns):
        raise target.error(f"Inserted row has wrong column count; Has {given}, expected {len(columns)}", node)
