"""Real processes: `bqmigrate upgrade` is killed with -9 at a moment that the seed chooses, and run again."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.exactly_once import story
from tests.exactly_once.material import ADD, BASE, CHURN, FILL, PATCHES, SCRIPT, SERVED, VIEW
from tests.exactly_once.oracle import Oracle, shape
from tests.exactly_once.result import Bad, Result, unheard

FILES = {
    **BASE,
    "0003_churn.yaml": CHURN,
    "0004_add.yaml": ADD,
    "0005_patches.yaml": PATCHES,
    "0006_fill.sql": FILL,
    "0007_script.sql": SCRIPT,
    "0008_view.yaml": VIEW,
}
COMMAND = [sys.executable, "-m", "bqmigrate"]
# A process that imports itself has sent nothing yet.
EARLIEST = 0.35
UP, DOWN = ("upgrade",), ("downgrade", "base", "--allow-data-loss")
TIMEOUT_S = 120


@dataclass(frozen=True)
class Served:
    """One project on a served warehouse."""

    url: str
    project: str
    log: None = None

    def resource(self, path: str, **query: str) -> Any:
        """Read something over HTTP; None when it is not there."""
        address = f"{self.url}/bigquery/v2/projects/{self.project}/{path}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(address, timeout=TIMEOUT_S) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise


@contextmanager
def served() -> Iterator[str]:
    """Serve a warehouse in memory and give its address."""
    root = story.folder({}, SERVED)
    command = [*COMMAND, "local", "serve", "--memory", "--port", "0"]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            yield line.split()[-1]
        finally:
            process.terminate()


def run(seeds: Sequence[int], workers: int, tell: Callable[[Result], None] = unheard) -> Result:
    """Kill one process a seed, some at a time, and let the next ones finish; `tell` hears how far it is."""
    result = Result()
    folder = story.folder(FILES, SERVED)
    with served() as url, ThreadPoolExecutor(workers) as pool:
        wanted, takes = _clean(url, folder)

        def kill(seed: int) -> tuple[int, str, list[str]]:
            return seed, *_one(Served(url, f"kill-{seed:06d}"), folder, random.Random(seed), takes, wanted)

        for seed, note, findings in pool.map(kill, seeds):
            result.cases += 1
            result.struck[note.split(",")[0]] += 1
            if findings:
                result.bad.append(Bad(seed, note, tuple(findings)))
            tell(result)
    return result


def _clean(url: str, folder: Path) -> tuple[Mapping[str, Any], Mapping[str, float]]:
    """Run both commands once undisturbed: what is there after the upgrade, and how long each takes."""
    place = Served(url, "kill-clean")
    takes = {}
    for command in (UP, DOWN, UP):
        began = time.monotonic()
        code, said = _finish(place, folder, command)
        takes[command[0]] = time.monotonic() - began
        if code:
            raise AssertionError(f"{command} without a fault: exit {code}\n{said}")
    return shape(place), takes


def _one(
    place: Served, folder: Path, choose: random.Random, takes: Mapping[str, float], wanted: Mapping[str, Any]
) -> tuple[str, list[str]]:
    first = UP
    note = ""
    if choose.random() < 0.3:
        _finish(place, folder, UP)
        first = DOWN
    after = choose.uniform(EARLIEST, takes[first[0]])
    killed = _kill(place, folder, first, after)
    note = f"{'killed' if killed else 'came to its end'}, {first[0]} after {after:.2f} s"
    findings = []
    code, said = _finish(place, folder, choose.choice((first, UP)))
    if code:
        findings.append(f"6: exit {code} after the kill: {said}")
    code, said = _finish(place, folder, UP)
    if code:
        findings.append(f"6: exit {code} in the end: {said}")
    found = shape(place)
    if found != wanted:
        findings.append(f"4: {found}")
    findings += Oracle(place).findings()
    return note, findings


def _kill(place: Served, folder: Path, command: Sequence[str], after: float) -> bool:
    """Start a process and kill it; tell whether it was still at work."""
    with subprocess.Popen(
        _words(place, command),
        cwd=folder,
        env=_environment(place),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            process.wait(after)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            return True
    return False


def _finish(place: Served, folder: Path, command: Sequence[str]) -> tuple[int, str]:
    done = subprocess.run(
        _words(place, command), cwd=folder, env=_environment(place), capture_output=True, text=True, check=False,
        timeout=TIMEOUT_S,
    )  # fmt: skip
    return done.returncode, done.stderr[-600:]


def _words(place: Served, command: Sequence[str]) -> list[str]:
    return [*COMMAND, *command, "--project", place.project]


def _environment(place: Served) -> Mapping[str, str]:
    return {**os.environ, "BIGQUERY_EMULATOR_HOST": place.url, "NO_COLOR": "1"}
