"""require_partition_filter: a query over such a table must restrict its partitions.

https://cloud.google.com/bigquery/docs/managing-partitioned-tables#require-filter
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot import exp

from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql.bound import TableInfo
from bqmigrate.local.sql.names import Resolved


def require_filters(tree: exp.Expr, resolved: Resolved) -> None:
    """Raise WarehouseError for a table of whose partitioning column alone no predicate around it speaks."""
    info = unfiltered(tree, resolved)
    if info is not None:
        raise _lacking(info)


def require_limits(resolved: Resolved) -> None:
    """Raise WarehouseError for a table in a MERGE of which no condition rules out a partition."""
    for scan in resolved.scans.values():
        if scan.info.partition_filter and not scan.conditions:
            raise _lacking(scan.info)


def _lacking(info: TableInfo) -> WarehouseError:
    shown = ", ".join(f"'{name}'" for name in info.partition_filter)
    message = f"Cannot query over table '{info.id}' without a filter over column(s) {shown}"
    return WarehouseError("invalidQuery", f"{message} that can be used for partition elimination")


def unfiltered(tree: exp.Expr, resolved: Resolved) -> TableInfo | None:
    """Return the first table or view that lacks the filter it needs."""
    found = [(table, resolved.infos.get(table.name)) for table in tree.find_all(exp.Table)]
    for table, info in found:
        if info is not None and info.partition_filter and not _filtered(table, info.partition_filter):
            return info
    return None


def _filtered(table: exp.Table, names: Sequence[str]) -> bool:
    wanted = {name.lower() for name in names}
    select = table.find_ancestor(exp.Select)
    alias: str | None = table.alias_or_name
    while select is not None:
        for predicate in _predicates(select):
            columns = list(predicate.find_all(exp.Column))
            # An outer query sees the column through its subquery, under the subquery's alias.
            own = all(alias is None or column.table in {"", alias} for column in columns)
            if columns and own and {column.name.lower() for column in columns} <= wanted:
                return True
        select, alias = select.find_ancestor(exp.Select), None
    return False


def _predicates(select: exp.Select) -> Iterator[exp.Expr]:
    """Give the conditions that must all hold, one by one."""
    where = select.args.get("where")
    parts = [
        where.this if where is not None else None,
        *(join.args.get("on") for join in select.args.get("joins") or ()),
    ]
    for part in parts:
        if part is not None:
            yield from part.flatten() if isinstance(part, exp.And) else (part,)
