"""What all statements share: a place in the text, a slice of it, a kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

Path = tuple[str, ...]


class Position(NamedTuple):
    """A place in the author's text, counted from 1."""

    line: int
    column: int

    def __str__(self) -> str:
        return f"[{self.line}:{self.column}]"


START = Position(1, 1)


@dataclass(frozen=True)
class Sql:
    """A slice of the author's text: an expression or a query, exactly as written."""

    text: str
    position: Position = START


# What OPTIONS(...) can hold; an expression that is no constant (TIMESTAMP_ADD(...)) stays an Sql for the handler.
OptionValue = None | bool | int | float | str | datetime | tuple["OptionValue", ...] | Sql
Options = Mapping[str, OptionValue]


@dataclass(frozen=True, kw_only=True)
class Statement:
    """The root of all statements."""

    kind: str
    text: str
    position: Position
