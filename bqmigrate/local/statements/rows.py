"""SELECT, INSERT, UPDATE, DELETE and MERGE."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from bqmigrate.local.catalog import tables
from bqmigrate.local.catalog.records import TableRecord
from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql.binding import bind_dml, bind_query
from bqmigrate.local.sql.nodes import Dml, Query
from bqmigrate.local.sql.stores import stored_sql
from bqmigrate.local.sql.types import quoted
from bqmigrate.local.statements.destination import write_result
from bqmigrate.local.statements.readable import policies_of, require_all_rows
from bqmigrate.local.statements.run import Outcome, Run, need_type, table_info
from bqmigrate.local.statements.scanned import changed_bytes, scanned_bytes
from bqmigrate.local.statements.streamed import changeable, put_together
from bqmigrate.local.storage import physical
from bqmigrate.model.columns import Column
from bqmigrate.model.names import RESERVED_COLUMN_PREFIXES

VERBS = ("INSERT", "UPDATE", "DELETE")
RESULT_LIFE_MS = 24 * 3_600_000
# A dataset that is never listed; BigQuery's anonymous ones start with an underscore too.
ANONYMOUS = "_bqm_results"


def select(run: Run, node: Query) -> Outcome:
    """Keep a query's rows: in the table the job names, else in one that lives a day."""
    bound = bind_query(node.query, run.tables, run.scope)
    refuse_reserved(bound.columns)
    processed = scanned_bytes(run, bound)
    if run.dry:
        return Outcome(node.kind, columns=bound.columns, referenced=bound.tables, processed=processed)
    if run.destination is not None:
        record = write_result(run, run.destination, bound, node.query)
    else:
        record = _anonymous(run, bound.columns)
        physical.create(run.tx.connection, record.rows_in, bound.columns)
        # An array with a NULL element lives within a query only.
        cells = ", ".join(stored_sql(quoted(c.name), c) for c in bound.columns)
        run.execute(f"INSERT INTO {record.rows_in} SELECT {cells} FROM ({bound.sql})")
    return Outcome(node.kind, columns=bound.columns, result=record.key, referenced=bound.tables, processed=processed)


def refuse_reserved(columns: Sequence[Column]) -> None:
    """Refuse a result with a column named like a pseudo column: it needs an alias."""
    for column in columns:
        prefix = next((p for p in RESERVED_COLUMN_PREFIXES if column.name.upper().startswith(p)), None)
        if prefix is not None:
            message = (
                f'Invalid field name "{column.name}". Field names are not allowed to start with the prefix {prefix}'
            )
            raise WarehouseError("invalidQuery", f"{message}: use an alias")


def _anonymous(run: Run, columns: Sequence[Column]) -> TableRecord:
    name = f"anon{hashlib.sha256(run.job.encode()).hexdigest()[:40]}"
    fields = [c.to_rest() for c in columns]
    resource = {"schema": {"fields": fields}, "expirationTime": str(run.tx.now_ms + RESULT_LIFE_MS)}
    now = run.tx.now_ms
    return run.tx.put(
        TableRecord(
            run.project, ANONYMOUS, name, run.location, "TABLE", resource, run.tx.new_physical(), run.tx.new_etag(),
            now, now,
        )
    )  # fmt: skip


def change_rows(run: Run, node: Dml) -> Outcome:
    """Insert, update, delete or merge rows."""
    name = run.table_id(node.path)
    record = run.need(name)
    need_type(record, "TABLE")
    before, streamed = record, None
    if node.kind != "INSERT" and not run.dry:
        record, streamed = changeable(run, node, record)
    require_all_rows(record, policies_of(run.tx, record), run.user)
    bound = bind_dml(node.query, replace(run.tables, before={name: table_info(record)}), run.scope)
    processed = changed_bytes(run, bound)
    if run.dry:
        return Outcome(node.kind, target=name, referenced=bound.tables, processed=processed)
    for check in bound.checks:
        run.execute(check)
    counts = _counts(node.kind, run.execute(bound.sql))
    record = put_together(run, before, record, streamed)
    if any(counts.values()):
        tables.touch(run.tx, record, moves_etag=run.switches.data_moves_etag)
    inserted, updated, deleted = (counts[v] if node.kind in {v, "MERGE"} else None for v in VERBS)
    return Outcome(
        node.kind, None, name, None, inserted, updated, deleted, referenced=bound.tables, processed=processed
    )  # fmt: skip


def _counts(kind: str, rows: Sequence[tuple[object, ...]]) -> Counter[str]:
    if kind == "MERGE":
        return Counter(str(row[0]) for row in rows)
    return Counter({kind: int(str(rows[0][0])) if rows else 0})
