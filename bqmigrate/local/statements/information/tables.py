"""TABLES, TABLE_OPTIONS, VIEWS and PARTITIONS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from bqmigrate.local.catalog.partitions import UNPARTITIONED, partition_id
from bqmigrate.local.catalog.records import TableRecord
from bqmigrate.local.catalog.store import Reader
from bqmigrate.local.catalog.streamed import Spans, waiting, within
from bqmigrate.local.sql.types import string_sql
from bqmigrate.local.statements.information.ddl import options_of, table_ddl
from bqmigrate.local.statements.information.relation import Row, Shape, yes
from bqmigrate.local.storage import physical

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
        place = _partition_id(r, waiting(reader, r))
        found = reader.connection.execute(
            f"SELECT {place} AS p, count(*) FROM {r.physical} GROUP BY 1 ORDER BY 1"
        ).fetchall()
        for identity, rows in found:
            wanted = "NULL" if identity is None else string_sql(identity)
            inside = f"(SELECT * FROM {r.physical} WHERE {place} IS NOT DISTINCT FROM {wanted})"
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


def _partition_id(record: TableRecord, streamed: Spans) -> str:
    spec = record.model.partitioning
    if spec is None:
        return "NULL"
    # Rows wait in the streaming buffer before they come to their partition.
    waits = "".join(f"WHEN {within(span)} THEN '{UNPARTITIONED}' " for span in streamed)
    return f"CASE {waits}WHEN true THEN {partition_id(spec)} END"
