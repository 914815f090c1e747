"""Run the conformance suite against the checkout's own warehouse, served on a port: `python tests/ci/endpoint.py`.

What holds in one process has to hold through HTTP. Exit 1 when a test fails, or is left out without one of the
reasons that docs/conformance.md gives.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
SUITE = [sys.executable, "-m", "pytest", "tests/conformance", "-n", "2", "-rfEs"]
REASONS = (
    "moves time, and only the embedded warehouse has a clock that can be moved",
    "lets requests fail on their way, and only the embedded warehouse's transport can be told to",
    "holds under a switch that only the embedded warehouse has",
)
CONFIG = '[project]\nname = "endpoint"\n[environments.local]\n'


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a throw-away warehouse; gives its URL."""
    (folder / "migrations").mkdir()
    (folder / "migrations.toml").write_text(CONFIG, encoding="utf-8")
    command = [sys.executable, "-m", "bqmigrate", "local", "serve", "--memory"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def main() -> int:
    """Run the suite, and look at what it left out."""
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as url:
        done = subprocess.run(
            SUITE,
            cwd=ROOT,
            env={**os.environ, "BIGQUERY_EMULATOR_HOST": url},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
    print(done.stdout)  # noqa: T201
    skipped = re.findall(r"^SKIPPED \[\d+\] \S+ (.*)$", done.stdout, re.MULTILINE)
    unexplained = [line for line in skipped if line.removeprefix("unconditional skip: ") not in REASONS]
    for line in unexplained:
        print(f"left out without a reason of docs/conformance.md: {line}")  # noqa: T201
    return done.returncode or int(bool(unexplained) or not skipped)


if __name__ == "__main__":
    raise SystemExit(main())
