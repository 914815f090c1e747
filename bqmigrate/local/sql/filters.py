"""require_partition_filter: a query over such a table must restrict its partitions."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql.bound import TableInfo
from bqmigrate.local.sql.names import Resolved


def require_filters(tree: exp.Expr, resolved: Resolved) -> None:
    """Raise WarehouseError for a table whose partitioning column no WHERE or ON around it looks at."""
    info = unfiltered(tree, resolved)
    if info is not None:
        message = f"Cannot query over table '{info.id}' without a filter over column(s) '{info.partition_filter}'"
        raise WarehouseError("invalidQuery", f"{message} that can be used for partition elimination")


def unfiltered(tree: exp.Expr, resolved: Resolved) -> TableInfo | None:
    """Return the first table or view that lacks the filter it needs."""
    found = [(table, resolved.infos.get(table.name)) for table in tree.find_all(exp.Table)]
    for table, info in found:
        if info is not None and info.partition_filter and not _filtered(table, info.partition_filter.lower()):
            return info
    return None


def _filtered(table: exp.Table, name: str) -> bool:
    select = table.find_ancestor(exp.Select)
    alias: str | None = table.alias_or_name
    while select is not None:
        for column in _conditions(select):
            # An outer query sees the column through its subquery, under the subquery's alias.
            own = alias is None or column.table in {"", alias}
            if own and column.name.lower() == name:
                return True
        select, alias = select.find_ancestor(exp.Select), None
    return False


def _conditions(select: exp.Select) -> Iterator[exp.Column]:
    parts = [select.args.get("where"), *(join.args.get("on") for join in select.args.get("joins") or ())]
    for part in parts:
        if part is not None:
            yield from part.find_all(exp.Column)
