"""A parsed document whose every value knows where it stands: what YAML and Python files become.

Operations read themselves from a `Fields`, so both forms share one set of checks and messages.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")
Scalar = str | int | float | bool | None
MESSAGE_LENGTH = 500


@dataclass(frozen=True)
class Node:
    """A scalar, a list of nodes, or a map (pairs in the order written); line and column from 1."""

    value: Scalar | tuple[Node, ...] | tuple[tuple[Node, Node], ...]
    is_map: bool = False
    is_list: bool = False
    line: int | None = None
    column: int | None = None

    @property
    def kind(self) -> str:
        """Name the kind of value for a message."""
        if self.is_map:
            return "a map"
        if self.is_list:
            return "a list"
        names = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}
        return names.get(type(self.value), "nothing")

    def items(self) -> Sequence[Node]:
        """Return the items of a list. Raises Problem when it is none."""
        if not self.is_list or not isinstance(self.value, tuple):
            raise Problem(f"expected a list, found {self.kind}", self)
        return [item for item in self.value if isinstance(item, Node)]

    def pairs(self) -> Sequence[tuple[Node, Node]]:
        """Return the pairs of a map. Raises Problem when it is none."""
        if not self.is_map or not isinstance(self.value, tuple):
            raise Problem(f"expected a map, found {self.kind}", self)
        return [pair for pair in self.value if isinstance(pair, tuple)]

    def plain(self) -> Any:
        """Return the value as ordinary Python data."""
        if self.is_map:
            return {key.value: value.plain() for key, value in self.pairs()}
        if self.is_list:
            return [item.plain() for item in self.items()]
        return self.value

    @classmethod
    def of(cls, value: Any, line: int | None = None) -> Node:
        """Build a node from Python data; raises Problem for what YAML could not have written."""
        if isinstance(value, Mapping):
            pairs = tuple((cls.of(str(k), line), cls.of(v, line)) for k, v in value.items())
            return cls(pairs, is_map=True, line=line)
        if isinstance(value, list | tuple):
            return cls(tuple(cls.of(v, line) for v in value), is_list=True, line=line)
        if value is None or isinstance(value, str | int | float | bool):
            return cls(value, line=line)
        raise Problem(f"cannot use a value of type {type(value).__name__} here", cls(None, line=line))


class Problem(Exception):
    """Something wrong at a node: what, where, and a help line."""

    def __init__(self, message: str, node: Node | None, help: str | None = None) -> None:  # noqa: A002
        super().__init__(message)
        self.message = message
        self.node = node
        self.help = help


def printable(text: str) -> str:
    """Return text that any stream can print on one line, of a bearable length."""
    shown = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text[: MESSAGE_LENGTH + 1])
    return shown if len(shown) <= MESSAGE_LENGTH else shown[: MESSAGE_LENGTH - 1] + "…"


class Fields:
    """The keys of one map: each is read once, and what nobody read is unknown."""

    def __init__(self, node: Node, what: str) -> None:
        self.node = node
        self.what = what
        self._values = {str(key.value): (key, value) for key, value in node.pairs()}
        self._known: list[str] = []

    def has(self, key: str) -> bool:
        """Tell whether the key was written."""
        return key in self._values

    def at(self, key: str) -> Node:
        """Return the node of a key, or the map itself when it is absent (a place to point at)."""
        return self._values[key][1] if key in self._values else self.node

    def required(self, key: str, read: Callable[[Node], T]) -> T:
        """Read a key that must be there."""
        self._known.append(key)
        if key not in self._values:
            self._check_unknown_now(key)
            raise Problem(f"{self.what} needs {key}", self.node)
        return read(self._values[key][1])

    def optional(self, key: str, read: Callable[[Node], T]) -> T | None:
        """Read a key that may be absent: None then."""
        self._known.append(key)
        return read(self._values[key][1]) if key in self._values else None

    def close(self) -> None:
        """Raise Problem for the first key that nobody asked for."""
        for name, (key, _) in self._values.items():
            if name not in self._known:
                raise unknown(f"key in {self.what}", name, self._known, key)

    def _check_unknown_now(self, missing: str) -> None:
        # A misspelt key is the likelier story than a missing one: tell that one first.
        for name, (key, _) in self._values.items():
            if name not in self._known and difflib.get_close_matches(name, [missing]):
                raise unknown(f"key in {self.what}", name, [missing], key)


def unknown(what: str, name: str, known: Iterable[str], node: Node | None) -> Problem:
    """Build the Problem of an unknown word, with the nearest known one."""
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=1)
    help_ = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}" if known else None
    return Problem(f"unknown {what}: {name}", node, help_)


def text(node: Node) -> str:
    """Read text that is not empty."""
    if not isinstance(node.value, str) or node.is_list:
        raise Problem(f"expected text, found {node.kind}", node)
    if not node.value.strip():
        raise Problem("expected text, found nothing", node)
    return node.value


def any_text(node: Node) -> str:
    """Read text that may be empty."""
    if not isinstance(node.value, str):
        raise Problem(f"expected text, found {node.kind}", node)
    return node.value


def whole(node: Node) -> int:
    """Read a whole number."""
    if isinstance(node.value, bool) or not isinstance(node.value, int):
        raise Problem(f"expected a whole number, found {node.kind}", node)
    return node.value


def number(node: Node) -> float:
    """Read a number."""
    if isinstance(node.value, bool) or not isinstance(node.value, int | float):
        raise Problem(f"expected a number, found {node.kind}", node)
    return float(node.value)


def flag(node: Node) -> bool:
    """Read true or false."""
    if not isinstance(node.value, bool):
        raise Problem(f"expected true or false, found {node.kind}", node)
    return node.value


def one_of(*choices: str) -> Callable[[Node], str]:
    """Make a reader of one word out of a few, in upper case."""

    def read(node: Node) -> str:
        word = text(node)
        # Some other letters become A to Z in upper case.
        word = word.upper() if word.isascii() else word
        if word not in choices:
            raise unknown("word", str(node.value), choices, node)
        return word

    return read


def list_of(read: Callable[[Node], T]) -> Callable[[Node], tuple[T, ...]]:
    """Make a reader of a list."""
    return lambda node: tuple(read(item) for item in node.items())


def nullable(read: Callable[[Node], T]) -> Callable[[Node], T | None]:
    """Make a reader that also takes `null`, for "clear it"."""
    return lambda node: None if node.value is None else read(node)
