from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from bqmigrate.local import LocalWarehouse
from bqmigrate.local.catalog.clock import VirtualClock
from tests.execution.stand import DATASET, TABLE, Stand

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def shared() -> Iterator[tuple[LocalWarehouse, VirtualClock]]:
    """One warehouse in memory for all tests: a project id of its own is a world of its own."""
    clock = VirtualClock(datetime(2026, 3, 1, 12, tzinfo=UTC))
    found = LocalWarehouse.open(None, clock)
    yield found, clock
    found.close()


@pytest.fixture
def stand(shared, tmp_path) -> Stand:
    warehouse, clock = shared
    return Stand(warehouse, clock, tmp_path, f"world-{next(_numbers):04d}")


@pytest.fixture
def counted(stand) -> Stand:
    """A table with one row: one number."""
    stand.write("0001_app.yaml", DATASET)
    stand.write("0002_t.yaml", TABLE)
    stand.upgrade()
    stand.query("INSERT INTO app.t (n) VALUES (1)")
    return stand
