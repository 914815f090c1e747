from __future__ import annotations

import pytest

from bqmigrate.cli.render import report as reports
from bqmigrate.cli.render import words
from bqmigrate.cli.render.events import event_lines, running
from bqmigrate.cli.render.marks import ASCII, UNICODE
from bqmigrate.config import Environment
from bqmigrate.execution.events import (
    LeaseTaken,
    LeaseWaiting,
    LimitWaiting,
    MigrationFinished,
    MigrationStarted,
    RowsWritten,
    RunStarted,
    StepFailed,
    StepFinished,
    StepStarted,
)
from bqmigrate.execution.report import Report

LOCAL = Environment("local", embedded=True, project="p", location="US")
DEV = Environment("dev", embedded=False, project="shop-dev", location="europe-west6")


def text(event, environment=LOCAL, marks=UNICODE, width=80):
    return [line.plain for line in event_lines(event, environment, marks, width)]


def finished(**facts):
    known = {"number": 1, "of": 1, "verb": "create table", "target": "d.t", "outcome": "made"}
    known |= {"duration_ms": 5, "requests": 1}
    return StepFinished(version="0002", **(known | facts))


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        (RunStarted("upgrade", None, "0009", ()), ["local  embedded warehouse  (nothing) -> 0009", ""]),
        (RunStarted("downgrade", "0002", None, ()), ["local  embedded warehouse  0002 -> (nothing)", ""]),
        (
            LeaseWaiting("ana on ci", "08:12", 12.4),
            ["waiting for the run that holds the lease, at most 12 s more", "  by                 ana on ci"],
        ),
        (LeaseTaken(), []),
        (
            LeaseTaken("ana on ci"),
            ["taken over from a run that does not answer any more", "  by                 ana on ci"],
        ),
        (
            LimitWaiting("app.users", 8.6, "BigQuery takes 5 changes in 10 s"),
            ["     waits 9 s for app.users: BigQuery takes 5 changes in 10 s"],
        ),
        (MigrationStarted("0002", "two", "upgrade", 1), []),
        (
            MigrationStarted("0002", "two", "upgrade", 1, resumes=True),
            ["     0002 goes on where an earlier run stopped"],
        ),
        (StepStarted("0002", 1, 1, "create table", "d.t"), []),
        (finished(), []),
        (RowsWritten(1, 2), []),
    ],
)
def test_an_event_says_its_line_or_nothing(event, shown):
    assert text(event) == shown


def test_on_bigquery_the_header_names_project_and_location():
    assert text(RunStarted("upgrade", "0001", "0002", ()), DEV)[0] == "dev  shop-dev (europe-west6)  0001 -> 0002"


def test_what_was_found_and_not_made_is_said():
    assert "was there, identical: d.t" in text(finished(outcome="found"))[0]


def test_notes_of_a_step_follow_it():
    assert text(finished(notes=("description differs",)))[1] == "         description differs"


def test_what_a_downgrade_leaves_is_named():
    event = MigrationFinished("0002", "two", "downgrade", 5, "table d.t", left=("d.t",))
    assert text(event)[1] == "         left in place: d.t"


@pytest.mark.parametrize("marks", [UNICODE, ASCII])
@pytest.mark.parametrize("width", [60, 80, 110])
def test_a_line_is_as_wide_as_the_terminal_allows(marks, width):
    event = MigrationFinished("0002", "n" * 24, "upgrade", 812, "x" * 200 + " (8 columns)")
    assert len(text(event, marks=marks, width=width)[0]) == width


def test_what_stands_in_brackets_goes_before_anything_is_cut():
    event = MigrationFinished("0009", "queue", "upgrade", 5, f"table d.{'t' * 30} (8 columns)")
    assert f" table d.{'t' * 30} " in text(event)[0]


def test_without_a_terminal_nothing_is_cut():
    event = MigrationFinished("0009", "queue", "upgrade", 5, "x" * 200)
    assert "x" * 200 in text(event, width=None)[0]


def test_what_a_server_says_cannot_drive_the_terminal():
    event = StepFailed("0002", 1, 1, "run sql", "\x1b[2Jgone\nnext", "no", 5, 1)
    assert "\x1b" not in text(event)[0]
    assert "\n" not in text(event)[0]


def test_the_running_step_shows_how_long_it_runs():
    line = running(StepStarted("0010", 2, 3, "fill", "d.t"), "two", 61_000, UNICODE, 80).plain
    assert line.startswith("  … 0010 two ")
    assert "2/3 fill d.t" in line
    assert line.endswith("1 min 1 s")


@pytest.mark.parametrize("ms", [5, 87_000, 37_000_000])
def test_a_line_fits_the_terminal_however_long_it_took(ms):
    for what in ("add column app.users", "x" * 200):
        line = running(StepStarted("0010", 2, 3, what, "d.t"), "two", ms, UNICODE, 80).plain
        assert len(line) <= 80
        assert line.endswith(f" {words.duration(ms)}")


def test_a_report_says_what_was_left_and_what_was_found():
    report = Report(
        "downgrade", "local", "p", "US", "0002", "0001", reverted=("0002",), left_in_place=("d.t",), requests=1,
        tables_existed=("d.u",), duration_ms=412,
    )  # fmt: skip
    assert list(reports.lines(report)) == [
        "Left in place, because found, not made: d.t.",
        "Already there, and identical: d.u.",
        "Reverted 1 migration in 0.4 s (1 request).",
    ]


def test_a_run_that_did_both_says_both():
    report = Report(
        "upgrade", "local", "p", "US", "0002", "0003", reverted=("0002",), applied=("0002", "0003"), requests=9
    )
    assert list(reports.lines(report)) == ["Reverted 1 migration and applied 2 migrations in 0.0 s (9 requests)."]
