"""TABLE_CONSTRAINTS, KEY_COLUMN_USAGE and CONSTRAINT_COLUMN_USAGE."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bqmigrate.local.catalog.records import TableRecord
from bqmigrate.local.catalog.store import Reader
from bqmigrate.local.statements.information.relation import Row, Shape
from bqmigrate.local.statements.information.tables import named

_CONSTRAINT = "constraint_catalog constraint_schema constraint_name"
_TABLE = "table_catalog table_schema table_name"
TABLE_CONSTRAINTS = Shape(f"{_CONSTRAINT} {_TABLE} constraint_type is_deferrable initially_deferred enforced")
KEY_COLUMN_USAGE = Shape(
    f"{_CONSTRAINT} {_TABLE} column_name ordinal_position:INTEGER position_in_unique_constraint:INTEGER"
)
CONSTRAINT_COLUMN_USAGE = Shape(f"{_TABLE} column_name {_CONSTRAINT}")


def _constraint(record: TableRecord, name: str) -> dict[str, Any]:
    return {
        "constraint_catalog": record.project,
        "constraint_schema": record.dataset,
        "constraint_name": f"{record.table}.{name}",
    }


def _keys(record: TableRecord) -> tuple[Sequence[str], Sequence[Mapping[str, Any]]]:
    found = record.resource.get("tableConstraints") or {}
    return (found.get("primaryKey") or {}).get("columns", ()), found.get("foreignKeys", ())


def table_constraints(_: Reader, records: Sequence[TableRecord]) -> Iterator[Row]:
    """Give a row per key."""
    facts = {"is_deferrable": "NO", "initially_deferred": "NO", "enforced": "NO"}
    for r in records:
        primary, foreign = _keys(r)
        if primary:
            yield {**_constraint(r, "pk$"), **named(r), "constraint_type": "PRIMARY KEY", **facts}
        for key in foreign:
            yield {**_constraint(r, key["name"]), **named(r), "constraint_type": "FOREIGN KEY", **facts}


def key_column_usage(reader: Reader, records: Sequence[TableRecord]) -> Iterator[Row]:
    """Give a row per column of a key; of foreign ones, with its position in the key it points to."""
    for r in records:
        primary, foreign = _keys(r)
        for position, column in enumerate(primary, 1):
            yield {**_constraint(r, "pk$"), **named(r), "column_name": column, "ordinal_position": position}
        for key in foreign:
            there = _primary_of(reader, key["referencedTable"])
            for position, pair in enumerate(key["columnReferences"], 1):
                lower = pair["referencedColumn"].lower()
                yield {
                    **_constraint(r, key["name"]),
                    **named(r),
                    "column_name": pair["referencingColumn"],
                    "ordinal_position": position,
                    "position_in_unique_constraint": there.index(lower) + 1 if lower in there else None,
                }


def _primary_of(reader: Reader, reference: Mapping[str, str]) -> list[str]:
    found = reader.table(reference["projectId"], reference["datasetId"], reference["tableId"])
    return [] if found is None else [name.lower() for name in found.model.primary_key]


def constraint_column_usage(_: Reader, records: Sequence[TableRecord]) -> Iterator[Row]:
    """Give a row per column that a key uses: a foreign key uses the columns it points to."""
    for r in records:
        primary, foreign = _keys(r)
        for column in primary:
            yield {**named(r), "column_name": column, **_constraint(r, "pk$")}
        for key in foreign:
            table = key["referencedTable"]
            other = {
                "table_catalog": table["projectId"],
                "table_schema": table["datasetId"],
                "table_name": table["tableId"],
            }
            for pair in key["columnReferences"]:
                yield {**other, "column_name": pair["referencedColumn"], **_constraint(r, key["name"])}
