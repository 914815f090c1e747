"""The wire of one runner: numbers its calls, and does to each what the plan of faults says.

It is mounted below the official client, whose retries are under test, and above the embedded warehouse.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse

if TYPE_CHECKING:
    from tests.exactly_once.case import Case

Act = Callable[["Wire", "Call"], requests.Response]
_PATH = re.compile(r"/projects/[^/]+/?(.*)\Z")
_BUILDER = HTTPAdapter()


class Killed(BaseException):
    """The process died: nothing catches it, and nothing is sent after it."""


@dataclass(frozen=True)
class Call:
    """One request on its way; `number` counts from 1 in its run."""

    number: int
    request: requests.PreparedRequest

    @property
    def method(self) -> str:
        """Return GET, POST, PATCH ..."""
        return self.request.method or ""

    @property
    def path(self) -> str:
        """Return the path below the project, without the query."""
        found = _PATH.search((self.request.url or "").partition("?")[0])
        return found[1] if found else ""

    @property
    def body(self) -> Mapping[str, Any]:
        """Return the JSON body, {} for none."""
        return json.loads(self.request.body) if self.request.body else {}

    @property
    def job_id(self) -> str:
        """Return the id of the job that is inserted or read; "" for none."""
        if self.method == "POST" and self.path == "jobs":
            return str(self.body.get("jobReference", {}).get("jobId", ""))
        return self.path.partition("/")[2] if self.path.startswith("jobs/") else ""

    @property
    def kind(self) -> str:
        """Name what the request is, as faults choose by it."""
        last = self.path.rpartition("/")[2]
        if self.method == "GET":
            return "get job" if self.path.startswith("jobs/") else "get rows" if last == "data" else "get"
        return {"POST": "insert job" if last == "jobs" else "create", "PATCH": "patch"}.get(self.method, self.method)

    @property
    def content(self) -> tuple[str, str, str | bytes | None]:
        """Return what it asks for: the same when it is sent again."""
        return self.method, self.path, self.request.body

    @property
    def writes(self) -> bool:
        """Tell whether it can change anything."""
        return self.method != "GET"

    def __str__(self) -> str:
        return f"{self.number} {self.method} {self.job_id or self.path}"


class Wire(BaseAdapter):
    """One runner's connection.

    `dead` is a process that is gone; `outage_until` a time before which nothing answers; what is `barred` is refused.
    """

    def __init__(self, case: Case, runner: str, faults: Mapping[int, Act]) -> None:
        super().__init__()
        self.case = case
        self.runner = runner
        self.faults = faults
        self.number = 0
        self.dead = False
        self.outage_until = 0.0
        self.hidden: dict[str, int] = {}
        self.barred: set[tuple[str, str, str | bytes | None]] = set()

    def send(self, request: requests.PreparedRequest, **_: object) -> requests.Response:
        """Answer one request, or do not."""
        if self.dead:
            raise Killed
        self.case.before_call()
        if self.dead:
            raise Killed
        self.number += 1
        request.headers["Authorization"] = f"Bearer {self.case.credential}"
        call = Call(self.number, request)
        self.case.calls += 1
        if self.outage_until > self.case.timeline.seconds:
            return refusal(call, 503, "backendError", "injected: the service is down")
        if not call.writes and self.hidden.get(call.path, 0):
            self.hidden[call.path] -= 1
            return refusal(call, 404, "notFound", "Not found: injected, it is not seen yet")
        if call.writes and call.content in self.barred:
            return refusal(call, 403, "accessDenied", "injected: Access Denied, from now on")
        act = self.faults.get(self.number)
        return act(self, call) if act else self.deliver(call)

    def deliver(self, call: Call) -> requests.Response:
        """Let the request through, now."""
        return self.case.deliver(self.runner, call)

    def die(self) -> Killed:
        """End the process: to be raised."""
        self.dead = True
        return Killed()

    def close(self) -> None:
        """Nothing is open."""


def refusal(call: Call, status: int, reason: str, message: str) -> requests.Response:
    """Return an error as Google words it."""
    detail = {"message": message, "domain": "global", "reason": reason}
    return reply(call, status, {"error": {"code": status, "message": message, "errors": [detail]}})


def reply(call: Call, status: int, body: Mapping[str, Any]) -> requests.Response:
    """Return a reply with a JSON body."""
    data = json.dumps(body).encode()
    headers = {"Content-Type": "application/json; charset=UTF-8", "Content-Length": str(len(data))}
    raw = HTTPResponse(body=io.BytesIO(data), headers=headers, status=status, preload_content=False)
    return _BUILDER.build_response(call.request, raw)
