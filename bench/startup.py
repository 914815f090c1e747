"""Start-up times, as ratios: a machine's speed cancels out, its load does not, so the best of several counts."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.project import copy, environ

RUNS = 5
PYTHON = (sys.executable, "-c", "pass")
CLIENT = (sys.executable, "-c", "import google.cloud.bigquery")
TOOL = (sys.executable, "-m", "bqmigrate")


@dataclass(frozen=True)
class Time:
    """What was started, the best of its times in seconds, and that time over Python's own start."""

    what: str
    seconds: float
    ratio: float


def measure(folder: Path) -> Iterator[Time]:
    """Time commands in a copy of the project; the folder is empty before."""
    copy(folder)
    bare = _best(PYTHON, folder)
    yield Time("`python -c pass`", bare, 1.0)
    client = _best(CLIENT, folder)
    yield Time("`python -c 'import google.cloud.bigquery'`", client, client / bare)
    walks = {
        "`bqmigrate --help`": ("--help",),
        "`bqmigrate plan --offline`": ("plan", "--offline"),
        "`bqmigrate upgrade`, nine migrations": ("upgrade",),
        "`bqmigrate upgrade`, nothing to do": ("upgrade",),
        "`bqmigrate history`": ("history",),
    }
    for what, words in walks.items():
        # A first run has no warehouse to open: it is emptied before each.
        seconds = _best((*TOOL, *words), folder, fresh="nine" in what)
        yield Time(what, seconds, seconds / bare)


def _best(command: Sequence[str], folder: Path, *, fresh: bool = False) -> float:
    return min(_once(command, folder, fresh=fresh) for _ in range(RUNS))


def _once(command: Sequence[str], folder: Path, *, fresh: bool) -> float:
    if fresh:
        shutil.rmtree(folder / ".bqmigrate", ignore_errors=True)
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environ(), check=True, capture_output=True)
    return time.perf_counter() - began
