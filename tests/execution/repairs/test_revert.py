"""`repair V --revert`: what the history kept takes a migration back, without its file."""

import json

import pytest

from bqmigrate.errors import RefusedError, RunError, UnsettledError
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

MUCH = """
upgrade:
  - create_table: {table: app.t, schema: [{name: a, type: STRING, mode: REQUIRED}, {name: b, type: INTEGER}]}
  - set_clustering: {table: app.t, columns: [a]}
  - rename_table: {table: app.t, to: u}
  - add_columns: {table: app.u, columns: [{name: c, type: DATE}]}
  - set_table_options: {table: app.u, description: Much., labels: {team: core}}
  - create_view: {view: app.v, query: "SELECT 1 AS x"}
"""
LATER = """
upgrade:
  - alter_columns: {table: app.u, columns: [{name: a, mode: NULLABLE}, {name: b, type: NUMERIC}]}
  - replace_view: {view: app.v, query: "SELECT 2 AS x"}
  - drop_columns: {table: app.u, columns: [b]}
"""
MADE = "upgrade:\n  - create_table: {table: app.t, schema: [{name: a, type: STRING}]}\n"


def tables(stand):
    return sorted(t.table_id for t in stand.client.list_tables("app"))


def applied(stand):
    stand.write("0001_app.yaml", DATASET)
    stand.write("0002_much.yaml", MUCH)
    stand.write("0003_later.yaml", LATER)
    stand.upgrade("0002")
    before = stand.table("app.u")
    stand.upgrade()
    return before


def test_what_is_applied_is_taken_back_exactly_without_its_file(stand):
    before = applied(stand)
    stand.remove("0003_later.yaml")
    done = repair(stand, "revert", "3", allow_data_loss=True)
    assert done.standing == "reverted"
    after = stand.table("app.u")
    for key in ("schema", "clustering", "description", "labels"):
        assert after.get(key) == before.get(key)
    assert stand.table("app.v")["view"]["query"] == "SELECT 1 AS x"
    stand.remove("0002_much.yaml")
    repair(stand, "revert", "2")
    assert tables(stand) == []
    assert events(stand)[-1] == "reverted"
    assert stand.states() == {"0001": "applied"}
    stand.write("0002_much.yaml", MUCH)
    is_sound(stand)


def test_it_runs_under_the_ids_of_a_downgrade(stand):
    applied(stand)
    with pytest.raises(Killed), stand.open(die_after=9) as project:
        project.downgrade(allow_data_loss=True)
    sent = {p for m, p, body, _ in stand.recorder.requests if m == "POST" and body and "jobReference" in body}
    assert sent  # the downgrade had begun
    stand.clock.advance(AFTER_TTL)
    stand.remove("0003_later.yaml")
    repair(stand, "revert", "3", allow_data_loss=True)
    assert stand.states() == {"0001": "applied", "0002": "applied"}
    is_sound(stand)


def test_what_is_half_applied_is_taken_back_without_its_file(stand):
    half(stand).remove("0002_half.yaml")
    with pytest.raises(UnsettledError) as caught:
        stand.upgrade()
    assert caught.value.code == "BQM520"
    assert "bqmigrate repair 0002 --revert" in caught.value.hint
    done = repair(stand, "revert", "2")
    assert [s.verb for s in done.steps] == ["rename column", "set clustering", "drop table"]
    assert tables(stand) == []
    assert events(stand)[-2:] == ["sealed", "reverted"]
    stand.write("0002_half.yaml", WHOLE)
    is_sound(stand)


def test_the_runs_that_died_reach_every_write(stand):
    stand.write("0001_app.yaml", DATASET)
    stand.upgrade()
    stand.write("0002_half.yaml", WHOLE)
    stand.upgrade()
    assert stand.recorder.writes == DIED_WRITES


@pytest.mark.parametrize("writes", range(DIED_WRITES))
def test_a_run_that_died_is_taken_back_wherever_it_died(stand, writes):
    died(stand, writes)
    is_open = stand.states()["0002"] == "half-applied"
    stand.remove("0002_half.yaml")
    if not is_open:
        stand.write("0002_half.yaml", WHOLE)
        assert refused(stand, "revert", "2").code in {"BQM350", "BQM363"}
        return
    repair(stand, "revert", "2")
    assert tables(stand) == []
    assert stand.history().current == "0001"
    stand.write("0002_half.yaml", WHOLE)
    is_sound(stand)
    assert stand.columns("app.t") == ["a", "c", "d"]


def test_a_step_that_arrives_late_finds_its_id_used(stand):
    died(stand, 5)
    stand.remove("0002_half.yaml")
    repair(stand, "revert", "2")
    lineage = stand.query("SELECT name FROM bqmigrate._schema_migrations WHERE event = 'genesis'")[0][0]
    late = stand.client.get_job(f"bqm-{lineage}-m0002-g1-up4-a1")
    assert "sealed" in late.query


def test_rows_are_lost_only_where_that_is_allowed(stand):
    half(stand).remove("0002_half.yaml")
    stand.query("INSERT INTO app.t (a) VALUES ('x')")
    error = refused(stand, "revert", "2")
    assert (error.code, error.exit_code) == ("BQM321", 2)
    repair(stand, "revert", "2", allow_data_loss=True)
    assert tables(stand) == []


def test_what_somebody_else_made_in_its_place_stays(stand):
    half(stand).remove("0002_half.yaml")
    stand.query("DROP TABLE app.t")
    stand.query("CREATE TABLE app.t (a STRING, c INT64)")
    assert refused(stand, "revert", "2").code == "BQM505"
    assert tables(stand) == ["t"]


def test_what_was_found_stays(stand):
    stand.write("0001_app.yaml", DATASET)
    stand.upgrade()
    stand.query("CREATE TABLE app.t (a STRING, b INT64)")
    stand.write("0002_half.yaml", HALF)
    with pytest.raises(RunError):
        stand.upgrade()
    stand.remove("0002_half.yaml")
    done = repair(stand, "revert", "2")
    assert done.left_in_place == ("app.t",)
    assert stand.columns("app.t") == ["a", "b"]


def test_a_column_that_the_stored_statement_does_not_know_is_not_lost(stand):
    applied(stand)
    stand.remove("0003_later.yaml")
    stand.query("ALTER TABLE app.u ADD COLUMN extra STRING")
    with pytest.raises(UnsettledError) as caught:
        repair(stand, "revert", "3", allow_data_loss=True)
    assert caught.value.code == "BQM507"
    assert "extra" in caught.value.message
    assert "extra" in stand.columns("app.u")
    stand.query("ALTER TABLE app.u DROP COLUMN extra")
    stand.clock.advance(AFTER_TTL)
    repair(stand, "revert", "3", allow_data_loss=True)
    assert stand.states() == {"0001": "applied", "0002": "applied"}


def test_a_rebuild_needs_leave_to_lose_data(stand):
    applied(stand)
    stand.remove("0003_later.yaml")
    assert refused(stand, "revert", "3").code == "BQM323"


def test_the_last_goes_first(stand):
    applied(stand)
    stand.remove("0002_much.yaml")
    error = refused(stand, "revert", "2")
    assert error.code == "BQM365"
    assert "bqmigrate repair 0003 --revert" in error.hint


def test_what_a_downgrade_can_take_back_is_refused(stand):
    stand.users().upgrade()
    error = refused(stand, "revert", "2")
    assert error.code == "BQM363"
    assert "bqmigrate downgrade" in error.hint
    assert refused(stand, "revert", "7").code == "BQM350"


def test_it_is_refused_where_a_downgrade_is(stand):
    half(stand).configure()
    text = (stand.root / "migrations.toml").read_text().replace("allow_downgrade = true", "")
    (stand.root / "migrations.toml").write_text(text)
    with pytest.raises(RefusedError) as caught:
        repair(stand, "revert", "2")
    assert caught.value.code == "BQM322"


def test_a_step_that_nothing_undoes_is_named(stand):
    stand.write("0001_app.yaml", DATASET)
    stand.write("0002_sql.sql", "-- migrate:up\nSELECT 1\n")
    stand.upgrade()
    stand.remove("0002_sql.sql")
    error = refused(stand, "revert", "2")
    assert error.code == "BQM320"
    assert "nothing undoes step 1  SELECT 1" in error.message


def test_a_written_way_back_is_kept_too(stand):
    stand.write("0001_app.yaml", DATASET)
    stand.write("0002_sql.sql", "-- migrate:up\nCREATE TABLE app.s (a INT64)\n-- migrate:down\nDROP TABLE app.s\n")
    stand.upgrade()
    stand.remove("0002_sql.sql")
    repair(stand, "revert", "2")
    assert tables(stand) == []


def test_a_row_of_an_earlier_version_has_only_text(stand):
    half(stand).remove("0002_half.yaml")
    old = json.dumps(["DROP TABLE x", None, "ALTER ..."])
    stand.query(f"UPDATE bqmigrate._schema_migrations SET undo = JSON '{old}' WHERE version = '0002'")
    error = refused(stand, "revert", "2")
    assert (error.code, error.exit_code) == ("BQM521", 5)
    assert "written down as text" in error.message


def test_steps_too_many_for_the_lock_are_taken_back_from_the_started_row(stand):
    stand.write("0001_app.yaml", DATASET)
    stand.upgrade()
    columns = "".join(
        f"  - add_columns: {{table: app.t, columns: [{{name: c{n}, type: STRING}}]}}\n" for n in range(60)
    )
    stand.write("0002_many.yaml", MADE + columns)
    with pytest.raises(Killed), stand.open(die_before=40) as project:
        project.upgrade()
    stand.clock.advance(AFTER_TTL)
    stand.remove("0002_many.yaml")
    assert "started" in events(stand)
    repair(stand, "revert", "2")
    assert tables(stand) == []


HALF_WRITES, APPLIED_WRITES = 10, 10


def test_the_sweeps_below_reach_every_request(stand):
    half(stand).remove("0002_half.yaml")
    repair(stand, "revert", "2")
    assert stand.recorder.writes == HALF_WRITES


def test_the_second_sweep_reaches_every_write(stand):
    applied(stand)
    stand.remove("0003_later.yaml")
    repair(stand, "revert", "3", allow_data_loss=True)
    assert stand.recorder.writes == APPLIED_WRITES


@pytest.mark.parametrize("number", range(HALF_WRITES + 1))
def test_a_revert_of_half_a_migration_that_died_is_finished_by_the_next(stand, number):
    half(stand).remove("0002_half.yaml")
    repair_killed(stand, number, "revert", "2")
    assert tables(stand) == []
    stand.write("0002_half.yaml", WHOLE)
    is_sound(stand)


@pytest.mark.parametrize("number", range(APPLIED_WRITES + 1))
def test_a_revert_that_died_is_finished_by_the_next(stand, number):
    before = applied(stand)
    stand.remove("0003_later.yaml")
    repair_killed(stand, number, "revert", "3", allow_data_loss=True)
    after = stand.table("app.u")
    for key in ("schema", "clustering", "description"):
        assert after.get(key) == before.get(key)
    stand.write("0003_later.yaml", LATER)
    is_sound(stand)
