"""How every CREATE begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bqmigrate.local.sql.cursor import Cursor
from bqmigrate.local.sql.nodes import Position, Statement


@dataclass(frozen=True)
class Opening:
    """Where a statement began, what stood before the kind of object, and how BEGIN ... END is read."""

    start: int
    position: Position
    block: Callable[[Cursor], Statement]
    or_replace: bool = False
    temporary: bool = False


def if_not_exists(cursor: Cursor, opening: Opening) -> bool:
    """Read IF NOT EXISTS, which excludes OR REPLACE."""
    if not cursor.accept("IF", "NOT", "EXISTS"):
        return False
    if opening.or_replace:
        raise cursor.error("CREATE OR REPLACE cannot be used with IF NOT EXISTS")
    return True
