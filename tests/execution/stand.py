"""A project on an embedded warehouse in memory, with every request written down."""

from __future__ import annotations

import json
import textwrap
import time
from dataclasses import dataclass, field
from pathlib import Path

from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import AuthorizedSession
from google.cloud import bigquery
from requests.adapters import BaseAdapter

from bqmigrate import Project
from bqmigrate.execution.lease import Clocks
from bqmigrate.local import LocalWarehouse
from bqmigrate.local.catalog.clock import VirtualClock

CONFIG = """
[project]
name = "stand"
[environments.local]
project = "{project}"
allow_downgrade = true
{more}
"""
DATASET = "upgrade:\n  - create_dataset: {dataset: app}\n"
USERS = """
upgrade:
  - create_table:
      table: app.users
      schema:
        - {name: id, type: STRING, mode: REQUIRED, description: Who.}
        - {name: email, type: STRING}
"""


# A table of one column, and a statement on it that shows when it ran twice.
TABLE = "upgrade:\n  - create_table: {table: app.t, schema: [{name: n, type: INTEGER}]}\n"
FILL = (
    "-- migrate:up\nUPDATE app.t SET n = n + 10 WHERE TRUE\n-- migrate:down\nUPDATE app.t SET n = n - 10 WHERE TRUE\n"
)


class Killed(BaseException):
    """The process died: nothing catches it, and nothing is sent after it."""


@dataclass
class Recorder(BaseAdapter):
    """Writes requests down, and dies before or after the one it is told to.

    Whatever is read leaves the warehouse as it was, and a process that died remembers nothing: to die after any of the
    requests that follow a write is to die after the write. A sweep over `die_after_write` reaches every place.
    """

    inner: BaseAdapter
    requests: list[tuple[str, str, object, str | None]] = field(default_factory=list)
    die_before: int | None = None
    die_after: int | None = None
    die_after_write: int | None = None

    def send(self, request, **kwargs):
        number = len(self.requests) + 1
        if self.is_dead or number == self.die_before:
            raise Killed
        body = json.loads(request.body) if request.body else None
        path = request.url.partition("/projects/")[2].partition("?")[0]
        self.requests.append((request.method, path, body, request.headers.get("If-Match")))
        response = self.inner.send(request, **kwargs)
        if number == self.die_after or (request.method != "GET" and self.writes == self.die_after_write):
            raise Killed
        return response

    @property
    def is_dead(self) -> bool:
        limits = [n for n in (self.die_before, self.die_after) if n is not None]
        if self.die_after_write is not None and self.writes >= self.die_after_write:
            return True
        return bool(limits) and len(self.requests) >= min(limits)

    @property
    def writes(self) -> int:
        """How many of the requests may have changed something."""
        return sum(method != "GET" for method, *_ in self.requests)

    def close(self):
        self.inner.close()

    def methods(self, method):
        return [r for r in self.requests if r[0] == method]


@dataclass
class Stand:
    """Writes files, opens projects, asks the warehouse."""

    warehouse: LocalWarehouse
    clock: VirtualClock
    root: Path
    project: str
    recorder: Recorder | None = None

    def __post_init__(self):
        (self.root / "migrations").mkdir(exist_ok=True)
        self.configure()
        self.client = self.new_client()

    def configure(self, more=""):
        text = CONFIG.format(project=self.project, more=more)
        (self.root / "migrations.toml").write_text(text)

    def new_client(self):
        session = AuthorizedSession(AnonymousCredentials())
        session.mount("http://", self.warehouse.adapter())
        options = {"api_endpoint": "http://bq.local"}
        return bigquery.Client(project=self.project, _http=session, client_options=options)

    def write(self, name, text):
        path = self.root / "migrations" / name
        path.write_text(textwrap.dedent(text))
        return path

    def remove(self, name):
        (self.root / "migrations" / name).unlink()

    def open(self, *, monotonic=time.monotonic, **deaths):
        """Open the project; `deaths` are those of the recorder."""
        self.recorder = Recorder(self.warehouse.adapter(), **deaths)
        return Project.open(
            "local",
            start=self.root,
            environ={"BIGQUERY_EMULATOR_HOST": "http://bq.local"},
            transport=lambda _: self.recorder,
            clocks=Clocks(monotonic, sleep=lambda _: None),
        )

    def open_for_real(self):
        """A project that sleeps when it waits, for runs at the same time."""
        wrap = {"BIGQUERY_EMULATOR_HOST": "http://bq.local"}
        return Project.open("local", start=self.root, environ=wrap, transport=lambda _: self.warehouse.adapter())

    def upgrade(self, target="head", **options):
        with self.open() as project:
            return project.upgrade(target, **options)

    def downgrade(self, target="-1", **options):
        with self.open() as project:
            return project.downgrade(target, **options)

    def history(self):
        with self.open() as project:
            return project.history()

    def states(self):
        return {line.version: line.state for line in self.history().migrations}

    def table(self, name):
        return self.client.get_table(f"{self.project}.{name}").to_api_repr()

    def columns(self, name):
        return [f["name"] for f in self.table(name)["schema"]["fields"]]

    def query(self, sql):
        return [tuple(row.values()) for row in self.client.query(sql, job_retry=None).result()]

    def rows(self):
        return self.query("SELECT seq, event, version, direction FROM bqmigrate._schema_migrations ORDER BY seq")

    def users(self):
        """The first two migrations: a dataset and a table."""
        self.write("0001_app.yaml", DATASET)
        self.write("0002_users.yaml", USERS)
        return self


def value(stand):
    """The number that the statements of FILL change."""
    return stand.query("SELECT n FROM app.t")[0][0]
