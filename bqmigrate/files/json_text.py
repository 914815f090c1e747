"""JSON text as a document: places for messages, no key twice, a stated depth."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from bqmigrate.files import codes
from bqmigrate.files.source import FileNode, Source, Unreadable
from bqmigrate.model.document import Node

DEPTH_LIMIT = 60
_SPACE = re.compile(r"[ \t\r\n]*")
_SCALAR = json.JSONDecoder()


def parse(source: Source) -> Node:
    """Parse a JSON file. Raises Unreadable."""
    reader = _Reader(source)
    node = reader.value(0)
    reader.end()
    return node


class _Reader:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._text = source.text
        self._at = 0

    def value(self, depth: int) -> Node:
        """Read a value; lists and maps go one level deeper."""
        opening, start = self._next(), self._at
        if depth > DEPTH_LIMIT:
            raise self._refusal(codes.TOO_DEEP, f"nested more than {DEPTH_LIMIT} levels deep")
        if opening == "[":
            return self._node(start, self._sequence("]", lambda: self.value(depth + 1)), is_list=True)
        if opening == "{":
            pairs = self._sequence("}", lambda: self._pair(depth))
            self._check_keys(pairs)
            return self._node(start, pairs, is_map=True)
        return self._scalar()

    def end(self) -> None:
        """Check that nothing follows."""
        if self._next():
            raise self._refusal(codes.INCLUDE, "not JSON: something follows the end")

    def _sequence(self, closing: str, read: Any) -> tuple[Any, ...]:
        self._at += 1
        out: list[Any] = []
        while self._next() != closing or out:
            out.append(read())
            if self._next() == closing:
                break
            self._take(",")
        self._take(closing)
        return tuple(out)

    def _pair(self, depth: int) -> tuple[Node, Node]:
        if self._next() != '"':
            raise self._refusal(codes.INCLUDE, "not JSON: expected a key in double quotes")
        key = self._scalar()
        self._take(":")
        return key, self.value(depth + 1)

    def _scalar(self) -> Node:
        start = self._at
        try:
            value, self._at = _SCALAR.raw_decode(self._text, start)
        except ValueError as error:
            raise self._refusal(codes.INCLUDE, f"not JSON: {getattr(error, 'msg', error)}") from error
        if isinstance(value, float) and not math.isfinite(value):
            self._at = start
            raise self._refusal(codes.INCLUDE, "not JSON: not a finite number")
        if isinstance(value, str) and any("\ud800" <= sign <= "\udfff" for sign in value):
            raise self._refusal(codes.INCLUDE, "not text: half of a surrogate pair")
        return self._node(start, value)

    def _check_keys(self, pairs: tuple[tuple[Node, Node], ...]) -> None:
        seen: set[object] = set()
        for key, _ in pairs:
            if key.value in seen:
                raise Unreadable([self._source.finding(
                    codes.DUPLICATE_KEY, f"duplicate key {key.value}", "keep one of them", key.line, key.column
                )])  # fmt: skip
            seen.add(key.value)

    def _node(self, start: int, value: Any, *, is_list: bool = False, is_map: bool = False) -> Node:
        line, column = self._source.spot(start)
        return FileNode(value, is_map, is_list, line, column, self._source.file)

    def _next(self) -> str:
        found = _SPACE.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._text[self._at : self._at + 1]

    def _take(self, sign: str) -> None:
        if self._next() != sign:
            raise self._refusal(codes.INCLUDE, f"not JSON: expected {sign}")
        self._at += 1

    def _refusal(self, code: str, message: str) -> Unreadable:
        finding = self._source.finding(code, message, "mend the included file", *self._source.spot(self._at))
        return Unreadable([finding])
