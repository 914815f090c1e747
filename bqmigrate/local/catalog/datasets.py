"""Datasets: what can be asked of them, and how a reply shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bqmigrate.local.catalog.records import DatasetRecord
from bqmigrate.local.catalog.resources import check_match, check_texts, merge, settable, whole, without_nulls
from bqmigrate.local.catalog.store import Reader, Transaction
from bqmigrate.local.errors import WarehouseError
from bqmigrate.model import names

SETTABLE = frozenset({
    "friendlyName", "description", "labels", "access", "defaultTableExpirationMs", "defaultPartitionExpirationMs",
    "defaultCollation", "defaultRoundingMode", "isCaseInsensitive", "maxTimeTravelHours", "storageBillingModel",
    "defaultEncryptionConfiguration", "resourceTags", "externalCatalogDatasetOptions", "externalDatasetReference",
})  # fmt: skip
OUTPUT = frozenset({
    "kind", "etag", "id", "selfLink", "datasetReference", "creationTime", "lastModifiedTime", "location", "type",
    "satisfiesPzs", "satisfiesPzi", "tags", "restrictions", "catalogSource", "linkedDatasetSource",
    "linkedDatasetMetadata",
})  # fmt: skip
NUMBERS = ("defaultTableExpirationMs", "defaultPartitionExpirationMs", "maxTimeTravelHours")
SHORTEST_EXPIRATION_MS = 3_600_000
TIME_TRAVEL_HOURS = range(48, 169, 24)
DEFAULT_WINDOW_HOURS = 168
HOUR_MS = 3_600_000
DEFAULT_ACCESS = (
    {"role": "WRITER", "specialGroup": "projectWriters"},
    {"role": "OWNER", "specialGroup": "projectOwners"},
    {"role": "READER", "specialGroup": "projectReaders"},
)


def require_dataset(reader: Reader, project: str, dataset: str) -> DatasetRecord:
    """Return a dataset; 404 when there is none."""
    found = reader.dataset(project, dataset)
    if found is None:
        raise WarehouseError("notFound", f"Not found: Dataset {project}:{dataset}")
    return found


def create_dataset(
    tx: Transaction, project: str, dataset: str, body: Mapping[str, Any], location: str
) -> DatasetRecord:
    """Make a dataset; 409 when it exists."""
    problem = names.dataset_problem(dataset)
    if problem is not None:
        raise WarehouseError("invalid", f'Invalid dataset ID "{dataset}": {problem}')
    if tx.dataset(project, dataset) is not None:
        raise WarehouseError("duplicate", f"Already Exists: Dataset {project}:{dataset}")
    resource = _canonical({"access": [dict(a) for a in DEFAULT_ACCESS]} | settable(body, SETTABLE, OUTPUT))
    record = DatasetRecord(project, dataset, location, resource, tx.new_etag(), tx.now_ms, tx.now_ms)
    return tx.put(record)


def patch_dataset(
    tx: Transaction, record: DatasetRecord, body: Mapping[str, Any], if_match: str | None = None
) -> DatasetRecord:
    """Merge changes into a dataset."""
    return _exchange(tx, record, merge(record.resource, settable(body, SETTABLE, OUTPUT)), body, if_match)


def replace_dataset(
    tx: Transaction, record: DatasetRecord, body: Mapping[str, Any], if_match: str | None = None
) -> DatasetRecord:
    """Exchange all that can be set of a dataset."""
    return _exchange(tx, record, settable(body, SETTABLE, OUTPUT), body, if_match)


def _exchange(
    tx: Transaction,
    record: DatasetRecord,
    resource: Mapping[str, Any],
    body: Mapping[str, Any],
    if_match: str | None,
) -> DatasetRecord:
    check_match(if_match, record.etag)
    location = body.get("location")
    if location is not None and str(location).lower() != record.location.lower():
        raise WarehouseError("invalid", f"Cannot change the location of dataset {record.shown}")
    canonical = _canonical(resource)
    if canonical == record.resource:
        return record
    return tx.put(replace(record, resource=canonical, etag=tx.new_etag(), modified_ms=tx.now_ms))


def delete_dataset(tx: Transaction, record: DatasetRecord, *, contents: bool) -> None:
    """Remove a dataset; 400 resourceInUse when it holds something and contents are not to go with it."""
    tables = tx.tables(record.project, record.dataset)
    if tables and not contents:
        raise WarehouseError("resourceInUse", f"Dataset {record.shown} is still in use")
    for table in tables:
        tx.remove(table.key)
    tx.remove(record.key)


def window_ms(reader: Reader, project: str, dataset: str) -> int:
    """Return how far back a dataset's time travel reaches."""
    found = require_dataset(reader, project, dataset).resource
    return int(found.get("maxTimeTravelHours", DEFAULT_WINDOW_HOURS)) * HOUR_MS


def _canonical(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Check a resource and write its numbers as REST does: as text."""
    out = without_nulls(resource)
    check_texts(out)
    for key in NUMBERS:
        if key in out:
            out[key] = str(whole(out[key], key))
    # A client clears an expiration with 0 as well as with null.
    for key in NUMBERS[:2]:
        if out.get(key) == "0":
            del out[key]
    expiration = int(out.get("defaultTableExpirationMs", SHORTEST_EXPIRATION_MS))
    if expiration < SHORTEST_EXPIRATION_MS:
        raise WarehouseError("invalid", "Default table expiration must be at least one hour (3600000 milliseconds)")
    if "maxTimeTravelHours" in out and int(out["maxTimeTravelHours"]) not in TIME_TRAVEL_HOURS:
        raise WarehouseError("invalid", "maxTimeTravelHours must be a multiple of 24 from 48 to 168")
    return out


def dataset_resource(record: DatasetRecord) -> dict[str, Any]:
    """Return the REST Dataset."""
    return {
        "kind": "bigquery#dataset",
        "etag": record.etag,
        "id": record.shown,
        "selfLink": f"https://bigquery.googleapis.com/bigquery/v2/projects/{record.project}/datasets/{record.dataset}",
        "datasetReference": {"projectId": record.project, "datasetId": record.dataset},
        **record.resource,
        "creationTime": str(record.created_ms),
        "lastModifiedTime": str(record.modified_ms),
        "location": record.location,
        "type": "DEFAULT",
    }


def dataset_item(record: DatasetRecord) -> dict[str, Any]:
    """Return the entry of a dataset in a list."""
    whole_resource = dataset_resource(record)
    keys = ("id", "datasetReference", "labels", "friendlyName", "location", "type")
    return {"kind": "bigquery#dataset"} | {k: whole_resource[k] for k in keys if k in whole_resource}
