"""TABLES, TABLE_OPTIONS, VIEWS and PARTITIONS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from bqmigrate.local.catalog.records import TableRecord
from bqmigrate.local.catalog.store import Reader
from bqmigrate.local.sql.types import quoted, string_sql
from bqmigrate.local.statements.information.ddl import options_of, table_ddl
from bqmigrate.local.statements.information.relation import Row, Shape, yes
from bqmigrate.local.storage import physical
from bqmigrate.model.columns import find

TABLES = Shape(
    "table_catalog table_schema table_name table_type managed_table_type is_insertable_into "
    "is_fine_grained_mutations_enabled is_typed is_change_history_enabled creation_time:TIMESTAMP "
    "base_table_catalog base_table_schema base_table_name snapshot_time_ms:TIMESTAMP replica_source_catalog "
    "replica_source_schema replica_source_name replication_status replication_error ddl default_collation_name "
    "upsert_stream_apply_watermark:TIMESTAMP"
)
TABLE_OPTIONS = Shape("table_catalog table_schema table_name option_name option_type option_value")
VIEWS = Shape("table_catalog table_schema table_name view_definition check_option use_standard_sql")
PARTITIONS = Shape(
    "table_catalog table_schema table_name partition_id total_rows:INTEGER total_logical_bytes:INTEGER "
    "total_billable_bytes:INTEGER last_modified_time:TIMESTAMP storage_tier"
)
TYPES = {"VIEW": "VIEW", "MATERIALIZED_VIEW": "MATERIALIZED VIEW", "SNAPSHOT": "SNAPSHOT"}
# How a partition's id is cut out of its column.
FORMATS = {"HOUR": "%Y%m%d%H", "DAY": "%Y%m%d", "MONTH": "%Y%m", "YEAR": "%Y"}


def named(record: TableRecord) -> dict[str, Any]:
    """Return the columns by which every view names a table."""
    return {"table_catalog": record.project, "table_schema": record.dataset, "table_name": record.table}


def tables(_: Reader, records: Sequence[TableRecord]) -> Iterator[Row]:
    """Give a row per table and view."""
    for r in records:
        kind = "CLONE" if "cloneDefinition" in r.definition else TYPES.get(r.type, "BASE TABLE")
        yield {
            **named(r),
            "table_type": kind,
            "managed_table_type": "NATIVE" if r.physical else None,
            "is_insertable_into": yes(r.type == "TABLE"),
            "is_fine_grained_mutations_enabled": "NO",
            "is_typed": "NO",
            "is_change_history_enabled": yes(r.resource.get("enableChangeHistory")),
            "creation_time": r.created_ms,
            "ddl": table_ddl(r),
            "default_collation_name": r.resource.get("defaultCollation"),
            **_base(r.definition),
        }


def _base(definition: Mapping[str, Any]) -> Row:
    for which in ("snapshot", "clone"):
        found = definition.get(f"{which}Definition")
        if found is not None:
            table = found["baseTableReference"]
            at = datetime.fromisoformat(found[f"{which}Time"])
            return {
                "base_table_catalog": table["projectId"],
                "base_table_schema": table["datasetId"],
                "base_table_name": table["tableId"],
                "snapshot_time_ms": round(at.timestamp() * 1000),
            }
    return {}


def table_options(_: Reader, records: Sequence[TableRecord]) -> Iterator[Row]:
    """Give a row per option that is set."""
    for r in records:
        for name, kind, value in options_of(r.resource):
            yield {**named(r), "option_name": name, "option_type": kind, "option_value": value}


def views(_: Reader, records: Sequence[TableRecord]) -> Iterator[Row]:
    """Give a row per view."""
    for r in records:
        for key in ("view", "materializedView"):
            if key in r.resource:
                yield {**named(r), "view_definition": r.resource[key]["query"], "use_standard_sql": "YES"}


def partitions(reader: Reader, records: Sequence[TableRecord]) -> Iterator[Row]:
    """Give a row per partition; a table that is not partitioned is one, without an id."""
    for r in records:
        if r.physical is None:
            continue
        found = reader.connection.execute(
            f"SELECT {_partition_id(r)} AS p, count(*) FROM {r.physical} GROUP BY 1 ORDER BY 1"
        ).fetchall()
        for identity, rows in found:
            wanted = "NULL" if identity is None else string_sql(identity)
            inside = f"(SELECT * FROM {r.physical} WHERE {_partition_id(r)} IS NOT DISTINCT FROM {wanted})"
            size = physical.size(reader.connection, inside, r.columns)
            yield {
                **named(r),
                "partition_id": identity,
                "total_rows": rows,
                "total_logical_bytes": size,
                "total_billable_bytes": size,
                "last_modified_time": r.modified_ms,
                "storage_tier": "ACTIVE",
            }


def _partition_id(record: TableRecord) -> str:
    spec = record.model.partitioning
    column = None if spec is None or spec.field is None else find(record.columns, spec.field)
    if spec is None or column is None:
        return "NULL"
    name = quoted(column.name)
    if spec.type != "RANGE":
        return f"coalesce(strftime(CAST({name} AS TIMESTAMP), '{FORMATS[spec.type]}'), '__NULL__')"
    start, end, step = spec.start, spec.end, spec.interval
    inside = f"CAST({start} + ({name} - {start}) // {step} * {step} AS VARCHAR)"
    outside = f"{name} < {start} OR {name} >= {end}"
    return f"CASE WHEN {name} IS NULL THEN '__NULL__' WHEN {outside} THEN '__UNPARTITIONED__' ELSE {inside} END"
