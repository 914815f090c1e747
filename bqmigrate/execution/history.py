"""Reading the history: the lock first, then the rows, two requests and no job; and its genesis."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bqmigrate.errors import ConfigError, UnsettledError
from bqmigrate.execution import rows
from bqmigrate.execution.absence import looks
from bqmigrate.execution.lock import LOCK_TABLE, Lock, NotALock, Pins
from bqmigrate.model.history import HistoryState, IncompleteBatch, Record, fold
from bqmigrate.operations.steps import ObjectRef
from bqmigrate.warehouse.port import Conflict, Resource, Warehouse, WarehouseError

READS = 6
FORBIDDEN = 403
# What is wrong with rows, and `repair --rebuild-history` mends.
ROWS_BROKEN = frozenset({"BQM511", "BQM513", "BQM514"})


@dataclass(frozen=True)
class Place:
    """Where the history of an environment lives."""

    project: str
    dataset: str

    @property
    def container(self) -> ObjectRef:
        """Return the dataset."""
        return ObjectRef(self.project, self.dataset)

    @property
    def lock(self) -> ObjectRef:
        """Return the lock table."""
        return ObjectRef(self.project, self.dataset, LOCK_TABLE)

    @property
    def rows(self) -> ObjectRef:
        """Return the table of rows."""
        return ObjectRef(self.project, self.dataset, rows.HISTORY_TABLE)


@dataclass(frozen=True)
class View:
    """What was read: the lock with its etag (None: nobody ever ran), the rows, and their fold."""

    lock: Lock | None = None
    etag: str = ""
    lock_changed_ms: int = 0
    state: HistoryState = field(default_factory=HistoryState)
    records: tuple[Record, ...] = ()
    has_rows_table: bool = False


def read(warehouse: Warehouse, place: Place, pins: Pins, sleep: Callable[[float], None] = time.sleep) -> View:
    """Read lock and rows, in this order: nobody who comes between goes unnoticed.

    Raises ConfigError when the history belongs to another configuration, UnsettledError when it is broken.
    """
    resource = warehouse.get(place.lock)
    if resource is None:
        return View()
    lock = parse_lock(resource, place)
    if found := pins.differences(lock.pins):
        raise ConfigError(
            "BQM340",
            f"the history in {place.dataset} belongs to another configuration",
            details=found,
            state="Nothing was changed.",
            hint="put migrations.toml back, or give this environment its own history_dataset\n"
            "or, if the history was copied or moved: bqmigrate repair --new-lineage",
        )
    view = _with_rows(warehouse, place, resource, sleep)
    _refuse_other(lock, view.state, place)
    return view


def read_any(warehouse: Warehouse, place: Place, sleep: Callable[[float], None] = time.sleep) -> View:
    """Read lock and rows whatever the lock is pinned to, rows even where there is no lock.

    Raises UnsettledError when rows are missing or were changed.
    """
    return _with_rows(warehouse, place, warehouse.get(place.lock), sleep)


def _with_rows(warehouse: Warehouse, place: Place, locked: Resource | None, sleep: Callable[[float], None]) -> View:
    lock = parse_lock(locked, place) if locked else None
    incomplete = ""
    for is_last in looks(READS, sleep):
        found_rows = warehouse.rows(place.rows, rows.WANTED)
        try:
            records = tuple(rows.record(row) for row in found_rows or ())
            state = fold(records)
        except IncompleteBatch as stale:
            incomplete = str(stale)
            continue
        if lock is not None and state.last_seq < lock.seq and not is_last:
            continue  # a page from before the last rows
        _check(lock, state, records, place)
        if locked is None or lock is None:
            return View(state=state, records=records, has_rows_table=found_rows is not None)
        changed = int(locked.body.get("lastModifiedTime") or 0)
        return View(lock.with_steps_of(records), locked.etag, changed, state, records, found_rows is not None)
    raise _broken("BQM513", f"{place.rows}: rows are missing ({incomplete})")


def parse_lock(resource: Resource, place: Place) -> Lock:
    """Read the lock out of its table. Raises UnsettledError when somebody else wrote there."""
    try:
        return Lock.from_text(str(resource.body.get("description") or ""))
    except NotALock as error:
        raise UnsettledError(
            "BQM510",
            f"the description of {place.lock} is not a lock: {error}",
            state="Nothing was changed.",
            hint="restore the description: the audit log of the table has it\n"
            "or drop that table, then: bqmigrate repair --new-lineage",
        ) from error


def _check(lock: Lock | None, state: HistoryState, records: tuple[Record, ...], place: Place) -> None:
    changed = rows.first_changed(records)
    if changed:
        which = f"row {changed[0]}" if len(changed) == 1 else f"one of the rows {changed[0]} to {changed[-1]}"
        raise _broken("BQM514", f"{place.rows}: {which} was changed after it was written")
    first = min(records, key=lambda r: r.seq, default=None)
    if first is not None and first.event != "genesis":
        raise _broken("BQM511", f"{place.rows} does not begin with its genesis")
    if lock is not None and state.last_seq < lock.seq:
        raise _broken("BQM511", f"{place.rows} has rows up to {state.last_seq}, {lock.seq} were written")


def _broken(code: str, message: str) -> UnsettledError:
    return UnsettledError(
        code,
        message,
        state="Nothing was changed.",
        hint="restore the table by time travel: it must not be edited or truncated\n"
        "or rebuild it from its jobs: bqmigrate repair --rebuild-history",
    )


def _refuse_other(lock: Lock, state: HistoryState, place: Place) -> None:
    """Raise UnsettledError when the rows are those of another lock."""
    if state.lineages and state.lineages[-1] != lock.lineage:
        raise UnsettledError(
            "BQM511",
            f"{place.rows} is not this lock's history",
            state="Nothing was changed.",
            hint="restore the table by time travel\n"
            "or, if a repair was interrupted here, finish it: bqmigrate repair --new-lineage",
        )


def create(warehouse: Warehouse, place: Place, lock: Lock, location: str) -> str | None:
    """Make the history dataset, the lock with the lease inside, and the table of rows.

    Returns the lock's etag; None when another run was first.
    """
    ids = {"projectId": place.project, "datasetId": place.dataset}
    description = "Which migrations ran here, written by bqmigrate."
    try:
        warehouse.create("dataset", {"datasetReference": ids, "location": location, "description": description})
    except WarehouseError as error:
        # Who may not create datasets hears 403 even where an administrator has made this one.
        if not isinstance(error, Conflict) and error.status != FORBIDDEN:
            raise
        _check_location(warehouse, place, location, error)
        if warehouse.get(place.lock) is not None:
            return None  # another run was first
        refuse_without_lock(warehouse, place)
    etag = create_lock(warehouse, place, lock)
    if etag is not None:
        create_rows(warehouse, place)
    return etag


def create_lock(warehouse: Warehouse, place: Place, lock: Lock) -> str | None:
    """Make the lock with the lease inside; returns its etag, None when there is one of another run."""
    try:
        made = warehouse.create("table", _lock_body(place, lock))
    except Conflict:
        # Our own request, sent again after its reply was lost, looks like this too.
        there = warehouse.get(place.lock)
        if there is None or parse_lock(there, place).to_text() != lock.to_text():
            return None
        made = there
    return keep_forever(warehouse, place.lock, made).etag


def create_rows(warehouse: Warehouse, place: Place) -> None:
    """Make the table of rows where it is not there."""
    try:
        made = warehouse.create("table", _rows_body(place))
    except Conflict:
        return
    keep_forever(warehouse, place.rows, made)


def refuse_without_lock(warehouse: Warehouse, place: Place) -> None:
    """Raise UnsettledError when there are rows, though there is no lock: a new lock would be another history."""
    there = warehouse.get(place.rows)
    # Who wrote the rows may have made the lock a moment ago.
    if there is not None and there.rows and warehouse.get(place.lock) is None:
        raise UnsettledError(
            "BQM512",
            f"{place.rows} has a history, but its lock {LOCK_TABLE} is gone",
            state="Nothing was changed.",
            hint="give the history a new lock: bqmigrate repair --new-lineage",
        )


def keep_forever(warehouse: Warehouse, reference: ObjectRef, made: Resource) -> Resource:
    """Take away an expiration that the dataset's default gave: a history must not vanish by itself."""
    fields: dict[str, Any] = {}
    if made.body.get("expirationTime"):
        fields["expirationTime"] = None
    by_time = made.body.get("timePartitioning") or {}
    if by_time.get("expirationMs"):
        # A PATCH merges: a key that is left out stays as it is.
        fields["timePartitioning"] = {**by_time, "expirationMs": None}
    return warehouse.patch(reference, fields, made.etag) if fields else made


def _check_location(warehouse: Warehouse, place: Place, location: str, why: WarehouseError) -> None:
    there = warehouse.get(place.container)
    if there is None:
        raise why
    found = str(there.body.get("location"))
    if found.upper() != location.upper():
        raise ConfigError(
            "BQM341",
            f"dataset {place.dataset} is in {found}, this environment in {location}",
            state="Nothing was changed.",
            hint="give the environment that location, or another history_dataset",
        )


def _ids(reference: ObjectRef) -> Mapping[str, Any]:
    return {"projectId": reference.project, "datasetId": reference.dataset, "tableId": reference.table}


def _lock_body(place: Place, lock: Lock) -> Mapping[str, Any]:
    note = [{"name": "note", "type": "STRING", "description": "Never filled: the lock is this table's description."}]
    return {"tableReference": _ids(place.lock), "schema": {"fields": note}, "description": lock.to_text()}


def _rows_body(place: Place) -> Mapping[str, Any]:
    return {
        "tableReference": _ids(place.rows),
        "schema": {"fields": [c.to_rest() for c in rows.COLUMNS]},
        "timePartitioning": {"type": "MONTH", "field": "at"},
        "description": "One row per event of a migration; append-only.",
    }
