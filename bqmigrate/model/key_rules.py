"""What primary and foreign keys may be: a part of the one set of rules, beside `schema_rules`.

https://cloud.google.com/bigquery/docs/primary-foreign-keys
"""

from __future__ import annotations

from bqmigrate.model.catalog import Table
from bqmigrate.model.columns import find
from bqmigrate.model.schema_rules import Refusal

KEY_TYPES = frozenset({
    "BIGNUMERIC", "BOOLEAN", "BYTES", "DATE", "DATETIME", "INTEGER", "NUMERIC", "STRING", "TIMESTAMP",
})  # fmt: skip
PRIMARY_KEY_LIMIT = 16
FOREIGN_KEY_LIMIT = 64


def keys_problem(table: Table) -> Refusal | None:
    """Check the number of keys, and that their columns are there and of types that can be one."""
    if len(table.primary_key) > PRIMARY_KEY_LIMIT:
        return Refusal(f"A primary key has at most {PRIMARY_KEY_LIMIT} columns")
    if len(table.foreign_keys) > FOREIGN_KEY_LIMIT:
        return Refusal(f"A table has at most {FOREIGN_KEY_LIMIT} foreign keys")
    for name in (n for key in (table.primary_key, *table.foreign_keys) for n in key):
        column = find(table.columns, name)
        if column is None:
            return Refusal(f"Key column not found: {name}")
        if column.type not in KEY_TYPES or column.mode == "REPEATED":
            return Refusal(f"Column {name} of type {column.sql_type()} cannot be part of a key")
    return None
