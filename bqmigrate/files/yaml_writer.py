"""Operations as YAML text that reads back into the same operations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from bqmigrate.operations.base import FileOperation

# Wider than any line: a folded text would be harder to read than a long one.
_WIDTH = 1_000_000
_REPRESENTER = yaml.representer.SafeRepresenter()
# Line breaks of YAML that readers fold into spaces unless they are escaped.
_ODD_BREAKS = "\r\x85\u2028\u2029"
_FLOW_KEYS = frozenset({"partitioning", "labels", "clustering"})


def dump(
    description: str | None,
    upgrade: Sequence[FileOperation],
    downgrade: Sequence[FileOperation] | None = None,
) -> str:
    """Write a migration: one line per column, texts of several lines as blocks."""
    document: dict[str, Any] = {} if description is None else {"description": description}
    document["upgrade"] = [{operation.key: operation.data()} for operation in upgrade]
    if downgrade is not None:
        document["downgrade"] = [{operation.key: operation.data()} for operation in downgrade]
    return yaml.serialize(_node(document), Dumper=_Dumper, width=_WIDTH, allow_unicode=True)


class _Dumper(yaml.SafeDumper):
    """Indents lists below their key, and never writes an anchor."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _node(value: Any, *, flow: bool = False) -> yaml.Node:
    if isinstance(value, Mapping):
        inner = flow or _is_column(value)
        pairs = [(_scalar(key), _node(item, flow=inner or key in _FLOW_KEYS)) for key, item in value.items()]
        return yaml.MappingNode("tag:yaml.org,2002:map", pairs, flow_style=inner)
    if isinstance(value, Sequence) and not isinstance(value, str):
        items = [_node(item, flow=flow) for item in value]
        short = flow or not value or all(isinstance(item, str) for item in value)
        return yaml.SequenceNode("tag:yaml.org,2002:seq", items, flow_style=short)
    return _scalar(value)


def _is_column(value: Mapping[str, Any]) -> bool:
    return "name" in value and "fields" not in value


def _scalar(value: Any) -> yaml.Node:
    node = _REPRESENTER.represent_data(value)
    if isinstance(node, yaml.ScalarNode) and isinstance(value, str):
        if any(sign in value for sign in _ODD_BREAKS):
            node.style = '"'
        elif "\n" in value:
            node.style = "|"
    return node
