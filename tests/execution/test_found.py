"""What is there already: found, compared, and never dropped."""

import pytest

from bqmigrate.errors import RefusedError, UnsettledError, ValidationError
from tests.execution.stand import DATASET

T = "{table: app.t, schema: [{name: a, type: STRING}]}"


def test_a_table_that_is_there_already_is_found_and_never_dropped(stand):
    stand.users()
    stand.client.create_dataset("app")
    stand.query("CREATE TABLE app.users (id STRING NOT NULL, email STRING)")
    report = stand.upgrade()
    assert report.tables_existed == ("app.users",)
    assert report.tables_created == ()
    assert report.datasets_created == ()
    back = stand.downgrade("base")
    assert back.left_in_place == ("app.users", "app")
    assert stand.columns("app.users") == ["id", "email"]


def test_a_table_that_differs_stops_with_every_difference(stand):
    stand.users()
    stand.client.create_dataset("app")
    stand.query("CREATE TABLE app.users (id INT64 NOT NULL, mail STRING)")
    with pytest.raises(UnsettledError) as caught:
        stand.upgrade()
    assert caught.value.code == "BQM503"
    told = " / ".join(caught.value.details)
    assert "column id: the migration says STRING REQUIRED, there is INT64 REQUIRED" in told
    assert "column email: the migration says STRING, there is nothing" in told
    assert "column mail: the migration says nothing, there is STRING" in told
    assert caught.value.where == "migrations/0002_users.yaml:3:5"


def test_a_table_with_rows_is_dropped_only_where_that_is_allowed(stand):
    stand.users().upgrade()
    stand.query("INSERT INTO app.users (id) VALUES ('a'), ('b')")
    with pytest.raises(RefusedError, match="2 rows") as caught:
        stand.downgrade("base")
    assert caught.value.exit_code == 2
    assert "POST" not in {r[0] for r in stand.recorder.requests}
    assert stand.downgrade("base", allow_data_loss=True).reverted == ("0002", "0001")


def test_a_table_with_a_streaming_buffer_counts_as_one_with_rows(stand):
    stand.users().upgrade()
    assert stand.client.insert_rows_json("app.users", [{"id": "a"}]) == []
    with pytest.raises(RefusedError, match=r"app\.users has"):
        stand.downgrade()


def test_a_table_that_somebody_made_anew_is_not_dropped(stand):
    stand.users().upgrade()
    stand.query("DROP TABLE app.users")
    stand.query("CREATE TABLE app.users (id STRING)")
    with pytest.raises(UnsettledError, match="was not made by this history"):
        stand.downgrade()
    assert stand.columns("app.users") == ["id"]


def test_what_was_found_does_not_become_ours_by_a_rename(stand):
    """A label of ours on it would have the next way back but one drop it."""
    stand.write("0001_app.yaml", DATASET)
    stand.query("CREATE SCHEMA app")
    stand.query("CREATE TABLE app.t (a STRING)")
    stand.write("0002_t.yaml", f"upgrade:\n  - create_table: {T}\n")
    stand.write("0003_u.yaml", "upgrade:\n  - rename_table: {table: app.t, to: u}\n")
    for _ in range(2):
        assert stand.upgrade().tables_existed == ("app.t",)
        assert "bqm_made" not in stand.table("app.u").get("labels", {})
        assert stand.downgrade("base").left_in_place == ("app.t", "app")
    assert stand.columns("app.t") == ["a"]


def test_what_a_written_way_back_makes_again_is_ours_as_before(stand):
    other = T.replace("STRING", "INTEGER")
    stand.write("0001_app.yaml", DATASET)
    stand.write("0002_t.yaml", f"upgrade:\n  - create_table: {T}\n")
    stand.write(
        "0003_other.yaml",
        f"""
        upgrade:
          - drop_table: {{table: app.t}}
          - create_table: {other}
        downgrade:
          - drop_table: {{table: app.t}}
          - create_table: {T}
        """,
    )
    stand.upgrade()
    stand.downgrade("0002")
    assert stand.table("app.t")["labels"]["bqm_made"].endswith("-m0002-g1")
    stand.upgrade()
    assert stand.downgrade("base").reverted == ("0003", "0002", "0001")


def test_a_wide_number_is_compared_with_what_it_can_hold(stand):
    numeric = T.replace("type: STRING", "type: NUMERIC, precision: 38, scale: 9")
    wider = "{table: app.t, columns: [{name: a, type: NUMERIC}]}"
    stand.write("0001_app.yaml", DATASET)
    stand.write("0002_t.yaml", f"upgrade:\n  - create_table: {numeric}\n")
    stand.write("0003_w.yaml", f"upgrade:\n  - alter_columns: {wider}\n")
    stand.upgrade()
    stand.query("INSERT INTO app.t (a) VALUES (NUMERIC '12345678901234567890123456789.5')")
    stand.downgrade("0002", allow_data_loss=True)
    assert stand.table("app.t")["schema"]["fields"][0]["precision"] == "38"


def test_a_dataset_in_another_location_than_its_environment_is_refused(stand):
    stand.write("0001_app.yaml", "upgrade:\n  - create_dataset: {dataset: app, location: EU}\n")
    with pytest.raises(ValidationError, match="this environment works in US"):
        stand.upgrade()
    stand.write("0001_app.yaml", "upgrade:\n  - create_dataset: {dataset: app, location: us}\n")
    stand.upgrade()
