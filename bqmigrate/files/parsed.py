"""What a file of any format amounts to, before it has a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bqmigrate.errors import Finding, Place
from bqmigrate.files import codes
from bqmigrate.files.migration import Placed
from bqmigrate.files.source import Source, Unreadable
from bqmigrate.model.document import Node, Problem
from bqmigrate.operations import read_operation


@dataclass(frozen=True)
class Parsed:
    """Description and operations; `downgrade` None means computed, () means nothing to do."""

    description: str | None
    upgrade: tuple[Placed, ...]
    downgrade: tuple[Placed, ...] | None
    included: tuple[Source, ...] = ()


def place_operation(source: Source, key: Node, body: Node) -> Placed:
    """Read one operation with its place. Raises Problem."""
    try:
        operation = read_operation(key, body)
    except (ValueError, OverflowError) as error:
        # A number with thousands of digits is the one thing that Python refuses before a reader does.
        raise Problem(f"a number is out of range: {error}", body) from error
    return Placed(operation, Place(source.file, *_spot(key, body)))


def _spot(key: Node, body: Node) -> tuple[int | None, int | None]:
    # BigQuery counts lines from the start of the statement, so that is where sql stands.
    if key.value == "sql" and body.is_map:
        for name, value in body.pairs():
            if name.value == "statement":
                return value.line, value.column
    return key.line, key.column


def check_not_empty(source: Source, operations: Sequence[Placed], node: Node, help: str) -> None:  # noqa: A002
    """Refuse a migration that does nothing: an untouched template must not count as applied."""
    if not operations:
        problem = Problem("the migration has no operations yet", node, help)
        raise Unreadable([source.of(codes.CodedProblem(codes.NO_OPERATIONS, problem))])


def check_text(node: Node) -> None:
    """Raise Problem for text that cannot be sent: half of a surrogate pair is no character."""
    if isinstance(node.value, str) and any("\ud800" <= sign <= "\udfff" for sign in node.value):
        raise Problem("half of a surrogate pair is no text", node, "write the character itself")
    if isinstance(node.value, tuple):
        for item in node.value:
            for part in item if isinstance(item, tuple) else (item,):
                check_text(part)


def raise_if(findings: Sequence[Finding]) -> None:
    """Raise Unreadable with the findings, if there are any."""
    if findings:
        raise Unreadable(findings)
