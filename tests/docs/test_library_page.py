"""docs/library.md against the code, and the Python of the documentation run."""

from __future__ import annotations

import inspect
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from typing import get_args

import pytest

from bqmigrate import Project, errors
from bqmigrate.execution import events
from bqmigrate.execution.report import Report
from bqmigrate.execution.session import Session
from tests.docs.pages import DOCS, ROOT, Block, blocks, read, section, tables

PAGE = read(DOCS / "library.md")
EXAMPLES = [
    pytest.param(block, id=f"{page.name}-{number}")
    for page in (ROOT / "README.md", DOCS / "library.md")
    for number, block in enumerate(b for b in blocks(read(page)) if b.language == "python")
]


def names(heading: str) -> list[str]:
    return [row[0].strip("`").partition("(")[0] for row in next(tables(section(PAGE, heading)))[1:]]


def public(kind: type) -> set[str]:
    return {name for name in vars(kind) if not name.startswith("_")}


def test_every_method_of_project_is_described():
    text = section(PAGE, "Project")
    methods = {name for name in public(Project) if inspect.isroutine(getattr(Project, name))}
    assert {name.removeprefix("Project.") for name in names("Project")} == methods
    for name in public(Project) - methods:
        assert f"`{name}`" in text


@pytest.mark.parametrize("name", sorted(n for n in public(Project) if inspect.isroutine(getattr(Project, n))))
def test_a_method_takes_what_is_described(name):
    described = re.search(rf"`(?:Project\.)?{name}\((.*?)\)` \|", section(PAGE, "Project"))
    assert described is not None
    shown = re.findall(r"(\w+)(?:=|,|$)", re.sub(r"=[^,]+", "=", described[1]))
    assert shown == [p for p in inspect.signature(getattr(Project, name)).parameters if p != "self"]


def test_every_field_of_the_report_is_described_with_its_type():
    rows = [(row[0].strip("`"), row[1].strip("`").replace("\\|", "|")) for row in _report_rows()]
    types = {"Direction": "str"}
    assert rows == [(f.name, types.get(str(f.type), str(f.type))) for f in fields(Report)]


def _report_rows() -> list[list[str]]:
    # A | inside a cell is written \|, which the reader of tables splits.
    rows = re.findall(r"^\| (`\w+`) \| (`.*?`) \|", section(PAGE, "Report"), re.MULTILINE)
    return [list(row) for row in rows]


def test_every_error_is_described_with_its_exit_code():
    rows = {row[0].strip("`"): int(row[1]) for row in next(tables(section(PAGE, "Errors")))[1:]}
    found = {
        name: kind.exit_code
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.BqmigrateError) and kind is not errors.BqmigrateError
    }
    assert rows == found


def test_every_event_is_described_with_its_fields():
    rows = {
        row[0].strip("`"): re.findall(r"`(\w+)`", row[1])
        for row in next(tables(section(PAGE, "Events and logging")))[1:]
    }
    assert rows == {kind.__name__: [f.name for f in fields(kind)] for kind in get_args(events.Event)}


def test_every_member_of_a_session_is_described():
    rows = next(tables(section(PAGE, "Python steps")))[1:]
    assert {re.sub(r"`session\.(\w+).*", r"\1", row[0]) for row in rows} == public(Session)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_runs(example: Block, tmp_path):
    shutil.copytree(ROOT / "migrations", tmp_path / "migrations")
    shutil.copy(ROOT / "migrations.toml", tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n{example.text}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
