"""Routes of projects and datasets."""

from __future__ import annotations

import zlib
from typing import Any

from bqmigrate.local.catalog import datasets
from bqmigrate.local.catalog.records import DatasetRecord
from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.http import shapes
from bqmigrate.local.http.call import Call
from bqmigrate.local.http.message import Response, json_response

LIST_SIZE = 50


def list_projects(call: Call) -> Response:
    """projects.list: any project id is its own world, so none is listed that holds nothing."""
    with call.world.store.read() as reader:
        found = reader.projects()
    items, more = call.page(found, LIST_SIZE)
    projects = [_project(name) for name in items]
    return json_response({"kind": "bigquery#projectList", "projects": projects, "totalItems": len(found), **more})


def _project(name: str) -> dict[str, Any]:
    number = str(zlib.crc32(name.encode()))
    reference = {"projectId": name}
    return {
        "kind": "bigquery#project", "id": name, "numericId": number, "projectReference": reference,
        "friendlyName": name,
    }  # fmt: skip


def service_account(call: Call) -> Response:
    """projects.getServiceAccount."""
    return json_response({"kind": "bigquery#getServiceAccountResponse", "email": call.world.switches.session_user})


def insert_dataset(call: Call) -> Response:
    """datasets.insert."""
    body = call.body(shapes.DATASET)
    dataset = (body.get("datasetReference") or {}).get("datasetId")
    if not isinstance(dataset, str):
        raise WarehouseError("invalid", "Required parameter is missing: datasetReference.datasetId")
    location = str(body.get("location") or call.world.switches.location)
    with call.world.store.write() as tx:
        record = datasets.create_dataset(tx, call["project"], dataset, body, location)
    return json_response(datasets.dataset_resource(record))


def get_dataset(call: Call) -> Response:
    """datasets.get."""
    with call.world.store.read() as reader:
        record = datasets.require_dataset(reader, call["project"], call["dataset"])
    return json_response(datasets.dataset_resource(record))


def list_datasets(call: Call) -> Response:
    """datasets.list: names with a leading underscore only with all=true; filter=labels.KEY[:VALUE]."""
    wanted = call.request.query.get("filter", "").split()
    with call.world.store.read() as reader:
        found = [d for d in reader.datasets(call["project"]) if all(_labelled(d, term) for term in wanted)]
    shown = [d for d in found if call.flag("all") or not d.dataset.startswith("_")]
    items, more = call.page(shown, LIST_SIZE)
    return json_response({
        "kind": "bigquery#datasetList", "datasets": [datasets.dataset_item(d) for d in items], **more,
    })  # fmt: skip


def _labelled(record: DatasetRecord, term: str) -> bool:
    head, _, value = term.partition(":")
    root, _, key = head.partition(".")
    if root != "labels" or not key:
        raise WarehouseError("invalid", f"Invalid filter: {term}")
    labels = record.resource.get("labels") or {}
    return key in labels and value in ("", labels[key])


def patch_dataset(call: Call) -> Response:
    """datasets.patch."""
    with call.world.store.write() as tx:
        record = datasets.require_dataset(tx, call["project"], call["dataset"])
        record = datasets.patch_dataset(tx, record, call.body(shapes.DATASET), call.if_match)
    return json_response(datasets.dataset_resource(record))


def update_dataset(call: Call) -> Response:
    """datasets.update."""
    with call.world.store.write() as tx:
        record = datasets.require_dataset(tx, call["project"], call["dataset"])
        record = datasets.replace_dataset(tx, record, call.body(shapes.DATASET), call.if_match)
    return json_response(datasets.dataset_resource(record))


def delete_dataset(call: Call) -> Response:
    """datasets.delete."""
    with call.world.store.write() as tx:
        record = datasets.require_dataset(tx, call["project"], call["dataset"])
        datasets.delete_dataset(tx, record, contents=call.flag("deleteContents"))
    return json_response(None)
