"""One case: a project of its own on a shared warehouse, what was sent to it, and what is still on its way."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import requests

from bqmigrate import Project
from bqmigrate.config import Overrides
from bqmigrate.errors import BqmigrateError
from bqmigrate.execution.lease import Clocks
from bqmigrate.local import LocalWarehouse, Switches
from bqmigrate.local.http.message import Request
from tests.exactly_once.snapshots import Snapshots
from tests.exactly_once.timeline import CALL_S, Timeline
from tests.exactly_once.turns import Turns
from tests.exactly_once.watch import CANARY, ENVIRONMENT, Watch
from tests.exactly_once.wire import Act, Call, Killed, Wire, reply

HISTORY = "bqmigrate"
LOCK = "_schema_migrations_lock"
ENVIRON = {"BIGQUERY_EMULATOR_HOST": "http://bq.local", **ENVIRONMENT}
SUCCESS = range(200, 300)
# Changes of one table in ten seconds: the limit is kept, also by a run that does not know what the last one did.
UPDATES = 5
# In the statement of a job that is doomed.
INJECTED = "injected by the sweep"


DIRECTIONS = ("upgrade", "downgrade", "adopt", "repair", "unlock")


@dataclass(frozen=True)
class Command:
    """What a person runs, where to, and on which files; the target of a repair is `revert 0003`."""

    direction: Literal["upgrade", "downgrade", "adopt", "repair", "unlock"]
    target: str
    files: Path
    allow_data_loss: bool = True


@dataclass(frozen=True)
class End:
    """How a run ended."""

    kind: Literal["done", "killed", "stopped"]
    calls: int
    writes: int
    error: BqmigrateError | None = None

    @property
    def code(self) -> str:
        """Return the error's code; "" when there was none."""
        return self.error.code if self.error else ""

    def __str__(self) -> str:
        return f"{self.kind} {self.code} {self.error.message if self.error else ''}".strip()


@dataclass(frozen=True)
class Sent:
    """One request that reached the warehouse: when it was sent, when it arrived, and what it came to."""

    order: int
    sent: int
    runner: str
    method: str
    path: str
    job_id: str
    body: Mapping[str, Any]
    status: int
    late: bool
    at: float


@dataclass
class Late:
    """A request that is still on its way; `calls` of others to wait for, None: until the runs are over."""

    runner: str
    call: Call
    sent: int
    holder: str | None
    downgrades: int
    calls: int | None


@dataclass
class Landed:
    """How many late deliveries landed after what."""

    takeover: int = 0
    release: int = 0
    downgrade: int = 0

    def add(self, other: Landed) -> None:
        """Add another count."""
        self.takeover += other.takeover
        self.release += other.release
        self.downgrade += other.downgrade


class Bench:
    """A warehouse in memory with a timeline; every case is a project of its own on it.

    `updates` is how many changes of one table it takes in ten seconds, None for any number.
    """

    _numbers = itertools.count(1)

    def __init__(self, updates: int | None = UPDATES) -> None:
        self.timeline = Timeline()
        self.warehouse = LocalWarehouse.open(None, self.timeline, Switches(metadata_updates=updates), threads=1)
        self.adapter = self.warehouse.adapter()
        self.snapshots = Snapshots(self)

    def case(self, seed: int) -> Case:
        """Return a new case."""
        return Case(self, f"case-{next(self._numbers):07d}", random.Random(seed))

    def close(self) -> None:
        """Forget everything."""
        self.warehouse.close()


@dataclass
class Case:
    """A project, its wires, its log."""

    bench: Bench
    project: str
    random: random.Random
    log: list[Sent] = field(default_factory=list)
    late: list[Late] = field(default_factory=list)
    doomed: dict[str, tuple[str, str, Mapping[str, Any]]] = field(default_factory=dict)
    landed: Landed = field(default_factory=Landed)
    ends: list[End] = field(default_factory=list)
    calls: int = 0
    order: int = 0
    downgrades: int = 0
    forbidden: str | None = None
    wires: int = 0
    note: str = ""
    # A page of the history lacked a whole INSERT: nothing in it tells.
    lost_batch: bool = False
    turns: Turns | None = None
    # What the runs said on their way.
    told: list[str] = field(default_factory=list)
    # What goes along with every request.
    credential: str = CANARY

    def __post_init__(self) -> None:
        self.watch = Watch(self)

    @property
    def timeline(self) -> Timeline:
        """Return the clock."""
        return self.bench.timeline

    def wire(self, faults: Mapping[int, Act] | None = None) -> Wire:
        """Return the connection of a new runner."""
        self.wires += 1
        return Wire(self, f"run {self.wires}", faults or {})

    def run(self, command: Command, wire: Wire) -> End:
        """Run a command as a process of its own would."""
        before = len(self.log)
        if not command.allow_data_loss:
            self.watch.careful.add(wire.runner)
        error: BqmigrateError | None = None
        kind: Literal["done", "killed", "stopped"] = "done"
        try:
            with self.open(command.files, wire) as project:
                self._do(project, command)
        except Killed:
            kind = "killed"
        except BqmigrateError as stopped:
            kind, error = ("killed", None) if wire.dead else ("stopped", stopped)
        if kind == "done" and command.direction == "downgrade":
            self.downgrades += 1
        writes = [s for s in self.log[before:] if s.runner == wire.runner and s.method != "GET"]
        end = End(kind, wire.number, len(writes), error)
        self.ends.append(end)
        return end

    def _do(self, project: Project, command: Command) -> None:
        allowed = command.allow_data_loss
        match command.direction:
            case "adopt":
                project.adopt(command.target, emit=self._hear)
            case "unlock":
                project.unlock(self.holder() or "nobody")
            case "repair":
                how, _, version = command.target.partition(" ")
                project.repair(how, version or None, yes=True, allow_data_loss=allowed, emit=self._hear)  # type: ignore[arg-type]
            case "upgrade":
                project.upgrade(command.target, allow_data_loss=allowed, emit=self._hear)
            case "downgrade":
                project.downgrade(command.target, allow_data_loss=allowed, emit=self._hear)

    def _hear(self, event: object) -> None:
        self.told.append(repr(event))

    def open(self, files: Path, wire: Wire) -> Project:
        """Open the project of a folder on this case's warehouse."""
        return Project.open(
            "local",
            start=files,
            overrides=Overrides(project=self.project),
            environ=ENVIRON,
            transport=lambda _: wire,
            clocks=Clocks(self.timeline.monotonic, self.timeline.sleep),
        )

    def before_call(self) -> None:
        """Let others go first where runners take turns; let time pass, and let arrive what is due."""
        if self.turns is not None:
            self.turns.pause()
        self.timeline.seconds += CALL_S
        for late in [item for item in self.late if item.calls is not None]:
            late.calls = (late.calls or 0) - 1
            if late.calls <= 0:
                self._arrive(late)

    def deliver(self, runner: str, call: Call, *, sent: int | None = None) -> requests.Response:
        """Let a request through to the warehouse and write it down."""
        if self.forbidden and self._is_forbidden(call):
            return self._forbid(runner, call)
        answer = self.watch.send(runner, call, self._send)
        self.order += 1
        body = call.body if call.writes else {}
        self.log.append(
            Sent(
                self.order, sent or self.order, runner, call.method, call.path, call.job_id, body,
                answer.status_code, late=sent is not None, at=self.timeline.seconds,
            )
        )  # fmt: skip
        return answer

    def _send(self, call: Call) -> requests.Response:
        answer = self.bench.adapter.send(call.request)
        if call.kind == "insert job" and answer.status_code in SUCCESS and INJECTED not in str(call.request.body):
            # The id was free: a job that was doomed under it is forgotten, as jobs are after 180 days.
            self.doomed.pop(call.job_id, None)
        if call.kind == "get job" and call.job_id in self.doomed and answer.status_code in SUCCESS:
            return self._tell_doom(call, answer)
        return answer

    def hold(self, runner: str, call: Call, *, calls: int | None) -> None:
        """Keep a request on its way."""
        self.late.append(Late(runner, call, self.order, self.holder(), self.downgrades, calls))

    def arrive_all(self) -> None:
        """Let everything arrive that is still on its way."""
        for late in list(self.late):
            self._arrive(late)

    def _arrive(self, late: Late) -> None:
        self.late.remove(late)
        holder = self.holder()
        if late.holder is not None and holder is not None and holder != late.holder:
            self.landed.takeover += 1
        self.landed.release += holder is None and late.holder is not None
        self.landed.downgrade += self.downgrades > late.downgrades
        self.deliver(late.runner, late.call, sent=late.sent)

    def doom(self, runner: str, call: Call, reason: str, message: str) -> requests.Response:
        """Have the job taken and fail, for a reason that is not the statement's."""
        body = json.loads(call.request.body or "{}")
        query = body["configuration"]["query"]
        already = self.resource(f"jobs/{call.job_id}") is not None
        changed = call.request.copy()
        body["configuration"]["query"] = {"query": f"SELECT ERROR('{INJECTED}')", "useLegacySql": False}
        changed.body = json.dumps(body)
        if not already:
            self.doomed[call.job_id] = (reason, message, query)
        return self.deliver(runner, replace(call, request=changed))

    def _tell_doom(self, call: Call, answer: requests.Response) -> requests.Response:
        reason, message, query = self.doomed[call.job_id]
        body = json.loads(answer.content)
        error = {"reason": reason, "message": message}
        body["status"] |= {"errorResult": error, "errors": [error]}
        body["configuration"]["query"] |= query
        body.get("statistics", {}).get("query", {}).pop("statementType", None)
        return reply(call, answer.status_code, body)

    def _is_forbidden(self, call: Call) -> bool:
        query = call.body.get("configuration", {}).get("query", {}) if call.kind == "insert job" else {}
        return (self.forbidden or "") in str(query.get("query", ""))

    def _forbid(self, runner: str, call: Call) -> requests.Response:
        forbidden, self.forbidden = self.forbidden, None
        try:
            return self.doom(runner, call, "accessDenied", "Access Denied: injected, no right to do this")
        finally:
            self.forbidden = forbidden

    def holder(self) -> str | None:
        """Return the id of the run that holds the lease."""
        lock = self.resource(f"datasets/{HISTORY}/tables/{LOCK}")
        found = json.loads(lock["description"])["holder"] if lock else None
        return found["id"] if found else None

    def resource(self, path: str, **query: str) -> Any:
        """Read something from the warehouse past every wire; None when it is not there."""
        request = Request("GET", f"/bigquery/v2/projects/{self.project}/{path}", query, {"host": "bq.local"})
        answer = self.bench.warehouse.application.handle(request)
        return json.loads(answer.body) if answer.status in SUCCESS else None

    def sql(self, text: str) -> None:
        """Run a statement as another client would."""
        body = json.dumps({"query": text, "useLegacySql": False}).encode()
        path = f"/bigquery/v2/projects/{self.project}/queries"
        answer = self.bench.warehouse.application.handle(Request("POST", path, {}, {"host": "bq.local"}, body))
        if answer.status not in SUCCESS:
            raise ValueError(answer.body.decode())
