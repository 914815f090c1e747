"""Where a body must hold objects, lists or texts: refused before anything looks inside.

A key that ends in ! must be there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bqmigrate.local.errors import WarehouseError

TABLE_NAME: Mapping[str, Any] = {"projectId": str, "datasetId!": str, "tableId!": str}
DATASET_NAME: Mapping[str, Any] = {"projectId": str, "datasetId!": str}
LABELS: Mapping[str, Any] = {}
DATASET: Mapping[str, Any] = {
    "datasetReference": DATASET_NAME,
    "labels": LABELS,
    "location": str,
    "access": list,
    "defaultEncryptionConfiguration": {},
}
PARTITIONING: Mapping[str, Any] = {
    "timePartitioning": {"type": str, "field": str},
    "rangePartitioning": {"field": str, "range": {}},
    "clustering": {"fields": [str]},
}
FIELD: dict[str, Any] = {
    "name!": str,
    "type!": str,
    "mode": str,
    "description": str,
    "policyTags": {"names": [str]},
    "dataPolicies": [{"name!": str}],
}
FIELD["fields"] = [FIELD]
SCHEMA: Mapping[str, Any] = {"fields": [FIELD]}
KEY_PAIR: Mapping[str, Any] = {"referencingColumn!": str, "referencedColumn!": str}
TABLE: Mapping[str, Any] = {
    "tableReference": {"projectId": str, "datasetId": str, "tableId": str},
    "labels": LABELS,
    "schema": SCHEMA,
    **PARTITIONING,
    "view": {"query": str},
    "materializedView": {"query": str},
    "tableConstraints": {
        "primaryKey": {"columns": [str]},
        "foreignKeys": [{"name": str, "referencedTable": TABLE_NAME, "columnReferences": [KEY_PAIR]}],
    },
    "encryptionConfiguration": {},
}
PARAMETERS: Mapping[str, Any] = {"queryParameters": [{"parameterType": {}, "parameterValue": {}}]}
QUERY: Mapping[str, Any] = {
    "query": str,
    "location": str,
    "requestId": str,
    "defaultDataset": DATASET_NAME,
    "labels": LABELS,
    "formatOptions": {},
    **PARAMETERS,
}
WRITING: Mapping[str, Any] = {
    "destinationTable": TABLE_NAME,
    "writeDisposition": str,
    "createDisposition": str,
    **PARTITIONING,
}
JOB: Mapping[str, Any] = {
    "jobReference": {"projectId": str, "jobId": str, "location": str},
    "configuration": {
        "labels": LABELS,
        "query": {"query": str, "defaultDataset": DATASET_NAME, **WRITING, **PARAMETERS},
        "copy": {"sourceTable": TABLE_NAME, "sourceTables": [TABLE_NAME], **WRITING},
        "load": {"schema": SCHEMA, **WRITING},
        "extract": {},
    },
}
ROUTINE: Mapping[str, Any] = {
    "routineReference": {"projectId": str, "datasetId": str, "routineId": str},
    "routineType": str,
    "language": str,
    "arguments": [{}],
    "returnType": {},
    "importedLibraries": [str],
    "definitionBody": str,
    "description": str,
}
POLICY: Mapping[str, Any] = {
    "policy": {"bindings": [{"role!": str, "members": [str], "condition": {}}], "etag": str},
    "permissions": [str],
    "options": {},
}
ROWS: Mapping[str, Any] = {"rows": [{"json": {}, "insertId": str}], "templateSuffix": str}
NAMES: Mapping[type, str] = {dict: "an object", list: "a list", str: "a string"}


def check(value: Any, shape: Any, where: str = "the body") -> None:
    """Refuse, with 400, a value of another shape; what is absent or null is not looked at."""
    if value is None:
        return
    wanted = next(kind for kind in (list, dict, str) if shape is kind or isinstance(shape, kind))
    if not isinstance(value, wanted):
        raise WarehouseError("invalid", f"Invalid value for {where}: {NAMES[wanted]} is needed")
    if isinstance(shape, list):
        for number, item in enumerate(value):
            if item is None:
                raise WarehouseError("invalid", f"Invalid value for {where}[{number}]: null")
            check(item, shape[0], f"{where}[{number}]")
    elif isinstance(value, dict) and isinstance(shape, Mapping):
        for key, inner in shape.items():
            name = key.rstrip("!")
            if name != key and value.get(name) is None:
                raise WarehouseError("invalid", f"Required parameter is missing: {name}")
            check(value.get(name), inner, name)
