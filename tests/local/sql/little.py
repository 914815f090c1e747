"""A tiny warehouse for tests: an in-memory DuckDB, and a catalog that is a dict."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import duckdb

from bqmigrate.local.sql.binding import bind_dml, bind_expression, bind_query
from bqmigrate.local.sql.bound import Scope, TableId, TableInfo
from bqmigrate.local.sql.columns import read_type
from bqmigrate.local.sql.errors import runtime_error
from bqmigrate.local.sql.types import duckdb_type, quoted
from bqmigrate.local.sql.wire import wire_row, wire_select, wire_value

NOW = datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)


def columns(**types):
    """Return columns by name; `!` at the end of a type means REQUIRED."""
    out = []
    for name, text in types.items():
        column = replace(read_type(text.removesuffix("!")), name=name)
        out.append(replace(column, mode="REQUIRED") if text.endswith("!") else column)
    return tuple(out)


def opened():
    """Return a connection as the warehouse opens it."""
    connection = duckdb.connect(":memory:", config={"enable_external_access": False})
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET lock_configuration = true")
    return connection


@dataclass
class Little:
    """A catalog of tables `d.<name>` with rows in DuckDB."""

    connection: duckdb.DuckDBPyConnection = field(default_factory=opened)
    infos: dict = field(default_factory=dict)
    scope: Scope = field(default_factory=lambda: Scope(now=NOW, session_user="me@example.com"))

    def table(self, path):
        return self.infos.get(path[-1])

    def add(self, name, cols):
        physical = f"t{len(self.infos)}"
        body = ", ".join(f"{quoted(c.name)} {duckdb_type(c)}" for c in cols)
        self.connection.execute(f"CREATE TABLE {physical} ({body})")
        self.infos[name] = TableInfo(TableId("p", "d", name), physical, cols)

    def view(self, name, query, cols=()):
        self.infos[name] = TableInfo(TableId("p", "d", name), "", cols, "VIEW", query)

    def _run(self, sql):
        try:
            return self.connection.execute(sql).fetchall()
        except duckdb.Error as error:
            raise runtime_error(error) from error

    def rows(self, sql, **wire):
        bound = bind_query(sql, self, self.scope)
        found = self._run(wire_select(bound.sql, bound.columns, **wire))
        return [[cell["v"] for cell in wire_row(row, bound.columns)["f"]] for row in found]

    def schema(self, sql):
        return [(c.name, c.sql_type()) for c in bind_query(sql, self, self.scope).columns]

    def value(self, expression):
        bound = bind_expression(expression, self, self.scope)
        return wire_value(self._run(wire_select(bound.sql, bound.columns))[0], bound.columns)

    def dml(self, sql):
        bound = bind_dml(sql, self, self.scope)
        for check in bound.checks:
            self._run(check)
        found = self._run(bound.sql)
        if bound.kind == "MERGE":
            return sorted(action for (action,) in found)
        return found[0][0]
