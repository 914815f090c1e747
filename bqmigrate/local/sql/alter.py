"""The grammar of ALTER."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bqmigrate.local.errors import unsupported
from bqmigrate.local.sql import nodes
from bqmigrate.local.sql.columns import (
    collation,
    column_definition,
    column_type,
    not_enforced,
    references,
)
from bqmigrate.local.sql.cursor import Cursor, at_comma
from bqmigrate.local.sql.nodes import Action, Position, Statement
from bqmigrate.local.sql.options import options


def alter(cursor: Cursor) -> Statement:
    """Read an ALTER statement."""
    start, position = cursor.here.start, cursor.position
    cursor.expect("ALTER")
    if cursor.accept("SCHEMA"):
        return _schema(cursor, start, position)
    if cursor.accept("MATERIALIZED", "VIEW"):
        return _materialized_view(cursor, start, position)
    kind = cursor.here.upper
    if kind not in {"TABLE", "VIEW"}:
        raise unsupported(f"ALTER {kind}") if kind in UNTAUGHT else cursor.unexpected()
    cursor.next()
    if_exists = cursor.accept("IF", "EXISTS")
    path = cursor.path()
    actions = cursor.separated(lambda: _action(cursor, kind.lower()))
    node = nodes.AlterTable if kind == "TABLE" else nodes.AlterView
    text = cursor.text_since(start)
    return node(text=text, position=position, path=path, if_exists=if_exists, actions=actions)


UNTAUGHT = frozenset({"ORGANIZATION", "PROJECT", "BI_CAPACITY", "CAPACITY", "RESERVATION", "VECTOR"})


def _schema(cursor: Cursor, start: int, position: Position) -> Statement:
    if_exists = cursor.accept("IF", "EXISTS")
    path = cursor.path()
    if cursor.accept("SET", "DEFAULT", "COLLATE"):
        chosen = collation(cursor)
        text = cursor.text_since(start)
        return nodes.AlterSchema(
            text=text, position=position, path=path, if_exists=if_exists, options={}, collation=chosen
        )
    if not cursor.at("SET", "OPTIONS"):
        raise unsupported("ALTER SCHEMA other than SET OPTIONS and SET DEFAULT COLLATE")
    cursor.expect("SET", "OPTIONS")
    values = options(cursor, "schema")
    text = cursor.text_since(start)
    return nodes.AlterSchema(text=text, position=position, path=path, if_exists=if_exists, options=values)


def _materialized_view(cursor: Cursor, start: int, position: Position) -> Statement:
    if_exists = cursor.accept("IF", "EXISTS")
    path = cursor.path()
    cursor.expect("SET", "OPTIONS")
    values = options(cursor, "materialized view")
    text = cursor.text_since(start)
    return nodes.AlterMaterializedView(text=text, position=position, path=path, if_exists=if_exists, options=values)


def _action(cursor: Cursor, owner: str) -> Action:
    if cursor.accept("SET", "OPTIONS"):
        return nodes.SetOptions(options(cursor, owner))
    if owner == "table" and cursor.accept("SET", "DEFAULT", "COLLATE"):
        return nodes.SetCollation(collation(cursor))
    if owner == "view":
        cursor.expect("ALTER")
        cursor.accept("COLUMN")
        if_exists = cursor.accept("IF", "EXISTS")
        name = cursor.name()
        cursor.expect("SET", "OPTIONS")
        return nodes.AlterColumnSetOptions(name, options(cursor, "column"), if_exists)
    for words, read in ACTIONS.items():
        if cursor.accept(*words.split()):
            return read(cursor)
    raise cursor.unexpected()


def _add_column(cursor: Cursor) -> Action:
    if_not_exists = cursor.accept("IF", "NOT", "EXISTS")
    definition = column_definition(cursor, cursor.name())
    if definition.constraints:
        raise unsupported("a key constraint in ADD COLUMN (use ADD PRIMARY KEY or ADD FOREIGN KEY)")
    return nodes.AddColumn(definition.column, if_not_exists)


def _drop_column(cursor: Cursor) -> Action:
    if_exists = cursor.accept("IF", "EXISTS")
    return nodes.DropColumn(cursor.name(), if_exists)


def _rename_column(cursor: Cursor) -> Action:
    if_exists = cursor.accept("IF", "EXISTS")
    old = cursor.name()
    cursor.expect("TO")
    return nodes.RenameColumn(old, cursor.name(), if_exists)


def _rename(cursor: Cursor) -> Action:
    path = cursor.path()
    if len(path) != 1:
        raise cursor.error("RENAME TO takes a table name without a dataset")
    return nodes.RenameTo(path[0])


def _alter_column(cursor: Cursor) -> Action:
    if_exists = cursor.accept("IF", "EXISTS")
    name = cursor.name()
    if cursor.accept("DROP", "NOT", "NULL"):
        return nodes.AlterColumnDropNotNull(name, if_exists)
    if cursor.accept("DROP", "DEFAULT"):
        return nodes.AlterColumnDropDefault(name, if_exists)
    if cursor.accept("SET", "DATA", "TYPE"):
        return nodes.AlterColumnSetDataType(name, column_type(cursor, name), if_exists)
    if cursor.accept("SET", "DEFAULT"):
        return nodes.AlterColumnSetDefault(name, cursor.slice(at_comma).text, if_exists)
    cursor.expect("SET", "OPTIONS")
    return nodes.AlterColumnSetOptions(name, options(cursor, "column"), if_exists)


def _add_primary_key(cursor: Cursor) -> Action:
    key = nodes.PrimaryKey(cursor.names())
    not_enforced(cursor)
    return nodes.AddPrimaryKey(key)


def _add_constraint(cursor: Cursor) -> Action:
    if_not_exists = cursor.accept("IF", "NOT", "EXISTS")
    name = cursor.name()
    cursor.expect("FOREIGN", "KEY")
    return nodes.AddForeignKey(references(cursor, cursor.names(), name), if_not_exists)


def _add_foreign_key(cursor: Cursor) -> Action:
    return nodes.AddForeignKey(references(cursor, cursor.names(), None))


def _drop_primary_key(cursor: Cursor) -> Action:
    return nodes.DropPrimaryKey(cursor.accept("IF", "EXISTS"))


def _drop_constraint(cursor: Cursor) -> Action:
    if_exists = cursor.accept("IF", "EXISTS")
    return nodes.DropConstraint(cursor.name(), if_exists)


ACTIONS: Mapping[str, Callable[[Cursor], Action]] = {
    "ADD COLUMN": _add_column,
    "ADD PRIMARY KEY": _add_primary_key,
    "ADD CONSTRAINT": _add_constraint,
    "ADD FOREIGN KEY": _add_foreign_key,
    "DROP COLUMN": _drop_column,
    "DROP PRIMARY KEY": _drop_primary_key,
    "DROP CONSTRAINT": _drop_constraint,
    "RENAME COLUMN": _rename_column,
    "RENAME TO": _rename,
    "ALTER COLUMN": _alter_column,
}
