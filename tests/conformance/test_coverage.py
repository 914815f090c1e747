from __future__ import annotations

from pathlib import Path

from bqmigrate.local import Switches
from tests.conformance.behaviour import behaviours
from tests.conformance.facts import ROWS, TABLES

GOAL = 220


def row_of(source: str) -> str:
    """Return the row that a source names; what follows a colon says which of its rules is meant."""
    return source.partition(": ")[0]


def test_every_fact_row_has_a_behaviour():
    named = {row_of(source) for behaviour in behaviours() for source in behaviour.sources}
    assert sorted(ROWS - named) == []


def test_every_source_of_a_covered_table_is_a_row_of_it():
    named = [(b.name, s) for b in behaviours() for s in b.sources if s.split(" ", 1)[0] in TABLES]
    assert [pair for pair in named if row_of(pair[1]) not in ROWS] == []


def test_every_uncertain_behaviour_names_a_switch():
    named = [(b.name, switch) for b in behaviours() for switch in b.uncertain]
    assert [pair for pair in named if not hasattr(Switches(), pair[1])] == []


def test_every_test_of_the_suite_names_its_source():
    found = {b.name for b in behaviours()}
    here = Path(__file__)
    written = {
        f"{file.stem}.{line[4:].split('(')[0]}"
        for file in here.parent.glob("test_*.py")
        if file.name not in {here.name, "test_functions_complete.py"}
        for line in file.read_text(encoding="utf-8").splitlines()
        if line.startswith("def test_")
    }
    assert sorted(written - found) == []


def test_the_suite_has_at_least_220_behaviours():
    assert len(behaviours()) >= GOAL
