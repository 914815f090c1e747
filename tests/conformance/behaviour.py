"""What a test of this suite says: one documented behaviour, and where it is documented."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from google.api_core.exceptions import GoogleAPICallError

HERE = Path(__file__).parent
DECORATOR = "behaviour"


def behaviour(source: str, *, uncertain: str | None = None) -> pytest.MarkDecorator:
    """Mark a test as one behaviour documented in `source`: a row of the facts' tables, or a section or page.

    `uncertain` names the switch that carries the other answer; the test then runs under both.
    """
    return pytest.mark.behaviour(source, uncertain=uncertain)


@dataclass(frozen=True)
class Behaviour:
    """One test of the suite, however many cases it has."""

    name: str
    sources: tuple[str, ...]
    uncertain: tuple[str, ...] = ()


def behaviours(folder: Path = HERE) -> tuple[Behaviour, ...]:
    """Read the behaviours from the source of the suite, whatever part of it runs."""
    return tuple(b for file in sorted(folder.glob("test_*.py")) for b in _in_file(file))


def _in_file(file: Path) -> Iterator[Behaviour]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            calls = [d for d in node.decorator_list if isinstance(d, ast.Call) and _name(d.func) == DECORATOR]
            sources = tuple(_text(call.args[0]) for call in calls)
            switches = tuple(_text(k.value) for call in calls for k in call.keywords if k.arg == "uncertain")
            if sources:
                yield Behaviour(f"{file.stem}.{node.name}", sources, switches)


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _text(node: ast.expr) -> str:
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        raise TypeError(f"behaviour() takes literal texts, not {ast.unparse(node)}")
    return node.value


@dataclass
class Refused:
    """What came back where a refusal was expected: filled when the block ends."""

    error: Any = None

    @property
    def message(self) -> str:
        """Return the text of the refusal."""
        return str(self.error.message)


@contextmanager
def refused(code: int, reason: str, text: str = "") -> Iterator[Refused]:
    """Expect a refusal with an HTTP code and a reason, its message holding `text`."""
    found = Refused()
    with pytest.raises(GoogleAPICallError) as caught:
        yield found
    found.error = caught.value
    reasons = [_reason(e) for e in caught.value.errors]
    assert (int(caught.value.code), reasons[:1]) == (code, [reason]), caught.value
    assert text.lower() in found.message.lower()


def _reason(error: Any) -> str:
    return str(error.get("reason")) if isinstance(error, Mapping) else repr(error)
