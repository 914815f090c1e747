"""The SQL form: `-- migrate:up`, and `-- migrate:down` if there is a way back.

A section is the text from the line after its marker to the next marker or the end of the file, byte for
byte, line breaks included; it is sent as one job. Before the first marker only comments may stand.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from bqmigrate.errors import Finding
from bqmigrate.files import codes
from bqmigrate.files.migration import Placed
from bqmigrate.files.parsed import Parsed, check_not_empty, place_operation
from bqmigrate.files.source import FINDINGS_LIMIT, Source, Unreadable
from bqmigrate.files.sql_text import Mark, is_blank, marks
from bqmigrate.model.document import Node, Problem

_MARKERS_HELP = "write -- migrate:up alone on a line, the statements below it, then -- migrate:down and the way back"


@dataclass(frozen=True)
class _Section:
    start: int
    end: int


def parse(source: Source, folder: Path) -> Parsed:  # noqa: ARG001 - the formats are called alike
    """Read a SQL migration. Raises Unreadable with everything that is wrong with it."""
    found = list(marks(source.text))
    _check(source, found)
    up = next(mark for mark in found if mark.kind == "up")
    down = next((mark for mark in found if mark.kind == "down"), None)
    description = next((m.text for m in found if m.kind == "description" and m.end <= up.start), None)
    end = down.start if down else len(source.text)
    upgrade = _operations(source, _Section(up.end, end))
    line, column = source.spot(up.start)
    help_ = "write the statements below -- migrate:up"
    check_not_empty(source, upgrade, Node(None, line=line, column=column), help_)
    downgrade = _operations(source, _Section(down.end, len(source.text))) if down else None
    return Parsed(description, upgrade, downgrade)


def _operations(source: Source, section: _Section) -> tuple[Placed, ...]:
    statement = source.text[section.start : section.end]
    if is_blank(statement):
        return ()
    line, _ = source.spot(section.start)
    body = Node(((Node("statement"), Node(statement, line=line, column=1)),), is_map=True, line=line, column=1)
    try:
        return (place_operation(source, Node("sql", line=line, column=1), body),)
    except Problem as problem:
        raise Unreadable([source.of(problem)]) from problem


def _check(source: Source, found: list[Mark]) -> None:
    findings = list(islice(filter(None, (_wrong(source, mark) for mark in found)), FINDINGS_LIMIT))
    ups = [mark for mark in found if mark.kind == "up"]
    downs = [mark for mark in found if mark.kind == "down"]
    findings += [_repeated(source, mark) for mark in (*ups[1:], *downs[1:])[:FINDINGS_LIMIT]]
    if not findings and not ups:
        message = "there is no -- migrate:up"
        findings.append(source.finding(codes.SQL_MARKERS, message, _MARKERS_HELP, 1, 1))
    elif not findings:
        findings += _order(source, ups[0], downs)
    if findings:
        raise Unreadable(findings)


def _wrong(source: Source, mark: Mark) -> Finding | None:
    if mark.kind == "unclosed":
        sign = "*/" if mark.text == "comment" else "its closing quote"
        message = f"this {mark.text} is never closed"
        return source.finding(codes.SQL_TEXT, message, f"add {sign}", *source.spot(mark.start))
    if mark.kind == "nearly":
        word = "down" if "down" in mark.text.lower() else "up"
        message = f"{mark.text.strip()!r} is not a marker"
        help_ = f"did you mean -- migrate:{word}, alone on its line from column 1?"
        beside = source.text[: mark.start][-1:] + source.text[: mark.end][-1:]
        if mark.text.startswith(f"-- migrate:{word}") and "\r" in beside:
            help_ = "lines end in LF or CRLF: save the file with one of the two, not with CR alone"
        return source.finding(codes.SQL_MARKERS, message, help_, *source.spot(mark.start))
    return None


def _repeated(source: Source, mark: Mark) -> Finding:
    message = f"-- migrate:{mark.kind} stands here a second time"
    help_ = "write one of each, and put several statements below one marker"
    return source.finding(codes.SQL_MARKERS, message, help_, *source.spot(mark.start))


def _order(source: Source, up: Mark, downs: list[Mark]) -> list[Finding]:
    if downs and downs[0].start < up.start:
        at, message = downs[0].start, "-- migrate:down stands before -- migrate:up"
        return [source.finding(codes.SQL_MARKERS, message, "put -- migrate:up first", *source.spot(at))]
    if not is_blank(source.text[: up.start]):
        message, at = "text before -- migrate:up would never run", _first_text(source.text)
        return [source.finding(codes.SQL_MARKERS, message, "move it below the marker", *source.spot(at))]
    return []


def _first_text(sql: str) -> int:
    at = 0
    for mark in marks(sql):
        if sql[at : mark.start].strip():
            break
        at = mark.end
    return at + len(sql[at:]) - len(sql[at:].lstrip())
