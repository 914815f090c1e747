"""docs/dependencies.md defends what pyproject.toml asks for, and nothing else."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.docs.pages import DOCS, ROOT, read, section, tables

PROJECT = tomllib.loads(read(ROOT / "pyproject.toml"))["project"]
PAGE = read(DOCS / "dependencies.md")
LISTS = {
    "Needed to run": PROJECT["dependencies"],
    "Needed for the embedded warehouse: the extra `bqmigrate[local]`": PROJECT["optional-dependencies"]["local"],
    "Needed to develop: the extra `bqmigrate[dev]`": PROJECT["optional-dependencies"]["dev"],
}


@pytest.mark.parametrize("heading", LISTS)
def test_every_dependency_is_defended(heading):
    rows = next(tables(section(PAGE, heading)))[1:]
    defended = {name for row in rows for name in re.findall(r"`([\w-]+)`", row[0])}
    assert defended == {re.match(r"[\w-]+", wanted)[0] for wanted in LISTS[heading]}
    assert all(cell for row in rows for cell in row)
