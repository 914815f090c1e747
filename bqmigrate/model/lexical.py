"""Where strings, quoted names and comments of a SQL text begin and end.

Rules: https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical. A backslash before a quote
keeps it inside in raw strings too, so the prefixes r and b make no difference to where one ends. A carriage
return alone ends a line, and with it a comment, as BigQuery's own grammar has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

_OPENING = re.compile(r"--|#|/\*|\"\"\"|'''|\"|'|`")
_REST: dict[str, tuple[Literal["comment", "string", "name"], re.Pattern[str]]] = {
    "--": ("comment", re.compile(r"[^\r\n]*")),
    "#": ("comment", re.compile(r"[^\r\n]*")),
    "/*": ("comment", re.compile(r".*?\*/", re.DOTALL)),
    '"""': ("string", re.compile(r'(?:\\.|[^\\])*?"""', re.DOTALL)),
    "'''": ("string", re.compile(r"(?:\\.|[^\\])*?'''", re.DOTALL)),
    '"': ("string", re.compile(r'(?:\\.|[^"\\\r\n])*"', re.DOTALL)),
    "'": ("string", re.compile(r"(?:\\.|[^'\\\r\n])*'", re.DOTALL)),
    "`": ("name", re.compile(r"(?:\\.|[^`\\\r\n])*`", re.DOTALL)),
}
_BRACKETS = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True)
class Span:
    """A string, a quoted name or a comment (without its line break); `closed` is whether it ever ends."""

    kind: Literal["comment", "string", "name"]
    start: int
    end: int
    closed: bool = True


def spans(sql: str) -> Iterator[Span]:
    """Yield the strings, quoted names and comments of a text in order; one that never ends is the last."""
    at = 0
    while opening := _OPENING.search(sql, at):
        kind, rest = _REST[opening[0]]
        closing = rest.match(sql, opening.end())
        if closing is None:
            yield Span(kind, opening.start(), len(sql), closed=False)
            return
        at = closing.end()
        yield Span(kind, opening.start(), at)


def expression_problem(text: str) -> str | None:
    """Say why a text is not one expression that stays within the statement around it, or None."""
    bare, at = [], 0
    for span in spans(text):
        if span.kind == "comment":
            return "it has a comment"
        if not span.closed:
            return f"a {span.kind} in it is never closed"
        bare.append(text[at : span.start])
        at = span.end
    open_: list[str] = []
    for sign in "".join([*bare, text[at:]]):
        if sign == ";":
            return "it has a semicolon"
        if sign in _BRACKETS.values():
            open_.append(sign)
        elif sign in _BRACKETS and (not open_ or open_.pop() != _BRACKETS[sign]):
            return f"it has a {sign} too many"
    return f"its {open_[-1]} is never closed" if open_ else None
