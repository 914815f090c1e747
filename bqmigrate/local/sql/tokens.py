"""The author's text as words, names, literals and signs, each with its place."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal, NamedTuple

from sqlglot import Token, TokenType
from sqlglot.dialects.bigquery import BigQuery
from sqlglot.errors import TokenError

from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql.nodes import START, Position, Sql

Kind = Literal["word", "quoted", "string", "bytes", "number", "sign", "end"]
KINDS: dict[TokenType, Kind] = {
    TokenType.IDENTIFIER: "quoted",
    TokenType.STRING: "string",
    TokenType.RAW_STRING: "string",
    TokenType.BYTE_STRING: "bytes",
    TokenType.NUMBER: "number",
    TokenType.HEX_STRING: "number",
}


OPENING = re.compile(r"\"\"\"|\'\'\'|[\"'`]|--|#|/\*")
_TEXT = r"(?:\\.|[^\\{0}\n])*{0}"
_LONG = r"(?:\\.|(?!{0}).)*{0}"
CLOSED = {
    **{q: re.compile(q + _TEXT.replace("{0}", q), re.DOTALL) for q in ("'", '"', "`")},
    **{q: re.compile(q + _LONG.replace("{0}", q), re.DOTALL) for q in ("'''", '"""')},
    **{mark: re.compile(re.escape(mark) + r"[^\n]*") for mark in ("--", "#")},
    "/*": re.compile(r"/\*.*?\*/", re.DOTALL),
}
SURROGATE = re.compile("[\ud800-\udfff]")
UNCLOSED = {"`": "identifier literal", "/*": "comment"}


class Words(BigQuery.Tokenizer):
    """BigQuery's tokenizer, without the statements it would swallow whole."""

    COMMANDS: ClassVar[set[TokenType]] = set()


class Tok(NamedTuple):
    """One token; `text` is what it means (unquoted, unescaped), `raw` what was written."""

    kind: Kind
    text: str
    raw: str
    start: int
    end: int

    @property
    def upper(self) -> str:
        """Return an unquoted word in capitals, a sign as it is, and nothing for literals and quoted names."""
        return self.text.upper() if self.kind in {"word", "sign"} else ""


@dataclass(frozen=True)
class Source:
    """A text and where it began in the script it was cut from."""

    text: str
    origin: Position = START

    @cached_property
    def lines(self) -> list[int]:
        """Return the offset at which each line begins."""
        return [0, *(i + 1 for i, sign in enumerate(self.text) if sign == "\n")]

    def position(self, offset: int) -> Position:
        """Return the place of an offset in the whole script."""
        row = bisect_right(self.lines, offset) - 1
        column = offset - self.lines[row] + 1
        first = row == 0
        return Position(self.origin.line + row, column + (self.origin.column - 1 if first else 0))

    def error(self, message: str, offset: int) -> WarehouseError:
        """Return the syntax error at an offset."""
        return WarehouseError("invalidQuery", f"{message} at {self.position(offset)}")


def source_of(sql: Sql | str) -> Source:
    """Return the text of a slice with its origin."""
    return Source(sql) if isinstance(sql, str) else Source(sql.text, sql.position)


def raw_tokens(source: Source) -> list[Token]:
    """Return sqlglot's tokens; raises WarehouseError for an unclosed literal or comment, and for broken Unicode."""
    if SURROGATE.search(source.text):
        raise WarehouseError("invalidQuery", "Query string is not valid UTF-8")
    try:
        return list(Words(dialect="bigquery").tokenize(source.text))
    except TokenError as error:
        raise _unclosed(source) from error


def _unclosed(source: Source) -> WarehouseError:
    """Find what was opened and not closed."""
    offset = 0
    while (opening := OPENING.search(source.text, offset)) is not None:
        whole = CLOSED[opening[0]].match(source.text, opening.start())
        if whole is None:
            return source.error(f"Syntax error: Unclosed {UNCLOSED.get(opening[0], 'string literal')}", opening.start())
        offset = whole.end()
    return source.error("Syntax error: Illegal escape sequence or input character", 0)


def tokens(source: Source) -> list[Tok]:
    """Return all tokens and an `end`; phrases that sqlglot joins (GROUP BY) come apart again."""
    out: list[Tok] = []
    for token in raw_tokens(source):
        raw = source.text[token.start : token.end + 1]
        kind = KINDS.get(token.token_type)
        if kind is not None:
            out.append(Tok(kind, token.text, raw, token.start, token.end + 1))
        else:
            out.extend(_words(raw, token.start))
    length = len(source.text)
    return [*out, Tok("end", "", "", length, length)]


def _words(raw: str, start: int) -> list[Tok]:
    out = []
    offset = 0
    for word in raw.split():
        at = start + raw.index(word, offset)
        offset = at - start + len(word)
        is_word = word[0].isalpha() or word[0] == "_"
        out.append(Tok("word" if is_word else "sign", word, word, at, at + len(word)))
    return out
