"""The suite's targets: the embedded warehouse, an emulator's endpoint, or a real project.

(default)                         the embedded warehouse, in memory, a fresh one for each test
BIGQUERY_EMULATOR_HOST=URL        whatever answers there
BQMIGRATE_TEST_PROJECT=PROJECT    the real service: throw-away datasets, removed at the end
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from google.auth.credentials import AnonymousCredentials, Credentials
from google.auth.transport.requests import AuthorizedSession
from google.cloud import bigquery
from google.oauth2.credentials import Credentials as StaticToken

from bqmigrate.local import LocalWarehouse, Switches
from bqmigrate.local.catalog.clock import VirtualClock
from bqmigrate.local.http.adapter import LocalAdapter
from tests.conformance.behaviour import behaviours

LOCAL_PROJECT = "test-project"
PREFIX = "bqmigrate_conformance_"
REAL = os.environ.get("BQMIGRATE_TEST_PROJECT")
EMULATOR = os.environ.get("BIGQUERY_EMULATOR_HOST")
EMBEDDED = not REAL and not EMULATOR
LIFE_MS = 24 * 3_600_000
MARKS = (
    "behaviour(source, uncertain=None): one documented behaviour and where it is documented",
    "needs_clock: moves the warehouse's clock, which only the embedded warehouse lets one do",
    "needs_faults: lets the transport fail, which only the embedded warehouse's can be told to",
    "needs_projects: uses a project that nobody made, which a real service does not have",
    "switches(**values): the embedded warehouse with these switches, which no other target has",
)
NO_CLOCK = "moves time, and only the embedded warehouse has a clock that can be moved"
NO_FAULTS = "lets requests fail on their way, and only the embedded warehouse's transport can be told to"
NO_PROJECTS = "uses a second project, and a real one is not made for a test"
NO_SWITCH = "holds under a switch that only the embedded warehouse has"


def pytest_configure(config: pytest.Config) -> None:
    for mark in MARKS:
        config.addinivalue_line("markers", mark)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if EMBEDDED:
        return
    left_out = [("needs_clock", NO_CLOCK), ("needs_faults", NO_FAULTS), ("switches", NO_SWITCH)]
    if REAL:
        left_out.append(("needs_projects", NO_PROJECTS))
    for item in items:
        for mark, reason in left_out:
            if item.get_closest_marker(mark) is not None:
                item.add_marker(pytest.mark.skip(reason=reason))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    target = REAL or EMULATOR or "the embedded warehouse"
    terminalreporter.write_line(f"conformance: {len(behaviours())} behaviours written; run against {target}")


@pytest.fixture
def clock() -> VirtualClock:
    """Return the embedded warehouse's clock, which stands still until a test moves it."""
    return VirtualClock(datetime(2026, 3, 1, 12, tzinfo=UTC))


@pytest.fixture
def switches(request: pytest.FixtureRequest) -> Switches:
    """Return the switches that the test's marks ask for."""
    values: dict[str, Any] = {}
    for mark in request.node.iter_markers("switches"):
        values = {**mark.kwargs, **values}
    return Switches(**values)


@pytest.fixture
def warehouse(clock: VirtualClock, switches: Switches) -> Iterator[LocalWarehouse]:
    """Give a fresh embedded warehouse in memory."""
    found = LocalWarehouse.open(None, clock, switches)
    yield found
    found.close()


class FaultlessAdapter(LocalAdapter):
    """The embedded warehouse's transport; a fault of it fails the test, where the client would try again."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Answer one request."""
        answer = super().send(request, *args, **kwargs)
        assert answer.status_code != 500, answer.text
        return answer


def client_over(
    warehouse: LocalWarehouse, project: str = LOCAL_PROJECT, credentials: Credentials | None = None
) -> bigquery.Client:
    """Return the official client over an embedded warehouse."""
    session = AuthorizedSession(credentials or AnonymousCredentials())
    for scheme in ("http://", "https://"):
        session.mount(scheme, FaultlessAdapter(warehouse.application))
    return bigquery.Client(project=project, _http=session, client_options={"api_endpoint": "http://bq.local"})


def new_client(request: pytest.FixtureRequest, project: str = LOCAL_PROJECT) -> bigquery.Client:
    """Return an official client of the target; a real one has its own project."""
    if REAL:
        return bigquery.Client(project=REAL)
    if EMULATOR:
        options = {"api_endpoint": EMULATOR}
        return bigquery.Client(project=project, credentials=AnonymousCredentials(), client_options=options)
    return client_over(request.getfixturevalue("warehouse"), project)


@pytest.fixture
def client(request: pytest.FixtureRequest) -> Iterator[bigquery.Client]:
    """Give the official client of the target."""
    found = new_client(request)
    yield found
    found.close()


@pytest.fixture
def client_of(request: pytest.FixtureRequest) -> Iterator[Callable[[str], bigquery.Client]]:
    """Give a client of another project: client_of("other")."""
    made: list[bigquery.Client] = []

    def client_of(project: str) -> bigquery.Client:
        made.append(new_client(request, project))
        return made[-1]

    yield client_of
    for found in made:
        found.close()


@pytest.fixture
def client_as(warehouse: LocalWarehouse) -> Iterator[Callable[[str], bigquery.Client]]:
    """Give the embedded warehouse's client of a principal: client_as("ann@example.com")."""
    made: list[bigquery.Client] = []

    def client_as(principal: str) -> bigquery.Client:
        made.append(client_over(warehouse, credentials=StaticToken(token=principal)))
        return made[-1]

    yield client_as
    for found in made:
        found.close()


@pytest.fixture
def clients(request: pytest.FixtureRequest) -> Iterator[Callable[[int], list[bigquery.Client]]]:
    """Give several clients, for threads: clients(20)."""
    made: list[bigquery.Client] = []

    def clients(number: int) -> list[bigquery.Client]:
        made.extend(new_client(request) for _ in range(number))
        return made[-number:]

    yield clients
    for found in made:
        found.close()


@pytest.fixture
def new_dataset(client: bigquery.Client) -> Iterator[Callable[..., str]]:
    """Make throw-away datasets: new_dataset(**REST properties) -> "project.dataset"."""
    made: list[str] = []

    def new_dataset(**properties: Any) -> str:
        name = f"{client.project}.{PREFIX}{uuid.uuid4().hex[:12]}"
        made.append(name)
        dataset = bigquery.Dataset(name)
        # A run that is killed leaves nothing for long in a real project.
        given = {"defaultTableExpirationMs": str(LIFE_MS), **properties} if REAL else properties
        dataset._properties.update(given)
        client.create_dataset(dataset)
        return name

    yield new_dataset
    for name in made:
        client.delete_dataset(name, delete_contents=True, not_found_ok=True)


@pytest.fixture
def dataset(new_dataset: Callable[..., str]) -> str:
    """Return a fresh throw-away dataset as "project.dataset"."""
    return new_dataset()


@pytest.fixture
def sql(client: bigquery.Client, dataset: str) -> Callable[..., bigquery.QueryJob]:
    """Run SQL in the dataset as one job, to its end: sql(text, job_id=None, **QueryJobConfig) -> the job.

    Raises what the job failed with. Bare names of tables are those of `dataset`.
    """

    def sql(text: str, job_id: str | None = None, **settings: Any) -> bigquery.QueryJob:
        config = bigquery.QueryJobConfig(default_dataset=dataset, use_query_cache=False, **settings)
        job = client.query(text, job_config=config, job_id=job_id, job_retry=None)
        if not settings.get("dry_run"):
            job.result()
        return job

    return sql


@pytest.fixture
def rows(sql: Callable[..., bigquery.QueryJob]) -> Callable[..., list[tuple[Any, ...]]]:
    """Run SQL and return its rows as tuples."""

    def rows(text: str, **settings: Any) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in sql(text, **settings).result()]

    return rows


@pytest.fixture
def resource(client: bigquery.Client, dataset: str) -> Callable[[str], dict[str, Any]]:
    """Return what tables.get answers for a table of the dataset, as JSON."""

    def resource(table: str) -> dict[str, Any]:
        found: dict[str, Any] = client.get_table(f"{dataset}.{table}").to_api_repr()
        return found

    return resource


@pytest.fixture
def make(client: bigquery.Client, dataset: str) -> Callable[..., bigquery.Table]:
    """Make a table through tables.insert: make("t", [fields], **REST properties) -> the table as answered."""

    def make(table: str, fields: list[Mapping[str, Any]], **properties: Any) -> bigquery.Table:
        project, _, name = dataset.partition(".")
        reference = {"projectId": project, "datasetId": name, "tableId": table}
        body = {"tableReference": reference, "schema": {"fields": fields}, **properties}
        return client.create_table(bigquery.Table.from_api_repr(body))

    return make


@pytest.fixture
def api(client: bigquery.Client, dataset: str) -> Callable[..., Any]:
    """Call REST as it is: api("PATCH", "/tables/t", {...}, headers={...}) below the dataset's path.

    A path that begins with // is one below the project's.
    """

    def api(method: str, path: str, body: Any = None, **more: Any) -> Any:
        project, _, name = dataset.partition(".")
        base = f"/projects/{project}"
        full = f"{base}{path[1:]}" if path.startswith("//") else f"{base}/datasets/{name}{path}"
        return client._connection.api_request(method=method, path=full, data=body, **more)

    return api
