"""SQL as sqlglot's BigQuery tokenizer reads it: a second opinion, independent of the tool's own reading."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot.dialects.bigquery import BigQuery
from sqlglot.errors import TokenError
from sqlglot.tokens import TokenType

_DIALECT = BigQuery()
_OPENING, _CLOSING = "([{", ")]}"


@dataclass(frozen=True)
class Token:
    """One token: `kind` is I for a quoted name, S for a string, N for a number, else its text in upper case."""

    kind: str
    source: str
    start: int
    end: int
    comments: int = 0

    @property
    def value(self) -> str:
        """Return what a quoted name or a string says."""
        return str(ast.literal_eval(self.source)) if self.kind == "S" else self.source.strip("`")


class Unreadable(Exception):
    """Text that is no SQL to the tokenizer."""


def tokens(sql: str) -> Sequence[Token]:
    """Return the tokens of a text. Raises Unreadable."""
    try:
        found = _DIALECT.tokenize(sql)
    except TokenError as error:
        raise Unreadable(str(error)) from error
    return [_token(sql, each) for each in found]


def _token(sql: str, found: object) -> Token:
    kind, start, end = found.token_type, found.start, found.end + 1
    source = sql[start:end]
    name = source.upper()
    if kind == TokenType.NUMBER:
        name = "N"
    elif source.startswith("`"):
        name = "I"
    elif kind == TokenType.STRING or kind.name.endswith("_STRING"):
        name = "S"
    return Token(name, source, start, end, len(found.comments))


def shape(found: Sequence[Token]) -> str:
    """Return tokens as one line: `ALTER TABLE I DROP COLUMN I`."""
    return " ".join(token.kind for token in found)


def statements(found: Sequence[Token]) -> int:
    """Count statements: what stands between semicolons."""
    count, open_ = 0, False
    for token in found:
        if token.kind == ";":
            open_ = False
        elif not open_:
            count, open_ = count + 1, True
    return count


def is_one_expression(found: Sequence[Token]) -> bool:
    """Tell whether tokens stay within what surrounds them: balanced, no semicolon, no comment."""
    depth: list[str] = []
    for token in found:
        if token.kind == ";" or token.comments:
            return False
        if token.kind in _OPENING:
            depth.append(_CLOSING[_OPENING.index(token.kind)])
        elif token.kind in _CLOSING and (not depth or depth.pop() != token.kind):
            return False
    return bool(found) and not depth
