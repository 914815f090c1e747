"""Lines of a TOML file: tomllib parses, but does not say where a key stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bqmigrate.model.document import Node

Path = tuple[str, ...]
Spot = tuple[int, int]
Nowhere = tuple[None, None]
NOWHERE: Nowhere = (None, None)

# Possessive, and at the start of a word only: no line is gone through twice.
_ONE = r"""(?:[\w-]++|"[^"]*+"|'[^']*+')"""
_DOTTED = rf"(?<![\w.-]){_ONE}(?:\s*+\.\s*+{_ONE})*+"
_HEADER = re.compile(rf"\s*+\[\s*+({_DOTTED})\s*+\]")
_KEY = re.compile(rf"({_DOTTED})\s*+=")
_PART = re.compile(_ONE)


class Places:
    """Where each key of a TOML text stands: line and column from 1, for messages only."""

    def __init__(self, content: str) -> None:
        self._spots: dict[Path, Spot] = {}
        header: Path = ()
        # Not splitlines(): TOML knows no other line ends, and an editor counts no others.
        for number, line in enumerate(content.split("\n"), 1):
            if found := _HEADER.match(line):
                header = _parts(found[1])
                self._note(header, number, found.start(1))
            else:
                self._note_keys(line, number, header)

    def _note_keys(self, line: str, number: int, header: Path) -> None:
        # Further keys on a line are those of an inline table that the first one holds.
        outer = header
        for found in _KEY.finditer(line):
            path = (*outer, *_parts(found[1]))
            self._note(path, number, found.start(1))
            if outer == header:
                outer = path

    def _note(self, path: Path, line: int, start: int) -> None:
        self._spots.setdefault(path, (line, start + 1))

    def find(self, path: Path) -> Spot | Nowhere:
        """Return the place of a key, or of the nearest one around it that is written."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._spots:
                return self._spots[path[:length]]
        return NOWHERE

    def node(self, value: Any, path: Path = (), around: Spot | Nowhere = NOWHERE) -> Node:
        """Return parsed TOML as a document. Raises RecursionError for absurd depths."""
        # Handed down, not looked for with find(): a dotted key may be a thousand levels deep.
        line, column = spot = self._spots.get(path, around)
        if isinstance(value, Mapping):
            return Node(tuple(self._pairs(value, path, spot)), is_map=True, line=line, column=column)
        if isinstance(value, list):
            items = tuple(self.node(item, path, spot) for item in value)
            return Node(items, is_list=True, line=line, column=column)
        # TOML's dates and times are of no use here but as the text they were written as.
        plain = value if isinstance(value, str | int | float | bool) else str(value)
        return Node(plain, line=line, column=column)

    def _pairs(self, table: Mapping[str, Any], path: Path, around: Spot | Nowhere) -> Iterator[tuple[Node, Node]]:
        for key, item in table.items():
            inner = (*path, key)
            line, column = self._spots.get(inner, around)
            yield Node(key, line=line, column=column), self.node(item, inner, around)


def _parts(dotted: str) -> Path:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))
