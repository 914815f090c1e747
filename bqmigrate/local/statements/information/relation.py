"""Rows of Python values as a relation that DuckDB can read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bqmigrate.local.sql.bound import TableId, TableInfo
from bqmigrate.local.sql.literals import micros_sql
from bqmigrate.local.sql.types import duckdb_type, quoted, string_sql
from bqmigrate.model.columns import Column

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Shape:
    """The columns of one view: "name" is a STRING, "name:TYPE" something else, "name:[]" an ARRAY<STRING>."""

    spec: str

    @property
    def columns(self) -> tuple[Column, ...]:
        """Return the columns."""
        return tuple(_column(word) for word in self.spec.split())


def _column(word: str) -> Column:
    name, _, kind = word.partition(":")
    if kind == "[]":
        return Column(name, "STRING", "REPEATED")
    return Column(name, kind or "STRING")


def relation(name: TableId, shape: Shape, rows: Sequence[Row]) -> TableInfo:
    """Return rows, whose keys are names of columns, as a table; a key that is not there is NULL."""
    columns = shape.columns
    lines = [f"({', '.join(_cell(c, row.get(c.name)) for c in columns)})" for row in rows]
    names = ", ".join(quoted(c.name) for c in columns)
    casts = ", ".join(f"CAST({quoted(c.name)} AS {duckdb_type(c)}) AS {quoted(c.name)}" for c in columns)
    empty = f"({', '.join('NULL' for _ in columns)})"
    values = f"(VALUES {', '.join(lines or [empty])}) AS v({names})"
    return TableInfo(name, f"(SELECT {casts} FROM {values}{'' if lines else ' WHERE false'})", columns, "SYSTEM")


def _cell(column: Column, value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, list):
        return f"[{', '.join(string_sql(str(item)) for item in value)}]"
    if column.type == "TIMESTAMP":
        return micros_sql(int(value) * 1000)
    return str(value) if column.type == "INTEGER" else string_sql(str(value))


def yes(fact: object) -> str:
    """Return the view's word for a fact."""
    return "YES" if fact else "NO"
