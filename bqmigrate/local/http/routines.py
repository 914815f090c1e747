"""Routes of routines and of row access policies."""

from __future__ import annotations

from bqmigrate.local.catalog import routines
from bqmigrate.local.catalog.datasets import require_dataset
from bqmigrate.local.catalog.tables import require_table
from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.http import shapes
from bqmigrate.local.http.call import Call
from bqmigrate.local.http.message import Response, json_response

LIST_SIZE = 50


def insert_routine(call: Call) -> Response:
    """routines.insert."""
    body = call.body(shapes.ROUTINE)
    name = (body.get("routineReference") or {}).get("routineId")
    if not isinstance(name, str) or not name:
        raise WarehouseError("invalid", "Required parameter is missing: routineReference.routineId")
    with call.world.store.write() as tx:
        record = routines.create_routine(tx, call["project"], call["dataset"], name, body)
    return json_response(routines.routine_resource(record))


def get_routine(call: Call) -> Response:
    """routines.get."""
    with call.world.store.read() as reader:
        record = routines.require_routine(reader, call["project"], call["dataset"], call["routine"])
    return json_response(routines.routine_resource(record))


def list_routines(call: Call) -> Response:
    """routines.list."""
    with call.world.store.read() as reader:
        require_dataset(reader, call["project"], call["dataset"])
        found = reader.routines(call["project"], call["dataset"])
    items, more = call.page(found, LIST_SIZE)
    return json_response({"routines": [routines.routine_resource(record) for record in items], **more})


def update_routine(call: Call) -> Response:
    """routines.update: the whole resource."""
    body = call.body(shapes.ROUTINE)
    with call.world.store.write() as tx:
        record = routines.require_routine(tx, call["project"], call["dataset"], call["routine"])
        record = routines.replace_routine(tx, record, body, call.if_match)
    return json_response(routines.routine_resource(record))


def delete_routine(call: Call) -> Response:
    """routines.delete."""
    with call.world.store.write() as tx:
        tx.remove(routines.require_routine(tx, call["project"], call["dataset"], call["routine"]).key)
    return json_response(None)


def list_policies(call: Call) -> Response:
    """rowAccessPolicies.list."""
    with call.world.store.read() as reader:
        table = require_table(reader, call["project"], call["dataset"], call["table"])
        # What a dropped table of the name left behind is not this one's.
        named = reader.policies(call["project"], call["dataset"], call["table"])
        found = [policy for policy in named if policy.created_ms >= table.created_ms]
    items, more = call.page(found, LIST_SIZE)
    return json_response({"rowAccessPolicies": [routines.policy_resource(record) for record in items], **more})
