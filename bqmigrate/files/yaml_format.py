"""The YAML form: `description`, `upgrade: [operations]`, optional `downgrade: [operations]`."""

from __future__ import annotations

from pathlib import Path

from bqmigrate.errors import Finding
from bqmigrate.files import codes, includes, yaml_text
from bqmigrate.files.migration import Placed
from bqmigrate.files.parsed import Parsed, check_not_empty, check_text, place_operation, raise_if
from bqmigrate.files.source import FINDINGS_LIMIT, Source, Unreadable
from bqmigrate.model.document import Fields, Node, Problem, nullable, text

_EMPTY_HELP = "write the operations under upgrade:, each beginning with a dash"


def parse(source: Source, folder: Path) -> Parsed:
    """Read a YAML migration. Raises Unreadable with everything that is wrong with it."""
    root = yaml_text.parse(source)
    findings: list[Finding] = []
    included: dict[Path, Source] = {}
    try:
        check_text(root)
        description, up, down = _parts(root)
    except Problem as problem:
        raise Unreadable([source.of(problem)]) from problem
    reader = _Reader(source, folder, findings, included)
    upgrade = reader.operations(up)
    downgrade = reader.operations(down) if down is not None and down.value is not None else None
    raise_if(findings)
    check_not_empty(source, upgrade, up, _EMPTY_HELP)
    return Parsed(description, upgrade, downgrade, tuple(included.values()))


def _parts(root: Node) -> tuple[str | None, Node, Node | None]:
    fields = Fields(root, "a migration")
    description = fields.optional("description", nullable(text))
    upgrade = fields.required("upgrade", _as_written)
    downgrade = fields.optional("downgrade", _as_written)
    fields.close()
    return description, upgrade, downgrade


def _as_written(node: Node) -> Node:
    return node


class _Reader:
    """Reads operations one by one and keeps going, so that all errors of a file are told at once."""

    def __init__(self, source: Source, folder: Path, findings: list[Finding], included: dict[Path, Source]) -> None:
        self._source = source
        self._folder = folder
        self._findings = findings
        self._included = included

    def operations(self, node: Node) -> tuple[Placed, ...]:
        """Read a list of operations; nothing written is an empty one."""
        if node.value is None:
            return ()
        try:
            items = node.items()
        except Problem as problem:
            help_ = "write a list: each operation begins with a dash"
            self._findings.append(self._source.of(Problem(problem.message, problem.node, help_)))
            return ()
        read = (self._operation(item) for item in items if len(self._findings) < FINDINGS_LIMIT)
        return tuple(placed for placed in read if placed is not None)

    def _operation(self, item: Node) -> Placed | None:
        try:
            key, body = _one_key(item)
            body = includes.resolve(self._source, self._folder, key, body, self._included)
            return place_operation(self._source, key, body)
        except Problem as problem:
            self._findings.append(self._source.of(problem))
        except Unreadable as unreadable:
            self._findings.extend(unreadable.findings)
        return None


def _one_key(item: Node) -> tuple[Node, Node]:
    help_ = "write it as `- create_table:` with its keys further in on the lines below"
    if not item.is_map:
        raise Problem(f"expected an operation, found {item.kind}", item, help_)
    pairs = item.pairs()
    if len(pairs) != 1:
        names = ", ".join(str(key.value) for key, _ in pairs) or "none"
        help_ += "; begin each operation with its own dash"
        node = pairs[1][0] if pairs else item
        raise codes.CodedProblem(codes.BAD_VALUE, Problem(f"expected one operation, found {names}", node, help_))
    return pairs[0]
