"""Which stored columns a statement reads: each column of a relation knows what it is made of.

A column that a subquery or a view offers, and that nobody around it asks for, is not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from bqmigrate.local.sql.scans import Scan
from bqmigrate.local.sql.types import quoted

if TYPE_CHECKING:
    from bqmigrate.local.sql.env import Env, From
    from bqmigrate.local.sql.names import Relation

# A column of one table at one place of a statement.
Cell = tuple[Scan, str]
Cells = frozenset[Cell]
NOTHING: Cells = frozenset()
IDENTIFIER = re.compile(r'"((?:[^"]|"")*)"')


def together(parts: Iterable[Cells]) -> Cells:
    """Return the cells of all parts."""
    return NOTHING.union(*parts)


def stored(scan: Scan) -> dict[int, Cells]:
    """Return the cells of a stored table: of each column itself."""
    return {place: frozenset({(scan, column.name)}) for place, column in enumerate(scan.info.columns)}


def mentioned(text: str, env: Env) -> Cells:
    """Return the cells behind the columns that a DuckDB text names by the alias of their source."""
    for relation in env.relations.values():
        if relation.scan is None:
            # Inside a view the same alias is another source.
            text = text.replace(relation.sql, "")
    return together(_of(text, item) for item in env.froms if item.cells)


def _of(text: str, item: From) -> Cells:
    found: set[Cell] = set()
    for rest in text.split(f"{quoted(item.alias)}.")[1:]:
        name = IDENTIFIER.match(rest)
        if name is not None:
            found |= item.cells.get(name[1].replace('""', '"').lower(), NOTHING)
    return frozenset(found)


def shown(text: str, columns: Sequence[tuple[str, object]], cells: Mapping[int, Cells]) -> Cells:
    """Return the cells of the columns of a result that its ORDER BY names."""
    return together(cells.get(i, NOTHING) for i, (name, _) in enumerate(columns) if quoted(name) in text)


def needed(texts: Sequence[str], env: Env) -> Cells:
    """Return what is read of the sources whichever column is asked for; `texts` are the clauses that choose rows."""
    own = [item.uses for item in env.froms]
    return together([*(item.needed for item in env.froms), *(mentioned(text, env) for text in (*own, *texts))])


def read(cells: Cells) -> None:
    """Note that cells are read."""
    for scan, column in cells:
        scan.read.add(column)


def read_all(relation: Relation) -> Relation:
    """Note that every column of a relation is read; returns it."""
    read(together([relation.needed, *relation.cells.values()]))
    return relation
