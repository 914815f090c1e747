"""ALTER TABLE and ALTER VIEW: all actions of one statement, or none."""

from __future__ import annotations

from dataclasses import replace

from bqmigrate.local.catalog import tables
from bqmigrate.local.catalog.canonical import canonical
from bqmigrate.local.catalog.readings import without
from bqmigrate.local.catalog.records import TableRecord
from bqmigrate.local.catalog.versions import keep_history
from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql.bound import TableId
from bqmigrate.local.sql.nodes import AlterTable, AlterView, RenameColumn, RenameTo, SetOptions
from bqmigrate.local.statements import options, policies
from bqmigrate.local.statements.actions import Draft, apply_action, column_options
from bqmigrate.local.statements.run import Outcome, Run, need_type
from bqmigrate.model import schema_rules


def alter_table(run: Run, node: AlterTable) -> Outcome:
    """Change a table in place, by the one set of schema rules."""
    name = run.table_id(node.path)
    if node.if_exists and run.tx.table(*name) is None:
        return Outcome(node.kind, "SKIP", name)
    record = run.need(name)
    options_only = all(isinstance(action, SetOptions) for action in node.actions)
    need_type(record, *("TABLE", "SNAPSHOT") if options_only else ("TABLE",))
    kinds = {type(a) for a in node.actions}
    if len(kinds) > 1 and kinds & {RenameColumn, RenameTo}:
        raise WarehouseError("invalidQuery", "RENAME cannot be combined with other actions in one ALTER TABLE")
    if len(kinds) > 1 and not run.switches.alter_mixes_actions:
        raise WarehouseError("invalidQuery", "One ALTER TABLE takes actions of one kind only")
    if isinstance(node.actions[0], RenameTo):
        return _rename(run, node, record, node.actions[0].name)
    draft = Draft.of(run, record)
    for action in node.actions:
        draft = apply_action(draft, action)
    resource = canonical(draft.full())
    tables.check_table(resource)
    kept = tables.keep(run.tx, record, resource, draft.origin if draft.moved else None)
    if draft.gone:
        run.tx.put(replace(kept, dropped={**kept.dropped, **dict.fromkeys(draft.gone, run.tx.now_ms)}))
    return Outcome(node.kind, "ALTER", name)


def _rename(run: Run, node: AlterTable, record: TableRecord, new: str) -> Outcome:
    """Move a table to another name of the same dataset; its rows stay where they are."""
    tables.refuse(schema_rules.rename_table(record.model))
    if record.buffer is not None and record.buffer.younger(run.tx.now_ms, run.switches.streaming_blocks_ms):
        raise WarehouseError("invalidQuery", f"Table {record.shown} has a streaming buffer and cannot be renamed")
    tables.require_unused(run.tx, record.project, record.dataset, new)
    run.tx.remove(record.key)
    resource = without(record.resource, run.switches.rename_loses)
    moved = replace(record, table=new, resource=resource, etag=run.tx.new_etag(), modified_ms=run.tx.now_ms)
    run.tx.put(moved)
    if run.switches.rename_keeps_history:
        keep_history(run.tx, record, new)
    policies.move(run.tx, record, moved)
    target = TableId(record.project, record.dataset, new)
    return Outcome(node.kind, "ALTER", run.table_id(node.path), destination=target)


def alter_view(run: Run, node: AlterView) -> Outcome:
    """Set options of a view and of its columns."""
    name = run.table_id(node.path)
    if node.if_exists and run.tx.table(*name) is None:
        return Outcome(node.kind, "SKIP", name)
    record = run.need(name)
    need_type(record, "VIEW")
    draft = Draft.of(run, record)
    for action in node.actions:
        if isinstance(action, SetOptions):
            changes = options.read(run, action.options, options.VIEW_OPTIONS)
            draft = replace(draft, resource=options.apply(draft.resource, changes))
        else:
            draft = column_options(draft, action)
    tables.keep(run.tx, record, canonical(draft.full()))
    return Outcome(node.kind, "ALTER", name)
