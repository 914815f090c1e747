"""A project on a warehouse that keeps BigQuery's rates; the tool, the warehouse and the client share one clock."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests
from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import AuthorizedSession
from google.cloud import bigquery
from requests.adapters import BaseAdapter

from bqmigrate import Project
from bqmigrate.execution.events import Event, LimitWaiting
from bqmigrate.execution.lease import Clocks
from bqmigrate.local import LocalWarehouse, Switches
from tests.exactly_once.timeline import CALL_S, Timeline, clients_retry_in

# bqm-{lineage}-e{seq}: a lineage may begin with an e too.
_HISTORY = re.compile(r"bqm-[a-z0-9]+-e\d+-a")

CONFIG = """
[project]
name = "limited"
environment = "dev"
[environments.dev]
embedded = false
project = "limited-project"
endpoint = "http://bq.local"
allow_downgrade = true
{more}
"""
LOCK = "tables/_schema_migrations_lock"
Refusal = Callable[["Answer"], "tuple[int, str, str] | None"]


@dataclass(frozen=True)
class Answer:
    """One exchange: when it was over, what was asked, and what came back."""

    at: float
    method: str
    path: str
    asked: object
    status: int = 0
    body: object = None

    @property
    def reason(self) -> str:
        """Return why it was refused, or why the job failed."""
        body = self.body if isinstance(self.body, dict) else {}
        failed = body.get("status", {}).get("errorResult")
        first = failed or next(iter(body.get("error", {}).get("errors", [])), {})
        return str(first.get("reason", ""))


@dataclass
class Watch(BaseAdapter):
    """Lets time pass with each request, writes it down, and refuses what a test wants refused."""

    inner: BaseAdapter
    timeline: Timeline
    answers: list[Answer] = field(default_factory=list)
    refuse: Refusal | None = None
    timeouts: set[object] = field(default_factory=set)
    # Jobs that BigQuery takes and lets fail for a reason of its own: id -> (reason, message).
    doomed: dict[str, tuple[str, str]] = field(default_factory=dict)

    def send(self, request, **kwargs):
        self.timeline.seconds += CALL_S
        asked = json.loads(request.body) if request.body else None
        path = request.url.partition("/projects/")[2].partition("?")[0].partition("/")[2]
        seen = Answer(self.timeline.seconds, request.method, path, asked)
        refusal = self.refuse(seen) if self.refuse else None
        self.timeouts.add(kwargs.get("timeout"))
        request = self._spoilt(request, asked) if _job_of(asked) in self.doomed else request
        response = _refused(request, *refusal) if refusal else self.inner.send(request, **kwargs)
        body = json.loads(response.content) if response.content else None
        if request.method == "GET" and (why := self.doomed.get(path.rpartition("/")[2])):
            body = self._explained(response, body, *why)
        self.answers.append(Answer(seen.at, seen.method, path, asked, response.status_code, body))
        return response

    def close(self):
        self.inner.close()

    def _spoilt(self, request, asked):
        spoilt = request.copy()
        query = {"query": "SELECT ERROR('doomed')", "useLegacySql": False}
        spoilt.body = json.dumps({**asked, "configuration": {"query": query}})
        return spoilt

    def _explained(self, response, body, reason, message):
        error = {"reason": reason, "message": message}
        body["status"] |= {"errorResult": error, "errors": [error]}
        body["statistics"].get("query", {}).pop("statementType", None)
        response._content = json.dumps(body).encode()
        return body

    def sent(self, method, end):
        """Return the exchanges of a method on paths that end so."""
        return [a for a in self.answers if a.method == method and a.path.endswith(end)]

    @property
    def job_ids(self):
        """Return the ids of the jobs that were sent, without the history's."""
        ids = [_job_of(a.asked) for a in self.sent("POST", "jobs")]
        return [job_id for job_id in ids if not _HISTORY.match(job_id)]

    def changes(self, path):
        """Return when a resource was patched."""
        return [a.at for a in self.answers if a.method in {"PATCH", "PUT"} and a.path.endswith(path)]

    @property
    def limited(self):
        """Return the answers that say that there was too much at once."""
        return [a for a in self.answers if a.reason in {"rateLimitExceeded", "jobRateLimitExceeded"}]


@dataclass
class Limited:
    """Writes files, runs, and looks."""

    root: Path
    switches: Switches = field(default_factory=lambda: Switches(metadata_updates=5))
    timeline: Timeline = field(default_factory=Timeline)
    watch: Watch | None = None
    events: list[Event] = field(default_factory=list)
    refuse: Refusal | None = None
    doom: dict[str, tuple[str, str]] = field(default_factory=dict)

    def __post_init__(self):
        (self.root / "migrations").mkdir(exist_ok=True)
        self.configure()
        self.warehouse = LocalWarehouse.open(None, self.timeline, self.switches)

    def configure(self, more=""):
        (self.root / "migrations.toml").write_text(CONFIG.format(more=more))

    def write(self, name, text):
        (self.root / "migrations" / name).write_text(text)

    def users(self):
        """The first two migrations: a dataset and a table."""
        self.write("0001_app.yaml", "upgrade:\n  - create_dataset: {dataset: app}\n")
        table = "table: app.users, schema: [{name: id, type: STRING}]"
        self.write("0002_users.yaml", f"upgrade:\n  - create_table: {{{table}}}\n")
        return self

    def columns(self, first, last):
        """One migration for each number, a column each."""
        for n in range(first, last + 1):
            column = f"{{name: c{n:04d}, type: STRING}}"
            self.write(f"{n:04d}_c.yaml", f"upgrade:\n  - add_columns: {{table: app.users, columns: [{column}]}}\n")
        return self

    def upgrade(self, target="head", **options):
        return self._run("upgrade", target, options)

    def downgrade(self, target="-1", **options):
        return self._run("downgrade", target, options)

    def open(self):
        """Open the project behind a new watch."""
        self.watch, self.events = Watch(self.warehouse.adapter(), self.timeline, refuse=self.refuse), []
        self.watch.doomed = self.doom
        return Project.open(
            start=self.root,
            environ={},
            transport=lambda _: self.watch,
            clocks=Clocks(self.timeline.monotonic, self.timeline.sleep),
        )

    def _run(self, command, target, options):
        project = self.open()
        with clients_retry_in(self.timeline):
            return getattr(project, command)(target, emit=self.events.append, **options)

    def names(self):
        """Return the columns of the table."""
        return [f.name for f in self._table().schema]

    def labels(self):
        """Return the labels of the table."""
        return self._table().labels

    def _table(self):
        session = AuthorizedSession(AnonymousCredentials())
        session.mount("http://", self.warehouse.adapter())
        options = {"api_endpoint": "http://bq.local"}
        client = bigquery.Client(project="limited-project", _http=session, client_options=options)
        return client.get_table("limited-project.app.users")

    @property
    def waits(self):
        return [e for e in self.events if isinstance(e, LimitWaiting)]


@contextmanager
def limited(root: Path, switches: Switches | None = None) -> Iterator[Limited]:
    """Open a stand and close its warehouse."""
    stand = Limited(root, switches or Switches(metadata_updates=5))
    try:
        yield stand
    finally:
        stand.warehouse.close()


def _refused(request, status, reason, message):
    response = requests.Response()
    response.status_code, response.url, response.request = status, request.url, request
    error = {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}
    response._content = json.dumps({"error": error}).encode()
    response.headers["Content-Type"] = "application/json"
    return response


def _job_of(asked):
    return asked.get("jobReference", {}).get("jobId", "") if isinstance(asked, dict) else ""
