from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import AuthorizedSession
from google.cloud import bigquery

from bqmigrate.local import LocalWarehouse
from bqmigrate.local.catalog.clock import VirtualClock

PROJECT = "test-project"


def client_of(warehouse: LocalWarehouse, project: str = PROJECT) -> bigquery.Client:
    session = AuthorizedSession(AnonymousCredentials())
    for scheme in ("http://", "https://"):
        session.mount(scheme, warehouse.adapter())
    return bigquery.Client(project=project, _http=session, client_options={"api_endpoint": "http://bq.local"})


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(datetime(2026, 3, 1, 12, tzinfo=UTC))


@pytest.fixture
def warehouse(clock: VirtualClock) -> Iterator[LocalWarehouse]:
    found = LocalWarehouse.open(None, clock)
    yield found
    found.close()


@pytest.fixture
def client_for() -> Callable[..., bigquery.Client]:
    return client_of


@pytest.fixture
def client(warehouse: LocalWarehouse) -> bigquery.Client:
    return client_of(warehouse)


@pytest.fixture
def dataset(client: bigquery.Client) -> str:
    client.create_dataset(f"{PROJECT}.d")
    return f"{PROJECT}.d"


@pytest.fixture
def run(client: bigquery.Client, dataset: str) -> Callable[..., list[tuple[object, ...]]]:
    """Run SQL in the dataset and return its rows."""
    config = bigquery.QueryJobConfig(default_dataset=dataset)

    def run(sql: str, **parameters: object) -> list[tuple[object, ...]]:
        job = client.query(sql, job_config=config, job_retry=None, **parameters)
        return [tuple(row.values()) for row in job.result()]

    return run
