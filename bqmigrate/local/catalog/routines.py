"""Routines and row access policies as REST shows them, and routines as REST sets them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bqmigrate.local.catalog.datasets import require_dataset
from bqmigrate.local.catalog.records import PolicyRecord, RoutineRecord
from bqmigrate.local.catalog.resources import check_match, settable, without_nulls
from bqmigrate.local.catalog.store import Reader, Transaction
from bqmigrate.local.errors import WarehouseError

SETTABLE = frozenset({
    "routineType", "language", "arguments", "returnType", "returnTableType", "importedLibraries", "definitionBody",
    "description", "determinismLevel", "strictMode", "securityMode", "dataGovernanceType",
})  # fmt: skip
OUTPUT = frozenset({"kind", "etag", "routineReference", "creationTime", "lastModifiedTime"})
TYPES = ("SCALAR_FUNCTION", "PROCEDURE", "TABLE_VALUED_FUNCTION", "AGGREGATE_FUNCTION")


def require_routine(reader: Reader, project: str, dataset: str, routine: str) -> RoutineRecord:
    """Return a routine; 404 when it, or its dataset, is not there."""
    found = reader.routine(project, dataset, routine)
    if found is None:
        require_dataset(reader, project, dataset)
        raise WarehouseError("notFound", f"Not found: Routine {project}:{dataset}.{routine}")
    return found


def create_routine(tx: Transaction, project: str, dataset: str, routine: str, body: Mapping[str, Any]) -> RoutineRecord:
    """Make a routine; 409 when the name is taken."""
    require_dataset(tx, project, dataset)
    if tx.routine(project, dataset, routine) is not None:
        raise WarehouseError("duplicate", f"Already Exists: Routine {project}:{dataset}.{routine}")
    now = tx.now_ms
    return tx.put(RoutineRecord(project, dataset, routine, _checked(body), tx.new_etag(), now, now))


def replace_routine(
    tx: Transaction, record: RoutineRecord, body: Mapping[str, Any], if_match: str | None
) -> RoutineRecord:
    """Exchange all that can be set of a routine."""
    check_match(if_match, record.etag)
    resource = _checked(body)
    if resource == record.resource:
        return record
    return tx.put(replace(record, resource=resource, etag=tx.new_etag(), modified_ms=tx.now_ms))


def _checked(body: Mapping[str, Any]) -> dict[str, Any]:
    resource = settable(without_nulls(body), SETTABLE, OUTPUT)
    if resource.get("routineType") not in TYPES:
        raise WarehouseError("invalid", f"Invalid value for routineType: {resource.get('routineType')!r}")
    if not isinstance(resource.get("definitionBody"), str):
        raise WarehouseError("invalid", "Required parameter is missing: definitionBody")
    return {"language": "SQL", **resource}


def routine_resource(record: RoutineRecord) -> dict[str, Any]:
    """Return the REST Routine."""
    reference = {"projectId": record.project, "datasetId": record.dataset, "routineId": record.routine}
    return {
        "etag": record.etag,
        "routineReference": reference,
        **record.resource,
        "creationTime": str(record.created_ms),
        "lastModifiedTime": str(record.modified_ms),
    }


def policy_resource(record: PolicyRecord) -> dict[str, Any]:
    """Return the REST RowAccessPolicy, whose grantees are not shown."""
    table = {"projectId": record.project, "datasetId": record.dataset, "tableId": record.table}
    return {
        "etag": record.etag,
        "rowAccessPolicyReference": {**table, "policyId": record.policy},
        "filterPredicate": record.resource["filterPredicate"],
    }
