"""What a value must be to lie in a column: coerced, never NULL where REQUIRED, no longer or wider than declared."""

from __future__ import annotations

from bqmigrate.local.sql.coercion import coerce, struct_sql
from bqmigrate.local.sql.kinds import Typed, type_of
from bqmigrate.local.sql.once import once
from bqmigrate.local.sql.types import cast_sql, field_key, quoted, string_sql
from bqmigrate.model.columns import Column

NUMERIC_SCALE = 9


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
        return f"CASE WHEN {sql} IS NULL THEN {empty} {nulls} THEN error({message}) ELSE {sql} END"
    sql = _limited(sql, column, name)
    if column.type == "RECORD" and any(_checked(f) for f in column.fields):
        sql = _record(sql, column, name)
    if column.mode != "REQUIRED":
        return sql
    return f"coalesce({sql}, error({string_sql(f'Required field {name} cannot be null')}))"


def _checked(column: Column) -> bool:
    limited = (column.max_length, column.precision) != (None, None)
    return limited or column.mode != "NULLABLE" or any(_checked(f) for f in column.fields)


def _record(sql: str, column: Column, name: str) -> str:
    kind = type_of(column)
    values = [stored_sql(f"({sql}).{quoted(field_key(i, f.name))}", f, f"{name}.") for i, f in enumerate(column.fields)]
    return f"CASE WHEN {sql} IS NULL THEN NULL ELSE {struct_sql(kind, values)} END"


def _limited(sql: str, column: Column, name: str) -> str:
    if column.max_length is not None:
        length = f"length({sql})" if column.type == "STRING" else f"octet_length({sql})"
        what = f"{column.type}({column.max_length})"
        message = string_sql(
            f"Field {name}: {what} has maximum length {column.max_length} but got a value with length "
        )
        return f"CASE WHEN {length} > {column.max_length} THEN error({message} || {length}) ELSE {sql} END"
    if column.precision is not None and column.type == "NUMERIC":
        scale = column.scale or 0
        bound = 10 ** (column.precision - scale)
        rounded = f"CAST(round({sql}, {scale}) AS DECIMAL(38, 9))"
        message = string_sql(
            f"Field {name}: NUMERIC({column.precision}, {scale}) has precision {column.precision} and "
            f"scale {scale} but got a value that is not in range: "
        )
        if column.rounding_mode == "ROUND_HALF_EVEN":
            rounded = _half_even(sql, rounded, scale)
        return f"CASE WHEN abs({rounded}) >= {bound} THEN error({message} || CAST({sql} AS VARCHAR)) ELSE {rounded} END"
    return sql


def _half_even(sql: str, rounded: str, scale: int) -> str:
    """Take one unit back from what was rounded away from zero where it was a tie and became odd."""
    if scale >= NUMERIC_SCALE:
        return rounded
    unit = f"CAST('1e-{scale}' AS DECIMAL(38, 9))"
    tie = f"abs({rounded} - {sql}) = CAST('5e-{scale + 1}' AS DECIMAL(38, 9))"
    # The last digit that is kept, in a text that always has nine decimals.
    place = NUMERIC_SCALE - scale + (1 if scale else 2)
    odd = f"left(right(CAST({rounded} AS VARCHAR), {place}), 1) IN ('1', '3', '5', '7', '9')"
    back = f"CAST({rounded} - CASE WHEN {sql} < 0 THEN -{unit} ELSE {unit} END AS DECIMAL(38, 9))"
    return f"(CASE WHEN {tie} AND {odd} THEN {back} ELSE {rounded} END)"
