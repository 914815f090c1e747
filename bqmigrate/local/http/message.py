"""Requests and responses, free of any server or client library."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bqmigrate.local.errors import WarehouseError

STATUS = {
    400: "INVALID_ARGUMENT", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 409: "ALREADY_EXISTS",
    412: "FAILED_PRECONDITION", 500: "INTERNAL", 501: "UNIMPLEMENTED", 503: "UNAVAILABLE",
}  # fmt: skip


@dataclass(frozen=True)
class Request:
    """One HTTP request; header names are lower case, `path` is decoded and has no query."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> dict[str, Any]:
        """Return the body as a JSON object, {} for none; 400 for anything else."""
        if not self.body.strip():
            return {}
        return parse_object(self.body)


def parse_object(body: bytes) -> dict[str, Any]:
    """Read a JSON object; 400 for anything else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise WarehouseError("invalid", f"Parse Error: the body is no JSON ({error})") from error
    if not isinstance(found, dict):
        raise WarehouseError("invalid", "Parse Error: the body is no JSON object")
    return found


@dataclass(frozen=True)
class Response:
    """One HTTP response."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def json_response(value: Mapping[str, Any] | None, status: int = 200) -> Response:
    """Answer with a JSON object; None is an empty 204."""
    if value is None:
        return Response(204)
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"Content-Type": "application/json; charset=UTF-8"}
    etag = value.get("etag")
    return Response(status, body, {**headers, "ETag": etag} if isinstance(etag, str) else headers)


def error_response(error: WarehouseError) -> Response:
    """Answer with an error, in Google's form."""
    detail = {"message": error.message, "domain": "global", "reason": error.reason}
    if error.location is not None:
        detail |= {"location": error.location, "locationType": "other"}
    status = STATUS.get(error.code, "UNKNOWN")
    return json_response(
        {"error": {"code": error.code, "message": error.message, "errors": [detail], "status": status}}, error.code
    )
