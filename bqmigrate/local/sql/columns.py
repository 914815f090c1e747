"""The grammar of types and of column definitions."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql.cursor import Cursor
from bqmigrate.local.sql.nodes import Constraint, ForeignKey, PrimaryKey, Sql
from bqmigrate.local.sql.options import options
from bqmigrate.local.sql.tokens import source_of
from bqmigrate.model.columns import ALIASES, TYPES, Column, parse_type

COLLATIONS = ("und:ci", "")
RANGE_ELEMENTS = ("DATE", "DATETIME", "TIMESTAMP")


def read_type(sql: Sql | str) -> Column:
    """Return a nameless column of a type written as text; raises WarehouseError."""
    cursor = Cursor(source_of(sql))
    column = column_type(cursor, "")
    if cursor.here.kind != "end":
        raise cursor.unexpected()
    return column


def column_type(cursor: Cursor, name: str) -> Column:
    """Read a type: a scalar with its parameters, ARRAY<...>, STRUCT<...> or RANGE<...>."""
    start = cursor.here
    word = cursor.next().upper if start.kind == "word" else ""
    if word == "ARRAY":
        return _array(cursor, name)
    if word in {"STRUCT", "RECORD"}:
        return Column(name, "RECORD", fields=_fields(cursor))
    if word == "RANGE":
        return Column(name, "RANGE", range_element=_range(cursor))
    if ALIASES.get(word, word) not in TYPES:
        raise cursor.source.error(
            f"Type not found: {start.raw}" if word else "Syntax error: Expected type", start.start
        )
    parameters = _parameters(cursor) if cursor.at("(") else ""
    try:
        kind, max_length, precision, scale = parse_type(word + parameters)
    except ValueError as error:
        raise cursor.source.error(f"{word} does not support type parameters", start.start) from error
    column = Column(name, kind, max_length=max_length, precision=precision, scale=scale)
    _check_parameters(column, cursor, start.start)
    return column


def _parameters(cursor: Cursor) -> str:
    cursor.expect("(")
    numbers = cursor.separated(cursor.integer)
    cursor.expect(")")
    return f"({', '.join(map(str, numbers))})"


def _check_parameters(column: Column, cursor: Cursor, start: int) -> None:
    if column.max_length == 0:
        raise cursor.source.error(f"{column.type} length must be greater than 0", start)
    if column.precision is None:
        return
    scale, whole, most = column.scale or 0, *((29, 9) if column.type == "NUMERIC" else (38, 38))
    if not (0 <= scale <= most and max(1, scale) <= column.precision <= whole + scale):
        message = f"In {column.type}(P, S), P must be between max(1, S) and {whole}+S, and S between 0 and {most}"
        raise cursor.source.error(message, start)


def _array(cursor: Cursor, name: str) -> Column:
    cursor.expect("<")
    element = column_type(cursor, name)
    if element.mode == "REPEATED":
        raise cursor.error("Arrays of arrays are not supported")
    if cursor.accept("COLLATE"):
        element = _collated(cursor, element)
    cursor.expect(">")
    return replace(element, mode="REPEATED")


def _range(cursor: Cursor) -> str:
    cursor.expect("<")
    element = cursor.next().upper
    if element not in RANGE_ELEMENTS:
        raise cursor.error(f"RANGE is not supported for element type {element}")
    cursor.expect(">")
    return element


def _fields(cursor: Cursor) -> tuple[Column, ...]:
    cursor.expect("<")
    if cursor.accept(">"):
        return ()
    out = cursor.separated(lambda: _field(cursor))
    cursor.expect(">")
    return out


def _field(cursor: Cursor) -> Column:
    # STRUCT<INT64, x STRING> is allowed in expressions: a field without a name.
    following = cursor.ahead(1)
    nameless = following.raw in {",", ">", "<", "("} and cursor.here.kind == "word"
    definition = column_definition(cursor, "" if nameless else cursor.name())
    if definition.constraints:
        raise cursor.error("Constraints are not allowed on a nested field")
    return definition.column


@dataclass(frozen=True)
class Definition:
    """A column with the key constraints that were written beside it."""

    column: Column
    constraints: tuple[Constraint, ...] = ()


def column_definition(cursor: Cursor, name: str) -> Definition:
    """Read what follows a column's name: type, DEFAULT, NOT NULL, COLLATE, keys, OPTIONS."""
    definition = Definition(column_type(cursor, name))
    while (following := _attribute(cursor, definition)) is not None:
        definition = following
    return definition


def _attribute(cursor: Cursor, so_far: Definition) -> Definition | None:
    column = so_far.column
    if cursor.accept("NOT", "NULL"):
        if column.mode == "REPEATED":
            raise cursor.error(f"NOT NULL is not allowed on ARRAY column {column.name}")
        return replace(so_far, column=replace(column, mode="REQUIRED"))
    if cursor.accept("DEFAULT"):
        return replace(so_far, column=replace(column, default=cursor.slice(_default_ends).text))
    if cursor.accept("COLLATE"):
        if column.mode == "REPEATED":
            raise cursor.error(f"COLLATE of {column.name} stands beside the element type: ARRAY<STRING COLLATE ...>")
        return replace(so_far, column=_collated(cursor, column))
    if cursor.accept("OPTIONS"):
        return replace(so_far, column=with_options(column, cursor))
    if cursor.accept("PRIMARY", "KEY"):
        not_enforced(cursor)
        return replace(so_far, constraints=(*so_far.constraints, PrimaryKey((column.name,))))
    if cursor.at("REFERENCES"):
        key = references(cursor, (column.name,), None)
        return replace(so_far, constraints=(*so_far.constraints, key))
    return None


def _collated(cursor: Cursor, column: Column) -> Column:
    if column.type != "STRING":
        raise cursor.error(f"COLLATE is only for STRING columns, not for {column.name}")
    return replace(column, collation=collation(cursor) or None)


def _default_ends(cursor: Cursor) -> bool:
    return cursor.at(",") or cursor.at("NOT", "NULL") or cursor.at("OPTIONS", "(") or cursor.at("COLLATE")


def with_options(column: Column, cursor: Cursor) -> Column:
    """Read a column's OPTIONS into it."""
    values = options(cursor, "column")
    description, rounding = values.get("description"), values.get("rounding_mode")
    if isinstance(description, Sql) or isinstance(rounding, Sql):
        raise WarehouseError("invalidQuery", f"Options of column {column.name} must be literals at {cursor.position}")
    return replace(
        column,
        description=str(description) if description is not None else column.description,
        rounding_mode=str(rounding) if rounding is not None else column.rounding_mode,
    )


def default_collation(cursor: Cursor) -> str | None:
    """Read DEFAULT COLLATE 'und:ci', or nothing."""
    return collation(cursor) if cursor.accept("DEFAULT", "COLLATE") else None


def collation(cursor: Cursor) -> str:
    """Read the name of a collation; raises WarehouseError for one that BigQuery does not have."""
    place = cursor.here.start
    text = cursor.string()
    if text not in COLLATIONS:
        raise cursor.source.error(f"Collation '{text}' is not supported; supported are 'und:ci' and ''", place)
    return text


def not_enforced(cursor: Cursor) -> None:
    """Read NOT ENFORCED, the only kind of key there is."""
    if not cursor.accept("NOT", "ENFORCED"):
        raise cursor.error("Enforced keys are not supported: write NOT ENFORCED")


def references(cursor: Cursor, columns: tuple[str, ...], name: str | None) -> ForeignKey:
    """Read REFERENCES table (columns) NOT ENFORCED."""
    cursor.expect("REFERENCES")
    path = cursor.path()
    referenced = cursor.names()
    not_enforced(cursor)
    return ForeignKey(columns, path, referenced, name)


def constraint(cursor: Cursor) -> Constraint | None:
    """Read a table constraint, or nothing when a column comes."""
    name = None
    if cursor.at("CONSTRAINT") and cursor.ahead(2).upper in {"FOREIGN", "PRIMARY"}:
        cursor.next()
        name = cursor.name()
    if cursor.accept("PRIMARY", "KEY"):
        key = PrimaryKey(cursor.names())
        not_enforced(cursor)
        return key
    if cursor.accept("FOREIGN", "KEY"):
        return references(cursor, cursor.names(), name)
    return None
