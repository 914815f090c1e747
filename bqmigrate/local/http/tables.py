"""Routes of tables and their rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bqmigrate.local.catalog import tables
from bqmigrate.local.catalog.canonical import canonical
from bqmigrate.local.catalog.datasets import require_dataset
from bqmigrate.local.catalog.records import TableRecord
from bqmigrate.local.catalog.replies import table_item, table_resource
from bqmigrate.local.catalog.store import Reader, Transaction
from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.http import shapes
from bqmigrate.local.http.call import Call
from bqmigrate.local.http.message import Response, json_response
from bqmigrate.local.jobs import results
from bqmigrate.local.jobs.streaming import insert_all
from bqmigrate.local.sql.bound import TableId
from bqmigrate.local.statements import policies
from bqmigrate.local.statements.creation import refuse_circle, view_columns, view_from_rest
from bqmigrate.local.statements.decorated import only, split, without
from bqmigrate.local.statements.defaults import check_defaults
from bqmigrate.local.statements.materialized import materialized_from_rest
from bqmigrate.local.statements.run import Run
from bqmigrate.model import patch_rules
from bqmigrate.model.columns import Column

LIST_SIZE = 50
# Two inserts of one table that are closer than this were sent at the same time.
RACE_MS = 1000
DELETING = {"SNAPSHOT": ("tables.deleteSnapshot",)}


def _run(call: Call, tx: Transaction) -> Run:
    return Run(tx, call["project"], call.world.switches.location, call.world.switches, call.user)


def insert_table(call: Call) -> Response:
    """tables.insert."""
    body = call.body(shapes.TABLE)
    table = (body.get("tableReference") or {}).get("tableId")
    if not isinstance(table, str):
        raise WarehouseError("invalid", "Required parameter is missing: tableReference.tableId")
    name = TableId(call["project"], call["dataset"], table)
    with call.world.store.write() as tx:
        run = _run(call, tx)
        won = _won_too(run, name, body)
        if won is not None:
            return json_response(table_resource(tx, won))
        if body.get("materializedView") is not None:
            tables.require_unused(tx, *name)
            record = materialized_from_rest(run, name, body)
        elif body.get("view") is not None:
            tables.require_unused(tx, *name)
            record = view_from_rest(run, name, body)
        else:
            record = tables.create_table(tx, *name, tables.chosen_of(body))
            _require_tagging(call, (), record.columns)
            check_defaults(record.columns, run.tables, run.scope)
        reply = table_resource(tx, record)
        if call.world.switches.etag_moves_after_create:
            tx.put(replace(record, etag=tx.new_etag()))
    return json_response(reply)


def _won_too(run: Run, name: TableId, body: Mapping[str, Any]) -> TableRecord | None:
    """Return the equal table that was made a moment ago, where an insert that races with it is no 409."""
    found = run.tx.table(*name)
    if run.switches.insert_winners == "one" or found is None or run.tx.now_ms - found.created_ms >= RACE_MS:
        return None
    asked = canonical({k: v for k, v in body.items() if k in tables.SETTABLE})
    return found if asked == found.resource else None


def get_table(call: Call) -> Response:
    """tables.get."""
    with call.world.store.read() as reader:
        return json_response(table_resource(reader, _found(call, reader)))


def _found(call: Call, reader: Reader) -> TableRecord:
    """Return the table that a path names, or the one partition of it."""
    name, partition = split(TableId(call["project"], call["dataset"], call["table"]))
    record = tables.require_table(reader, *name)
    return record if partition is None else only(record, partition)


def list_tables(call: Call) -> Response:
    """tables.list."""
    with call.world.store.read() as reader:
        require_dataset(reader, call["project"], call["dataset"])
        found = reader.tables(call["project"], call["dataset"])
    items, more = call.page(found, LIST_SIZE)
    listed = [table_item(record) for record in items]
    return json_response({"kind": "bigquery#tableList", "tables": listed, "totalItems": len(found), **more})


def patch_table(call: Call) -> Response:
    """tables.patch."""
    return _change(call, tables.patch_table)


def update_table(call: Call) -> Response:
    """tables.update."""
    return _change(call, tables.replace_table)


def _change(call: Call, how: Any) -> Response:
    body = call.body(shapes.TABLE)
    with call.world.store.write() as tx:
        old = tables.require_table(tx, call["project"], call["dataset"], call["table"])
        run = _run(call, tx)
        record: TableRecord = how(tx, old, _with_view_columns(run, old, body), call.if_match, run.switches)
        if not call.world.switches.patch_relaxes_nested:
            tables.refuse(patch_rules.relax_nested(old.columns, record.columns))
        _require_tagging(call, old.columns, record.columns)
        changed = [c for c in record.columns if c not in old.columns]
        check_defaults(changed, run.tables, run.scope)
        if record.type == "VIEW":
            refuse_circle(run, TableId(record.project, record.dataset, record.table))
    with call.world.store.read() as reader:
        return json_response(table_resource(reader, record))


def _require_tagging(call: Call, old: Sequence[Column], new: Sequence[Column]) -> None:
    """Refuse, with 403, another policy tag than there was by somebody who may not set them."""
    if _tags(old) != _tags(new):
        call.require("tables.setCategory")


def _tags(columns: Sequence[Column], where: str = "") -> dict[str, tuple[str, ...]]:
    own = {f"{where}{c.name}": c.policy_tags for c in columns if c.policy_tags}
    return own | {k: v for c in columns for k, v in _tags(c.fields, f"{where}{c.name}.").items()}


def _with_view_columns(run: Run, record: TableRecord, body: Mapping[str, Any]) -> dict[str, Any]:
    """Add to a view's new query the columns it has."""
    if record.type != "VIEW" or not body.get("view"):
        return dict(body)
    view = {"useLegacySql": False, **body["view"]}
    columns = view_columns(run, view, body.get("schema"))
    return {**body, "view": view, "schema": {"fields": [c.to_rest() for c in columns]}}


def delete_table(call: Call) -> Response:
    """tables.delete: a table, or with `table$20260301` one partition of it."""
    with call.world.store.write() as tx:
        name, partition = split(TableId(call["project"], call["dataset"], call["table"]))
        record = tables.require_table(tx, *name)
        call.require(*DELETING.get(record.type, ("tables.delete", "tables.get")))
        if partition is None:
            policies.forget(tx, record)
            tx.remove(record.key)
        else:
            kept = without(_run(call, tx), record, partition)
            tables.touch(tx, kept, moves_etag=call.world.switches.data_moves_etag)
    return json_response(None)


def list_rows(call: Call) -> Response:
    """tabledata.list."""
    wanted = results.read_wanted(call.request.query, call.world.switches.page_size)
    with call.world.store.read() as reader:
        record = _found(call, reader)
        if record.type != "TABLE":
            raise WarehouseError("invalid", f"Cannot list a table of type {record.type}.")
        found = results.page(reader, record, wanted)
    return json_response({"kind": "bigquery#tableDataList", "etag": record.etag, **found})


def insert_rows(call: Call) -> Response:
    """tabledata.insertAll."""
    body = call.body(shapes.ROWS)
    with call.world.store.write() as tx:
        record = tables.require_table(tx, call["project"], call["dataset"], call["table"])
        done = insert_all(_run(call, tx), record, body, call.world.inserted)
    call.world.inserted.note(record, done.ids, tx.now_ms)
    found = {"insertErrors": done.errors} if done.errors else {}
    return json_response({"kind": "bigquery#tableDataInsertAllResponse", **found})
