"""What BigQuery lets one change in place: the one set of rules.

The planner asks them to decide in place, rebuild or impossible; the embedded warehouse asks them to
accept or refuse. Both therefore always agree. Each rule returns None when the change is legal, else
a Refusal in BigQuery's words. Sources: "Modifying table schemas", "Data definition language",
"Introduction to partitioned tables", "Create and use clustered tables" at cloud.google.com/bigquery/docs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bqmigrate.model import columns as cols
from bqmigrate.model.catalog import Partitioning, Table
from bqmigrate.model.columns import Column, find
from bqmigrate.model.widening import DEFAULT_INTEGER_DIGITS, DEFAULT_SCALE, widens

CLUSTERING_LIMIT = 4
COLUMN_LIMIT = 10_000
PARTITION_TYPES = {"DATE": ("DAY", "MONTH", "YEAR"), "TIMESTAMP": ("HOUR", "DAY", "MONTH", "YEAR"),
                   "DATETIME": ("HOUR", "DAY", "MONTH", "YEAR"), "INTEGER": ("RANGE",)}  # fmt: skip
CLUSTER_TYPES = frozenset({
    "BIGNUMERIC", "BOOLEAN", "DATE", "DATETIME", "GEOGRAPHY", "INTEGER", "NUMERIC", "RANGE", "STRING", "TIMESTAMP",
})  # fmt: skip


@dataclass(frozen=True)
class Refusal:
    """Why BigQuery says no: the `reason` of its error and a message close to its wording."""

    message: str
    reason: str = "invalid"


def columns_problem(columns: Sequence[Column], *, _where: str = "") -> Refusal | None:
    """Check names, duplicates, nesting and number of a new set of columns."""
    if not _where:
        # A flat table has depth 1 and no STRUCT.
        if cols.depth(columns) - 1 > cols.NESTING_LIMIT:
            return Refusal(f"Schema has more than {cols.NESTING_LIMIT} levels of nesting")
        if cols.count(columns) > COLUMN_LIMIT:
            return Refusal(f"Too many columns: at most {COLUMN_LIMIT} are allowed")
    seen: set[str] = set()
    for column in columns:
        path = f"{_where}{column.name}"
        if column.name.lower() in seen:
            return Refusal(f"Duplicate field name {path}: names are compared without case")
        seen.add(column.name.lower())
        problem = _column_problem(column, path)
        if problem:
            return problem
        nested = columns_problem(column.fields, _where=f"{path}.") if column.fields else None
        if nested:
            return nested
    return None


def _column_problem(column: Column, path: str) -> Refusal | None:
    if (column.type == "RECORD") != bool(column.fields):
        return Refusal(
            f"Field {path} is type RECORD but has no schema"
            if column.type == "RECORD"
            else f"Field {path} of type {column.type} cannot have fields"
        )
    if column.max_length is not None and column.type not in {"STRING", "BYTES"}:
        return Refusal(f"Field {path}: maxLength is only for STRING and BYTES")
    if column.type == "RANGE" and column.range_element not in {"DATE", "DATETIME", "TIMESTAMP"}:
        return Refusal(f"Field {path}: a RANGE needs rangeElementType DATE, DATETIME or TIMESTAMP")
    if len(column.policy_tags) > 1:
        return Refusal(f"Field {path}: a column has at most one policy tag")
    if column.description and len(column.description) > cols.DESCRIPTION_LENGTH:
        return Refusal(f"Field {path}: description has more than {cols.DESCRIPTION_LENGTH} characters")
    return _number_problem(column, path)


def _number_problem(column: Column, path: str) -> Refusal | None:
    if column.precision is None:
        return Refusal(f"Field {path}: scale without precision") if column.scale is not None else None
    if column.type not in DEFAULT_INTEGER_DIGITS:
        return Refusal(f"Field {path}: precision is only for NUMERIC and BIGNUMERIC")
    scale, digits = column.scale or 0, DEFAULT_INTEGER_DIGITS[column.type]
    if scale > DEFAULT_SCALE[column.type] or column.precision - scale > digits or column.precision < max(1, scale):
        return Refusal(f"Field {path}: {column.type}({column.precision}, {scale}) is out of range")
    return None


def partitioning_problem(columns: Sequence[Column], spec: Partitioning | None) -> Refusal | None:
    """Check that a table with these columns can be partitioned so."""
    if spec is None or spec.field is None:
        return None if spec is None or spec.type != "RANGE" else Refusal("Range partitioning needs a field")
    column = find(columns, spec.field)
    if column is None:
        return Refusal(f"The field specified for partitioning cannot be found in the schema: {spec.field}")
    if column.mode == "REPEATED":
        return Refusal(f"Cannot partition by the REPEATED field {spec.field}")
    allowed = PARTITION_TYPES.get(column.type, ())
    if spec.type in allowed:
        return _range_problem(spec)
    if not allowed:
        return Refusal(f"Cannot partition by field {spec.field} of type {column.type}")
    return Refusal(f"{spec.type} partitioning is not possible for field {spec.field} of type {column.type}")


def _range_problem(spec: Partitioning) -> Refusal | None:
    if spec.type != "RANGE":
        return None
    if spec.start is None or spec.end is None or not spec.interval or spec.interval < 1 or spec.start >= spec.end:
        return Refusal("Range partitioning needs start < end and an interval of at least 1")
    if (spec.end - spec.start) / spec.interval > 10_000:  # noqa: PLR2004
        return Refusal("Range partitioning has at most 10000 ranges")
    if spec.expiration_ms is not None:
        return Refusal("An integer-range partitioned table has no partition expiration")
    return None


def clustering_problem(columns: Sequence[Column], clustering: Sequence[str]) -> Refusal | None:
    """Check that a table with these columns can be clustered so."""
    if len(clustering) > CLUSTERING_LIMIT:
        return Refusal(f"Too many clustering fields: at most {CLUSTERING_LIMIT} are allowed, got {len(clustering)}")
    lowered = [name.lower() for name in clustering]
    if len(set(lowered)) != len(lowered):
        return Refusal("Clustering fields must be distinct")
    for name in clustering:
        column = find(columns, name)
        if column is None:
            return Refusal(f"The field specified for clustering cannot be found in the schema: {name}")
        if column.mode == "REPEATED" or column.type not in CLUSTER_TYPES:
            shown = "REPEATED" if column.mode == "REPEATED" else column.type
            return Refusal(f"Cannot cluster by field {name} of type {shown}")
        if column.collation:
            return Refusal(f"Cannot cluster by the collated field {name}")
    return None


def table_problem(table: Table) -> Refusal | None:
    """Check a table as a whole, as tables.insert does."""
    problem = (
        columns_problem(table.columns)
        or partitioning_problem(table.columns, table.partitioning)
        or clustering_problem(table.columns, table.clustering)
    )
    if problem is None and table.require_partition_filter and table.partitioning is None:
        return Refusal("require_partition_filter is only for partitioned tables")
    return problem


def add_columns(table: Table, new: Sequence[Column]) -> Refusal | None:
    """Check ADD COLUMN: NULLABLE or REPEATED only, no default, unused names."""
    for column in new:
        if table.column(column.name):
            return Refusal(f"Column already exists: {column.name}", "invalidQuery")
        if column.mode == "REQUIRED":
            return Refusal(f"Cannot add required column {column.name} to an existing table", "invalidQuery")
        if column.default is not None:
            return Refusal(
                f"Cannot add column {column.name} with a default value to an existing table: "
                "add the column, then set its default",
                "invalidQuery",
            )
    return columns_problem((*table.columns, *new))


def add_nested_field(parent: Column, new: Column) -> Refusal | None:
    """Check a field added at the end of an existing RECORD: PATCH only, never REQUIRED."""
    if parent.field(new.name):
        return Refusal(f"Field already exists: {parent.name}.{new.name}")
    if new.mode == "REQUIRED":
        return Refusal(f"Cannot add required fields to an existing schema. (field: {new.name})")
    return None


def drop_column(table: Table, name: str) -> Refusal | None:
    """Check DROP COLUMN."""
    refusal = _bound(table, name, "drop")
    if refusal is None and len(table.columns) == 1:
        return Refusal(f"Cannot drop column {name}: a table needs at least one column", "invalidQuery")
    return refusal


def rename_column(table: Table, old: str, new: str) -> Refusal | None:
    """Check RENAME COLUMN."""
    refusal = _bound(table, old, "rename")
    if refusal is None and table.column(new) and old.lower() != new.lower():
        return Refusal(f"Column already exists: {new}", "invalidQuery")
    return refusal


def _bound(table: Table, name: str, verb: str) -> Refusal | None:
    """Refuse what drop and rename have in common: roles that pin a column."""
    lower = name.lower()
    if "." in name:
        return Refusal(f"ALTER TABLE {verb.upper()} COLUMN does not support nested field {name}", "invalidQuery")
    if table.column(name) is None:
        return Refusal(f"Column not found: {name}", "invalidQuery")
    if table.partitioning and (table.partitioning.field or "").lower() == lower:
        return Refusal(f"Cannot {verb} column {name}: it is the partitioning column", "invalidQuery")
    if lower in (c.lower() for c in table.clustering):
        return Refusal(f"Cannot {verb} column {name}: it is a clustering column", "invalidQuery")
    keys = (table.primary_key, *table.foreign_keys)
    if any(lower == c.lower() for key in keys for c in key):
        return Refusal(f"Cannot {verb} column {name}: it is part of a key", "invalidQuery")
    return None


def relax(table: Table, name: str) -> Refusal | None:
    """Check ALTER COLUMN DROP NOT NULL: an error when it is already nullable."""
    column = table.column(name)
    if column is None:
        return Refusal(f"Column not found: {name}", "invalidQuery")
    if column.mode != "REQUIRED":
        return Refusal(f"Column {name} does not have a NOT NULL constraint", "invalidQuery")
    return None


def set_default(table: Table, name: str, expression: str | None) -> Refusal | None:
    """Check ALTER COLUMN SET DEFAULT (or DROP DEFAULT, an error when none is set)."""
    column = table.column(name)
    if column is None:
        return Refusal(f"Column not found: {name}", "invalidQuery")
    if expression is None:
        return None if column.default is not None else Refusal(f"Column {name} has no default value", "invalidQuery")
    if name.lower() in (c.lower() for c in table.primary_key):
        return Refusal(f"Cannot set a default on primary key column {name}", "invalidQuery")
    return None


def change_type(table: Table, name: str, new: Column) -> Refusal | None:
    """Check ALTER COLUMN SET DATA TYPE by the widening table; the table has to stay one that can be."""
    old = table.column(name)
    if old is None:
        return Refusal(f"Column not found: {name}", "invalidQuery")
    if any(name.lower() == c.lower() for key in (table.primary_key, *table.foreign_keys) for c in key):
        return Refusal(f"Cannot change the type of column {name}: it is part of a key", "invalidQuery")
    if old.mode == "REPEATED" and old.type == "RECORD" and not old.same_type(new):
        return Refusal(f"Cannot change the type of a field inside ARRAY<STRUCT> column {name}", "invalidQuery")
    if (old.mode == "REPEATED") == (new.mode == "REPEATED") and widens(old, replace(new, mode=old.mode)):
        columns = cols.replace_path(table.columns, old.name, replace(new, name=old.name, mode=old.mode))
        wrong = partitioning_problem(columns, table.partitioning) or clustering_problem(columns, table.clustering)
        return replace(wrong, reason="invalidQuery") if wrong else None
    return Refusal(
        f"ALTER TABLE ALTER COLUMN SET DATA TYPE requires that the existing column type "
        f"({old.sql_type()}) is assignable to the new type ({new.sql_type()})",
        "invalidQuery",
    )


def replace_partitioning(old: Table, new: Partitioning | None) -> Refusal | None:
    """Check CREATE OR REPLACE TABLE and WRITE_TRUNCATE: the partition spec must stay."""
    before = old.partitioning.spec() if old.partitioning else None
    if before == (new.spec() if new else None):
        return None
    return Refusal(
        "Cannot replace a table with a different partitioning spec. Instead, DROP the table, and then recreate it.",
        "invalidQuery",
    )


def replace_clustering(old: Table, new: Sequence[str]) -> Refusal | None:
    """Check CREATE OR REPLACE TABLE for those who find that the clustering must stay, too."""
    same = [c.lower() for c in old.clustering] == [c.lower() for c in new]
    return None if same else Refusal("Cannot replace a table with a different clustering spec.", "invalidQuery")


def rename_table(table: Table) -> Refusal | None:
    """Check ALTER TABLE RENAME TO: not a table with a primary key."""
    if table.primary_key:
        return Refusal("Cannot rename a table with a primary key", "invalidQuery")
    return None
