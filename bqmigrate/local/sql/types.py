"""Where values live in DuckDB: the storage type of every BigQuery type.

TIMESTAMP is TIMESTAMPTZ in a session whose TimeZone is UTC; BIGNUMERIC is BIGNUM scaled by 10^38, which holds all of
it exactly; GEOGRAPHY is its text.
"""

from __future__ import annotations

from bqmigrate.local.sql.kinds import Type, type_of
from bqmigrate.model.columns import Column

STORAGE = {
    "INTEGER": "BIGINT",
    "FLOAT": "DOUBLE",
    "BOOLEAN": "BOOLEAN",
    "STRING": "VARCHAR",
    "BYTES": "BLOB",
    "TIMESTAMP": "TIMESTAMPTZ",
    "DATE": "DATE",
    "TIME": "TIME",
    "DATETIME": "TIMESTAMP",
    "NUMERIC": "DECIMAL(38, 9)",
    "BIGNUMERIC": "BIGNUM",
    "JSON": "JSON",
    "GEOGRAPHY": "VARCHAR",
    "INTERVAL": "INTERVAL",
    "NULL": "BIGINT",
}
BIGNUMERIC_SCALE = 38


def quoted(name: str) -> str:
    """Quote an identifier for DuckDB."""
    return '"' + name.replace('"', '""') + '"'


def string_sql(text: str) -> str:
    """Write a string literal for DuckDB."""
    return "'" + text.replace("'", "''") + "'"


def duckdb_type(column: Column) -> str:
    """Return the DuckDB type that stores a column."""
    return storage_type(type_of(column))


def declared_type(column: Column) -> str:
    """Return the DuckDB type of a column where its table is made: und:ci compares without case."""
    plain = duckdb_type(column)
    return f"{plain} COLLATE NOCASE" if column.collation == "und:ci" and plain == "VARCHAR" else plain


def storage_type(kind: Type) -> str:
    """Return the DuckDB type that stores values of a type."""
    if kind.element is not None:
        return f"{storage_type(kind.element)}[]"
    if kind.name == "RECORD":
        inner = ", ".join(f"{quoted(field_key(i, name))} {storage_type(f)}" for i, (name, f) in enumerate(kind.fields))
        return f"STRUCT({inner})" if inner else 'STRUCT("_" BOOLEAN)'
    if kind.name == "RANGE":
        bound = STORAGE[kind.range_element or "DATE"]
        return f'STRUCT("start" {bound}, "end" {bound})'
    return STORAGE[kind.name]


def field_key(index: int, name: str) -> str:
    """Return the name of a struct's field in DuckDB, where each must have one."""
    return name or f"_field_{index + 1}"


def cast_sql(sql: str, kind: Type) -> str:
    """Write a cast to the storage type of a type."""
    return f"CAST({sql} AS {storage_type(kind)})"
