from __future__ import annotations

import subprocess
import sys

import pytest

from .conftest import ROOT

LOOK = """
import sys
from bqmigrate.cli.app import main
code = main(sys.argv[1:])
print(code, sorted({name.partition('.')[0] for name in sys.modules} & {'google', 'duckdb', 'sqlglot', 'requests'}))
"""


def imported(folder, *arguments):
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}){LOOK}", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["init"], ["new", "x"], ["local", "path"], ["plan", "--offline"], ["upgrade", "--help"], ["--bogus"]],
    ids=" ".join,
)
def test_it_imports_no_google_module(folder, arguments):
    code = 2 if arguments == ["--bogus"] else 0
    assert imported(folder, *arguments) == f"{code} []"


def test_the_look_sees_google_where_it_is_imported(folder):
    assert "google" in imported(folder, "current")


def test_help_imports_neither_rich_nor_the_library(folder):
    names = {"rich.console", "yaml", "bqmigrate.planning", "bqmigrate.files", "bqmigrate.project"}
    look = f"from bqmigrate.cli.app import main; main(['--help']); print(sorted(set(sys.modules) & {names}))"
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {look}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
