"""Copy jobs: tables into a table, with rows and metadata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bqmigrate.local.catalog import tables
from bqmigrate.local.catalog.records import JobRecord, TableRecord
from bqmigrate.local.errors import WarehouseError, unsupported
from bqmigrate.local.jobs.register import end
from bqmigrate.local.sql.bound import TableId
from bqmigrate.local.sql.types import quoted
from bqmigrate.local.statements.destination import prepare
from bqmigrate.local.statements.run import Run, need_type
from bqmigrate.local.storage import physical
from bqmigrate.local.world import World
from bqmigrate.model.columns import find


def run_copy(world: World, job: JobRecord) -> JobRecord:
    """Run a copy job to its end; raises what it failed with."""
    settings: Mapping[str, Any] = job.configuration["copy"]
    if settings.get("operationType", "COPY") != "COPY":
        raise unsupported(f"copy jobs of type {settings['operationType']}")
    with world.store.write() as tx:
        run = Run(tx, job.project, job.location, world.switches)
        sources = [_source(run, reference) for reference in _sources(settings)]
        kept = {k: v for k, v in sources[0].resource.items() if k != "expirationTime"}
        record = prepare(run, settings, kept, default="WRITE_EMPTY")
        copied = sum(_append(run, source, record) for source in sources)
        tables.touch(tx, record, moves_etag=world.switches.data_moves_etag)
        return end(tx, job, {"copy": {"copiedRows": str(copied)}})


def _sources(settings: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    found = settings.get("sourceTables") or [settings.get("sourceTable")]
    if not found[0] or not settings.get("destinationTable"):
        raise WarehouseError("invalid", "Required parameter is missing: sourceTable or destinationTable")
    return list(found)


def _source(run: Run, reference: Mapping[str, Any]) -> TableRecord:
    name = TableId(reference.get("projectId") or run.project, reference["datasetId"], reference["tableId"])
    if "@" in name.table or "$" in name.table:
        raise unsupported(f"table decorators ({name.table})")
    record = run.need(name)
    need_type(record, "TABLE")
    return record


def _append(run: Run, source: TableRecord, record: TableRecord) -> int:
    """Append a source's rows by the names of its columns; missing ones are NULL."""
    cells = []
    for column in record.columns:
        found = find(source.columns, column.name)
        if found is not None and found.type != column.type:
            raise WarehouseError("invalid", f"Provided Schema does not match Table {record.shown}. Field {column.name}")
        cells.append("NULL" if found is None else quoted(found.name))
    if any(find(record.columns, column.name) is None for column in source.columns):
        raise WarehouseError("invalid", f"Provided Schema does not match Table {record.shown}.")
    select = f"SELECT {', '.join(cells)} FROM {source.rows_in} ORDER BY rowid"
    return physical.fill(run.tx.connection, record.rows_in, select)
