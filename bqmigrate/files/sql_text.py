"""Where `-- migrate:up` and `-- migrate:down` stand in a SQL text, strings and comments considered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

# Rules: https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical. A backslash before a quote
# keeps it inside in raw strings too, so the prefixes r and b make no difference to where one ends.
_OPENING = re.compile(r"--|#|/\*|\"\"\"|'''|\"|'|`")
_REST: dict[str, tuple[str, re.Pattern[str]]] = {
    "--": ("comment", re.compile(r"[^\n]*")),
    "#": ("comment", re.compile(r"[^\n]*")),
    "/*": ("comment", re.compile(r".*?\*/", re.DOTALL)),
    '"""': ("string", re.compile(r'(?:\\.|[^\\])*?"""', re.DOTALL)),
    "'''": ("string", re.compile(r"(?:\\.|[^\\])*?'''", re.DOTALL)),
    '"': ("string", re.compile(r'(?:\\.|[^"\\\n])*"', re.DOTALL)),
    "'": ("string", re.compile(r"(?:\\.|[^'\\\n])*'", re.DOTALL)),
    "`": ("name", re.compile(r"(?:\\.|[^`\\\n])*`", re.DOTALL)),
}
_MARKER = re.compile(r"-- migrate:(up|down)[ \t]*\r?\Z")
_NEARLY = re.compile(r"(?:--|#)\s*\+?\s*(?:migrate|goose|migration)\b\W*(?:up|down)\b.*\Z", re.IGNORECASE | re.DOTALL)
_DESCRIPTION = re.compile(r"-- description:[ \t]*(\S.*?)\s*\Z")

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
    at = 0
    while opening := _OPENING.search(sql, at):
        what, rest = _REST[opening[0]]
        closing = rest.match(sql, opening.end())
        if closing is None:
            yield Mark("unclosed", opening.start(), len(sql), what)
            return
        at = closing.end()
        if what == "comment":
            yield _comment(sql, opening.start(), at)


def _comment(sql: str, start: int, end: int) -> Mark:
    text = sql[start:end]
    after = end + 1 if sql[end : end + 1] == "\n" else end
    first_column = start == 0 or sql[start - 1] == "\n"
    if first_column and (found := _MARKER.match(text)):
        return Mark("up" if found[1] == "up" else "down", start, after, text)
    if _NEARLY.match(text):
        return Mark("nearly", start, after, text)
    if first_column and (found := _DESCRIPTION.match(text)):
        return Mark("description", start, after, found[1])
    return Mark("comment", start, after, text)


def is_blank(sql: str) -> bool:
    """Tell whether a text holds nothing but space and comments."""
    at = 0
    for mark in marks(sql):
        if mark.kind == "unclosed" or sql[at : mark.start].strip():
            return False
        at = mark.end
    return not sql[at:].strip()
