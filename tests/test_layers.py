"""The imports of the package, read from its source: they only ever go down, and outsiders have one door each."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "bqmigrate"
# From the bottom up: a room may import from the rooms below its own, never from above.
# `local` stands apart: it is another implementation of BigQuery, not a part of the tool, and knows only `model`.
ROWS = (
    ("errors", "version"),
    ("model",),
    ("configuration",),
    ("config",),
    ("operations", "local"),
    ("files", "warehouse"),
    ("planning",),
    ("execution",),
    ("connection",),
    ("conversation",),
    ("project",),
    ("cli",),
    ("__main__",),
)
ROW = {room: number for number, rooms in enumerate(ROWS) for room in rooms}
# The package's own __init__ shows the library's front door.
FRONT = {"bqmigrate", "bqmigrate.__main__"}
DOORS = {
    "google": {"warehouse"},
    "requests": {"warehouse", "local"},
    "urllib3": {"local"},
    "duckdb": {"local"},
    "sqlglot": {"local"},
    "waitress": {"local"},
    "typer": {"cli"},
    "rich": {"cli"},
    "yaml": {"files"},
}
LOCAL_MAY_KNOW = {"errors", "version", "model"}
LINES = 350


@dataclass(frozen=True)
class Import:
    """One import: who, where, whom."""

    module: str
    line: int
    target: str

    @property
    def room(self) -> str:
        return _room(self.module)

    @property
    def outsider(self) -> str:
        return self.target.partition(".")[0]

    def __str__(self) -> str:
        return f"{self.module}:{self.line} imports {self.target}"


def _room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else parts[0]


def _module(file: Path) -> str:
    parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(module: str, source: str) -> Iterator[Import]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(module, node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno}: a relative import hides where it goes"
            whole = node.module or ""
            # `from bqmigrate import config` names a room only through its alias.
            for alias in node.names:
                yield Import(module, node.lineno, f"{whole}.{alias.name}" if whole == "bqmigrate" else whole)


SOURCES = {_module(f): f.read_text(encoding="utf-8") for f in sorted(PACKAGE.rglob("*.py"))}
IMPORTS = [found for module, source in SOURCES.items() for found in imports_of(module, source)]
INNER = [i for i in IMPORTS if i.outsider == "bqmigrate" and i.module not in FRONT and _room(i.target) != i.room]


def upward(imports: list[Import]) -> list[str]:
    return [str(i) for i in imports if ROW[_room(i.target)] >= ROW[i.room]]


def test_every_room_has_a_row():
    assert {_room(m) for m in SOURCES} - {"bqmigrate"} == set(ROW)


def test_imports_go_down():
    assert upward(INNER) == []


def test_an_upward_import_would_be_seen():
    source = "from bqmigrate.execution.executor import Executor"
    assert upward(list(imports_of("bqmigrate.planning.plan", source))) != []
    assert upward(list(imports_of("bqmigrate.planning.plan", "from bqmigrate import project"))) != []
    assert upward(list(imports_of("bqmigrate.planning.plan", "from bqmigrate.model import names"))) == []


def test_the_embedded_warehouse_knows_nothing_of_the_tool():
    assert [str(i) for i in INNER if i.room == "local" and _room(i.target) not in LOCAL_MAY_KNOW] == []


def test_only_the_connection_and_the_commands_that_serve_it_know_the_embedded_warehouse():
    knowing = {i.module for i in INNER if _room(i.target) == "local"}
    assert {_room(m) for m in knowing} <= {"connection", "cli"}
    assert {m for m in knowing if _room(m) == "cli"} <= {"bqmigrate.cli.serving"}


@pytest.mark.parametrize("outsider", DOORS)
def test_an_outsider_has_one_door(outsider):
    through = {i.room for i in IMPORTS if i.outsider == outsider}
    assert through, f"nothing imports {outsider}: take it off the list, and off the dependencies"
    assert through <= DOORS[outsider], [str(i) for i in IMPORTS if i.outsider == outsider]


@pytest.mark.parametrize("module", SOURCES)
def test_a_file_has_one_subject(module):
    lines = SOURCES[module].count("\n")
    assert lines <= LINES, f"{module} has {lines} lines"
