"""Physical tables `t<N>`: made, rewritten, counted, filled. Names of columns are the author's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from bqmigrate.local.sql.types import declared_type, duckdb_type, quoted
from bqmigrate.local.storage.conversion import converted
from bqmigrate.model.columns import Column

# Bytes of a value by "Data type sizes" of BigQuery's pricing pages; texts add their own length.
FIXED_BYTES = {
    "INTEGER": 8, "FLOAT": 8, "BOOLEAN": 1, "TIMESTAMP": 8, "DATE": 8, "TIME": 8, "DATETIME": 8,
    "NUMERIC": 16, "BIGNUMERIC": 32, "INTERVAL": 16, "RANGE": 16,
}  # fmt: skip


def create(connection: duckdb.DuckDBPyConnection, physical: str, columns: Sequence[Column]) -> None:
    """Make an empty physical table; a table without columns gets one that nobody reads."""
    listed = ", ".join(f"{quoted(c.name)} {declared_type(c)}" for c in columns)
    connection.execute(f"CREATE TABLE {physical} ({listed or '_bqm_no_columns BOOLEAN'})")


def fill(connection: duckdb.DuckDBPyConnection, physical: str, select: str) -> int:
    """Append the rows of a SELECT whose columns are the table's, in order; return their number."""
    row = connection.execute(f"INSERT INTO {physical} {select}").fetchone()
    return int(row[0]) if row else 0


def rewrite(
    connection: duckdb.DuckDBPyConnection,
    old: str,
    old_columns: Sequence[Column],
    new: str,
    columns: Sequence[Column],
    origin: Mapping[str, str | None],
) -> None:
    """Copy a table into another shape; `origin` maps each column to the old one it comes from, or None."""
    create(connection, new, columns)
    if columns:
        by_name = {c.name: c for c in old_columns}
        listed = ", ".join(_cell(c, by_name.get(origin[c.name] or "")) for c in columns)
        connection.execute(f"INSERT INTO {new} SELECT {listed} FROM {old} ORDER BY rowid")


def _cell(column: Column, source: Column | None) -> str:
    if source is None:
        return f"CAST({'[]' if column.mode == 'REPEATED' else 'NULL'} AS {duckdb_type(column)})"
    return converted(quoted(source.name), source, column)


def copy(connection: duckdb.DuckDBPyConnection, old: str, new: str) -> None:
    """Copy a physical table, or a SELECT in brackets, with its rows in their order."""
    connection.execute(f"CREATE TABLE {new} AS FROM {old}")


def count(connection: duckdb.DuckDBPyConnection, physical: str) -> int:
    """Count the rows."""
    row = connection.execute(f"SELECT count(*) FROM {physical}").fetchone()
    return int(row[0]) if row else 0


def next_row(connection: duckdb.DuckDBPyConnection, physical: str) -> int:
    """Return the least rowid that the rows appended from now on, in this transaction, can have."""
    row = connection.execute(f"SELECT coalesce(max(rowid) + 1, 0) FROM {physical}").fetchone()
    return int(row[0]) if row else 0


def size(connection: duckdb.DuckDBPyConnection, physical: str, columns: Sequence[Column]) -> int:
    """Return the logical bytes of the given columns, summed over all rows."""
    row = connection.execute(size_sql(physical, columns)).fetchone() if columns else None
    return int(row[0]) if row else 0


def size_sql(relation: str, columns: Sequence[Column]) -> str:
    """Return the query for the logical bytes of the given columns, of which there is at least one."""
    summed = " + ".join(f"coalesce(sum({_bytes(c)}), 0)" for c in columns)
    return f"SELECT CAST({summed} AS HUGEINT) FROM {relation}"


def _bytes(column: Column) -> str:
    name = quoted(column.name)
    if column.mode == "REPEATED" or column.type in {"RECORD", "JSON", "GEOGRAPHY"}:
        return f"strlen(CAST({name} AS VARCHAR))"
    if column.type == "STRING":
        return f"2 + strlen({name})"
    if column.type == "BYTES":
        return f"2 + octet_length({name})"
    return f"CASE WHEN {name} IS NULL THEN 0 ELSE {FIXED_BYTES[column.type]} END"
