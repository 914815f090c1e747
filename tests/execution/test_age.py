"""What was interrupted long ago: BigQuery has forgotten its jobs, so that nothing may be done by their ids."""

import contextlib
from datetime import timedelta

import pytest

from bqmigrate.errors import RunError, UnsettledError
from tests.execution.stand import DATASET, FILL, TABLE, Killed, value

TWO = """
upgrade:
  - sql: {statement: UPDATE app.t SET n = n + 1 WHERE TRUE}
  - sql: {statement: SECOND}
downgrade:
  - sql: {statement: UPDATE app.t SET n = n - 5 WHERE TRUE}
  - sql: {statement: LAST}
"""
FAILS = "\"SELECT ERROR('no')\""
LONG = timedelta(days=200)


@pytest.fixture
def filled(counted):
    """A table with one row, and a statement that must run once."""
    counted.write("0003_fill.sql", FILL)
    return counted


def killed(stand, after, act):
    """A run that dies after the first job of a step was taken."""
    for number in range(1, 30):
        with stand.open(die_after=number) as project, contextlib.suppress(Killed):
            act(project)
        if value(stand) == after:
            return
        stand.clock.advance(timedelta(minutes=10))
    raise AssertionError


def upgraded(project):
    project.upgrade()


def test_a_statement_of_a_forgotten_job_is_not_run_again(filled):
    killed(filled, 11, upgraded)
    filled.clock.advance(LONG)
    for act in (filled.upgrade, lambda: filled.downgrade("0002")):
        filled.recorder.requests.clear()
        with pytest.raises(UnsettledError) as stopped:
            act()
        assert (stopped.value.code, stopped.value.exit_code) == ("BQM535", 5)
        assert "repair 0003 --mark-applied" in stopped.value.hint
        assert [r for r in filled.recorder.requests if r[0] != "GET"] == []
    assert value(filled) == 11


def test_whoever_compared_says_so_and_all_goes_on(filled):
    killed(filled, 11, upgraded)
    filled.clock.advance(LONG)
    with filled.open() as project:
        project.repair("mark-applied", "0003")
    assert filled.upgrade().requests == 2
    filled.downgrade("0002")
    assert value(filled) == 1


def test_a_way_back_interrupted_long_ago_is_settled_by_the_same_word(filled):
    filled.upgrade()
    killed(filled, 1, lambda project: project.downgrade("0002"))
    filled.clock.advance(LONG)
    with pytest.raises(UnsettledError, match="its downgrade was interrupted on"):
        filled.upgrade()
    filled.query("UPDATE app.t SET n = n + 10 WHERE TRUE")
    with filled.open() as project:
        project.repair("mark-applied", "0003")
    filled.downgrade("0002")
    assert value(filled) == 1


def test_it_cannot_be_reverted_by_ids_that_are_gone(filled):
    killed(filled, 11, upgraded)
    filled.clock.advance(LONG)
    with filled.open() as project, pytest.raises(UnsettledError) as stopped:
        project.repair("revert", "0003", yes=True)
    assert stopped.value.code == "BQM535"


def test_nor_can_its_file_be_accepted_and_the_statement_run_again(filled):
    killed(filled, 11, upgraded)
    filled.clock.advance(LONG)
    filled.write("0003_fill.sql", FILL.replace("n + 10", "n + 20"))
    with filled.open() as project, pytest.raises(UnsettledError) as stopped:
        project.repair("accept-file", "0003", yes=True)
    assert stopped.value.code == "BQM535"
    assert value(filled) == 11


def test_within_the_time_it_is_resumed(filled):
    killed(filled, 11, upgraded)
    filled.clock.advance(timedelta(days=140))
    filled.upgrade()
    assert value(filled) == 11


def test_creates_are_known_by_what_is_there_at_any_age(stand):
    stand.write("0001_app.yaml", DATASET)
    stand.write("0002_t.yaml", TABLE)
    with pytest.raises(Killed), stand.open(die_after=6) as project:
        project.upgrade()
    stand.clock.advance(LONG)
    stand.upgrade()
    assert stand.states() == {"0001": "applied", "0002": "applied"}


def two(stand, second, last):
    stand.write("0003_fill.yaml", TWO.replace("SECOND", second).replace("LAST", last))


def test_what_rows_call_done_is_not_done_again_whatever_its_age(filled):
    filled.remove("0003_fill.sql")
    two(filled, FAILS, "SELECT 1")
    with pytest.raises(RunError):
        filled.upgrade()
    filled.clock.advance(LONG)
    two(filled, "SELECT 1", "SELECT 1")
    filled.upgrade()
    assert value(filled) == 2


def test_nor_what_rows_call_undone(filled):
    filled.remove("0003_fill.sql")
    two(filled, "SELECT 1", FAILS)
    filled.upgrade()
    for _ in range(2):
        with pytest.raises(RunError):
            filled.downgrade("0002")
        assert value(filled) == -3
        filled.clock.advance(LONG)


def test_whoever_compared_may_have_mended_the_file_as_well(filled):
    killed(filled, 11, upgraded)
    filled.write("0003_fill.sql", FILL.replace("n + 10", "n + 5 + 5"))
    filled.clock.advance(LONG)
    with filled.open() as project:
        project.repair("mark-applied", "0003")
    assert filled.states()["0003"] == "applied"
    filled.downgrade("0002")
    assert value(filled) == 1


def test_without_the_file_nothing_is_told_that_would_be_refused(filled):
    killed(filled, 11, upgraded)
    filled.remove("0003_fill.sql")
    filled.clock.advance(LONG)
    with filled.open() as project, pytest.raises(UnsettledError) as stopped:
        project.repair("mark-applied", "0003")
    assert (stopped.value.code, "--revert" in stopped.value.hint) == ("BQM520", False)


def test_what_comes_before_it_and_can_be_told_is_done_first(stand):
    """One run set out to do both: of the creates it can be told how far they got, of the statement it cannot."""
    stand.write("0001_app.yaml", DATASET)
    stand.upgrade()
    stand.write("0002_t.yaml", TABLE)
    stand.write("0003_fill.sql", FILL)
    with pytest.raises(Killed), stand.open(die_after=3) as project:
        project.upgrade()
    stand.clock.advance(LONG)
    with pytest.raises(UnsettledError):
        stand.upgrade()
    assert stand.upgrade("0002").applied == ("0002",)
    with stand.open() as project:
        project.repair("mark-applied", "0003")
    assert stand.states() == {"0001": "applied", "0002": "applied", "0003": "applied"}


def test_history_and_show_say_so_too(filled):
    killed(filled, 11, upgraded)
    filled.clock.advance(LONG)
    with filled.open() as project:
        found = [project.history().halfway[0], project.show("0003").halfway]
    for half in found:
        assert half.too_old is not None
        assert [way.command for way in half.ways] == ["bqmigrate repair 0003 --mark-applied"]
