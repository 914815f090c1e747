"""The type of an expression, and an expression translated: its DuckDB text with its GoogleSQL type."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bqmigrate.local.errors import unsupported
from bqmigrate.model.columns import SQL_NAMES, Column


@dataclass(frozen=True)
class Type:
    """A GoogleSQL type under BigQuery's REST names, with ARRAY, INTERVAL and NULL (the type of a bare NULL)."""

    name: str
    fields: tuple[tuple[str, Type], ...] = ()
    element: Type | None = None
    range_element: str | None = None

    def __str__(self) -> str:
        if self.element is not None:
            return f"ARRAY<{self.element}>"
        if self.name == "RECORD":
            return f"STRUCT<{', '.join(f'{name} {kind}'.strip() for name, kind in self.fields)}>"
        if self.name == "RANGE":
            return f"RANGE<{self.range_element}>"
        return SQL_NAMES.get(self.name, self.name)

    def field(self, name: str) -> Type | None:
        """Return the type of a struct's field, compared without case."""
        return next((kind for key, kind in self.fields if key.lower() == name.lower()), None)

    def same(self, other: Type) -> bool:
        """Tell whether values of both types are the same, names of fields aside."""
        if self.element is not None and other.element is not None:
            return self.element.same(other.element)
        if self.name != other.name or len(self.fields) != len(other.fields):
            return False
        pairs = zip(self.fields, other.fields, strict=True)
        return all(a[1].same(b[1]) for a, b in pairs) and self.range_element == other.range_element


STRING, BYTES, INTEGER, FLOAT, BOOLEAN = (Type(n) for n in ("STRING", "BYTES", "INTEGER", "FLOAT", "BOOLEAN"))
TIMESTAMP, DATE, TIME, DATETIME = (Type(n) for n in ("TIMESTAMP", "DATE", "TIME", "DATETIME"))
NUMERIC, BIGNUMERIC, JSON, INTERVAL = (Type(n) for n in ("NUMERIC", "BIGNUMERIC", "JSON", "INTERVAL"))
NULL = Type("NULL")


def array_of(element: Type) -> Type:
    """Return ARRAY<element>."""
    return Type("ARRAY", element=element)


def type_of(column: Column) -> Type:
    """Return the type of a column's values."""
    fields = tuple((f.name, type_of(f)) for f in column.fields)
    inner = Type(column.type, fields, range_element=column.range_element)
    return array_of(inner) if column.mode == "REPEATED" else inner


def column_of(name: str, kind: Type) -> Column:
    """Return the NULLABLE (or REPEATED) column that holds values of a type; a bare NULL becomes INT64."""
    if kind.element is not None:
        if kind.element.element is not None:
            raise unsupported("arrays of arrays")
        return replace(column_of(name, kind.element), mode="REPEATED")
    fields = tuple(column_of(key or f"_field_{i + 1}", inner) for i, (key, inner) in enumerate(kind.fields))
    known = "INTEGER" if kind == NULL else kind.name
    return Column(name, known, fields=fields, range_element=kind.range_element)


@dataclass(frozen=True)
class Typed:
    """An expression: DuckDB text, type, and what coercion may look at.

    `constant` marks literals and parameters, which coerce further than columns do; `text` is the value of a
    string literal; `parts` are the items of an array or struct constructor.
    """

    sql: str
    type: Type
    constant: bool = False
    text: str | None = None
    parts: tuple[Typed, ...] | None = None


NULL_VALUE = Typed("NULL", NULL, constant=True)
