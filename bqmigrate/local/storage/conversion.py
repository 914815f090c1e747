"""Stored values of a column as values of its new type: what ALTER COLUMN SET DATA TYPE does to rows."""

from __future__ import annotations

from bqmigrate.local.sql.types import BIGNUMERIC_SCALE, duckdb_type, field_key, quoted
from bqmigrate.model.columns import Column

# BIGNUMERIC is stored as a whole number scaled by 10^38: append the zeros that the old type has not.
_ZEROS = {"INTEGER": BIGNUMERIC_SCALE, "NUMERIC": BIGNUMERIC_SCALE - 9}


def converted(sql: str, old: Column, new: Column) -> str:
    """Return the DuckDB text of a stored value in the new column's storage type."""
    if not _rescaled(old, new):
        # DuckDB casts a struct by the names of its fields, and fills new ones with NULL.
        return f"CAST({sql} AS {duckdb_type(new)})"
    if new.mode == "REPEATED":
        return f"list_transform({sql}, lambda e: {_single('e', old, new)})"
    return _single(sql, old, new)


def _single(sql: str, old: Column, new: Column) -> str:
    if new.type != "RECORD":
        digits = f"replace(CAST({sql} AS VARCHAR), '.', '')"
        return f"CAST({digits} || '{'0' * _ZEROS[old.type]}' AS BIGNUM)"
    cells = ", ".join(_field(sql, old, field, index) for index, field in enumerate(new.fields))
    return f"CASE WHEN {sql} IS NULL THEN NULL ELSE struct_pack({cells}) END"


def _field(sql: str, old: Column, field: Column, index: int) -> str:
    key = quoted(field_key(index, field.name))
    before = old.field(field.name)
    if before is None:
        return f"{key} := CAST(NULL AS {duckdb_type(field)})"
    return f"{key} := {converted(f'({sql}).{key}', before, field)}"


def _rescaled(old: Column, new: Column) -> bool:
    if new.type == "RECORD":
        pairs = ((old.field(field.name), field) for field in new.fields)
        return any(before is not None and _rescaled(before, field) for before, field in pairs)
    return new.type == "BIGNUMERIC" and old.type != "BIGNUMERIC"
