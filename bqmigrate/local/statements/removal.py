"""DROP TABLE, DROP VIEW and TRUNCATE TABLE."""

from __future__ import annotations

from dataclasses import replace

from bqmigrate.local.catalog import tables
from bqmigrate.local.catalog.readings import without
from bqmigrate.local.catalog.records import TableRecord
from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql.nodes import DropTable, DropView, TruncateTable
from bqmigrate.local.statements import policies
from bqmigrate.local.statements.run import Outcome, Run, need_type
from bqmigrate.local.storage import physical


def drop_table(run: Run, node: DropTable) -> Outcome:
    """Remove a table."""
    return _drop(run, node, "TABLE")


def drop_view(run: Run, node: DropView) -> Outcome:
    """Remove a view."""
    return _drop(run, node, "VIEW")


def _drop(run: Run, node: DropTable | DropView, wanted: str) -> Outcome:
    name = run.table_id(node.path)
    if node.if_exists and run.tx.table(*name) is None:
        return Outcome(node.kind, "SKIP", name)
    record = run.need(name)
    need_type(record, wanted)
    policies.forget(run.tx, record)
    run.tx.remove(record.key)
    return Outcome(node.kind, "DROP", name)


def truncate_table(run: Run, node: TruncateTable) -> Outcome:
    """Remove all rows; the table keeps everything else."""
    record = run.need(run.table_id(node.path))
    need_type(record, "TABLE")
    refuse_streamed(run, record, "TRUNCATE")
    rows = physical.count(run.tx.connection, record.rows_in)
    emptied = replace(record, physical=run.tx.new_physical())
    if run.switches.truncate_loses_tags:
        emptied = replace(emptied, resource=without(record.resource, frozenset({"policyTags"})))
    physical.create(run.tx.connection, emptied.rows_in, emptied.stored)
    tables.touch(run.tx, emptied, moves_etag=run.switches.data_moves_etag)
    return Outcome(node.kind, deleted=rows, target=run.table_id(node.path))


def refuse_streamed(run: Run, record: TableRecord, verb: str) -> None:
    """Refuse to change rows while insertAll's rows of the last 30 minutes may be among them."""
    if record.buffer is not None and record.buffer.guards_at(run.tx.now_ms):
        message = (
            f"{verb} statement over table {record.project}.{record.dataset}.{record.table} would affect rows in the "
            "streaming buffer, which is not supported"
        )
        raise WarehouseError("invalidQuery", message)
