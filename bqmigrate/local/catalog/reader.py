"""What can be looked up in the catalog, inside a transaction and outside."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime
from typing import Protocol, TypeVar

import duckdb

from bqmigrate.local.catalog.records import (
    DatasetRecord,
    JobRecord,
    PolicyRecord,
    RequestRecord,
    RoutineRecord,
    TableRecord,
    VersionRecord,
)

T = TypeVar("T")


class Reader(Protocol):
    """What both a reader and a transaction can look up; expired tables are gone."""

    @property
    def now(self) -> datetime:
        """Return the warehouse's time."""

    @property
    def now_ms(self) -> int:
        """Return the warehouse's time in milliseconds since 1970."""

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """Return the connection to run SQL on."""

    def rows(self, table: TableRecord) -> int:
        """Return how many rows a table has."""

    def size(self, table: TableRecord) -> int:
        """Return how many logical bytes a table has."""

    def once(self, table: TableRecord, what: Hashable, read: Callable[[], T]) -> T:
        """Read something of a table's rows; a view keeps it with the record."""

    def dataset(self, project: str, dataset: str) -> DatasetRecord | None:
        """Return a dataset."""

    def table(self, project: str, dataset: str, table: str) -> TableRecord | None:
        """Return a table or view that has not expired."""

    def job(self, project: str, job: str, location: str | None = None) -> JobRecord | None:
        """Return a job."""

    def request(self, project: str, request: str) -> RequestRecord | None:
        """Return what a requestId started."""

    def projects(self) -> list[str]:
        """Return the projects that have a dataset, by name."""

    def datasets(self, project: str) -> list[DatasetRecord]:
        """Return a project's datasets, by name."""

    def tables(self, project: str, dataset: str) -> list[TableRecord]:
        """Return a dataset's tables and views that have not expired, by name."""

    def jobs(self, project: str) -> list[JobRecord]:
        """Return a project's jobs, latest first."""

    def versions(self, project: str, dataset: str, table: str) -> list[VersionRecord]:
        """Return what a table was before, of whatever table had that name, oldest first."""

    def routine(self, project: str, dataset: str, routine: str) -> RoutineRecord | None:
        """Return a function or procedure."""

    def routines(self, project: str, dataset: str) -> list[RoutineRecord]:
        """Return a dataset's functions and procedures, by name."""

    def policies(self, project: str, dataset: str, table: str) -> list[PolicyRecord]:
        """Return a table's row access policies, by name."""
