"""Copy jobs: tables into a table, a snapshot or a clone, as they are or as they were."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bqmigrate.local.catalog import tables
from bqmigrate.local.catalog.clock import milliseconds
from bqmigrate.local.catalog.records import JobRecord, TableRecord
from bqmigrate.local.catalog.streamed import settled_rows
from bqmigrate.local.catalog.versions import table_as_of
from bqmigrate.local.errors import WarehouseError, unsupported
from bqmigrate.local.jobs.register import end
from bqmigrate.local.jobs.rights import require_copying
from bqmigrate.local.sql.bound import TableId
from bqmigrate.local.sql.types import quoted
from bqmigrate.local.statements import copies, policies
from bqmigrate.local.statements.copies import Original
from bqmigrate.local.statements.decorated import place, rows_of, split
from bqmigrate.local.statements.destination import named, partition_of, prepare
from bqmigrate.local.statements.run import Run
from bqmigrate.local.storage import physical
from bqmigrate.local.world import World
from bqmigrate.model.columns import find

PARTITIONED = frozenset({"timePartitioning", "rangePartitioning", "requirePartitionFilter"})
_DECORATED = re.compile(r"(?P<table>.+)@(?P<moment>-?\d+)\Z", re.DOTALL)


@dataclass(frozen=True)
class Operation:
    """One kind of copy job: the types it reads, the type it makes, whether it writes over what is there."""

    reads: tuple[str, ...]
    makes: str = "TABLE"
    overwrites: bool = True
    how: str = "COPY"


OPERATIONS: Mapping[str, Operation] = {
    "COPY": Operation(("TABLE",)),
    "SNAPSHOT": Operation(("TABLE",), "SNAPSHOT", overwrites=False, how="SNAPSHOT"),
    "RESTORE": Operation(("SNAPSHOT",)),
    "CLONE": Operation(("TABLE", "SNAPSHOT"), how="CLONE"),
}


def run_copy(world: World, job: JobRecord) -> JobRecord:
    """Run a copy job to its end; raises what it failed with."""
    settings: Mapping[str, Any] = job.configuration["copy"]
    name = settings.get("operationType") or "COPY"
    operation = OPERATIONS.get(name)
    if operation is None:
        raise WarehouseError("invalid", f"Invalid operationType: {name}")
    with world.store.write() as tx:
        run = Run(tx, job.project, job.location, world.switches, job.user)
        references = _sources(settings)
        require_copying(run, name, settings, exists=run.tx.table(*named(run, settings)) is not None)
        sources = [_source(run, reference, operation) for reference in references]
        record = _target(run, settings, operation, sources)
        first = physical.next_row(tx.connection, record.rows_in)
        copied = sum(_append(run, source, record) for source in sources)
        place(run, record, partition_of(settings), first)
        whole = partition_of(settings) is None
        if whole and len(sources) == 1 and settings.get("writeDisposition") != "WRITE_APPEND":
            policies.take_over(tx, sources[0].record, record)
        tx.written_by_job.add(record.key)
        tables.touch(tx, record, moves_etag=world.switches.data_moves_etag)
        return end(tx, job, {"copy": {"copiedRows": str(copied)}})


def _sources(settings: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    found = settings.get("sourceTables") or [settings.get("sourceTable")]
    if not found[0] or not settings.get("destinationTable"):
        raise WarehouseError("invalid", "Required parameter is missing: sourceTable or destinationTable")
    return list(found)


def _source(run: Run, reference: Mapping[str, Any], operation: Operation) -> Original:
    name = TableId(reference.get("projectId") or run.project, reference["datasetId"], reference["tableId"])
    name, partition = split(name)
    decorated = _DECORATED.match(name.table)
    found = _present(run, name) if decorated is None else _past(run, name, decorated)
    if found.record.type not in operation.reads:
        wanted = " or ".join(operation.reads)
        raise WarehouseError("invalid", f"{found.record.shown} is a {found.record.type}, not a {wanted}")
    if run.switches.drop_blocks_copies and operation.how == "COPY" and found.record.dropped:
        message = f"{found.record.shown} had columns dropped: it cannot be copied until a query has written it anew"
        raise WarehouseError("invalid", message)
    if partition is None:
        return found
    if operation.how != "COPY":
        raise unsupported(f"a {operation.how.lower()} of one partition")
    return replace(found, rows=rows_of(found.record, partition, found.rows))


def _present(run: Run, name: TableId) -> Original:
    record = run.need(name)
    rows = settled_rows(run.tx, record) if record.physical is not None else ""
    return Original(record, rows, run.tx.now_ms)


def _past(run: Run, name: TableId, decorated: re.Match[str]) -> Original:
    """Return a table at `@<milliseconds>`, or at `@-<milliseconds before now>`; @0 is the oldest there is."""
    moment = int(decorated["moment"])
    base = TableId(name.project, name.dataset, decorated["table"])
    if moment == 0:
        versions = run.tx.versions(*base)
        moment = versions[0].table.modified_ms if versions else run.need(base).modified_ms
    at_ms = run.tx.now_ms + moment if decorated["moment"].startswith("-") else moment
    found = table_as_of(run.tx, *base, at_ms)
    record = found.table
    if not run.switches.restore_keeps_partitioning:
        record = replace(record, resource={k: v for k, v in record.resource.items() if k not in PARTITIONED})
    return Original(record, settled_rows(run.tx, found.table, found.rows), at_ms)


def _target(run: Run, settings: Mapping[str, Any], operation: Operation, sources: Sequence[Original]) -> TableRecord:
    """Return the table to fill, which an operation that overwrites nothing makes anew."""
    source = sources[0]
    kept = copies.inherited(run, source, how=operation.how)
    if settings.get("destinationExpirationTime"):
        kept["expirationTime"] = str(_expiration(settings["destinationExpirationTime"]))
    old = run.tx.table(*named(run, settings))
    if old is not None and not operation.overwrites:
        raise WarehouseError("duplicate", f"Already Exists: Table {old.shown}")
    if old is not None:
        _check_partitioning(run, sources, old)
        kept = kept if old.model.partitioning is not None else {k: v for k, v in kept.items() if k not in PARTITIONED}
    record = prepare(run, settings, kept, default="WRITE_EMPTY")
    if operation.makes == "SNAPSHOT":
        return run.tx.put(replace(record, type="SNAPSHOT", definition=copies.definition(source, "snapshot")))
    return run.tx.put(replace(record, definition=copies.made_by(operation.how, source)))


def _check_partitioning(run: Run, sources: Sequence[Original], target: TableRecord) -> None:
    """Refuse rows of another partitioning; into partitions of ingestion time go tables without any, as of today.

    https://cloud.google.com/bigquery/docs/managing-partitioned-tables#copying_partitioned_tables
    """
    wanted = target.model.partitioning
    # A table of the past comes without its partitioning, and may go back to where it was.
    given = [s.record.model.partitioning for s in sources if s.at_ms == run.tx.now_ms]
    if wanted is None or all(spec is not None and spec.spec() == wanted.spec() for spec in given):
        return
    if wanted.field is not None or any(spec is not None for spec in given):
        message = f"Incompatible table partitioning specification of the source for table {target.shown}"
        raise WarehouseError("invalid", f"{message}: it must be that of the destination")


def _expiration(given: Any) -> int:
    """Return the milliseconds of a time, which REST carries as RFC 3339 text."""
    try:
        return milliseconds(datetime.fromisoformat(str(given)))
    except ValueError as error:
        raise WarehouseError("invalid", f"Invalid value for destinationExpirationTime: {given!r}") from error


def _append(run: Run, source: Original, record: TableRecord) -> int:
    """Append a source's rows by the names of its columns; missing ones are NULL."""
    columns = source.record.columns
    cells = []
    for column in record.columns:
        found = find(columns, column.name)
        if found is not None and found.type != column.type:
            raise WarehouseError("invalid", f"Provided Schema does not match Table {record.shown}. Field {column.name}")
        if found is None and column.default is not None:
            message = f"Column {column.name} of table {record.shown} has a default value and is not in the source"
            raise WarehouseError("invalid", message)
        cells.append("NULL" if found is None else quoted(found.name))
    if any(find(record.columns, column.name) is None for column in columns):
        raise WarehouseError("invalid", f"Provided Schema does not match Table {record.shown}.")
    return copies.append(run, record, source, ", ".join(cells) or "NULL")
