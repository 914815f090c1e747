"""DML beside a streaming buffer: it changes the rows that have left it, and is refused where it meets others."""

from __future__ import annotations

from dataclasses import replace

from bqmigrate.local.catalog.records import TableRecord
from bqmigrate.local.catalog.streamed import apart, together
from bqmigrate.local.catalog.versions import own_rows
from bqmigrate.local.sql.binding import bind_dml
from bqmigrate.local.sql.nodes import Dml
from bqmigrate.local.statements.removal import refuse_streamed
from bqmigrate.local.statements.run import Run, table_info


def changeable(run: Run, node: Dml, record: TableRecord) -> tuple[TableRecord, TableRecord | None]:
    """Return the table with rows of its own to change, and the rows that DML must not touch, if any.

    Raises invalidQuery when the statement would change one of those; a MERGE is refused beside any.
    """
    if record.buffer is None or not record.buffer.guards_at(run.tx.now_ms):
        return own_rows(run.tx, replace(record, buffer=None)), None
    if node.kind == "MERGE":
        refuse_streamed(run, record, "MERGE")
    settled, streamed = apart(run.tx, record)
    if _meets(run, node, streamed):
        refuse_streamed(run, record, "UPDATE or DELETE")
    return settled, streamed


def _meets(run: Run, node: Dml, streamed: TableRecord) -> bool:
    """Try the statement on a copy of the buffer's rows alone."""
    scratch = replace(streamed, physical=run.tx.new_physical())
    run.execute(f"CREATE TABLE {scratch.rows_in} AS FROM {streamed.rows_in}")
    name = run.table_id(node.path)
    bound = bind_dml(node.query, replace(run.tables, before={name: table_info(scratch)}), run.scope)
    return bool(run.execute(bound.sql)[0][0])


def put_together(run: Run, record: TableRecord, settled: TableRecord, streamed: TableRecord | None) -> TableRecord:
    """Return the changed table with the rows of the buffer back in it."""
    if streamed is None or record.buffer is None:
        return settled
    return together(run.tx, settled, streamed, record.buffer)
