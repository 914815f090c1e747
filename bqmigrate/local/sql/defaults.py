"""Column defaults, evaluated when a row is written."""

from __future__ import annotations

from dataclasses import replace

from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql.bound import Scope, TableInfo
from bqmigrate.local.sql.kinds import NULL_VALUE, Typed
from bqmigrate.local.sql.nodes import Path
from bqmigrate.local.sql.stores import store_sql
from bqmigrate.local.sql.translate import bind_value
from bqmigrate.model.columns import Column


class NoTables:
    """A catalog without tables."""

    def table(self, path: Path) -> TableInfo | None:
        """Return None."""
        del path
        return None

    def table_as_of(self, path: Path, moment: str) -> TableInfo:
        """Raise WarehouseError."""
        del moment
        raise WarehouseError("invalidQuery", f"Table not found: {'.'.join(path)}")


def default_value(column: Column, scope: Scope) -> Typed:
    """Return a column's default, NULL when it has none; raises WarehouseError."""
    if column.default is None:
        return NULL_VALUE
    return bind_value(column.default, NoTables(), replace(scope, parameters=(), variables={}))[0]


def default_sql(column: Column, scope: Scope) -> str:
    """Return the DuckDB text that a column holds when nothing was given for it; it raises for REQUIRED and NULL."""
    value = default_value(column, scope)
    sql = store_sql(value, column)
    if sql is None:
        raise WarehouseError("invalidQuery", f"The default value of column {column.name} is not of type {column.type}")
    return sql
