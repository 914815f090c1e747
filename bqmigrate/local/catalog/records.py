"""What the catalog remembers: datasets, tables and jobs as frozen values, and their JSON.

A `resource` holds only what a client can set, in REST form; what the server adds (ids, links, row
counts) is put on when a reply is made.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Literal

from bqmigrate.local.catalog.partitions import hidden_columns
from bqmigrate.local.switches import STREAMING_BUFFER_MS
from bqmigrate.model.catalog import Partitioning, Table
from bqmigrate.model.columns import Column

Kind = Literal["dataset", "table", "job", "request", "version", "routine", "policy"]
TableType = Literal["TABLE", "VIEW", "SNAPSHOT", "MATERIALIZED_VIEW"]
Key = tuple[str, ...]
Json = Mapping[str, Any]

JOB_LIFE_MS = 180 * 24 * 3_600_000
REQUEST_LIFE_MS = 15 * 60 * 1000
STREAMING_GUARD_MS = 30 * 60 * 1000
LONGEST_TIME_TRAVEL_MS = 168 * 3_600_000


@dataclass(frozen=True)
class Buffer:
    """Rows that insertAll brought and that BigQuery would still hold in its streaming buffer."""

    rows: int
    oldest_ms: int
    newest_ms: int
    # Where they are in the physical table: [first, last + 1) by rowid.
    spans: tuple[tuple[int, int], ...] = ()

    def open_at(self, now_ms: int) -> bool:
        """Tell whether the buffer still shows."""
        return self.younger(now_ms, STREAMING_BUFFER_MS)

    def younger(self, now_ms: int, than_ms: int) -> bool:
        """Tell whether the newest row came less than some time ago."""
        return now_ms < self.newest_ms + than_ms

    def guards_at(self, now_ms: int) -> bool:
        """Tell whether DML that changes rows is still refused."""
        return now_ms < self.newest_ms + STREAMING_GUARD_MS


@dataclass(frozen=True)
class DatasetRecord:
    """One dataset."""

    project: str
    dataset: str
    location: str
    resource: Json
    etag: str = ""
    created_ms: int = 0
    modified_ms: int = 0

    @property
    def key(self) -> Key:
        """Return the key in the catalog."""
        return dataset_key(self.project, self.dataset)

    @property
    def shown(self) -> str:
        """Return the name as BigQuery's messages spell it."""
        return f"{self.project}:{self.dataset}"

    def expired(self, now_ms: int) -> bool:
        """Tell that a dataset never expires."""
        del now_ms
        return False


@dataclass(frozen=True)
class TableRecord:
    """One table, snapshot or view; `physical` names the DuckDB table that holds its rows.

    `definition` is what only the server sets: {"snapshotDefinition": ...} or {"cloneDefinition": ...}.
    """

    project: str
    dataset: str
    table: str
    location: str
    type: TableType
    resource: Json
    physical: str | None = None
    etag: str = ""
    created_ms: int = 0
    modified_ms: int = 0
    buffer: Buffer | None = None
    definition: Json = field(default_factory=dict)
    # {"bindings": [...]} that was set on this table itself; its dataset's access comes on top.
    iam: Json = field(default_factory=dict)
    # Columns that were dropped, in lower case, and when.
    dropped: Mapping[str, int] = field(default_factory=dict)
    # When a job last wrote over all of it.
    overwritten_ms: int = 0

    @property
    def key(self) -> Key:
        """Return the key in the catalog."""
        return table_key(self.project, self.dataset, self.table)

    @property
    def shown(self) -> str:
        """Return the name as BigQuery's messages spell it."""
        return f"{self.project}:{self.dataset}.{self.table}"

    @cached_property
    def known(self) -> dict[Hashable, Any]:
        """Keep what views read of its rows: they stay as they are as long as this is the committed record."""
        return {}

    @cached_property
    def model(self) -> Table:
        """Return what the schema rules look at."""
        return Table.from_rest(self.resource)

    @property
    def columns(self) -> tuple[Column, ...]:
        """Return the columns, canonical."""
        return self.model.columns

    @property
    def expiring(self) -> Partitioning | None:
        """Return the partitioning of a table whose partitions expire."""
        spec = self.model.partitioning if self.type == "TABLE" and self.physical is not None else None
        return spec if spec is not None and spec.expiration_ms is not None else None

    @property
    def hidden(self) -> tuple[Column, ...]:
        """Return the columns that are stored and that no schema shows."""
        return hidden_columns(self.model.partitioning) if self.physical is not None else ()

    @property
    def stored(self) -> tuple[Column, ...]:
        """Return the columns of the physical table, in order."""
        return (*self.columns, *self.hidden)

    @property
    def rows_in(self) -> str:
        """Return the physical table; a view has none, and asking is a fault of the program."""
        if self.physical is None:
            raise LookupError(f"{self.shown} is a {self.type} and holds no rows")
        return self.physical

    def expired(self, now_ms: int) -> bool:
        """Tell whether the table's expiration has passed."""
        expiration = self.resource.get("expirationTime")
        return expiration is not None and int(expiration) <= now_ms


@dataclass(frozen=True)
class JobRecord:
    """One job: what was asked, how far it is, what came out."""

    project: str
    job: str
    location: str
    configuration: Json
    user: str
    state: Literal["RUNNING", "DONE"] = "RUNNING"
    error: Json | None = None
    statistics: Json = field(default_factory=dict)
    columns: list[Json] | None = None
    result: Key | None = None
    parent: str | None = None
    created_ms: int = 0
    ended_ms: int | None = None
    # Whether another job of another location may have the same id.
    local: bool = False
    # Its metadata was deleted: nobody sees it any more, but its id stays taken.
    deleted: bool = False

    @property
    def key(self) -> Key:
        """Return the key in the catalog."""
        return job_key(self.project, self.job, self.location if self.local else None)

    @property
    def shown(self) -> str:
        """Return the name as BigQuery's messages spell it."""
        return f"{self.project}:{self.location}.{self.job}"

    def expired(self, now_ms: int) -> bool:
        """Tell whether the job is forgotten, and its id free again."""
        return now_ms - self.created_ms >= JOB_LIFE_MS


@dataclass(frozen=True)
class RequestRecord:
    """A requestId of jobs.query, and the job it started."""

    project: str
    request: str
    digest: str
    job: str
    created_ms: int
    location: str | None = None

    @property
    def key(self) -> Key:
        """Return the key in the catalog."""
        return ("request", self.project, self.request)

    def expired(self, now_ms: int) -> bool:
        """Tell whether the requestId is forgotten."""
        return now_ms - self.created_ms > REQUEST_LIFE_MS


@dataclass(frozen=True)
class VersionRecord:
    """A table as it was from one time to another, with its first `rows` rows: time travel reads it."""

    table: TableRecord
    rows: int
    until_ms: int

    @property
    def key(self) -> Key:
        """Return the key in the catalog."""
        t = self.table
        return ("version", t.project, t.dataset, t.table, f"{self.until_ms:016d}")

    def holds_at(self, at_ms: int) -> bool:
        """Tell whether the table was like this at a time."""
        return self.table.modified_ms <= at_ms < self.until_ms

    def expired(self, now_ms: int) -> bool:
        """Tell whether no dataset's window reaches back to it."""
        return now_ms - self.until_ms > LONGEST_TIME_TRAVEL_MS


@dataclass(frozen=True)
class RoutineRecord:
    """One function or procedure, kept and shown: `resource` is the REST Routine as a client sets it."""

    project: str
    dataset: str
    routine: str
    resource: Json
    etag: str = ""
    created_ms: int = 0
    modified_ms: int = 0

    @property
    def key(self) -> Key:
        """Return the key in the catalog."""
        return ("routine", self.project, self.dataset, self.routine)

    def expired(self, now_ms: int) -> bool:
        """Tell that a routine never expires."""
        del now_ms
        return False


@dataclass(frozen=True)
class PolicyRecord:
    """One row access policy of a table: `resource` is {"filterPredicate": ..., "grantees": [...]}."""

    project: str
    dataset: str
    table: str
    policy: str
    resource: Json
    etag: str = ""
    created_ms: int = 0
    modified_ms: int = 0

    @property
    def key(self) -> Key:
        """Return the key in the catalog."""
        return ("policy", self.project, self.dataset, self.table, self.policy)

    def expired(self, now_ms: int) -> bool:
        """Tell that a policy never expires by itself."""
        del now_ms
        return False


Record = DatasetRecord | TableRecord | JobRecord | RequestRecord | VersionRecord | RoutineRecord | PolicyRecord
CLASSES: dict[str, type[Record]] = {
    "dataset": DatasetRecord,
    "table": TableRecord,
    "job": JobRecord,
    "request": RequestRecord,
    "version": VersionRecord,
    "routine": RoutineRecord,
    "policy": PolicyRecord,
}


def dataset_key(project: str, dataset: str) -> Key:
    """Return the key of a dataset."""
    return ("dataset", project, dataset)


def table_key(project: str, dataset: str, table: str) -> Key:
    """Return the key of a table or view."""
    return ("table", project, dataset, table)


def job_key(project: str, job: str, location: str | None = None) -> Key:
    """Return the key of a job: of an id that is unique in a project, or in a location of it."""
    return ("job", project, job) if location is None else ("job", project, job, location.lower())


def encode(record: Record) -> str:
    """Write a record as JSON."""
    return json.dumps(asdict(record), ensure_ascii=False, separators=(",", ":"))


def decode(key: Key, text: str) -> Record:
    """Read a record from the JSON that `encode` wrote."""
    values = json.loads(text)
    if values.get("buffer"):
        values["buffer"] = _buffer(values["buffer"])
    if values.get("result"):
        values["result"] = tuple(values["result"])
    if key[0] == "version":
        values["table"] = decode(("table",), json.dumps(values["table"]))
    return CLASSES[key[0]](**values)


def _buffer(values: Mapping[str, Any]) -> Buffer:
    spans = tuple((int(first), int(end)) for first, end in values.get("spans") or ())
    return Buffer(**{**values, "spans": spans})
