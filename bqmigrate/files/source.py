"""The text of one file, read with care: a regular file inside the folder, UTF-8, of a sane size."""

from __future__ import annotations

import re
import stat
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from bqmigrate.errors import Finding, Place
from bqmigrate.files import codes
from bqmigrate.model.document import Node, Problem, printable

SIZE_LIMIT = 1024 * 1024
# A file with more errors than this has one cause.
FINDINGS_LIMIT = 20
EXCERPT_LENGTH = 200

_MARKS: tuple[tuple[bytes, str], ...] = (
    (b"\xef\xbb\xbf", "begins with a byte order mark"),
    (b"\xff\xfe\x00\x00", "is UTF-32"),
    (b"\x00\x00\xfe\xff", "is UTF-32"),
    (b"\xff\xfe", "is UTF-16"),
    (b"\xfe\xff", "is UTF-16"),
)


class Unreadable(Exception):
    """A file that is no migration, with everything that is wrong with it."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("; ".join(f.message for f in self.findings))


@dataclass(frozen=True)
class FileNode(Node):
    """A node that came from an included file; `file` is relative to the project."""

    file: str = ""


@dataclass(frozen=True)
class Source:
    """A file's bytes and text; `file` is its path relative to the project, for messages."""

    path: Path
    file: str
    raw: bytes = field(repr=False)
    text: str = field(repr=False)

    @cached_property
    def _starts(self) -> Sequence[int]:
        return [0, *(found.end() for found in re.finditer("\n", self.text))]

    def line(self, number: int | None) -> str | None:
        """Return the text of a line, counted from 1, shortened for a message."""
        if number is None or not 1 <= number <= len(self._starts):
            return None
        start = self._starts[number - 1]
        end = self._starts[number] - 1 if number < len(self._starts) else len(self.text)
        return self.text[start : min(end, start + EXCERPT_LENGTH)].rstrip("\r")

    def spot(self, at: int) -> tuple[int, int]:
        """Return line and column, from 1, of an offset into the text."""
        line = bisect_right(self._starts, at)
        return line, at - self._starts[line - 1] + 1

    def finding(
        self, code: str, message: str, help: str | None, line: int | None = None, column: int | None = None  # noqa: A002
    ) -> Finding:  # fmt: skip
        """Return a Finding at a line and column of this file."""
        return Finding(code, printable(message), Place(self.file, line, column), help, excerpt=self.line(line))

    def of(self, problem: Problem) -> Finding:
        """Return a Problem as a Finding in this file, or in the file it includes."""
        node = problem.node
        line, column = (node.line, node.column) if node else (None, None)
        if isinstance(node, FileNode):
            return Finding(
                codes.of(problem), printable(problem.message), Place(node.file, line, column), problem.help or _MEND
            )
        return self.finding(codes.of(problem), problem.message, problem.help or _MEND, line, column)


_MEND = "docs/file-formats.md shows what can stand here"


def read(path: Path, file: str, folder: Path) -> Source:
    """Read a file that must lie in the folder. Raises Unreadable."""
    raw = _read_bytes(path, file, folder)
    if len(raw) > SIZE_LIMIT:
        help_ = "a migration describes a change; load data by another way"
        raise _one(codes.TOO_LARGE, f"the file is larger than {SIZE_LIMIT // 1024} KiB", file, help_)
    if not raw.strip():
        raise _one(codes.EMPTY, "the file is empty", file, "write an upgrade, or remove the file")
    return Source(path, file, raw, _decode(raw, file))


def _read_bytes(path: Path, file: str, folder: Path) -> bytes:
    try:
        real = path.resolve(strict=True)
        if not real.is_relative_to(folder.resolve()):
            raise _one(codes.LEAVES_FOLDER, f"leads out of the folder, to {real}", file, "put the file itself here")
        # A pipe or a device would never end.
        if not stat.S_ISREG(real.stat().st_mode):
            raise _one(
                codes.UNREADABLE, "is not a file", file, "a migration is one file; other folders need other names"
            )
        with real.open("rb") as stream:
            return stream.read(SIZE_LIMIT + 1)
    except (OSError, RuntimeError) as error:
        # RuntimeError: how pathlib reports a link that leads to itself.
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _one(codes.UNREADABLE, f"cannot be read: {reason}", file, "check the file and its permissions") from error


def _decode(raw: bytes, file: str) -> str:
    for mark, what in _MARKS:
        if raw.startswith(mark):
            raise _one(codes.ENCODING, f"the file {what}", file, "save it as UTF-8 without a byte order mark", (1, 1))
    if (at := raw.find(b"\0")) >= 0:
        help_ = "is it the right file? if it is text, save it as UTF-8"
        raise _one(
            codes.BINARY, f"the file holds a NUL byte (byte {at + 1}): it is no text", file, help_, _spot(raw, at)
        )
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        at = error.start
        message = f"the file is not UTF-8 text: byte {at + 1} is 0x{raw[at]:02x}"
        raise _one(codes.ENCODING, message, file, "save it as UTF-8", _spot(raw, at)) from error


def _spot(raw: bytes, at: int) -> tuple[int, int]:
    # Columns count characters, as editors do; what stands before the byte is sound UTF-8.
    before = raw[raw.rfind(b"\n", 0, at) + 1 : at]
    return raw.count(b"\n", 0, at) + 1, len(before.decode("utf-8", "replace")) + 1


def _one(code: str, message: str, file: str, help: str, at: tuple[int, int] | None = None) -> Unreadable:  # noqa: A002
    line, column = at or (None, None)
    return Unreadable([Finding(code, message, Place(file, line, column), help)])
