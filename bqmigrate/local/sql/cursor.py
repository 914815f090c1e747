"""A reader that walks over tokens: the shared verbs of the recursive-descent grammar."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql.nodes import Path, Position, Sql
from bqmigrate.local.sql.tokens import Source, Tok, tokens

OPENING, CLOSING = ("(", "[", "{"), (")", "]", "}")
# Words that cannot be a name without backticks. https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical
RESERVED = frozenset({
    "ALL", "AND", "ANY", "ARRAY", "AS", "ASC", "ASSERT_ROWS_MODIFIED", "AT", "BETWEEN", "BY", "CASE", "CAST",
    "COLLATE", "CONTAINS", "CREATE", "CROSS", "CUBE", "CURRENT", "DEFAULT", "DEFINE", "DESC", "DISTINCT", "ELSE",
    "END", "ENUM", "ESCAPE", "EXCEPT", "EXCLUDE", "EXISTS", "EXTRACT", "FALSE", "FETCH", "FOLLOWING", "FOR",
    "FROM", "FULL", "GROUP", "GROUPING", "GROUPS", "HASH", "HAVING", "IF", "IGNORE", "IN", "INNER", "INTERSECT",
    "INTERVAL", "INTO", "IS", "JOIN", "LATERAL", "LEFT", "LIKE", "LIMIT", "LOOKUP", "MERGE", "NATURAL", "NEW",
    "NO", "NOT", "NULL", "NULLS", "OF", "ON", "OR", "ORDER", "OUTER", "OVER", "PARTITION", "PRECEDING", "PROTO",
    "QUALIFY", "RANGE", "RECURSIVE", "RESPECT", "RIGHT", "ROLLUP", "ROWS", "SELECT", "SET", "SOME", "STRUCT",
    "TABLESAMPLE", "THEN", "TO", "TREAT", "TRUE", "UNBOUNDED", "UNION", "UNNEST", "USING", "WHEN", "WHERE",
    "WINDOW", "WITH", "WITHIN",
})  # fmt: skip
T = TypeVar("T")


class Cursor:
    """A position in a list of tokens."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._tokens = tokens(source)
        self._at = 0

    @property
    def here(self) -> Tok:
        """Return the token to be read next."""
        return self._tokens[self._at]

    def ahead(self, steps: int) -> Tok:
        """Return a later token; the last one is an `end`."""
        return self._tokens[min(self._at + steps, len(self._tokens) - 1)]

    @property
    def position(self) -> Position:
        """Return the place of the next token."""
        return self.source.position(self.here.start)

    def next(self) -> Tok:
        """Read one token."""
        token = self.here
        if token.kind != "end":
            self._at += 1
        return token

    def at(self, *words: str) -> bool:
        """Tell whether these words and signs come next."""
        return all(self.ahead(i).upper == word for i, word in enumerate(words))

    def accept(self, *words: str) -> bool:
        """Read these words if they all come next."""
        if not self.at(*words):
            return False
        self._at += len(words)
        return True

    def expect(self, *words: str) -> None:
        """Read these words; raises WarehouseError when others come."""
        for word in words:
            if not self.accept(word):
                raise self.unexpected(f"Expected {_spoken(word)} but got {self._what()}")

    def unexpected(self, message: str | None = None) -> WarehouseError:
        """Return the syntax error for the next token."""
        return self.error(f"Syntax error: {message or 'Unexpected ' + self._what()}")

    def error(self, message: str) -> WarehouseError:
        """Return an invalidQuery that points at the next token."""
        return self.source.error(message, self.here.start)

    def _what(self) -> str:
        token = self.here
        if token.kind == "end":
            return "end of script"
        if token.kind == "quoted":
            return f"identifier {token.raw}"
        if token.kind == "string":
            return f"string literal {token.raw}"
        if token.kind == "number":
            return f'{"floating point" if "." in token.raw else "integer"} literal "{token.raw}"'
        if token.kind == "sign":
            return f'"{token.raw}"'
        return f"keyword {token.upper}" if token.upper in RESERVED else f'identifier "{token.raw}"'

    def name(self) -> str:
        """Read one name: a word that is not reserved, or anything in backticks."""
        if self.here.kind == "quoted" or (self.here.kind == "word" and self.here.upper not in RESERVED):
            return self.next().text
        raise self.unexpected()

    def path(self) -> Path:
        """Read a table's path: dots inside backticks separate, a project may hold dashes unquoted."""
        parts = self._project()
        while self.accept("."):
            # After a dot any word is a name, reserved or not.
            if self.here.kind not in {"word", "quoted"}:
                raise self.unexpected()
            parts.extend(self._dashed().split("."))
        if len(parts) > 4 or "" in parts:  # noqa: PLR2004 - project.dataset.INFORMATION_SCHEMA.VIEW
            raise WarehouseError("invalidQuery", f"Invalid table name: `{'.'.join(parts)}`")
        return tuple(parts)

    def _project(self) -> list[str]:
        if self.here.kind == "quoted":
            return self.next().text.split(".")
        if self.here.kind != "word" or self.here.upper in RESERVED:
            raise self.unexpected()
        return [self._dashed()]

    def _dashed(self) -> str:
        text = self.next()
        out, end = text.text, text.end
        while self.here.raw == "-" and self.here.start == end and self.ahead(1).start == end + 1:
            self.next()
            part = self.next()
            out, end = f"{out}-{part.raw}", part.end
        return out

    def string(self) -> str:
        """Read a string literal."""
        if self.here.kind != "string":
            raise self.unexpected(f"Expected string literal but got {self._what()}")
        return self.next().text

    def integer(self) -> int:
        """Read an integer literal, with its sign."""
        sign = -1 if self.accept("-") else 1
        if self.here.kind != "number" or not self.here.raw.isdigit():
            raise self.unexpected(f"Expected integer literal but got {self._what()}")
        return sign * int(self.next().raw)

    def names(self) -> tuple[str, ...]:
        """Read (a, b, c)."""
        self.expect("(")
        out = self.separated(self.name)
        self.expect(")")
        return out

    def separated(self, read: Callable[[], T]) -> tuple[T, ...]:
        """Read one or more, separated by commas."""
        out = [read()]
        while self.accept(","):
            out.append(read())
        return tuple(out)

    def slice(self, stops: Callable[[Cursor], bool]) -> Sql:
        """Read up to `;`, the end, a bracket that was not opened here, or where `stops` says (outside brackets).

        Raises WarehouseError when nothing stands there.
        """
        start, place, end, depth = self.here.start, self.position, self.here.start, 0
        cases = 0
        while self.here.kind != "end" and not (depth == 0 and self.here.raw == ";"):
            if depth == 0 and (self.here.upper in CLOSING or (cases == 0 and stops(self))):
                break
            depth += (self.here.upper in OPENING) - (self.here.upper in CLOSING)
            cases += (self.here.upper == "CASE") - (self.here.upper == "END" and cases > 0)
            end = self.next().end
        if end == start:
            raise self.unexpected()
        return Sql(self.source.text[start:end], place)

    def text_since(self, start: int) -> str:
        """Return the author's text from an offset up to the last token read."""
        end = self._tokens[self._at - 1].end if self._at else start
        return self.source.text[start:end]


def _spoken(word: str) -> str:
    return f'"{word}"' if not word[0].isalpha() else f"keyword {word}"


def never(_: Cursor) -> bool:
    """Stop nowhere: read to the end of the statement."""
    return False


def at_comma(cursor: Cursor) -> bool:
    """Stop at a comma."""
    return cursor.at(",")
