"""Columns as DDL spells them, nested ones with all that can be stated of them.

https://cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#column_name_and_column_schema
"""

from __future__ import annotations

from dataclasses import replace

from bqmigrate.model.columns import Column
from bqmigrate.model.names import literal, quote


def column(made: Column) -> str:
    """Write a column of CREATE TABLE or ADD COLUMN: name, type with collation, default, NOT NULL, options."""
    parts = [quote(made.name), _type(made)]
    if made.default:
        parts.append(f"DEFAULT {made.default}")
    if made.mode == "REQUIRED":
        parts.append("NOT NULL")
    options = [f"description={literal(made.description)}"] if made.description else []
    if made.rounding_mode:
        options.append(f"rounding_mode={literal(made.rounding_mode)}")
    if options:
        parts.append(f"OPTIONS ({', '.join(options)})")
    return " ".join(parts)


def _type(made: Column) -> str:
    if made.type == "RECORD":
        inner = f"STRUCT<{', '.join(column(f) for f in made.fields)}>"
    else:
        inner = replace(made, mode="NULLABLE").sql_type()
    if made.collation:
        inner = f"{inner} COLLATE {literal(made.collation)}"
    return f"ARRAY<{inner}>" if made.mode == "REPEATED" else inner


def tagged(made: Column) -> str | None:
    """Return the path of a column with a policy tag, which DDL cannot set; None where there is none."""
    if made.policy_tags:
        return made.name
    return next((f"{made.name}.{path}" for f in made.fields if (path := tagged(f))), None)
