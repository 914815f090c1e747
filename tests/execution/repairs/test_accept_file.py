"""`repair V --accept-file`."""

import pytest

from bqmigrate.errors import UnsettledError
from tests.execution.repairs.cases import (
    DIED_WRITES,
    HALF,
    MENDED,
    WHOLE,
    died,
    events,
    half,
    is_sound,
    refused,
    repair,
    repair_killed,
)
from tests.execution.stand import USERS


def edited(stand, text):
    stand.users().upgrade()
    stand.write("0002_users.yaml", text)
    return stand


def test_a_file_whose_steps_are_the_same_is_accepted_without_a_yes(stand):
    edited(stand, USERS + "# Somebody explained it.\n")
    assert stand.states()["0002"] == "edited"
    assert repair(stand, "accept-file", "2").differences == ()
    assert stand.states()["0002"] == "applied"


def test_a_step_that_differs_needs_a_yes_and_is_named(stand):
    edited(stand, USERS.replace("Who.", "Who else."))
    error = refused(stand, "accept-file", "2")
    assert (error.code, error.exit_code) == ("BQM364", 2)
    assert error.details == (
        "step 1  was  create table  app.users",
        "        now  create table  app.users, defined otherwise",
    )
    assert error.hint.endswith("bqmigrate repair 0002 --accept-file --yes")
    done = repair(stand, "accept-file", "2", yes=True)
    assert done.standing == "applied"
    assert stand.states() == {"0001": "applied", "0002": "applied"}
    stand.downgrade()
    assert [t.table_id for t in stand.client.list_tables("app")] == []
    is_sound(stand)


def test_another_way_back_needs_a_yes_and_is_followed_from_then_on(stand):
    edited(stand, USERS + "downgrade:\n  - rename_table: {table: app.users, to: kept}\n")
    error = refused(stand, "accept-file", "2")
    assert error.details == (
        "the way back  was  drop table  app.users",
        "              now  rename table  app.users",
    )
    repair(stand, "accept-file", "2", yes=True)
    stand.remove("0002_users.yaml")
    repair(stand, "revert", "2")
    assert [t.table_id for t in stand.client.list_tables("app")] == ["kept"]


def test_a_create_that_the_file_adds_later_is_not_dropped_on_the_way_back(stand):
    more = "  - create_table: {table: app.more, schema: [{name: a, type: STRING}]}\n"
    edited(stand, USERS + more)
    stand.query("CREATE TABLE app.more (a STRING)")
    done = repair(stand, "accept-file", "2", yes=True)
    assert done.differences[:2] == ("step 2  was  there was no such step", "        now  create table  app.more")
    assert [s.outcome for s in done.steps] == ["made", "found"]
    assert stand.downgrade().left_in_place == ("app.more",)
    assert [t.table_id for t in stand.client.list_tables("app")] == ["more"]


def test_finished_steps_that_were_changed_are_accepted_and_the_rest_runs(stand):
    half(stand)
    stand.write("0002_half.yaml", MENDED.replace("{b: c}", "{b: e}"))
    error = refused(stand, "accept-file", "2")
    assert error.details == (
        "step 3  was  rename column  app.t",
        "        now  rename column  app.t, defined otherwise",
    )
    done = repair(stand, "accept-file", "2", yes=True)
    assert done.standing == "half-applied"
    assert [s.outcome for s in done.steps] == ["made", "done", "done", "failed", "failed"]
    is_sound(stand)
    assert stand.columns("app.t") == ["a", "c", "d"]
    assert stand.table("app.t")["clustering"] == {"fields": ["a"]}


@pytest.mark.parametrize("writes", range(2, DIED_WRITES))
def test_a_file_changed_after_a_run_died_is_accepted_for_what_was_done(stand, writes):
    died(stand, writes)
    stand.write("0002_half.yaml", WHOLE.replace("{b: c}", "{b: e}"))
    if stand.states()["0002"] == "pending":
        return
    repair(stand, "accept-file", "2", yes=True)
    is_sound(stand)
    assert stand.columns("app.t") in (["a", "c", "d"], ["a", "e", "d"])


def test_a_step_that_was_done_and_is_gone_from_the_file_is_not_accepted(stand):
    half(stand)
    stand.write("0002_half.yaml", "upgrade:\n  - create_table: {table: app.t, schema: [{name: a, type: STRING}]}\n")
    with pytest.raises(UnsettledError) as caught:
        repair(stand, "accept-file", "2")  # nobody is asked first
    assert caught.value.code == "BQM533"
    assert "has only 1 step now" in caught.value.message
    assert "repair 0002 --revert" in caught.value.hint
    with pytest.raises(UnsettledError) as caught:
        stand.upgrade()
    assert caught.value.code == "BQM502"
    assert "repair 0002 --revert" in caught.value.hint
    assert "--accept-file" not in caught.value.hint


def test_only_an_edited_file_can_be_accepted(stand):
    stand.users().upgrade()
    assert refused(stand, "accept-file", "2").code == "BQM363"
    stand.write("0003_more.yaml", WHOLE)
    assert "may be edited without this" in refused(stand, "accept-file", "3").message
    stand.remove("0002_users.yaml")
    assert refused(stand, "accept-file", "2").exit_code in {3, 5}


def test_a_failing_step_may_be_mended_without_this(stand):
    half(stand)
    stand.write("0002_half.yaml", MENDED)
    assert refused(stand, "accept-file", "2").hint == "bqmigrate upgrade"
    is_sound(stand)


def test_an_upgrade_names_the_way_out(stand):
    half(stand)
    stand.write("0002_half.yaml", HALF.replace("{b: c}", "{b: e}"))
    with pytest.raises(Exception, match="changed after it was done") as caught:
        stand.upgrade()
    assert "bqmigrate repair 0002 --accept-file" in caught.value.hint
    assert events(stand)[-1] == "failed"


WRITES = 3


def test_the_sweep_below_reaches_every_write(stand):
    edited(stand, USERS.replace("Who.", "Who else."))
    repair(stand, "accept-file", "2", yes=True)
    assert stand.recorder.writes == WRITES


@pytest.mark.parametrize("number", range(WRITES + 1))
def test_a_repair_that_died_is_finished_by_the_next(stand, number):
    edited(stand, USERS.replace("Who.", "Who else."))
    repair_killed(stand, number, "accept-file", "2", yes=True)
    assert stand.states() == {"0001": "applied", "0002": "applied"}
    is_sound(stand)
