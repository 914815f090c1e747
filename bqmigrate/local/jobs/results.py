"""Pages of rows: of tables, and of what queries answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bqmigrate.local.catalog.records import JobRecord, TableRecord
from bqmigrate.local.catalog.store import Reader
from bqmigrate.local.errors import WarehouseError, unsupported
from bqmigrate.local.jobs.register import raised
from bqmigrate.local.jobs.replies import job_reference
from bqmigrate.local.sql.types import quoted
from bqmigrate.local.sql.wire import wire_row, wire_select
from bqmigrate.model.columns import Column, find

LARGEST_INDEX = 2**63 - 1
LARGEST_PAGE = 100_000
# Rows of a table that is small enough to keep what was read of it.
SHORT = 100


@dataclass(frozen=True)
class Wanted:
    """Which rows, in which form."""

    start: int = 0
    limit: int = LARGEST_PAGE
    use_int64: bool = False
    fields: tuple[str, ...] | None = None


def read_wanted(parameters: Mapping[str, str], page_size: int) -> Wanted:
    """Read the parameters of a request for rows; 400 when they make no sense."""
    fields = parameters.get("selectedFields")
    return Wanted(
        start=_number(parameters, "pageToken", _number(parameters, "startIndex", 0)),
        limit=min(_number(parameters, "maxResults", page_size), LARGEST_PAGE),
        use_int64=parameters.get("formatOptions.useInt64Timestamp", "").lower() == "true",
        fields=tuple(fields.split(",")) if fields else None,
    )


def _number(parameters: Mapping[str, str], key: str, otherwise: int) -> int:
    text = parameters.get(key)
    if not text:
        return otherwise
    if not text.isdecimal() or int(text) > LARGEST_INDEX:
        raise WarehouseError("invalid", f"Invalid value for {key}: {text}")
    return int(text)


def page(reader: Reader, record: TableRecord, wanted: Wanted) -> dict[str, Any]:
    """Return {"totalRows", "rows", "pageToken"}."""
    columns = _chosen(record.columns, wanted.fields)
    total = reader.rows(record)
    out: dict[str, Any] = {"totalRows": str(total)}
    if wanted.limit and columns:
        if total <= SHORT:
            out["rows"] = reader.once(record, wanted, lambda: _rows(reader, record, columns, wanted))
        else:
            out["rows"] = _rows(reader, record, columns, wanted)
    reached = wanted.start + len(out.get("rows", ()))
    if wanted.limit and reached < total:
        out["pageToken"] = str(reached)
    return out


def _rows(
    reader: Reader, record: TableRecord, columns: Sequence[Column], wanted: Wanted
) -> Sequence[Mapping[str, Any]]:
    listed = ", ".join(quoted(c.name) for c in columns)
    bounds = f"ORDER BY rowid LIMIT {wanted.limit} OFFSET {wanted.start}"
    sql = wire_select(f"SELECT {listed} FROM {record.rows_in} {bounds}", columns, use_int64=wanted.use_int64)
    return [wire_row(row, columns) for row in reader.connection.execute(sql).fetchall()]


def _chosen(columns: Sequence[Column], fields: Sequence[str] | None) -> tuple[Column, ...]:
    """Return the selected columns, in the table's order."""
    if fields is None:
        return tuple(columns)
    for field in fields:
        if "." in field:
            raise unsupported(f"selectedFields of nested columns ({field})")
        if find(columns, field) is None:
            raise WarehouseError("invalid", f"Invalid field name: {field}")
    wanted = {field.lower() for field in fields}
    return tuple(c for c in columns if c.name.lower() in wanted)


def query_results(reader: Reader, job: JobRecord, wanted: Wanted, kind: str) -> dict[str, Any]:
    """Return what jobs.query and jobs.getQueryResults answer; raises what the job failed with."""
    error = raised(job)
    if error is not None:
        raise error
    reference = job_reference(job)
    if job.state != "DONE":
        return {"kind": kind, "jobReference": reference, "jobComplete": False}
    statistics = job.statistics.get("query", {})
    out = {
        "kind": kind,
        "jobReference": reference,
        "jobComplete": True,
        "cacheHit": False,
        "totalBytesProcessed": job.statistics.get("totalBytesProcessed", "0"),
        "statementType": statistics.get("statementType"),
        "creationTime": str(job.created_ms),
        "startTime": str(job.created_ms),
        "endTime": str(job.ended_ms),
        "location": job.location,
    }
    if "numDmlAffectedRows" in statistics:
        out["numDmlAffectedRows"] = statistics["numDmlAffectedRows"]
        out["dmlStats"] = statistics["dmlStats"]
    if job.result is not None:
        out["schema"] = {"fields": job.columns or []}
        out.update(page(reader, _result(reader, job), wanted))
    return out


def _result(reader: Reader, job: JobRecord) -> TableRecord:
    """Return the table that holds a job's rows; 404 once it has expired."""
    _, project, dataset, table = job.result or ("", "", "", "")
    found = reader.table(project, dataset, table)
    if found is None:
        raise WarehouseError("notFound", f"Not found: Table {project}:{dataset}.{table}")
    return found
