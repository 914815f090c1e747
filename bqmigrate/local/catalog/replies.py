"""How replies show tables and views: what was set, and what the server knows besides."""

from __future__ import annotations

from typing import Any

from bqmigrate.local.catalog.records import TableRecord
from bqmigrate.local.catalog.store import Reader
from bqmigrate.local.catalog.tables import SQL_ONLY

DEFINITIONS = ("snapshotDefinition", "cloneDefinition")
ROOT = "https://bigquery.googleapis.com/bigquery/v2"


def table_reference(record: TableRecord) -> dict[str, str]:
    """Return the REST TableReference."""
    return {"projectId": record.project, "datasetId": record.dataset, "tableId": record.table}


def table_resource(reader: Reader, record: TableRecord) -> dict[str, Any]:
    """Return the REST Table."""
    place = f"projects/{record.project}/datasets/{record.dataset}/tables/{record.table}"
    return {
        "kind": "bigquery#table",
        "etag": record.etag,
        "id": record.shown,
        "selfLink": f"{ROOT}/{place}",
        "tableReference": table_reference(record),
        **{key: value for key, value in record.resource.items() if key not in SQL_ONLY},
        **{key: record.definition[key] for key in DEFINITIONS if key in record.definition},
        **_storage(reader, record),
        "creationTime": str(record.created_ms),
        "lastModifiedTime": str(record.modified_ms),
        "type": record.type,
        "location": record.location,
    }


def _storage(reader: Reader, record: TableRecord) -> dict[str, Any]:
    """Return row and byte counts; rows in the streaming buffer are counted there, not here."""
    if record.physical is None:
        return {}
    rows, size = reader.rows(record), reader.size(record)
    out: dict[str, Any] = {}
    if record.buffer is not None and record.buffer.open_at(reader.now_ms):
        waiting = min(record.buffer.rows, rows)
        out["streamingBuffer"] = {
            "estimatedRows": str(waiting),
            "estimatedBytes": str(size * waiting // rows if rows else 0),
            "oldestEntryTime": str(record.buffer.oldest_ms),
        }
        size -= size * waiting // rows if rows else 0
        rows -= waiting
    return {"numRows": str(rows), "numBytes": str(size), "numLongTermBytes": "0", **out}


def table_item(record: TableRecord) -> dict[str, Any]:
    """Return the entry of a table in a list."""
    listed = ("labels", "friendlyName", "timePartitioning", "rangePartitioning", "clustering", "expirationTime")
    view = {"view": {"useLegacySql": False}} if record.type == "VIEW" else {}
    return {
        "kind": "bigquery#table",
        "id": record.shown,
        "tableReference": table_reference(record),
        "type": record.type,
        **{key: record.resource[key] for key in listed if key in record.resource},
        **view,
        "creationTime": str(record.created_ms),
    }
