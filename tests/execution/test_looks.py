"""What is seen before the first write: rows and values that would be lost, files that say something else by now."""

import pytest

from bqmigrate.errors import RefusedError, RunError, UnsettledError
from tests.execution.stand import DATASET

MADE = "upgrade:\n  - create_table: {table: app.t, schema: [{name: a, type: STRING, mode: REQUIRED}]}\n"
RELAXED = "upgrade:\n  - alter_columns: {table: app.t, columns: [{name: a, mode: NULLABLE}]}\n"
RENAMED = "upgrade:\n  - rename_table: {table: app.t, to: u}\n"


def writes(stand):
    return [r for r in stand.recorder.requests if r[0] != "GET" and "jobs" not in r[1]]


def test_rows_of_a_table_that_the_run_renames_first_are_seen_before_the_first_write(stand):
    stand.write("0001_app.yaml", DATASET)
    stand.write("0002_made.yaml", MADE)
    stand.write("0003_renamed.yaml", RENAMED)
    stand.upgrade()
    stand.query("INSERT INTO app.u VALUES ('x')")
    with pytest.raises(RefusedError) as caught:
        stand.downgrade("0001")
    assert caught.value.code == "BQM321"
    assert caught.value.state == "Nothing was changed."
    assert {method for method, *_ in stand.recorder.requests} == {"GET"}
    assert stand.states()["0003"] == "applied"


def test_values_of_a_table_that_the_run_renames_first_are_looked_at_before_the_first_write(stand):
    stand.write("0001_app.yaml", DATASET)
    stand.write("0002_made.yaml", MADE)
    stand.write("0003_relaxed.yaml", RELAXED)
    stand.write("0004_renamed.yaml", RENAMED)
    stand.upgrade()
    stand.query("INSERT INTO app.u VALUES (NULL)")
    with pytest.raises(RefusedError, match="holds NULLs") as caught:
        stand.downgrade("0002", allow_data_loss=True)
    assert caught.value.code == "BQM324"
    assert writes(stand) == []


def test_a_table_that_is_empty_under_its_present_name_is_dropped_under_its_first(stand):
    stand.write("0001_app.yaml", DATASET)
    stand.write("0002_made.yaml", MADE)
    stand.write("0003_renamed.yaml", RENAMED)
    stand.upgrade()
    stand.downgrade("0001")
    assert [t.table_id for t in stand.client.list_tables("app")] == []


def test_a_stranger_under_the_first_name_is_not_what_the_run_would_drop(stand):
    """The name is free once the table was renamed; who took it since is met only by the step that renames back."""
    stand.write("0001_app.yaml", DATASET)
    stand.write("0002_made.yaml", MADE)
    stand.write("0003_renamed.yaml", RENAMED)
    stand.upgrade()
    stand.query("CREATE TABLE app.t (z INT64)")
    with pytest.raises(RunError, match="0003 renamed failed"):
        stand.downgrade("0001")
    assert stand.columns("app.t") == ["z"]


HALF = MADE + "  - sql: {statement: \"SELECT ERROR('no')\"}\n"


def test_a_downgrade_compares_the_finished_steps_of_a_half_applied_migration(stand):
    stand.write("0001_app.yaml", DATASET)
    stand.write("0002_half.yaml", HALF)
    with pytest.raises(RunError, match="stopped after step 1"):
        stand.upgrade()
    stand.write("0002_half.yaml", HALF.replace("app.t", "app.other"))
    with pytest.raises(UnsettledError) as caught:
        stand.downgrade()
    assert caught.value.code == "BQM502"
    assert "create table  app.other" in caught.value.details[1]
    assert {method for method, *_ in stand.recorder.requests} == {"GET"}
    stand.write("0002_half.yaml", HALF)
    stand.downgrade()
    assert stand.states() == {"0001": "applied", "0002": "reverted"}
