"""COLUMNS and COLUMN_FIELD_PATHS."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bqmigrate.local.catalog.records import TableRecord
from bqmigrate.local.catalog.store import Reader
from bqmigrate.local.statements.information.relation import Row, Shape, yes
from bqmigrate.local.statements.information.tables import named
from bqmigrate.model.columns import Column

COLUMNS = Shape(
    "table_catalog table_schema table_name column_name ordinal_position:INTEGER is_nullable data_type is_generated "
    "generation_expression is_stored is_hidden is_updatable is_system_defined is_partitioning_column "
    "clustering_ordinal_position:INTEGER collation_name column_default rounding_mode policy_tags:[]"
)
COLUMN_FIELD_PATHS = Shape(
    "table_catalog table_schema table_name column_name field_path data_type description collation_name rounding_mode "
    "policy_tags:[]"
)


def columns(_: Reader, records: Sequence[TableRecord]) -> Iterator[Row]:
    """Give a row per column, in the order of the table."""
    for r in records:
        spec = r.model.partitioning
        clustering = [name.lower() for name in r.model.clustering]
        for position, c in enumerate(r.columns, 1):
            lower = c.name.lower()
            yield {
                **named(r),
                "column_name": c.name,
                "ordinal_position": position,
                "is_nullable": yes(c.mode == "NULLABLE"),
                "data_type": _type(c),
                "is_generated": "NEVER",
                "is_hidden": "NO",
                "is_system_defined": "NO",
                "is_partitioning_column": yes(spec is not None and (spec.field or "").lower() == lower),
                "clustering_ordinal_position": clustering.index(lower) + 1 if lower in clustering else None,
                "collation_name": c.collation,
                "column_default": c.default,
                "rounding_mode": c.rounding_mode,
                "policy_tags": list(c.policy_tags),
            }


def _type(column: Column) -> str:
    """Spell a type as the view does: fields of structs with bare names, and no modes."""
    if column.type != "RECORD":
        return column.sql_type()
    inner = f"STRUCT<{', '.join(f'{f.name} {_type(f)}' for f in column.fields)}>"
    return f"ARRAY<{inner}>" if column.mode == "REPEATED" else inner


def field_paths(_: Reader, records: Sequence[TableRecord]) -> Iterator[Row]:
    """Give a row per column and per field nested in it."""
    for r in records:
        for c in r.columns:
            for path, field in _walk(c, c.name):
                yield {
                    **named(r),
                    "column_name": c.name,
                    "field_path": path,
                    "data_type": _type(field),
                    "description": field.description,
                    "collation_name": field.collation,
                    "rounding_mode": field.rounding_mode,
                    "policy_tags": list(field.policy_tags),
                }


def _walk(column: Column, path: str) -> Iterator[tuple[str, Column]]:
    yield path, column
    for field in column.fields:
        yield from _walk(field, f"{path}.{field.name}")
