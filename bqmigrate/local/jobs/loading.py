"""Load jobs: rows of newline-delimited JSON or CSV that came with the request."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from bqmigrate.local.catalog import tables
from bqmigrate.local.catalog.records import JobRecord, TableRecord
from bqmigrate.local.errors import WarehouseError, unsupported
from bqmigrate.local.jobs.register import end
from bqmigrate.local.jobs.rights import require_writing
from bqmigrate.local.sql.defaults import default_sql
from bqmigrate.local.sql.load import insert_sql, load_rows
from bqmigrate.local.statements.decorated import place
from bqmigrate.local.statements.destination import named, partition_of, prepare
from bqmigrate.local.statements.run import Run
from bqmigrate.local.storage import physical
from bqmigrate.local.world import World
from bqmigrate.model.columns import Column

CHUNK = 1000
NOT_TAUGHT = ("autodetect", "schemaUpdateOptions", "hivePartitioningOptions", "decimalTargetTypes")
Rows = list[Mapping[str, Any]]


def run_load(world: World, job: JobRecord, media: bytes) -> JobRecord:
    """Run a load job to its end; raises what it failed with."""
    settings: Mapping[str, Any] = job.configuration["load"]
    if settings.get("sourceUris"):
        raise unsupported("load jobs from Cloud Storage")
    if not settings.get("destinationTable"):
        raise WarehouseError("invalid", "Required parameter is missing: destinationTable")
    with world.store.write() as tx:
        run = Run(tx, job.project, job.location, world.switches, job.user)
        require_writing(run, exists=run.tx.table(*named(run, settings)) is not None)
        record = prepare(run, settings, _schema(run, settings), default="WRITE_APPEND")
        for key in NOT_TAUGHT:
            if settings.get(key) and not (key == "autodetect" and record.columns):
                raise unsupported(f"load jobs with {key}")
        rows = _rows(settings, media, record.columns)
        first = physical.next_row(tx.connection, record.rows_in)
        _append(run, record, rows, ignore_unknown=bool(settings.get("ignoreUnknownValues")))
        place(run, record, partition_of(settings), first)
        tx.written_by_job.add(record.key)
        tables.touch(tx, record, moves_etag=world.switches.data_moves_etag)
        read = {"inputFiles": "1", "inputFileBytes": str(len(media)), "outputRows": str(len(rows)), "badRecords": "0"}
        return end(tx, job, {"load": read})


def _schema(run: Run, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema that was sent, else that of the table."""
    if settings.get("schema"):
        return {"schema": settings["schema"]}
    old = run.tx.table(*named(run, settings))
    return {} if old is None else {"schema": old.resource["schema"]}


def _rows(settings: Mapping[str, Any], media: bytes, columns: Sequence[Column]) -> Rows:
    form = settings.get("sourceFormat") or "CSV"
    try:
        text = media.decode("utf-8")
    except UnicodeDecodeError as error:
        raise WarehouseError("invalid", f"Error while reading data, error message: {error}") from error
    if form == "NEWLINE_DELIMITED_JSON":
        return _json_rows(text)
    if form == "CSV":
        return _csv_rows(settings, text, columns)
    raise unsupported(f"load jobs of {form}")


def _json_rows(text: str) -> Rows:
    rows: Rows = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            message = f"Error while reading data, error message: JSON parsing error in row {number}: {error}"
            raise WarehouseError("invalid", message) from error
        if not isinstance(row, dict):
            raise WarehouseError("invalid", f"Error while reading data, error message: row {number} is no JSON object")
        rows.append(row)
    return rows


def _csv_rows(settings: Mapping[str, Any], text: str, columns: Sequence[Column]) -> Rows:
    skipped = int(settings.get("skipLeadingRows") or 0)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=settings.get("fieldDelimiter") or ",", strict=True)
    try:
        lines = [line for number, line in enumerate(reader) if number >= skipped and line]
    except csv.Error as error:
        raise WarehouseError("invalid", f"Error while reading data, error message: {error}") from error
    null = settings.get("nullMarker") or ""
    return [_csv_row(line, columns, null, number) for number, line in enumerate(lines, start=skipped + 1)]


def _csv_row(line: Sequence[str], columns: Sequence[Column], null: str, number: int) -> dict[str, Any]:
    """Return a line as a row; an empty text stays a text for STRING columns unless it marks NULL."""
    if len(line) != len(columns):
        message = f"row {number} has {len(line)} values, the table {len(columns)} columns"
        raise WarehouseError("invalid", f"Error while reading data, error message: {message}")
    pairs = zip(columns, line, strict=True)
    return {c.name: None if text == null and (null or c.type != "STRING") else text for c, text in pairs}


def _append(run: Run, record: TableRecord, rows: Rows, *, ignore_unknown: bool) -> None:
    hidden = {c.name: default_sql(c, run.scope) for c in record.hidden}
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        loaded = load_rows(record.columns, chunk, run.scope, ignore_unknown=ignore_unknown)
        if loaded.errors:
            first = loaded.errors[0]
            message = f"Error while reading data, error message: row {start + first.index + 1}: {first.message}"
            raise WarehouseError("invalid", message, location=first.location)
        run.execute(insert_sql(record.rows_in, record.columns, loaded, hidden))
