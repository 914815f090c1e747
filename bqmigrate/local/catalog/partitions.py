"""Partitions: which one a row lies in, when it ends, and the hidden column of ingestion-time partitioned tables.

https://cloud.google.com/bigquery/docs/querying-partitioned-tables#query_an_ingestion-time_partitioned_table
"""

from __future__ import annotations

from typing import Literal

from bqmigrate.local.sql.types import quoted
from bqmigrate.model.catalog import Partitioning
from bqmigrate.model.columns import Column

PARTITION_TIME = "_PARTITIONTIME"
PARTITION_DATE = "_PARTITIONDATE"
NULLS, UNPARTITIONED = "__NULL__", "__UNPARTITIONED__"
# How a partition's id is cut out of its column.
FORMATS = {"HOUR": "%Y%m%d%H", "DAY": "%Y%m%d", "MONTH": "%Y%m", "YEAR": "%Y"}
Boundary = Literal["start", "end"]


def hidden_columns(spec: Partitioning | None) -> tuple[Column, ...]:
    """Return what is stored beside the author's columns: by default the partition of the current time."""
    if spec is None or spec.field is not None:
        return ()
    return (Column(PARTITION_TIME, "TIMESTAMP", default=f"TIMESTAMP_TRUNC(CURRENT_TIMESTAMP(), {spec.type})"),)


def partition_id(spec: Partitioning) -> str:
    """Return the DuckDB text of the id of a row's partition."""
    name = quoted(spec.field or PARTITION_TIME)
    if spec.type != "RANGE":
        return f"coalesce(strftime(CAST({name} AS TIMESTAMP), '{FORMATS[spec.type]}'), '{NULLS}')"
    start, end, step = spec.start, spec.end, spec.interval
    inside = f"CAST({start} + ({name} - {start}) // {step} * {step} AS VARCHAR)"
    outside = f"{name} < {start} OR {name} >= {end}"
    return f"CASE WHEN {name} IS NULL THEN '{NULLS}' WHEN {outside} THEN '{UNPARTITIONED}' ELSE {inside} END"


def expires_ms(spec: Partitioning, boundary: Boundary) -> str:
    """Return the DuckDB text of when a row's partition expires, in milliseconds since 1970; NULL for never."""
    start = f"date_trunc('{spec.type.lower()}', CAST({quoted(spec.field or PARTITION_TIME)} AS TIMESTAMP))"
    edge = start if boundary == "start" else f"{start} + INTERVAL 1 {spec.type}"
    return f"epoch_ms({edge}) + {spec.expiration_ms}"
