"""Where `-- migrate:up` and `-- migrate:down` stand in a SQL text, strings and comments considered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bqmigrate.model.lexical import spans

_BREAK = re.compile(r"\r?\n|\r")
_MARKER = re.compile(r"-- migrate:(up|down)[ \t]*+\Z")
# Possessive: a long run of spaces is gone through once.
_NEARLY = re.compile(r"(?:--|#)\s*+\+?\s*+(?:migrate|goose|migration)\b\W*+(?:up|down)\b", re.IGNORECASE)
_DESCRIPTION = re.compile(r"-- description:[ \t]*+(\S.*)", re.DOTALL)

Kind = Literal["up", "down", "nearly", "description", "unclosed", "comment"]


@dataclass(frozen=True)
class Mark:
    """A comment, what it means, and where: offsets into the text, `end` after its line break."""

    kind: Kind
    start: int
    end: int
    text: str


def marks(sql: str) -> Iterator[Mark]:
    """Yield the comments of a SQL text in order; a string or comment that never ends is the last."""
    for span in spans(sql):
        if not span.closed:
            yield Mark("unclosed", span.start, span.end, span.kind)
        elif span.kind == "comment":
            yield _comment(sql, span.start, span.end)


def _comment(sql: str, start: int, end: int) -> Mark:
    text = sql[start:end]
    line_break = _BREAK.match(sql, end)
    after = line_break.end() if line_break else end
    # Lines end in LF or CRLF: a marker between other line ends is pointed out, not obeyed.
    alone = (start == 0 or sql[start - 1] == "\n") and (after == len(sql) or sql[after - 1] == "\n")
    if alone and (found := _MARKER.match(text)):
        return Mark("up" if found[1] == "up" else "down", start, after, text)
    if _NEARLY.match(text):
        return Mark("nearly", start, after, text)
    if alone and (found := _DESCRIPTION.match(text)):
        return Mark("description", start, after, found[1].rstrip())
    return Mark("comment", start, after, text)


def is_blank(sql: str) -> bool:
    """Tell whether a text holds nothing but space and comments."""
    at = 0
    for mark in marks(sql):
        if mark.kind == "unclosed" or sql[at : mark.start].strip():
            return False
        at = mark.end
    return not sql[at:].strip()
