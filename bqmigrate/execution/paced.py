"""The port, kept to BigQuery's rates: changes wait for room, and are sent again after a pause where it refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from bqmigrate.execution import refusals
from bqmigrate.execution.pace import TRIES, Pace, name_of
from bqmigrate.operations.steps import ObjectRef, ResourceKind
from bqmigrate.warehouse.port import ColumnsWanted, Job, Parameter, Resource, Warehouse, WarehouseError

T = TypeVar("T")


@dataclass
class Paced:
    """A warehouse at a pace; reads pass as they are.

    Sending a change again is safe whatever became of the first: a create meets 409, a patch its old
    etag, a job its used id.
    """

    inner: Warehouse
    pace: Pace
    project: str = field(init=False)
    location: str = field(init=False)

    def __post_init__(self) -> None:
        """Stand where the warehouse stands."""
        self.project, self.location = self.inner.project, self.inner.location

    @property
    def requests(self) -> int:
        """Return the calls made so far, polls and retries excluded."""
        return self.inner.requests

    @property
    def server_time(self) -> datetime | None:
        """Return the `Date` of the last reply."""
        return self.inner.server_time

    def get(self, reference: ObjectRef) -> Resource | None:
        """Read a dataset, table or view; None when it is not there."""
        return self.inner.get(reference)

    def create(self, kind: ResourceKind, body: Mapping[str, Any]) -> Resource:
        """Create a dataset, table or view. Raises Conflict when it is there."""
        reference = _created(kind, body)
        return self._change(lambda: self.inner.create(kind, body), reference, creates_table=kind != "dataset")

    def patch(self, reference: ObjectRef, fields: Mapping[str, Any], etag: str) -> Resource:
        """Change fields of a table or view if its etag still holds. Raises StaleEtag."""
        return self._change(lambda: self.inner.patch(reference, fields, etag), reference)

    def submit(self, job_id: str, sql: str, parameters: Sequence[Parameter] = ()) -> None:
        """Insert a query job under an id. Raises Conflict when the id was used."""
        # What a job writes is known to who submits it, and counted when the job is over.
        self._patiently(lambda: self.inner.submit(job_id, sql, parameters), f"job {job_id}")

    def job(self, job_id: str) -> Job | None:
        """Read a job; None when there is none of that id."""
        return self.inner.job(job_id)

    def rows(self, reference: ObjectRef, columns: ColumnsWanted) -> Sequence[Mapping[str, Any]] | None:
        """Read all rows of a small table; None when it is not there."""
        return self.inner.rows(reference, columns)

    def results(self, job_id: str) -> Sequence[Mapping[str, Any]]:
        """Read the result rows of a finished query."""
        return self.inner.results(job_id)

    def _change(self, send: Callable[[], T], reference: ObjectRef, *, creates_table: bool = False) -> T:
        def once() -> T:
            self.pace.room(reference, creates_table=creates_table)
            try:
                return send()
            finally:
                self.pace.used(reference, creates_table=creates_table)

        return self._patiently(once, name_of(reference), reference)

    def _patiently(self, send: Callable[[], T], target: str, *references: ObjectRef) -> T:
        for failures in range(1, TRIES):
            try:
                return send()
            except WarehouseError as error:
                if not refusals.is_rate(error):
                    raise
                self.pace.back_off(failures, target, error.message, *references)
        return send()


def _created(kind: ResourceKind, body: Mapping[str, Any]) -> ObjectRef:
    ids = body["datasetReference" if kind == "dataset" else "tableReference"]
    return ObjectRef(ids["projectId"], ids["datasetId"], ids.get("tableId"))
