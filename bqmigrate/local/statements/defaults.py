"""Default values of columns: which expressions BigQuery takes, and that they fit the column."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql.binding import bind_expression
from bqmigrate.local.sql.bound import Scope, Tables
from bqmigrate.local.sql.kinds import NULL
from bqmigrate.local.sql.translate import bind_value
from bqmigrate.model.columns import Column

# https://cloud.google.com/bigquery/docs/default-values
FUNCTIONS = frozenset({
    "CURRENT_DATE", "CURRENT_DATETIME", "CURRENT_TIME", "CURRENT_TIMESTAMP", "GENERATE_UUID", "RAND",
    "SESSION_USER", "ST_GEOGPOINT", "STRUCT", "PARSE_JSON",
})  # fmt: skip
_TEXTS = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\"""", re.DOTALL)
_SUBQUERY = re.compile(r"\bSELECT\b", re.IGNORECASE)
_CALLS = re.compile(r"([A-Za-z_][A-Za-z0-9_.]*)\s*\(")


def check_defaults(columns: Sequence[Column], tables: Tables, scope: Scope) -> None:
    """Refuse defaults that are neither literals nor one of the allowed functions, or of a wrong type."""
    for column in columns:
        if column.default is not None:
            check_default(column, tables, scope)


def check_default(column: Column, tables: Tables, scope: Scope) -> None:
    """Refuse one column's default when BigQuery would."""
    text = column.default or ""
    if _SUBQUERY.search(_TEXTS.sub("''", text)):
        raise WarehouseError("invalidQuery", f"Invalid default value expression for column {column.name}: a subquery")
    for name in _CALLS.findall(_TEXTS.sub("''", text)):
        if name.upper() not in FUNCTIONS:
            raise WarehouseError("invalidQuery", f"Invalid default value expression for column {column.name}: {name}")
    if column.mode == "REPEATED" and text.strip().upper() == "NULL":
        raise WarehouseError("invalidQuery", f"The default value of ARRAY column {column.name} cannot be NULL")
    bind_expression(text, tables, scope, column)
    value, _ = bind_value(text, tables, scope)
    if column.mode == "REPEATED" and any(part.type == NULL for part in value.parts or ()):
        raise WarehouseError("invalidQuery", f"The default value of ARRAY column {column.name} has a NULL element")
