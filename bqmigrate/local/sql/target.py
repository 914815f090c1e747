"""The table that a DML statement changes."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql.bound import Scope, TableInfo, Tables
from bqmigrate.local.sql.defaults import default_sql
from bqmigrate.local.sql.env import Env
from bqmigrate.local.sql.kinds import Typed
from bqmigrate.local.sql.names import Resolved
from bqmigrate.local.sql.scans import Scan
from bqmigrate.local.sql.stores import store_sql
from bqmigrate.local.sql.tokens import Source
from bqmigrate.local.sql.types import quoted, string_sql
from bqmigrate.model.columns import Column, find


@dataclass(frozen=True)
class Change:
    """A change of rows in DuckDB's words, with the tables it reads; see BoundDml for the rest."""

    sql: str
    resolved: Resolved
    checks: tuple[str, ...] = ()
    changed: Scan | None = None
    covered: str | None = None


@dataclass(frozen=True)
class Target:
    """The table, its node in the tree, and everything binding needs."""

    info: TableInfo
    node: exp.Table
    tables: Tables
    scope: Scope
    source: Source

    @property
    def alias(self) -> str:
        """Return the name the statement calls the table by."""
        return self.node.alias or self.node.name.split(".")[-1]

    def error(self, message: str, node: exp.Expr) -> WarehouseError:
        """Return an invalidQuery that points at a node."""
        start = next((n.meta["start"] for n in node.walk(bfs=False) if "start" in n.meta), None)
        place = f" at {self.source.position(start)}" if start is not None else ""
        return WarehouseError("invalidQuery", f"{message}{place}")

    def column(self, name: str, node: exp.Expr) -> Column:
        """Return a column of the target; raises WarehouseError."""
        column = find((*self.info.columns, *self.info.hidden), name)
        if column is None:
            raise self.error(f"Column {name} is not present in table {self.info.id}", node)
        return column

    def columns(self, names: list[exp.Expr]) -> tuple[Column, ...]:
        """Return the columns of a list, each at most once; all columns when there is no list."""
        if not names:
            return self.info.columns
        found = tuple(self.column(n.name, n) for n in names)
        for i, column in enumerate(found):
            if column in found[:i]:
                raise self.error(f"INSERT has columns with duplicate name: {column.name}", names[i])
        return found

    def omitted(self, given: tuple[Column, ...]) -> dict[str, str]:
        """Return the columns that were not given, each with the text of its default."""
        names = {c.name for c in given}
        stored = (*self.info.columns, *self.info.hidden)
        return {quoted(c.name): default_sql(c, self.scope) for c in stored if c.name not in names}

    def value(self, node: exp.Expr, column: Column, env: Env) -> str:
        """Return the text that puts an expression, or DEFAULT, in a column; raises WarehouseError."""
        if is_default(node):
            return default_sql(column, self.scope)
        value = env.bind(node)
        sql = self.store(value, column)
        if sql is None:
            wanted = column.sql_type()
            message = f"Value has type {value.type} which cannot be inserted into column {column.name}"
            message += f", which has type {wanted}"
            raise self.error(message, node)
        return sql

    def store(self, value: Typed, column: Column) -> str | None:
        """Return the text that puts a value in a column, or None when its type does not go there.

        A partition is given by its very beginning:
        https://cloud.google.com/bigquery/docs/using-dml-with-partitioned-tables#inserting_data
        """
        sql = store_sql(value, column)
        spec = self.info.partitioning
        if sql is None or spec is None or column not in self.info.hidden:
            return sql
        begins = f"date_trunc('{spec.type.lower()}', CAST({sql} AS TIMESTAMP)) = CAST({sql} AS TIMESTAMP)"
        message = string_sql(f"{column.name} must be a TIMESTAMP at which a partition by {spec.type} begins")
        return f"CASE WHEN {begins} THEN {sql} ELSE error({message}) END"


def is_default(node: exp.Expr) -> bool:
    """Tell whether a node is the keyword DEFAULT."""
    word = isinstance(node, exp.Var) and str(node.this).upper() == "DEFAULT"
    column = (
        isinstance(node, exp.Column) and node.name.upper() == "DEFAULT" and not node.args["this"].args.get("quoted")
    )
    return word or (column and not node.args.get("table"))


def numbered(node: exp.Expr, index: int) -> exp.Alias:
    """Return `node AS v<index>`; a subquery, too, is wrapped and keeps no alias of its own."""
    return exp.Alias(this=node, alias=exp.to_identifier(f"v{index}", quoted=True))
