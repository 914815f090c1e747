"""`repair V --mark-applied`."""

import pytest

from bqmigrate.errors import UnsettledError
from tests.execution.repairs.cases import (
    AFTER_TTL,
    DIED_WRITES,
    HALF,
    WHOLE,
    died,
    events,
    half,
    is_sound,
    refused,
    repair,
    repair_killed,
)
from tests.execution.stand import DATASET, Killed

TWO_TABLES = """
upgrade:
  - create_table: {table: app.t, schema: [{name: a, type: STRING}]}
  - create_table: {table: app.u, schema: [{name: a, type: STRING}]}
"""
BY_HAND = "ALTER TABLE app.t ADD COLUMN IF NOT EXISTS d DATE"


def test_what_was_done_by_hand_counts_as_applied(stand):
    half(stand)
    stand.query(BY_HAND)
    done = repair(stand, "mark-applied", "2")
    assert (done.version, done.name, done.standing) == ("0002", "half", "applied")
    assert [s.outcome for s in done.steps] == ["made", "done", "done", "by_hand", "by_hand"]
    assert stand.states() == {"0001": "applied", "0002": "applied"}
    assert events(stand)[-1] == "repaired"
    is_sound(stand)


def test_its_unused_job_ids_are_sealed(stand):
    half(stand)
    repair(stand, "mark-applied", "0002")
    lineage = stand.query("SELECT name FROM bqmigrate._schema_migrations WHERE event = 'genesis'")[0][0]
    for step, attempt in ((4, 2), (5, 1)):
        job = stand.client.get_job(f"bqm-{lineage}-m0002-g1-up{step}-a{attempt}")
        assert "sealed" in job.query


def test_the_way_back_leaves_what_was_made_by_hand_and_takes_the_rest(stand):
    stand.write("0001_app.yaml", DATASET)
    stand.write("0002_half.yaml", TWO_TABLES)
    stand.upgrade("0001")
    stand.query("CREATE TABLE app.u (b INT64)")
    with pytest.raises(UnsettledError, match="exists already"):
        stand.upgrade()
    stand.query("DROP TABLE app.u")
    stand.query("CREATE TABLE app.u (a STRING)")
    done = repair(stand, "mark-applied", "2")
    assert [s.outcome for s in done.steps] == ["made", "found"]
    report = stand.downgrade()
    assert report.left_in_place == ("app.u",)
    assert [t.table_id for t in stand.client.list_tables("app")] == ["u"]


def test_the_next_generation_counts_repairs_and_the_applied_state_keeps_its_own(stand):
    half(stand)
    repair(stand, "mark-applied", "2")
    stand.write("0002_half.yaml", HALF + "downgrade:\n  - drop_table: {table: app.t}\n")
    repair(stand, "accept-file", "2", yes=True)
    stand.downgrade()
    stand.write("0002_half.yaml", WHOLE)
    stand.upgrade()
    rows = stand.query("SELECT event, generation FROM bqmigrate._schema_migrations WHERE version = '0002' ORDER BY seq")
    kept = [row for row in rows if row[0] != "started"]
    assert kept == [("failed", 1), ("repaired", 1), ("repaired", 1), ("reverted", 1), ("applied", 4)]


@pytest.mark.parametrize("writes", range(DIED_WRITES))
def test_a_run_that_died_is_marked_wherever_it_died(stand, writes):
    died(stand, writes)
    stand.query("CREATE TABLE IF NOT EXISTS app.t (a STRING, c INT64, d DATE)")
    if stand.states()["0002"] == "half-applied":
        repair(stand, "mark-applied", "2")
        assert "taken_over" in events(stand)
    else:
        assert refused(stand, "mark-applied", "2").code == "BQM363"
        return
    assert stand.states() == {"0001": "applied", "0002": "applied"}
    assert stand.upgrade().requests == 2


def test_only_what_is_half_applied_can_be_marked(stand):
    stand.users().upgrade()
    error = refused(stand, "mark-applied", "2")
    assert (error.code, error.exit_code) == ("BQM363", 2)
    assert error.hint == "bqmigrate history"
    stand.write("0003_more.yaml", WHOLE)
    assert "is pending" in refused(stand, "mark-applied", "3").message
    assert refused(stand, "mark-applied", "9").code == "BQM350"
    assert refused(stand, "mark-applied").code == "BQM350"


def test_a_finished_step_that_was_changed_is_settled_first(stand):
    half(stand)
    stand.write("0002_half.yaml", HALF.replace("name: b,", "name: z,").replace("{b: c}", "{z: c}"))
    error = refused(stand, "mark-applied", "2")
    assert error.code == "BQM502"
    assert "bqmigrate repair 0002 --accept-file" in error.hint


def test_without_its_file_it_cannot_be_marked(stand):
    half(stand).remove("0002_half.yaml")
    error = refused(stand, "mark-applied", "2")
    assert error.code == "BQM520"
    assert "bqmigrate repair 0002 --revert" in error.hint


def test_what_is_on_its_way_back_cannot_be_marked(stand):
    half(stand)
    with pytest.raises(Killed), stand.open(die_before=8) as project:
        project.downgrade()
    stand.clock.advance(AFTER_TTL)
    assert refused(stand, "mark-applied", "2").code == "BQM531"


WRITES = 6


def test_the_sweep_below_reaches_every_write(stand):
    half(stand)
    assert repair(stand, "mark-applied", "2").requests == len(stand.recorder.requests)
    assert stand.recorder.writes == WRITES


@pytest.mark.parametrize("number", range(WRITES + 1))
def test_a_repair_that_died_is_finished_by_the_next(stand, number):
    half(stand)
    stand.query(BY_HAND)
    repair_killed(stand, number, "mark-applied", "2")
    assert stand.states() == {"0001": "applied", "0002": "applied"}
    is_sound(stand)


def test_what_an_earlier_migration_may_have_begun_is_settled_first(stand):
    stand.write("0001_app.yaml", DATASET)
    stand.upgrade()
    stand.write("0002_half.yaml", WHOLE)
    stand.write("0003_more.yaml", "upgrade:\n  - create_table: {table: app.u, schema: [{name: a, type: STRING}]}\n")
    with pytest.raises(Killed), stand.open(die_before=8) as project:
        project.upgrade()
    stand.clock.advance(AFTER_TTL)
    error = refused(stand, "mark-applied", "3")
    assert error.code == "BQM532"
    assert "0002_half" in error.message
    assert error.hint == (
        "settle that one first: bqmigrate upgrade 0002\n"
        "or, if it was done by hand: bqmigrate repair 0002 --mark-applied"
    )
    stand.upgrade("2")
    is_sound(stand)
