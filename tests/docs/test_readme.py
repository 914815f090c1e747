"""The README does what it says: its sessions print what they show, its figures are measured, its lines are CI's."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench import counts
from tests.docs.pages import ROOT, blocks, read, tables
from tests.docs.sessions import Shown, normal, play

TEXT = read(ROOT / "README.md")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> list[Shown]:
    return list(play(TEXT, tmp_path_factory.mktemp("readme")))


def test_the_sessions_print_what_is_shown(played):
    assert [normal(s.printed) for s in played] == [normal(s.block.text) for s in played]


def test_the_sessions_show_the_main_commands(played):
    typed = {line.split()[2] for s in played for line in s.block.text.splitlines() if line.startswith("$ ")}
    assert {"upgrade", "history", "downgrade", "new"} <= typed


def test_a_session_that_changed_would_be_seen():
    assert normal("a   5 ms\n") == normal("a 12 ms")
    assert normal("Applied 9 migrations in 0.3 s (16 requests).") != normal(
        "Applied 9 migrations in 0.3 s (17 requests)."
    )


def test_the_first_screen_has_two_command_lines():
    first = next(blocks(TEXT))
    lines = first.text.splitlines()
    assert first.language == "sh"
    assert TEXT[: first.start].count("\n") < 10
    assert len(lines) == 2
    assert lines[0].endswith("bqmigrate upgrade")
    assert lines[1].endswith("-m pytest -n 3")


def test_ci_runs_the_lines_of_the_first_screen_as_they_stand():
    # It takes them from the README itself: a copy could differ.
    script = read(ROOT / ".ci" / "run")
    found = re.search(r"python3 -c '(.*?)'\)", script, re.DOTALL)
    assert found is not None
    taken = subprocess.run([sys.executable, "-c", found[1]], cwd=ROOT, capture_output=True, text=True, check=True)
    assert taken.stdout == next(blocks(TEXT)).text
    assert 'bash -euo pipefail -c "$line"' in script


def test_the_requests_are_as_measured_and_within_their_limits(tmp_path):
    shown = next(t for t in tables(TEXT) if t[0] == ["walk", "requests", "at most"])[1:]
    measured = list(counts.measure(tmp_path))
    assert shown == [[c.walk, str(c.requests), str(c.limit)] for c in measured]
    assert [c.walk for c in measured if c.requests > c.limit] == []


def test_the_figures_of_the_embedded_warehouse_are_the_benchmarks():
    shown = next(t for t in tables(TEXT) if t[0] == ["the embedded warehouse", "ms, median", "of"])[1:]
    timed = re.findall(r'(?:Timing|_median)\(\s*"([^"]+)"', read(ROOT / "bench" / "warehouse.py"))
    assert [what for what, _, _ in shown] == timed
    assert all(float(ms) > 0 and int(runs) >= 5 for _, ms, runs in shown)


def test_both_force_flags_have_their_successor():
    rows = next(t for t in tables(TEXT) if t[0][0] == "what you did with the bootstrap")[1:]
    for flag in ("force_recreate_tables", "force_recreate_dataset"):
        assert [row for row in rows if flag in row[0] and "`bqmigrate " in row[1]]


def test_the_licence_is_the_one_that_is_named():
    assert "Apache License" in read(Path(ROOT / "LICENSE"))
    assert "Apache-2.0" in TEXT
