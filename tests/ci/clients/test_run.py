"""What the run of the outside clients says where it cannot run one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def run(ci: str) -> subprocess.CompletedProcess[str]:
    # The words that would start bqmigrate fail, so that nothing is served; nothing on PATH is found, npm neither.
    words = [sys.executable, HERE, "--only", "dbmate", sys.executable]
    environ = {**os.environ, "CI": ci, "PATH": ""}
    return subprocess.run(words, env=environ, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(("ci", "code"), [("true", 1), ("", 0)])
def test_without_npm_it_says_so_and_fails_in_ci_alone(ci, code):
    done = run(ci)
    assert done.stdout == "dbmate: NOT RUN, npm is missing\n"
    assert done.returncode == code
