"""SCHEMATA, SCHEMATA_OPTIONS and ROUTINES."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bqmigrate.local.catalog.records import DatasetRecord, RoutineRecord
from bqmigrate.local.statements.information.ddl import dataset_ddl, options_of, routine_ddl, type_text
from bqmigrate.local.statements.information.relation import Row, Shape

SCHEMATA = Shape(
    "catalog_name schema_name schema_owner creation_time:TIMESTAMP last_modified_time:TIMESTAMP location ddl "
    "default_collation_name"
)
SCHEMATA_OPTIONS = Shape("catalog_name schema_name option_name option_type option_value")
ROUTINES = Shape(
    "specific_catalog specific_schema specific_name routine_catalog routine_schema routine_name routine_type data_type "
    "routine_body routine_definition external_language is_deterministic security_type created:TIMESTAMP "
    "last_altered:TIMESTAMP ddl"
)
KINDS = {"SCALAR_FUNCTION": "FUNCTION", "TABLE_VALUED_FUNCTION": "TABLE FUNCTION", "PROCEDURE": "PROCEDURE"}


def schemata(records: Sequence[DatasetRecord]) -> Iterator[Row]:
    """Give a row per dataset; those whose names begin with an underscore are hidden."""
    for d in records:
        yield {
            "catalog_name": d.project,
            "schema_name": d.dataset,
            "creation_time": d.created_ms,
            "last_modified_time": d.modified_ms,
            "location": d.location,
            "ddl": dataset_ddl(d),
            "default_collation_name": d.resource.get("defaultCollation"),
        }


def schemata_options(records: Sequence[DatasetRecord]) -> Iterator[Row]:
    """Give a row per option that is set."""
    for d in records:
        for name, kind, value in options_of(d.resource):
            named = {"catalog_name": d.project, "schema_name": d.dataset}
            yield {**named, "option_name": name, "option_type": kind, "option_value": value}


def routines(records: Sequence[RoutineRecord]) -> Iterator[Row]:
    """Give a row per function and procedure."""
    for r in records:
        names = (r.project, r.dataset, r.routine)
        external = None if r.resource["language"] == "SQL" else r.resource["language"]
        yield {
            **dict(zip(("specific_catalog", "specific_schema", "specific_name"), names, strict=True)),
            **dict(zip(("routine_catalog", "routine_schema", "routine_name"), names, strict=True)),
            "routine_type": KINDS[r.resource["routineType"]],
            "data_type": type_text(r.resource["returnType"]) if "returnType" in r.resource else None,
            "routine_body": "EXTERNAL" if external else "SQL",
            "routine_definition": r.resource["definitionBody"],
            "external_language": external,
            "created": r.created_ms,
            "last_altered": r.modified_ms,
            "ddl": routine_ddl(r),
        }
