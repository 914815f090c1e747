"""Functions, table functions and procedures as objects of the catalog: made, exchanged and dropped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bqmigrate.local.catalog.datasets import require_dataset
from bqmigrate.local.catalog.records import RoutineRecord
from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql.nodes import Argument, CreateRoutine, DropRoutine
from bqmigrate.local.statements import options
from bqmigrate.local.statements.run import Outcome, Run
from bqmigrate.model.columns import SQL_NAMES, Column

# The last words of a statement's kind -> REST routineType, and how messages call it.
TYPES: Mapping[str, tuple[str, str]] = {
    "TABLE_FUNCTION": ("TABLE_VALUED_FUNCTION", "table function"),
    "FUNCTION": ("SCALAR_FUNCTION", "function"),
    "PROCEDURE": ("PROCEDURE", "procedure"),
}


def create_routine(run: Run, node: CreateRoutine) -> Outcome:
    """Make a routine, or exchange one of the same kind."""
    if node.temporary:
        # Alone in its job, a temporary function is gone with it.
        return Outcome(node.kind, "CREATE")
    name = run.table_id(node.path)
    require_dataset(run.tx, name.project, name.dataset)
    wanted, _ = _type(node.kind)
    old = run.tx.routine(*name)
    if old is not None and node.if_not_exists:
        return Outcome(node.kind, "SKIP", name)
    if old is not None and not node.or_replace:
        raise WarehouseError("duplicate", f"Already Exists: Routine {name.project}:{name.dataset}.{name.table}")
    if old is not None:
        _need_type(old, wanted)
    now = run.tx.now_ms
    created = now if old is None else old.created_ms
    resource = _resource(run, node, wanted)
    run.tx.put(RoutineRecord(*name, resource, run.tx.new_etag(), created, now))
    return Outcome(node.kind, "CREATE" if old is None else "REPLACE", name)


def drop_routine(run: Run, node: DropRoutine) -> Outcome:
    """Remove a routine."""
    name = run.table_id(node.path)
    wanted, _ = _type(node.kind)
    found = run.tx.routine(*name)
    if found is None and node.if_exists:
        return Outcome(node.kind, "SKIP", name)
    if found is None:
        raise WarehouseError("notFound", f"Not found: Routine {name.project}:{name.dataset}.{name.table}")
    _need_type(found, wanted)
    run.tx.remove(found.key)
    return Outcome(node.kind, "DROP", name)


def _type(kind: str) -> tuple[str, str]:
    return TYPES[kind.partition("_")[2]]


def _need_type(record: RoutineRecord, wanted: str) -> None:
    found = record.resource["routineType"]
    if found != wanted:
        message = f"{record.project}:{record.dataset}.{record.routine} is a {found}, not a {wanted}"
        raise WarehouseError("invalidQuery", message)


def _resource(run: Run, node: CreateRoutine, wanted: str) -> dict[str, Any]:
    """Return the REST Routine."""
    out: dict[str, Any] = {
        "routineType": wanted,
        "language": node.language,
        "definitionBody": node.body.text,
        "arguments": [_argument(a) for a in node.arguments],
    }
    if node.returns is not None:
        out["returnType"] = data_type(node.returns)
    return options.apply(out, options.read(run, node.options, options.ROUTINE_OPTIONS))


def _argument(given: Argument) -> dict[str, Any]:
    out: dict[str, Any] = {"name": given.name}
    if given.mode is not None:
        out["mode"] = given.mode
    if given.type is None:
        return {**out, "argumentKind": "ANY_TYPE"}
    return {**out, "dataType": data_type(given.type)}


def data_type(column: Column) -> dict[str, Any]:
    """Return the REST StandardSqlDataType of a column's type."""
    if column.mode == "REPEATED":
        inner = Column(column.name, column.type, fields=column.fields, range_element=column.range_element)
        return {"typeKind": "ARRAY", "arrayElementType": data_type(inner)}
    if column.type == "RECORD":
        return {
            "typeKind": "STRUCT",
            "structType": {"fields": [{"name": f.name, "type": data_type(f)} for f in column.fields]},
        }
    if column.type == "RANGE":
        return {"typeKind": "RANGE", "rangeElementType": {"typeKind": column.range_element}}
    return {"typeKind": SQL_NAMES.get(column.type, column.type)}
