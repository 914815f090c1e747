"""What a value must be to lie in a column: coerced, never NULL where REQUIRED, no longer or wider than declared."""

from __future__ import annotations

from dataclasses import replace

from bqmigrate.local.sql.coercion import coerce, struct_sql
from bqmigrate.local.sql.kinds import Typed, type_of
from bqmigrate.local.sql.once import once
from bqmigrate.local.sql.precision import limited
from bqmigrate.local.sql.types import cast_sql, field_key, quoted, string_sql
from bqmigrate.model.columns import Column


def store_sql(value: Typed, column: Column) -> str | None:
    """Return the DuckDB text that puts a value in a column, or None when its type does not go there.

    The text raises, when evaluated, for a NULL in a REQUIRED column and for values too long or too wide.
    """
    kind = type_of(column)
    sql = coerce(value, kind)
    return None if sql is None else stored_sql(cast_sql(sql, kind), column)


def stored_sql(sql: str, column: Column, path: str = "") -> str:
    """Write the checks of a column around a value that already has its storage type."""
    if not _checked(column):
        return sql
    return once(lambda value: _stored(value, column, path), sql)


def _stored(sql: str, column: Column, path: str) -> str:
    name = f"{path}{column.name}"
    if column.mode == "REPEATED":
        # BigQuery stores no NULL array, and refuses NULL elements.
        nulls = f"WHEN list_contains(list_transform({sql}, lambda x: x IS NULL), true)"
        message = string_sql(f"Array cannot have a null element; error in writing field {name}")
        empty = cast_sql("[]", type_of(column))
        return f"CASE WHEN {sql} IS NULL THEN {empty} {nulls} THEN error({message}) ELSE {_each(sql, column, name)} END"
    sql = _single(sql, column, name)
    if column.mode != "REQUIRED":
        return sql
    return f"coalesce({sql}, error({string_sql(f'Required field {name} cannot be null')}))"


def _single(sql: str, column: Column, name: str) -> str:
    sql = limited(sql, column, name)
    return _record(sql, column, name) if any(_checked(f) for f in column.fields) else sql


def _each(sql: str, column: Column, name: str) -> str:
    """Write the checks of an array's elements."""
    element = _single("item", column, name)
    return sql if element == "item" else f"list_transform({sql}, lambda item: {element})"


def _checked(column: Column) -> bool:
    parameters = (column.max_length, column.precision) != (None, None)
    return parameters or column.mode != "NULLABLE" or any(_checked(f) for f in column.fields)


def _record(sql: str, column: Column, name: str) -> str:
    kind = type_of(replace(column, mode="NULLABLE"))
    values = [stored_sql(f"({sql}).{quoted(field_key(i, f.name))}", f, f"{name}.") for i, f in enumerate(column.fields)]
    return f"CASE WHEN {sql} IS NULL THEN NULL ELSE {struct_sql(kind, values)} END"
