from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from bqmigrate.cli.app import COMMANDS, LOCAL_COMMANDS, application

ROOT = Path(__file__).parents[2]
NAMES = [c.name for c in COMMANDS] + [f"local {c.name}" for c in LOCAL_COMMANDS]
COMMANDS_DOC = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
ERRORS_DOC = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")


def section(name):
    found = re.search(rf"^## `{name}[^`]*`\n(.*?)(?=^## |\Z)", COMMANDS_DOC, re.MULTILINE | re.DOTALL)
    assert found, f"no section for {name}"
    return found[1]


def parameters(name):
    found = get_command(application())
    for word in name.split():
        found = found.commands[word]
    return found.params


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_a_section_that_describes_its_own_options(name):
    shared = {option for p in get_command(application()).params for option in p.opts}
    own = [p.opts[0] for p in parameters(name) if p.opts[0].startswith("--") and p.opts[0] not in shared]
    assert [option for option in own if f"`{option}" not in section(name)] == []


def test_no_section_describes_a_command_that_does_not_exist():
    described = re.findall(r"^## `([a-z ]+[a-z])", COMMANDS_DOC, re.MULTILINE)
    assert sorted(described) == sorted(NAMES)


def test_every_global_option_is_described():
    shared = [p.opts[0] for p in get_command(application()).params]
    assert [option for option in shared if f"`{option}" not in COMMANDS_DOC] == []


def codes_in_source():
    found = set()
    for path in (ROOT / "bqmigrate").rglob("*.py"):
        found |= set(re.findall(r'"(BQM\d{3})"', path.read_text(encoding="utf-8")))
    return found


def test_every_code_is_in_the_table_of_errors():
    described = set(re.findall(r"^\| (BQM\d{3}) ", ERRORS_DOC, re.MULTILINE))
    assert codes_in_source() - described == set()
    assert described - codes_in_source() == set()
