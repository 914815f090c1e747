"""docs/conformance.md against the switches: every one is named, and each of its defaults is the code's."""

from __future__ import annotations

from dataclasses import fields

from bqmigrate.local import Switches
from tests.conformance import conftest
from tests.conformance.behaviour import behaviours
from tests.docs.pages import DOCS, read, tables
from tests.execution.test_switches import OTHER_ANSWERS

PAGE = read(DOCS / "conformance.md")
SAID = {"yes": True, "no": False, "none": frozenset(), "as many": None}
CONVENIENCES = {"insert_answers", "page_size", "location"}


def questions() -> dict[str, str]:
    table = next(t for t in tables(PAGE) if t[0] == ["Open question", "Switch", "Default"])
    return {switch.strip("`"): default.strip("`") for _, switch, default in table[1:]}


def test_every_switch_is_on_the_page():
    unnamed = {f.name for f in fields(Switches) if f"`{f.name}`" not in PAGE}
    assert unnamed == CONVENIENCES


def test_the_defaults_are_as_told():
    told = {name: SAID.get(text, text) for name, text in questions().items() if "streaming" not in name}
    assert told == {name: getattr(Switches(), name) for name in told}


def test_every_question_is_tested_under_both_answers_and_walked_by_the_tool():
    tested = {switch for behaviour in behaviours() for switch in behaviour.uncertain}
    assert tested == set(questions())
    # These two need a limit that is passed: tests/conformance/test_limits.py.
    assert set(questions()) - set(OTHER_ANSWERS) == {"rate_limit_of_jobs", "metadata_updates_partitioned"}


def test_the_reasons_for_leaving_out_are_the_suites():
    from tests.ci import endpoint  # noqa: PLC0415  a program, not a library

    assert set(endpoint.REASONS) == {conftest.NO_CLOCK, conftest.NO_FAULTS, conftest.NO_SWITCH}
