"""`repair --new-lineage`: a history without its lock, or a copy of one, goes on under ids of its own."""

import contextlib
import itertools
from datetime import timedelta

import pytest

from bqmigrate.errors import BqmigrateError, RefusedError, UnsettledError
from tests.execution.repairs.cases import (
    AFTER_TTL,
    DIED_WRITES,
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
from tests.execution.stand import DATASET, Killed

LOCK = "bqmigrate._schema_migrations_lock"


def lose_lock(stand):
    stand.query(f"DROP TABLE {LOCK}")


def rename_environment(stand):
    """Another project name: what a history is pinned to, changed."""
    file = stand.root / "migrations.toml"
    file.write_text(file.read_text().replace('name = "stand"', 'name = "moved"'))


def full(stand):
    stand.users().write("0003_more.yaml", WHOLE)
    stand.upgrade()
    return stand


def tables(stand):
    return sorted(t.table_id for t in stand.client.list_tables("app"))


def lineages(stand):
    named = "version IS NULL AND name IS NOT NULL AND event IN ('genesis', 'repaired')"
    return stand.query(f"SELECT name FROM bqmigrate._schema_migrations WHERE {named} ORDER BY seq")


WAYS = {"the lock was lost": lose_lock, "it belongs elsewhere": rename_environment}


@pytest.mark.parametrize("spoil", WAYS.values(), ids=WAYS.keys())
def test_versions_keep_their_standing_and_the_row_names_both(stand, spoil):
    full(stand)
    spoil(stand)
    with pytest.raises(BqmigrateError) as caught:
        stand.history()
    assert "bqmigrate repair --new-lineage" in caught.value.hint
    done = repair(stand, "new-lineage")
    old, new = done.lineage
    assert lineages(stand) == [(old,), (f"{old} -> {new}",)]
    assert set(stand.states().values()) == {"applied"}
    assert stand.upgrade().requests == 2


@pytest.mark.parametrize("spoil", WAYS.values(), ids=WAYS.keys())
def test_what_the_older_lineage_made_is_still_ours(stand, spoil):
    full(stand)
    spoil(stand)
    repair(stand, "new-lineage")
    stand.downgrade("base")
    assert [d.dataset_id for d in stand.client.list_datasets()] == ["bqmigrate"]
    is_sound(stand)


def test_what_another_history_made_is_not(stand):
    full(stand)
    lose_lock(stand)
    repair(stand, "new-lineage")
    table = stand.client.get_table(f"{stand.project}.app.t")
    table.labels = {"bqm_made": "another-m0003-g1"}
    stand.client.update_table(table, ["labels"])
    with pytest.raises(UnsettledError) as caught:
        stand.downgrade()
    assert caught.value.code in {"BQM504", "BQM505"}
    assert "t" in tables(stand)


def test_a_half_applied_migration_goes_on_and_its_finished_steps_are_not_run_again(stand):
    half(stand)
    lose_lock(stand)
    repair(stand, "new-lineage")
    assert stand.states()["0002"] == "half-applied"
    stand.write("0002_half.yaml", MENDED)
    is_sound(stand)
    assert stand.columns("app.t") == ["a", "c", "d"]
    lineage = lineages(stand)[0][0]
    assert stand.table("app.t")["labels"]["bqm_made"] == f"{lineage}-m0002-g1"


def test_a_half_applied_migration_is_taken_back_under_the_new_lineage(stand):
    half(stand)
    rename_environment(stand)
    repair(stand, "new-lineage")
    stand.downgrade()
    assert tables(stand) == []
    stand.write("0002_half.yaml", MENDED)
    is_sound(stand)


def test_a_half_applied_migration_is_reverted_without_its_file_under_the_new_lineage(stand):
    half(stand)
    rename_environment(stand)
    repair(stand, "new-lineage")
    stand.remove("0002_half.yaml")
    repair(stand, "revert", "2")
    assert tables(stand) == []


@pytest.mark.parametrize("writes", range(DIED_WRITES))
def test_what_a_run_had_begun_when_its_lock_was_lost_is_not_done_twice(stand, writes):
    died(stand, writes)
    lose_lock(stand)
    repair(stand, "new-lineage")
    stand.upgrade()
    assert stand.columns("app.t") == ["a", "c", "d"]
    assert set(stand.states().values()) == {"applied"}
    stand.downgrade("0001")
    assert tables(stand) == []


def test_an_open_run_is_finished_where_it_belongs(stand):
    died(stand, 5)
    rename_environment(stand)
    error = refused(stand, "new-lineage")
    assert (error.code, error.exit_code) == ("BQM534", 5)


def test_a_history_with_its_lock_is_left_alone(stand):
    full(stand)
    error = refused(stand, "new-lineage")
    assert (error.code, error.exit_code) == ("BQM363", 2)


def test_where_rows_are_lost_as_well_the_way_on_is_not_a_circle(stand):
    full(stand)
    lose_lock(stand)
    stand.query("DELETE FROM bqmigrate._schema_migrations WHERE seq = 2")
    error = refused(stand, "new-lineage")
    assert error.code in {"BQM511", "BQM513", "BQM514"}
    assert error.hint.startswith("the lock is gone as well: bring the rows back by time travel")
    assert error.hint.endswith("then: bqmigrate repair --new-lineage")


FILL = "-- migrate:up\nUPDATE app.users SET email = 'a' WHERE TRUE\n-- migrate:down\n{}\n"
BACK = "UPDATE app.users SET email = CONCAT(email, 'b') WHERE TRUE"


def test_versions_without_a_job_on_their_way_back_went_down_before_one_that_has_it(stand):
    stand.users().write("0003_fill.sql", FILL.format(BACK))
    stand.upgrade("0002")
    stand.query("INSERT INTO app.users (id) VALUES ('x')")
    stand.upgrade()
    stand.query("CREATE TABLE app.t (n INT64)")
    stand.write("0004_t.yaml", "upgrade:\n  - create_table: {table: app.t, schema: [{name: n, type: INTEGER}]}\n")
    stand.upgrade()
    number = 0
    while stand.query("SELECT email FROM app.users") == [("a",)]:
        number += 1
        with contextlib.suppress(Killed), stand.open(die_after=number) as project:
            project.downgrade("0002")
        stand.clock.advance(AFTER_TTL)
    assert stand.query("SELECT email FROM app.users") == [("ab",)]
    lose_lock(stand)
    repair(stand, "new-lineage")
    assert stand.states()["0003"] == stand.states()["0004"] == "reverted"
    stand.downgrade("0001", allow_data_loss=True)
    assert tables(stand) == ["t"]


def test_a_file_that_was_edited_since_the_lock_was_lost_is_put_back_first(stand):
    stand.users().write("0003_fill.sql", FILL.format(BACK))
    stand.upgrade()
    lose_lock(stand)
    stand.write("0003_fill.sql", FILL.format("SELECT 1"))
    assert refused_after_the_lock(stand).code == "BQM101"
    stand.write("0003_fill.sql", FILL.format(BACK))
    repair(stand, "new-lineage")
    assert set(stand.states().values()) == {"applied"}


def refused_after_the_lock(stand):
    with pytest.raises(BqmigrateError) as caught:
        repair(stand, "new-lineage")
    return caught.value


def test_after_a_long_rest_it_takes_a_word_that_nothing_was_begun(stand):
    full(stand)
    lose_lock(stand)
    stand.clock.advance(timedelta(days=160))
    error = refused(stand, "new-lineage")
    assert (error.code, error.exit_code) == ("BQM364", 2)
    assert error.hint.endswith("bqmigrate repair --new-lineage --yes")
    repair(stand, "new-lineage", yes=True)
    assert set(stand.states().values()) == {"applied"}


def test_a_lock_before_the_first_row_is_healthy(stand):
    stand.users()
    with pytest.raises(Killed), stand.open(die_after=3) as project:
        project.upgrade()
    stand.clock.advance(AFTER_TTL)
    assert refused(stand, "new-lineage").code == "BQM363"
    stand.upgrade()


def test_where_nobody_ran_there_is_nothing_to_repair(stand):
    stand.users()
    assert refused(stand, "new-lineage").code == "BQM363"


@pytest.mark.parametrize("gone", ["seq >= 3", "seq = 1", "TRUE"])
def test_rows_that_are_lost_are_rebuilt_under_either_lineage(stand, gone):
    full(stand)
    lose_lock(stand)
    repair(stand, "new-lineage")
    stand.write("0004_z.yaml", "upgrade:\n  - add_columns: {table: app.t, columns: [{name: z, type: DATE}]}\n")
    stand.upgrade()
    before = stand.rows()
    stand.query(f"DELETE FROM bqmigrate._schema_migrations WHERE {gone}")
    done = repair(stand, "rebuild-history")
    assert done.rows_lost == ()
    assert stand.rows()[: len(before)] == before
    is_sound(stand)


BEGUN_WRITES = 8


def test_the_sweep_below_reaches_every_write(stand):
    died(stand, 5)
    lose_lock(stand)
    repair(stand, "new-lineage")
    assert stand.recorder.writes == BEGUN_WRITES


@pytest.mark.parametrize("number", range(BEGUN_WRITES + 1))
def test_what_had_begun_is_found_by_the_next_repair_too(stand, number):
    died(stand, 5)
    lose_lock(stand)
    repair_killed(stand, number, "new-lineage")
    stand.upgrade()
    assert stand.columns("app.t") == ["a", "c", "d"]
    assert [e for e in events(stand) if e == "failed"]
    assert set(stand.states().values()) == {"applied"}


LOST_WRITES, MOVED_WRITES = 7, 3


def test_the_first_sweep_reaches_every_write(stand):
    full(stand)
    lose_lock(stand)
    repair(stand, "new-lineage")
    assert stand.recorder.writes == LOST_WRITES


def test_the_second_sweep_reaches_every_write(stand):
    full(stand)
    rename_environment(stand)
    repair(stand, "new-lineage")
    assert stand.recorder.writes == MOVED_WRITES


def swept(stand, spoil, number):
    full(stand)
    spoil(stand)
    repair_killed(stand, number, "new-lineage")
    assert set(stand.states().values()) == {"applied"}
    stand.downgrade("0001")
    is_sound(stand)


@pytest.mark.parametrize("number", range(LOST_WRITES + 1))
def test_a_repair_of_a_lost_lock_that_died_is_finished_by_the_next(stand, number):
    swept(stand, lose_lock, number)


@pytest.mark.parametrize("number", range(MOVED_WRITES + 1))
def test_a_repair_of_a_moved_history_that_died_is_finished_by_the_next(stand, number):
    swept(stand, rename_environment, number)


KILLS = list(itertools.product(range(2, 20, 6), range(4, 24, 6)))


@pytest.mark.parametrize(("first", "second"), KILLS)
@pytest.mark.parametrize("is_begun", [True, False])
def test_a_repair_that_died_twice_is_finished_by_the_third(stand, first, second, is_begun):
    stand.users().write("0003_fill.sql", FILL.format("UPDATE app.users SET email = 'b' WHERE TRUE"))
    stand.upgrade()
    stand.query("INSERT INTO app.users (id, email) VALUES ('x', 'a')")
    if is_begun:
        with pytest.raises(Killed), stand.open(die_after=4) as project:
            project.downgrade("0002")
        assert stand.query("SELECT email FROM app.users") == [("b",)]
        stand.clock.advance(AFTER_TTL)
    lose_lock(stand)
    for number in (first, second):
        with contextlib.suppress(Killed, BqmigrateError), stand.open(die_after=number) as project:
            project.repair("new-lineage")
        stand.clock.advance(AFTER_TTL)
    with contextlib.suppress(RefusedError):
        repair(stand, "new-lineage")
    assert stand.states()["0003"] == ("reverted" if is_begun else "applied")
    assert stand.upgrade().applied == (("0003",) if is_begun else ())
    is_sound(stand)


TWICE = """
upgrade:
  - sql: {statement: UPDATE app.n SET n = n + 1 WHERE TRUE}
downgrade:
  - sql: {statement: UPDATE app.n SET n = n - 5 WHERE TRUE}
  - sql: {statement: UPDATE app.n SET n = n - 7 WHERE TRUE}
"""


@pytest.mark.parametrize("die_after", range(3, 9))
def test_a_way_back_that_had_begun_is_finished_once(stand, die_after):
    stand.write("0001_app.yaml", DATASET)
    stand.write("0002_n.yaml", "upgrade:\n  - create_table: {table: app.n, schema: [{name: n, type: INTEGER}]}\n")
    stand.upgrade()
    stand.query("INSERT INTO app.n (n) VALUES (0)")
    stand.write("0003_twice.yaml", TWICE)
    stand.upgrade()
    with pytest.raises(Killed), stand.open(die_after=die_after) as project:
        project.downgrade("0002")
    stand.clock.advance(AFTER_TTL)
    lose_lock(stand)
    repair(stand, "new-lineage")
    stand.downgrade("0002")
    assert stand.query("SELECT n FROM app.n")[0][0] == -11
    stand.upgrade()
    is_sound(stand)
    assert stand.query("SELECT n FROM app.n")[0][0] == -10
