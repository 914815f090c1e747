"""The port to BigQuery: few methods, our words, no google type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from bqmigrate.operations.steps import ObjectRef, ResourceKind


@dataclass(frozen=True)
class Timeouts:
    """How long one request may take, and how long it is sent again; both in seconds."""

    request_s: float = 60.0
    retry_s: float = 60.0


class WarehouseError(Exception):
    """BigQuery answered with an error: HTTP status, reason, message."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message

    @property
    def is_definite(self) -> bool:
        """Tell whether nothing happened for certain: a 4xx other than 409 and 429, and no quota reason."""
        busy = self.reason in {"rateLimitExceeded", "jobRateLimitExceeded", "backendError", "internalError"}
        return 400 <= self.status < 500 and self.status not in {408, 409, 429} and not busy  # noqa: PLR2004


class Conflict(WarehouseError):
    """409: it is there already."""


class StaleEtag(WarehouseError):
    """412: the object changed since it was read."""


class OutcomeUnknown(WarehouseError):
    """No answer, or a 5xx after all retries: it may or may not have happened."""


def still_unknown(refusal: WarehouseError) -> OutcomeUnknown:
    """Return what a refusal tells once an earlier send was not answered: nothing of that one."""
    return OutcomeUnknown(refusal.status, refusal.reason, refusal.message)


@dataclass(frozen=True)
class Parameter:
    """A named query parameter; `type` is INT64, STRING or TIMESTAMP, None a NULL of that type."""

    name: str
    type: str
    value: int | str | datetime | None


@dataclass(frozen=True)
class Resource:
    """A dataset, table or view as REST gives it, with its etag."""

    body: Mapping[str, Any]

    @property
    def etag(self) -> str:
        """Return the etag, for If-Match."""
        return str(self.body.get("etag", ""))

    @property
    def labels(self) -> Mapping[str, str]:
        """Return the labels."""
        return self.body.get("labels") or {}

    @property
    def rows(self) -> int:
        """Return the number of rows outside the streaming buffer."""
        return int(self.body.get("numRows") or 0)

    @property
    def is_streamed_to(self) -> bool:
        """Tell whether rows wait in a streaming buffer."""
        return bool(self.body.get("streamingBuffer"))


@dataclass(frozen=True)
class Job:
    """A job as jobs.get gives it."""

    body: Mapping[str, Any]

    @property
    def is_done(self) -> bool:
        """Tell whether it ended, well or not."""
        return bool(self.body.get("status", {}).get("state") == "DONE")

    @property
    def error(self) -> WarehouseError | None:
        """Return why it failed; None when it did not."""
        found = self.body.get("status", {}).get("errorResult")
        if not found:
            return None
        return WarehouseError(400, str(found.get("reason", "")), str(found.get("message", "")))

    @property
    def sql(self) -> str:
        """Return the statement it was submitted with."""
        return str(self.body.get("configuration", {}).get("query", {}).get("query", ""))

    @property
    def parameters(self) -> Sequence[Any]:
        """Return the query parameters it was submitted with, as REST gives them."""
        found = self.body.get("configuration", {}).get("query", {}).get("queryParameters")
        return list(found or [])

    @property
    def is_script(self) -> bool:
        """Tell whether it was more than one statement."""
        return self._query.get("statementType") == "SCRIPT"

    @property
    def may_be_partial(self) -> bool:
        """Tell whether statements of a failed script may have run before the one that failed."""
        children = self.body.get("statistics", {}).get("numChildJobs")
        return self.is_script and (children is None or int(children) > 1)

    @property
    def affected_rows(self) -> int | None:
        """Return how many rows DML changed; None when it was none."""
        found = self._query.get("numDmlAffectedRows")
        return int(found) if found is not None else None

    @property
    def bytes_billed(self) -> int | None:
        """Return what it cost; None when it was not measured."""
        found = self._query.get("totalBytesBilled")
        return int(found) if found is not None else None

    @property
    def ended_at_ms(self) -> int | None:
        """Return when it ended, in milliseconds since 1970."""
        found = self.body.get("statistics", {}).get("endTime")
        return int(found) if found is not None else None

    @property
    def changes(self) -> Sequence[ObjectRef]:
        """Return the tables that it says it changed; a script does not say."""
        written = self.body.get("configuration", {}).get("query", {}).get("destinationTable")
        found = [self._query.get("ddlTargetTable"), self._query.get("ddlDestinationTable"), written]
        # The result of a query is a table too, in a hidden dataset.
        named = [t for t in found if t and not str(t.get("datasetId", "_")).startswith("_")]
        return [ObjectRef(t["projectId"], t["datasetId"], t["tableId"]) for t in named]

    @property
    def _query(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.body.get("statistics", {}).get("query") or {}
        return found


@dataclass(frozen=True)
class ColumnsWanted:
    """Which columns of a table to read, as (name, type, mode)."""

    fields: tuple[tuple[str, str, str], ...] = field(default=())


class Warehouse(Protocol):
    """What bqmigrate asks of BigQuery. Every method raises WarehouseError and its subclasses."""

    project: str
    location: str

    @property
    def requests(self) -> int:
        """Return the calls made so far, polls and retries excluded."""

    @property
    def server_time(self) -> datetime | None:
        """Return the `Date` of the last reply."""

    def get(self, reference: ObjectRef) -> Resource | None:
        """Read a dataset, table or view; None when it is not there."""

    def create(self, kind: ResourceKind, body: Mapping[str, Any]) -> Resource:
        """Create a dataset, table or view. Raises Conflict when it is there."""

    def patch(self, reference: ObjectRef, fields: Mapping[str, Any], etag: str) -> Resource:
        """Change fields of a table or view if its etag still holds. Raises StaleEtag."""

    def submit(self, job_id: str, sql: str, parameters: Sequence[Parameter] = ()) -> None:
        """Insert a query job under an id. Raises Conflict when the id was used."""

    def job(self, job_id: str) -> Job | None:
        """Read a job; None when there is none of that id."""

    def rows(self, reference: ObjectRef, columns: ColumnsWanted) -> Sequence[Mapping[str, Any]] | None:
        """Read all rows of a small table; None when it is not there."""

    def results(self, job_id: str) -> Sequence[Mapping[str, Any]]:
        """Read the result rows of a finished query."""
