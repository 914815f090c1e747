"""The actions of ALTER TABLE, each a step from one draft of the table to the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bqmigrate.local.catalog.fresh import fresh
from bqmigrate.local.catalog.readings import refuse_reserved
from bqmigrate.local.catalog.records import TableRecord
from bqmigrate.local.catalog.tables import encrypted, refuse
from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql import nodes
from bqmigrate.local.statements import creation, options, policies
from bqmigrate.local.statements.defaults import check_default
from bqmigrate.local.statements.run import Run
from bqmigrate.model import schema_rules
from bqmigrate.model.catalog import Table
from bqmigrate.model.columns import Column, find, replace_path


@dataclass(frozen=True)
class Draft:
    """A table on its way: its resource, its columns, and the old column each of them comes from."""

    run: Run
    record: TableRecord
    resource: Mapping[str, Any]
    columns: tuple[Column, ...]
    origin: Mapping[str, str | None]

    @classmethod
    def of(cls, run: Run, record: TableRecord) -> Draft:
        """Start from a table as it is."""
        columns = record.columns
        return cls(run, record, record.resource, columns, {c.name: c.name for c in columns})

    @property
    def moved(self) -> bool:
        """Tell whether a column changed its name or its contents."""
        return any(name != source for name, source in self.origin.items())

    @property
    def gone(self) -> tuple[str, ...]:
        """Return the names, in lower case, of the old columns that no new one comes from."""
        return tuple(c.name.lower() for c in self.record.columns if c.name not in self.origin.values())

    def full(self) -> dict[str, Any]:
        """Return the resource with the columns in it."""
        return {**self.resource, "schema": {"fields": [c.to_rest() for c in self.columns]}}

    @property
    def model(self) -> Table:
        """Return what the schema rules look at."""
        return Table.from_rest(self.full())

    def with_column(self, new: Column) -> Draft:
        """Exchange the column of that name."""
        return replace(self, columns=replace_path(self.columns, new.name, new))


def _missing(name: str) -> WarehouseError:
    return WarehouseError("invalidQuery", f"Column not found: {name}")


def _add(draft: Draft, action: nodes.AddColumn) -> Draft:
    column = fresh(action.column, draft.resource)
    if action.if_not_exists and find(draft.columns, column.name) is not None:
        return draft
    refuse(schema_rules.add_columns(draft.model, [column]))
    if draft.run.switches.dropped_names_reserved:
        dropped = {**draft.record.dropped, **dict.fromkeys(draft.gone, draft.run.tx.now_ms)}
        refuse_reserved(draft.run.tx, replace(draft.record, dropped=dropped), [column.name])
    return replace(draft, columns=(*draft.columns, column), origin={**draft.origin, column.name: None})


def _set_collation(draft: Draft, action: nodes.SetCollation) -> Draft:
    return replace(draft, resource={**draft.resource, "defaultCollation": action.collation})


def _drop(draft: Draft, action: nodes.DropColumn) -> Draft:
    column = find(draft.columns, action.name)
    if column is None and action.if_exists:
        return draft
    refuse(schema_rules.drop_column(draft.model, action.name))
    if column is not None:
        policies.refuse_uses(draft.run, draft.record, column, "drop")
        _refuse_tagged(draft, column)
    gone = action.name.lower()
    return replace(
        draft,
        columns=tuple(c for c in draft.columns if c.name.lower() != gone),
        origin={k: v for k, v in draft.origin.items() if k.lower() != gone},
    )


def _refuse_tagged(draft: Draft, column: Column) -> None:
    """Refuse, where the switches say so, to drop what a policy tag or a customer's key protects."""
    protected = bool(column.policy_tags) or encrypted(draft.resource)
    if draft.run.switches.tags_pin_columns and protected:
        message = f"Cannot drop column {column.name}: it has a policy tag, or its table a key of the customer's"
        raise WarehouseError("invalidQuery", message)


def _rename(draft: Draft, action: nodes.RenameColumn) -> Draft:
    column = find(draft.columns, action.old)
    if column is None and action.if_exists:
        return draft
    refuse(schema_rules.rename_column(draft.model, action.old, action.new))
    if column is None:
        raise _missing(action.old)
    policies.refuse_uses(draft.run, draft.record, column, "rename")
    origin = {action.new if k == column.name else k: v for k, v in draft.origin.items()}
    columns = tuple(replace(c, name=action.new) if c is column else c for c in draft.columns)
    return replace(draft, columns=columns, origin=origin)


def _column(draft: Draft, name: str, *, if_exists: bool) -> Column | None:
    column = find(draft.columns, name)
    if column is None and not if_exists:
        raise _missing(name)
    return column


def _drop_not_null(draft: Draft, action: nodes.AlterColumnDropNotNull) -> Draft:
    column = _column(draft, action.name, if_exists=action.if_exists)
    if column is None:
        return draft
    refuse(schema_rules.relax(draft.model, action.name))
    return draft.with_column(replace(column, mode="NULLABLE"))


def _set_type(draft: Draft, action: nodes.AlterColumnSetDataType) -> Draft:
    column = _column(draft, action.name, if_exists=action.if_exists)
    if column is None:
        return draft
    if draft.record.buffer is not None and draft.record.buffer.younger(
        draft.run.tx.now_ms, draft.run.switches.streaming_blocks_ms
    ):
        message = f"Table {draft.record.shown} has a streaming buffer: the type of a column cannot be changed"
        raise WarehouseError("invalidQuery", message)
    refuse(schema_rules.change_type(draft.model, action.name, action.type))
    if not draft.run.switches.same_type_widens and replace(column, mode=action.type.mode).same_type(action.type):
        raise WarehouseError("invalidQuery", f"Column {column.name} is of type {column.sql_type()} already")
    return draft.with_column(retyped(column, action.type))


def retyped(column: Column, new: Column) -> Column:
    """Return the column with another type; all that is not its type stays, in nested fields too."""
    pairs = zip(column.fields, new.fields, strict=True) if column.fields else ()
    return replace(
        column,
        type=new.type,
        fields=tuple(retyped(old, field) for old, field in pairs),
        max_length=new.max_length,
        precision=new.precision,
        scale=new.scale,
        range_element=new.range_element,
    )


def _set_default(draft: Draft, action: nodes.AlterColumnSetDefault) -> Draft:
    column = _column(draft, action.name, if_exists=action.if_exists)
    if column is None:
        return draft
    refuse(schema_rules.set_default(draft.model, action.name, action.default))
    new = replace(column, default=action.default)
    check_default(new, draft.run.tables, draft.run.scope)
    return draft.with_column(new)


def _drop_default(draft: Draft, action: nodes.AlterColumnDropDefault) -> Draft:
    column = _column(draft, action.name, if_exists=action.if_exists)
    if column is None:
        return draft
    refuse(schema_rules.set_default(draft.model, action.name, None))
    return draft.with_column(replace(column, default=None))


def column_options(draft: Draft, action: nodes.Action) -> Draft:
    """Set a column's description or rounding mode."""
    if not isinstance(action, nodes.AlterColumnSetOptions):
        raise WarehouseError("invalidQuery", f"{type(action).__name__} is not possible for {draft.record.shown}")
    column = _column(draft, action.name, if_exists=action.if_exists)
    if column is None:
        return draft
    return draft.with_column(replace(column, **options.read(draft.run, action.options, options.COLUMN_OPTIONS)))


def _set_options(draft: Draft, action: nodes.SetOptions) -> Draft:
    changes = options.read(draft.run, action.options, options.TABLE_OPTIONS)
    options.check_partition_options(draft.resource, changes)
    options.check_key(draft.resource, changes)
    return replace(draft, resource=options.apply(draft.resource, changes))


def _keys(draft: Draft) -> dict[str, Any]:
    return dict(draft.resource.get("tableConstraints") or {})


def _with_keys(draft: Draft, keys: Mapping[str, Any]) -> Draft:
    left = {k: v for k, v in keys.items() if v}
    resource = {k: v for k, v in draft.resource.items() if k != "tableConstraints"}
    return replace(draft, resource={**resource, "tableConstraints": left} if left else resource)


def _add_primary_key(draft: Draft, action: nodes.AddPrimaryKey) -> Draft:
    keys = _keys(draft)
    if keys.get("primaryKey"):
        raise WarehouseError("invalidQuery", f"Already Exists: Primary key of table {draft.record.shown}")
    return _with_keys(draft, {**keys, "primaryKey": {"columns": list(action.key.columns)}})


def _drop_primary_key(draft: Draft, action: nodes.DropPrimaryKey) -> Draft:
    keys = _keys(draft)
    if not keys.get("primaryKey") and not action.if_exists:
        raise WarehouseError("invalidQuery", f"Table {draft.record.shown} has no primary key")
    return _with_keys(draft, {**keys, "primaryKey": None})


def _add_foreign_key(draft: Draft, action: nodes.AddForeignKey) -> Draft:
    keys = _keys(draft)
    others = list(keys.get("foreignKeys") or ())
    if action.key.name in [key["name"] for key in others]:
        if action.if_not_exists:
            return draft
        raise WarehouseError("invalidQuery", f"Already Exists: Constraint {action.key.name}")
    return _with_keys(
        draft, {**keys, "foreignKeys": [*others, creation.foreign_key(draft.run, action.key, len(others) + 1)]}
    )


def _drop_constraint(draft: Draft, action: nodes.DropConstraint) -> Draft:
    keys = _keys(draft)
    others = list(keys.get("foreignKeys") or ())
    left = [key for key in others if key["name"].lower() != action.name.lower()]
    if len(left) == len(others) and not action.if_exists:
        raise WarehouseError("invalidQuery", f"Constraint not found: {action.name}")
    return _with_keys(draft, {**keys, "foreignKeys": left})


Step = Callable[[Draft, Any], Draft]
ACTIONS: Mapping[type[Any], Step] = {
    nodes.AddColumn: _add,
    nodes.DropColumn: _drop,
    nodes.RenameColumn: _rename,
    nodes.AlterColumnDropNotNull: _drop_not_null,
    nodes.AlterColumnSetDataType: _set_type,
    nodes.AlterColumnSetDefault: _set_default,
    nodes.AlterColumnDropDefault: _drop_default,
    nodes.AlterColumnSetOptions: column_options,
    nodes.SetOptions: _set_options,
    nodes.SetCollation: _set_collation,
    nodes.AddPrimaryKey: _add_primary_key,
    nodes.DropPrimaryKey: _drop_primary_key,
    nodes.AddForeignKey: _add_foreign_key,
    nodes.DropConstraint: _drop_constraint,
}


def apply_action(draft: Draft, action: nodes.Action) -> Draft:
    """Take one step of an ALTER TABLE."""
    return ACTIONS[type(action)](draft, action)
