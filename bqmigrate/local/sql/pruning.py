"""Partition pruning: which conditions let BigQuery skip partitions without reading them.

https://cloud.google.com/bigquery/docs/querying-partitioned-tables#best_practices_for_partition_pruning

Every function that is let through is monotone, so that a comparison holds for some value of a partition exactly
when it holds for its first or its last one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from bqmigrate.local.sql.env import Env, From
from bqmigrate.local.sql.marking import CALL
from bqmigrate.local.sql.scans import FIRST, LAST, Scan

MIRRORED: Mapping[type[exp.Expr], type[exp.Binary]] = {
    exp.EQ: exp.EQ, exp.LT: exp.GT, exp.LTE: exp.GTE, exp.GT: exp.LT, exp.GTE: exp.LTE,
}  # fmt: skip
# The function's name -> which argument may be the column; the others must be constant.
MONOTONE: Mapping[str, int] = {
    "DATE": 0, "DATE_ADD": 0, "DATE_SUB": 0, "DATE_DIFF": 0, "DATE_TRUNC": 0, "DATETIME_DIFF": 0,
    "TIMESTAMP_ADD": 0, "TIMESTAMP_SUB": 0, "TIMESTAMP_DIFF": 0, "TIMESTAMP_TRUNC": 0, "FORMAT_TIMESTAMP": 1,
}  # fmt: skip
FORMATS = frozenset({"%F", "%Y-%m-%d", "%Y%m%d"})
PARTS = frozenset({"DATE", "YEAR"})
CASTS = frozenset({"DATE", "DATETIME", "TIMESTAMP", "TIMESTAMPTZ"})


@dataclass(frozen=True)
class _Column:
    """A pinned column as the conditions around it call it."""

    env: Env
    item: From
    name: str
    plain: bool
    alone: bool

    @property
    def here(self) -> str:
        """Return the text that binding gives the column itself."""
        return self.item.pin_text(self.name)

    def at(self, node: exp.Expr, edge: str) -> str:
        """Return a condition with one edge of the partition in place of the column."""
        return f"({self.env.bind(node).sql.replace(self.here, edge)})"


def prune(conditions: Sequence[exp.Expr | None], env: Env, items: Sequence[From], *, alone: bool = False) -> None:
    """Limit the scans behind some sources by conditions that all must hold; `alone` says that nothing is joined."""
    for item in items:
        for name, scans in item.pins.items():
            column = _Column(env, item, name, _plain(scans), alone)
            for node in conditions:
                kept = keeps(node, column) if node is not None else None
                for scan in scans if kept is not None else ():
                    scan.limit(kept or "")


def prune_any(conditions: Sequence[exp.Expr | None], env: Env, item: From) -> None:
    """Limit the scans behind one source by conditions of which one must hold; None is a condition that always does."""
    for name, scans in item.pins.items():
        column = _Column(env, item, name, _plain(scans), alone=False)
        kept = [keeps(node, column) if node is not None else None for node in conditions]
        if kept and None not in kept:
            for scan in scans:
                scan.limit(" OR ".join(k for k in kept if k is not None))


def covering(node: exp.Expr, env: Env, item: From) -> str | None:
    """Return what holds for the partitions of which a condition takes every row; None where it looks elsewhere too."""
    for name, scans in item.pins.items():
        found = covers(node, _Column(env, item, name, _plain(scans), alone=True))
        if found is not None:
            return found
    return None


def _plain(scans: Sequence[Scan]) -> bool:
    """Tell whether functions over the column prevent pruning: over an integer range they do."""
    return any(s.info.partitioning is not None and s.info.partitioning.type == "RANGE" for s in scans)


def keeps(node: exp.Expr, column: _Column) -> str | None:
    """Return the condition under which a partition may hold a row for `node`; None when nothing can be said."""
    if isinstance(node, exp.Paren):
        return keeps(node.this, column)
    if isinstance(node, exp.And):
        sides = [s for s in (keeps(node.this, column), keeps(node.expression, column)) if s is not None]
        return f"({' AND '.join(sides)})" if sides else None
    if isinstance(node, exp.Or):
        return _both(keeps(node.this, column), keeps(node.expression, column), "OR")
    if isinstance(node, exp.Between):
        return keeps(exp.and_(*_between(node), copy=False), column)
    if isinstance(node, exp.In):
        return _in(node, column, keeps)
    null = node.this if isinstance(node, exp.Not) else node
    if isinstance(null, exp.Is) and isinstance(null.expression, exp.Null):
        return column.at(node, FIRST) if column.alone and _is_column(null.this, column) else None
    return _comparison(node, column, _some)


def covers(node: exp.Expr, column: _Column) -> str | None:
    """Return the condition under which `node` holds for every value of a partition; None when nothing can be said."""
    if isinstance(node, exp.Paren):
        return covers(node.this, column)
    if isinstance(node, exp.And | exp.Or):
        word = "AND" if isinstance(node, exp.And) else "OR"
        return _both(covers(node.this, column), covers(node.expression, column), word)
    if isinstance(node, exp.Between):
        return covers(exp.and_(*_between(node), copy=False), column)
    if isinstance(node, exp.In):
        return _in(node, column, covers)
    if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
        return column.at(node, FIRST) if _is_column(node.this, column) else None
    return _comparison(node, column, _all)


Rule = Callable[[exp.Expr, _Column], str | None]
Compare = Callable[[type[exp.Binary], exp.Expr, exp.Expr, _Column], str]


def _both(left: str | None, right: str | None, word: str) -> str | None:
    return None if left is None or right is None else f"({left} {word} {right})"


def _between(node: exp.Between) -> tuple[exp.Expr, exp.Expr]:
    low, high = node.args["low"], node.args["high"]
    return (
        exp.GTE(this=node.this.copy(), expression=low.copy()),
        exp.LTE(this=node.this.copy(), expression=high.copy()),
    )


def _in(node: exp.In, column: _Column, rule: Rule) -> str | None:
    if node.args.get("query") is not None or not _isolated(node.this, column):
        return None
    if node.args.get("unnest") is not None:
        return _in_array(node, column) if rule is keeps else None
    found = [rule(exp.EQ(this=node.this.copy(), expression=item.copy()), column) for item in node.expressions]
    return None if None in found or not found else f"({' OR '.join(f for f in found if f is not None)})"


def _in_array(node: exp.In, column: _Column) -> str | None:
    """Look for both edges in a constant array; where they differ, any value between them may be in it."""
    if not all(_constant(item) for item in node.args["unnest"].expressions):
        return None
    first, last = column.at(node.this, FIRST), column.at(node.this, LAST)
    return f"({column.at(node, FIRST)} OR ({first} IS DISTINCT FROM {last}))"


def _comparison(node: exp.Expr, column: _Column, compare: Compare) -> str | None:
    kind = type(node)
    if kind not in MIRRORED:
        return None
    left, right = node.this, node.expression
    if _isolated(left, column) and _constant(right):
        return compare(kind, left, right, column)  # type: ignore[arg-type]  # a key of MIRRORED is an exp.Binary
    if _isolated(right, column) and _constant(left):
        return compare(MIRRORED[kind], right, left, column)
    return None


def _some(kind: type[exp.Binary], left: exp.Expr, right: exp.Expr, column: _Column) -> str:
    """Say that the comparison holds for some value of the partition."""
    low = column.at(exp.LTE(this=left.copy(), expression=right.copy()), FIRST)
    high = column.at(exp.GTE(this=left.copy(), expression=right.copy()), LAST)
    if kind is exp.EQ:
        return f"({low} AND {high})"
    edge = FIRST if kind in {exp.LT, exp.LTE} else LAST
    return column.at(kind(this=left.copy(), expression=right.copy()), edge)


def _all(kind: type[exp.Binary], left: exp.Expr, right: exp.Expr, column: _Column) -> str:
    """Say that the comparison holds for the first and the last value of the partition, and so for all."""
    node = kind(this=left.copy(), expression=right.copy())
    return f"({column.at(node, FIRST)} AND {column.at(node, LAST)})"


def _constant(node: exp.Expr) -> bool:
    """Tell whether an expression depends on no row: script variables are columns of no table."""
    if node.find(exp.Query, exp.AggFunc, exp.Window) is not None:
        return False
    return not any(c.args.get("table") or isinstance(c, exp.Pseudocolumn) for c in node.find_all(exp.Column))


def _is_column(node: exp.Expr, column: _Column) -> bool:
    if not isinstance(node, exp.Column) or node.name.lower() != column.name:
        return False
    # Pseudo columns stay as they were written; a bare one belongs to the only source that has it.
    bare = isinstance(node, exp.Pseudocolumn) and not node.table and column.item.column(node.name) is not None
    return bare or node.table.lower() == column.item.alias.lower()


def _isolated(node: exp.Expr, column: _Column) -> bool:
    """Tell whether an expression is the column, or a function of it that allows pruning."""
    if isinstance(node, exp.Paren):
        return _isolated(node.this, column)
    if _is_column(node, column):
        return True
    if column.plain:
        return False
    if isinstance(node, exp.Cast) and not isinstance(node, exp.TryCast):
        return node.to.this.name in CASTS and _isolated(node.this, column)
    if isinstance(node, exp.Extract):
        return node.this.name.upper() in PARTS and _isolated(node.expression, column)
    return isinstance(node, exp.Anonymous) and _monotone(node, column)


def _monotone(node: exp.Anonymous, column: _Column) -> bool:
    match = CALL.match(str(node.this))
    place = MONOTONE.get(match[3]) if match is not None else None
    if match is None or place is None or len(node.expressions) <= place:
        return False
    if match[3] == "FORMAT_TIMESTAMP" and node.expressions[0].name not in FORMATS:
        return False
    others = [item for i, item in enumerate(node.expressions) if i != place]
    return _isolated(node.expressions[place], column) and all(_constant(item) for item in others)
