"""Routes of a table's IAM policy."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bqmigrate.local.catalog.tables import require_table
from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.http import shapes
from bqmigrate.local.http.call import Call
from bqmigrate.local.http.message import Response, json_response


def _shown(policy: Mapping[str, Any]) -> dict[str, Any]:
    text = json.dumps(policy, sort_keys=True).encode()
    etag = base64.b64encode(hashlib.sha256(text).digest()[:9]).decode()
    return {"version": 1, **policy, "etag": etag}


def get_policy(call: Call) -> Response:
    """tables.getIamPolicy."""
    with call.world.store.read() as reader:
        record = require_table(reader, call["project"], call["dataset"], call["table"])
    return json_response(_shown(record.iam))


def set_policy(call: Call) -> Response:
    """tables.setIamPolicy: the whole policy; with an etag, only over the policy it belongs to."""
    given = call.body(shapes.POLICY).get("policy") or {}
    with call.world.store.write() as tx:
        record = require_table(tx, call["project"], call["dataset"], call["table"])
        if given.get("etag") and given["etag"] != _shown(record.iam)["etag"]:
            raise WarehouseError("aborted", "There were concurrent policy changes. Please retry the whole operation.")
        kept = {"bindings": given["bindings"]} if given.get("bindings") else {}
        tx.put(replace(record, iam=kept))
    return json_response(_shown(kept))


def test_permissions(call: Call) -> Response:
    """tables.testIamPermissions: those of the named permissions that the caller has."""
    wanted = call.body(shapes.POLICY).get("permissions") or []
    with call.world.store.read() as reader:
        require_table(reader, call["project"], call["dataset"], call["table"])
    held = [permission for permission in wanted if permission not in call.world.switches.denied_to(call.user)]
    return json_response({"permissions": held})
