"""tabledata.insertAll: rows that are seen at once and wait in the streaming buffer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bqmigrate.local.catalog.records import TableRecord
from bqmigrate.local.catalog.streamed import streamed_more
from bqmigrate.local.errors import WarehouseError, unsupported
from bqmigrate.local.jobs.insert_ids import InsertIds, ids_of
from bqmigrate.local.sql.defaults import default_sql
from bqmigrate.local.sql.load import LoadedRows, insert_sql, load_rows
from bqmigrate.local.statements.run import Run, need_type
from bqmigrate.local.storage import physical

LARGEST_REQUEST = 50_000


@dataclass(frozen=True)
class Inserted:
    """What came of insertAll: REST insertErrors, and the ids of the rows that were kept."""

    errors: list[dict[str, Any]]
    ids: tuple[str | None, ...] = ()


def insert_all(run: Run, record: TableRecord, body: Mapping[str, Any], seen: InsertIds) -> Inserted:
    """Append rows that `seen` does not know yet: without skipInvalidRows one bad row stops them all."""
    need_type(record, "TABLE")
    if body.get("templateSuffix"):
        raise unsupported("templateSuffix")
    sent = body.get("rows") or ()
    rows, ids = [row.get("json") or {} for row in sent], ids_of(sent)
    if not rows:
        raise WarehouseError("invalid", "No rows present in the request.")
    if len(rows) > LARGEST_REQUEST:
        raise WarehouseError("invalid", f"Too many rows present in the request: at most {LARGEST_REQUEST} are allowed.")
    loaded = load_rows(record.columns, rows, run.scope, ignore_unknown=bool(body.get("ignoreUnknownValues")))
    if loaded.errors and not body.get("skipInvalidRows"):
        return Inserted(_errors(loaded, range(len(rows))))
    loaded = loaded.without(seen.repeated(record, ids, run.tx.now_ms))
    if loaded.values:
        first = physical.count(run.tx.connection, record.rows_in)
        hidden = {c.name: default_sql(c, run.scope) for c in record.hidden}
        run.execute(insert_sql(record.rows_in, record.columns, loaded, hidden))
        buffer = streamed_more(record, run.tx.now_ms, first, len(loaded.values))
        run.tx.put(replace(record, buffer=buffer, modified_ms=run.tx.now_ms))
    return Inserted(_errors(loaded, ()), tuple(ids[index] for index in loaded.indexes))


def _errors(loaded: LoadedRows, stopped: Sequence[int]) -> list[dict[str, Any]]:
    """Return what is wrong with each row; good rows that a bad one stopped say so."""
    found = {
        e.index: {"reason": e.reason, "location": e.location, "debugInfo": "", "message": e.message}
        for e in loaded.errors
    }
    other = {"reason": "stopped", "location": "", "debugInfo": "", "message": ""}
    return [{"index": n, "errors": [found.get(n, other)]} for n in (stopped or sorted(found))]
