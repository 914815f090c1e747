from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bqmigrate.cli.app import main

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    for name in list(os.environ):
        if name.startswith(("BQMIGRATE_", "BIGQUERY_", "GOOGLE_")) or name in {"NO_COLOR", "FORCE_COLOR", "COLUMNS"}:
            monkeypatch.delenv(name)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The project of this repository, in an empty folder, with an empty warehouse."""
    shutil.copytree(ROOT / "migrations", tmp_path / "migrations")
    shutil.copy(ROOT / "migrations.toml", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def cli(capfd):
    """Run a command line in this process."""

    def run(*arguments: str) -> Result:
        capfd.readouterr()
        code = main(arguments)
        return Result(code, *capfd.readouterr())

    return run


@pytest.fixture
def process():
    """Run a command line in a process of its own."""

    def run(*arguments: str, environ: dict[str, str] | None = None, **options: Any) -> Result:
        done = subprocess.run(
            [sys.executable, "-m", "bqmigrate", *arguments],
            env={**os.environ, "PYTHONPATH": str(ROOT), **(environ or {})},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            **options,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    return run


HARD_DROP = """description: Nobody reads it any more
upgrade:
  - drop_columns: {table: tenants.tenant_profiles, columns: [subscription_plan], hard: true}
"""
TWO_STEPS = """description: A step that works, and one that does not
upgrade:
  - add_columns:
      table: tenants.tenant_profiles
      columns:
        - {name: region, type: STRING, description: Where it is.}
  - sql: {statement: "SELECT 1 FROM nowhere.nothing"}
"""
SLOW = """import time

def wait(session):
    time.sleep(60)

def upgrade(op):
    op.run(wait)
"""


SLOW_THEN_MORE = """import time

def wait(session):
    time.sleep(2)

def more(session):
    pass

def upgrade(op):
    op.run(wait)
    op.run(more)
"""


@contextlib.contextmanager
def held(folder, write):
    """Another process that runs 0010 through a served warehouse, and holds the lease meanwhile."""
    write("0010_slow.py", SLOW)
    command = [sys.executable, "-m", "bqmigrate"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    with contextlib.ExitStack() as stack:
        served = _started([*command, "local", "serve"], folder, environ, stack)
        assert served.stdout is not None
        served.stdout.readline()
        run = _started([*command, "upgrade", "--verbose"], folder, environ, stack)
        assert run.stderr is not None
        while "event=StepStarted version=0010" not in run.stderr.readline():
            pass
        yield run


def _started(command, folder, environ, stack):
    process = subprocess.Popen(
        command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    stack.callback(process.communicate)
    stack.callback(process.kill)
    return process


@pytest.fixture
def write(folder):
    """Write a migration."""

    def write(name: str, text: str) -> Path:
        path = folder / "migrations" / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def confirming(folder):
    """Make the local environment ask before every upgrade."""
    file = folder / "migrations.toml"
    local = "[environments.local]\n"
    file.write_text(file.read_text(encoding="utf-8").replace(local, f"{local}confirm = true\n"), encoding="utf-8")
    return folder
