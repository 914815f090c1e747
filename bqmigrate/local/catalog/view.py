"""The committed catalog, as it is looked up."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime
from typing import TypeVar

import duckdb

from bqmigrate.local.catalog.clock import milliseconds
from bqmigrate.local.catalog.records import (
    DatasetRecord,
    JobRecord,
    Key,
    PolicyRecord,
    Record,
    RequestRecord,
    RoutineRecord,
    TableRecord,
    VersionRecord,
    dataset_key,
    job_key,
    table_key,
)
from bqmigrate.local.storage import physical

R = TypeVar("R", bound=Record)
T = TypeVar("T")
Kinds = dict[str, dict[Key, Record]]
MULTI_REGIONS = ("US", "EU")


class View:
    """The committed catalog, with a cursor of its own."""

    def __init__(self, kinds: Kinds, connection: duckdb.DuckDBPyConnection, now: datetime) -> None:
        self._kinds = kinds
        self.connection = connection
        self.now = now
        self.now_ms = milliseconds(now)

    def rows(self, table: TableRecord) -> int:
        """Return how many rows a table has."""
        return self.once(table, "rows", lambda: physical.count(self.connection, table.rows_in))

    def size(self, table: TableRecord) -> int:
        """Return how many logical bytes a table has."""
        columns = table.columns if self.rows(table) else ()
        return self.once(table, "bytes", lambda: physical.size(self.connection, table.rows_in, columns))

    def once(self, table: TableRecord, what: Hashable, read: Callable[[], T]) -> T:
        """Read something of a table's rows, once: whatever changes them exchanges the record with them."""
        kept: dict[Hashable, T] = table.known if self._kinds["table"].get(table.key) is table else {}
        if what not in kept:
            kept[what] = read()
        return kept[what]

    def _get(self, key: Key, _class: type[R]) -> R | None:
        found = self._kinds[key[0]].get(key)
        return found if isinstance(found, _class) else None

    def _all(self, _class: type[R], kind: str, *prefix: str) -> list[R]:
        start = (kind, *prefix)
        found = list(self._kinds[kind].items())
        return [r for k, r in found if k[: len(start)] == start and isinstance(r, _class)]

    def dataset(self, project: str, dataset: str) -> DatasetRecord | None:
        """Return a dataset."""
        return self._get(dataset_key(project, dataset), DatasetRecord)

    def table(self, project: str, dataset: str, table: str) -> TableRecord | None:
        """Return a table or view that has not expired."""
        found = self._get(table_key(project, dataset, table), TableRecord) or self._folded(project, dataset, table)
        return None if found is None or found.expired(self.now_ms) else found

    def _folded(self, project: str, dataset: str, table: str) -> TableRecord | None:
        """Return the table whose name differs by case alone, in a dataset that does not look at case."""
        parent = self.dataset(project, dataset)
        if parent is None or not parent.resource.get("isCaseInsensitive"):
            return None
        found = self._all(TableRecord, "table", project, dataset)
        return next((t for t in found if t.table.lower() == table.lower()), None)

    def job(self, project: str, job: str, location: str | None = None) -> JobRecord | None:
        """Return a job; without a location, one of an id that is its project's own, or of a multi-region."""
        places = (location,) if location is not None else MULTI_REGIONS
        keys = [job_key(project, job), *(job_key(project, job, place) for place in places)]
        return next((found for key in keys if (found := self._get(key, JobRecord)) is not None), None)

    def request(self, project: str, request: str) -> RequestRecord | None:
        """Return what a requestId started."""
        return self._get(("request", project, request), RequestRecord)

    def projects(self) -> list[str]:
        """Return the projects that have a dataset, by name."""
        return sorted({d.project for d in self._all(DatasetRecord, "dataset")})

    def datasets(self, project: str) -> list[DatasetRecord]:
        """Return a project's datasets, by name."""
        return sorted(self._all(DatasetRecord, "dataset", project), key=lambda d: d.dataset)

    def tables(self, project: str, dataset: str) -> list[TableRecord]:
        """Return a dataset's tables and views that have not expired, by name."""
        found = self._all(TableRecord, "table", project, dataset)
        return sorted((t for t in found if not t.expired(self.now_ms)), key=lambda t: t.table)

    def jobs(self, project: str) -> list[JobRecord]:
        """Return a project's jobs, latest first."""
        latest = self._all(JobRecord, "job", project)[::-1]
        return sorted((j for j in latest if not j.deleted), key=lambda j: -j.created_ms)

    def versions(self, project: str, dataset: str, table: str) -> list[VersionRecord]:
        """Return what a table was before, of whatever table had that name, oldest first."""
        found = self._all(VersionRecord, "version", project, dataset, table)
        return sorted(found, key=lambda v: v.until_ms)

    def routine(self, project: str, dataset: str, routine: str) -> RoutineRecord | None:
        """Return a function or procedure."""
        return self._get(("routine", project, dataset, routine), RoutineRecord)

    def routines(self, project: str, dataset: str) -> list[RoutineRecord]:
        """Return a dataset's functions and procedures, by name."""
        return sorted(self._all(RoutineRecord, "routine", project, dataset), key=lambda r: r.routine)

    def policies(self, project: str, dataset: str, table: str) -> list[PolicyRecord]:
        """Return a table's row access policies, by name."""
        return sorted(self._all(PolicyRecord, "policy", project, dataset, table), key=lambda p: p.policy)
