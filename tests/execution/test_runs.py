import itertools
import json
import logging
from concurrent.futures import ThreadPoolExecutor

import pytest

from bqmigrate import Project
from bqmigrate.errors import ConfigError, LeaseError, RefusedError, RunError, UnsettledError, ValidationError
from bqmigrate.execution.lease import Clocks
from tests.execution.stand import DATASET, Recorder

ADD_AND_RUN = """
upgrade:
  - add_columns: {{table: app.users, columns: [{{name: n, type: INTEGER}}]}}
  - sql: {{statement: {}}}
"""


def test_up_down_up_ends_where_it_was(stand):
    stand.users().upgrade()
    before = stand.table("app.users")["schema"]
    assert stand.downgrade("base").reverted == ("0002", "0001")
    assert stand.states() == {"0001": "reverted", "0002": "reverted"}
    assert stand.upgrade().applied == ("0001", "0002")
    assert stand.table("app.users")["schema"] == before
    assert [event for _, event, *_ in stand.rows()] == [
        "genesis", "applied", "applied", "reverted", "reverted", "applied", "applied",
    ]  # fmt: skip


def test_a_failed_step_names_file_line_cause_and_what_was_done(stand):
    stand.users().upgrade()
    broken = stand.write("0003_fill.sql", "-- migrate:up\nUPDATE app.users\nSET email = nothing_like_it\nWHERE TRUE\n")
    with pytest.raises(RunError) as caught:
        stand.upgrade()
    error = caught.value
    assert error.code == "BQM201"
    assert error.where == "migrations/0003_fill.sql:3:13"
    assert "nothing_like_it" in error.details[0]
    assert "Later migrations wait" in error.state
    broken.write_text("-- migrate:up\nUPDATE app.users SET email = 'x' WHERE TRUE\n")
    assert stand.upgrade().applied == ("0003",)


def test_after_mending_only_the_failed_step_runs_again(stand):
    stand.users().upgrade()
    stand.query("INSERT INTO app.users (id) VALUES ('a')")
    two = ADD_AND_RUN
    stand.write("0003_two.yaml", two.format("UPDATE app.users SET n = 1 / 0 WHERE TRUE"))
    with pytest.raises(RunError, match="stopped after step 1 of 2"):
        stand.upgrade()
    assert stand.states()["0003"] == "half-applied"
    assert "n" in stand.columns("app.users")
    stand.write("0003_two.yaml", two.format("UPDATE app.users SET n = 7 WHERE TRUE"))
    assert stand.upgrade().applied == ("0003",)
    assert stand.query("SELECT n FROM app.users") == [(7,)]
    assert stand.states()["0003"] == "applied"


def test_a_half_applied_migration_can_be_taken_back(stand):
    stand.users().upgrade()
    stand.write(
        "0003_two.yaml",
        "upgrade:\n  - add_columns: {table: app.users, columns: [{name: n, type: INTEGER}]}\n"
        "  - sql: {statement: SELECT nothing FROM app.users}\n",
    )
    with pytest.raises(RunError):
        stand.upgrade()
    assert stand.downgrade().reverted == ("0003",)
    assert stand.columns("app.users") == ["id", "email", "_bqm_drop_0003_n"]
    assert stand.history().current == "0002"


def test_changing_a_step_that_is_done_is_refused(stand):
    stand.users().upgrade()
    text = ADD_AND_RUN.replace("name: n", "name: {}").replace("statement: {}", "statement: SELECT x")
    stand.write("0003_two.yaml", text.format("n"))
    with pytest.raises(RunError):
        stand.upgrade()
    stand.write("0003_two.yaml", text.format("other"))
    with pytest.raises(UnsettledError, match="step 1 of 0003_two was changed after it was done") as caught:
        stand.upgrade()
    assert caught.value.exit_code == 5
    assert {r[0] for r in stand.recorder.requests} == {"GET"}


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


def test_a_column_comes_back_with_its_values(stand):
    stand.users().upgrade()
    stand.query("INSERT INTO app.users (id, email) VALUES ('a', 'a@example.com')")
    stand.write("0003_drop.yaml", "upgrade:\n  - drop_columns: {table: app.users, columns: [email]}\n")
    stand.upgrade()
    assert stand.columns("app.users") == ["id", "_bqm_drop_0003_email"]
    stand.downgrade()
    assert stand.query("SELECT email FROM app.users") == [("a@example.com",)]


def test_a_required_column_is_relaxed_before_it_is_set_aside_and_tightened_on_the_way_back(stand):
    stand.users()
    stand.write("0003_drop.yaml", "upgrade:\n  - drop_columns: {table: app.users, columns: [id]}\n")
    stand.upgrade()
    stand.query("INSERT INTO app.users (email) VALUES ('no id given')")
    with pytest.raises(RunError, match="stopped after step 1 of 2") as caught:
        stand.downgrade(allow_data_loss=True)
    assert "column id holds NULLs" in caught.value.details[-1]
    stand.query("UPDATE app.users SET id = 'given' WHERE TRUE")
    stand.downgrade(allow_data_loss=True)
    (mode,) = [f["mode"] for f in stand.table("app.users")["schema"]["fields"] if f["name"] == "id"]
    assert mode == "REQUIRED"
    assert stand.query("SELECT id, email FROM app.users") == [("given", "no id given")]


def test_sql_is_sent_byte_for_byte(stand):
    stand.users()
    procedure = (
        "BEGIN\n  DECLARE n INT64 DEFAULT 1;\n"
        "  INSERT INTO app.users (id, email) VALUES ('a;b', CASE WHEN n = 1 THEN ';' ELSE '--' END);\nEND;\n"
    )
    stand.write("0003_script.sql", f"-- migrate:up\n{procedure}-- migrate:down\nDELETE FROM app.users WHERE TRUE")
    stand.upgrade()
    sent = [
        body["configuration"]["query"]["query"]
        for m, p, body, _ in stand.recorder.requests
        if (m, p[-5:]) == ("POST", "/jobs")
    ]
    assert procedure in sent
    assert stand.query("SELECT id, email FROM app.users") == [("a;b", ";")]
    stand.downgrade("-1")


def test_variables_fill_names_and_travel_as_parameters(stand):
    stand.configure('datasets = {app = "app_dev"}\nvariables = {table = "users", who = "a\'; DROP TABLE x"}\n')
    stand.users()
    stand.write(
        "0003_fill.sql",
        "-- migrate:up\nINSERT INTO `${datasets.app}.${variables.table}` (id) VALUES (@who)\n",
    )
    stand.upgrade()
    assert stand.query("SELECT id FROM app_dev.users") == [("a'; DROP TABLE x",)]


def test_a_variable_that_is_no_name_is_refused_before_anything_is_sent(stand):
    stand.configure('variables = {table = "users`; DROP TABLE x"}\n')
    stand.users().write("0003_fill.sql", "-- migrate:up\nSELECT 1 FROM `app.${variables.table}`\n")
    with pytest.raises(ValidationError, match="cannot stand for a name"):
        stand.upgrade()
    assert stand.recorder.requests == []


def test_a_python_migration_gets_a_session(stand):
    stand.users()
    stand.write(
        "0003_fill.py",
        """
        def fill(session):
            table = f"{session.dataset('app')}.users"
            session.query(f"INSERT INTO {table} (id) VALUES (@id)", id="from python")
            assert session.query(f"SELECT id FROM {table}")[0]["id"] == "from python"

        def upgrade(op):
            op.add_columns(table="app.users", columns=[{"name": "age", "type": "INTEGER"}])
            op.run(fill)

        def downgrade(op):
            op.drop_columns(table="app.users", columns=["age"])
        """,
    )
    assert stand.upgrade().applied == ("0001", "0002", "0003")
    assert stand.query("SELECT id, age FROM app.users") == [("from python", None)]
    stand.downgrade()
    assert stand.columns("app.users")[-1].startswith("_bqm_drop_0003")


def test_an_error_in_a_python_step_names_the_authors_line(stand):
    stand.users()
    stand.write(
        "0003_fill.py",
        "def fill(session):\n    return 1 / 0\n\n\ndef upgrade(op):\n    op.run(fill)\n",
    )
    with pytest.raises(RunError, match="0003 fill failed") as caught:
        stand.upgrade()
    assert caught.value.where.startswith("migrations/0003_fill.py:2")
    assert "ZeroDivisionError" in caught.value.details[-1]


def test_another_configuration_may_not_use_the_history(stand):
    stand.users().upgrade()
    stand.configure('location = "EU"\n')
    with pytest.raises(ConfigError) as caught:
        stand.upgrade()
    assert caught.value.code == "BQM340"
    assert "location: recorded 'US', now 'EU'" in caught.value.details


def test_a_history_that_was_emptied_is_noticed(stand):
    stand.users().upgrade()
    stand.query("TRUNCATE TABLE bqmigrate._schema_migrations")
    with pytest.raises(UnsettledError, match="has rows up to 0, 3 were written"):
        stand.upgrade()


def test_a_lock_that_was_deleted_is_noticed(stand):
    stand.users().upgrade()
    stand.query("DROP TABLE bqmigrate._schema_migrations_lock")
    with pytest.raises(UnsettledError, match="its lock _schema_migrations_lock is gone"):
        stand.upgrade()


def test_what_is_stated_of_nested_fields_is_there_after_they_were_added(stand):
    inner = "{name: x, type: STRING, description: It's deep.}, {name: y, type: NUMERIC, roundingMode: ROUND_HALF_EVEN}"
    column = f"{{name: r, type: RECORD, mode: REPEATED, description: All., fields: [{inner}]}}"
    stand.users().write("0003_r.yaml", f"upgrade:\n  - add_columns: {{table: app.users, columns: [{column}]}}\n")
    stand.upgrade()
    added = stand.table("app.users")["schema"]["fields"][-1]
    assert (added["mode"], added["description"]) == ("REPEATED", "All.")
    assert added["fields"][0]["description"] == "It's deep."
    assert added["fields"][1]["roundingMode"] == "ROUND_HALF_EVEN"


def test_a_policy_tag_that_an_added_column_would_lack_is_refused(stand):
    tag = "policyTags: {names: [projects/p/locations/us/taxonomies/1/policyTags/2]}"
    inner = f"{{name: x, type: STRING, {tag}}}"
    for column, path in ((inner, "x"), (f"{{name: r, type: RECORD, fields: [{inner}]}}", "r.x")):
        stand.users().write("0003_t.yaml", f"upgrade:\n  - add_columns: {{table: app.users, columns: [{column}]}}\n")
        with pytest.raises(ValidationError, match=f"cannot add {path} with its policy tag") as caught:
            stand.upgrade()
        assert caught.value.findings[0].code == "BQM125"


def test_a_table_that_was_written_anew_on_the_way_back_expires_when_it_did(stand):
    expires = '{table: app.users, expires_at: "2099-01-01T00:00:00Z"}'
    stand.users().write("0003_a.yaml", f"upgrade:\n  - set_table_options: {expires}\n")
    relax = "{table: app.users, columns: [{name: id, mode: NULLABLE}]}"
    stand.write("0004_b.yaml", f"upgrade:\n  - alter_columns: {relax}\n")
    stand.upgrade(allow_data_loss=True)
    stand.downgrade("0003", allow_data_loss=True)
    assert stand.table("app.users")["schema"]["fields"][0]["mode"] == "REQUIRED"
    assert stand.table("app.users")["expirationTime"] == "4070908800000"


T = "{table: app.t, schema: [{name: a, type: STRING}]}"


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


def test_partitions_expire_as_the_dataset_says_once_an_option_is_taken_back(stand):
    parted = T.replace("]}", ", {name: d, type: DATE}], partitioning: {type: DAY, field: d}}").replace(
        "STRING}}", "STRING}"
    )
    stand.write("0001_app.yaml", DATASET.replace("dataset: app", "dataset: app, default_partition_expiration_days: 60"))
    stand.write("0002_t.yaml", f"upgrade:\n  - create_table: {parted}\n")
    stand.write("0003_o.yaml", "upgrade:\n  - set_table_options: {table: app.t, partition_expiration_days: 90}\n")
    stand.upgrade("0002")
    before = stand.table("app.t")["timePartitioning"]
    stand.upgrade(allow_data_loss=True)
    stand.downgrade("0002", allow_data_loss=True)
    assert stand.table("app.t")["timePartitioning"] == before


def test_columns_come_back_in_the_spelling_that_they_had(stand):
    stand.users().write("0003_d.yaml", "upgrade:\n  - drop_columns: {table: app.users, columns: [EMAIL]}\n")
    stand.write("0004_r.yaml", "upgrade:\n  - rename_columns: {table: app.users, columns: {ID: key}}\n")
    stand.upgrade()
    stand.downgrade("0002")
    assert stand.columns("app.users") == ["id", "email"]


def test_a_type_that_is_only_said_again_does_not_have_the_table_written_anew(stand):
    said = "{table: app.users, columns: [{name: email, type: STRING, description: Where to.}]}"
    stand.users().write("0003_a.yaml", f"upgrade:\n  - alter_columns: {said}\n")
    stand.upgrade()
    stand.downgrade("0002")
    assert "description" not in stand.table("app.users")["schema"]["fields"][1]


def test_a_dataset_in_another_location_than_its_environment_is_refused(stand):
    stand.write("0001_app.yaml", "upgrade:\n  - create_dataset: {dataset: app, location: EU}\n")
    with pytest.raises(ValidationError, match="this environment works in US"):
        stand.upgrade()
    stand.write("0001_app.yaml", "upgrade:\n  - create_dataset: {dataset: app, location: us}\n")
    stand.upgrade()


def test_a_python_step_queries_with_every_type_of_parameter(stand):
    stand.users().write(
        "0003_typed.py",
        """
        from datetime import UTC, datetime, timedelta, timezone

        VALUES = {
            "yes": True,
            "n": 7,
            "x": 1.5,
            "nan": float("nan"),
            "s": "text",
            "naive": datetime(2026, 1, 1),
            "utc": datetime(2026, 1, 1, 12, 30, 0, 5, tzinfo=UTC),
            "east": datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=2))),
        }

        def upgrade(op):
            op.run(ask)

        def ask(session):
            names = ", ".join(f"@{name} AS {name}" for name in VALUES)
            row = session.query(f"SELECT {names}", **VALUES)[0]
            assert (row["yes"], row["n"], row["x"], row["s"]) == (True, 7, 1.5, "text"), row
            assert row["utc"] == VALUES["utc"] and row["east"] == VALUES["east"], row
            assert row["naive"] == VALUES["naive"].replace(tzinfo=UTC), row
        """,
    )
    stand.upgrade()


def test_a_default_expiration_of_the_dataset_does_not_reach_the_history(stand):
    dataset = stand.client.create_dataset("bqmigrate")
    dataset.default_table_expiration_ms = 3_600_000
    dataset.default_partition_expiration_ms = 86_400_000
    stand.client.update_dataset(dataset, ["default_table_expiration_ms", "default_partition_expiration_ms"])
    stand.users().upgrade()
    for name in ("_schema_migrations", "_schema_migrations_lock"):
        assert not stand.table(f"bqmigrate.{name}").get("expirationTime")
    assert stand.table("bqmigrate._schema_migrations")["timePartitioning"] == {"type": "MONTH", "field": "at"}


def test_downgrade_is_refused_unless_the_environment_allows_it(stand):
    stand.users().upgrade()
    text = (stand.root / "migrations.toml").read_text().replace("allow_downgrade = true", "")
    (stand.root / "migrations.toml").write_text(text)
    with pytest.raises(RefusedError, match="not allowed in environment local"):
        stand.downgrade()


def test_a_dry_run_changes_nothing(stand):
    report = stand.users().upgrade(dry_run=True)
    assert report.dry_run
    assert report.to_version == "0002"
    assert {r[0] for r in stand.recorder.requests} == {"GET"}


def test_a_plan_that_was_shown_does_not_run_once_it_changed(stand):
    stand.users()
    with stand.open() as project:
        prepared = project.plan()
        stand.upgrade("0001")
        with pytest.raises(ValidationError, match="no longer the one that was shown"):
            project.upgrade(prepared=prepared)


def test_of_a_plan_that_was_shown_the_rest_runs_where_another_run_did_some_of_it(stand):
    stand.users().upgrade("0001")
    stand.write("0003_more.yaml", "upgrade:\n  - create_table: {table: app.t, schema: [{name: a, type: STRING}]}\n")
    with stand.open() as project, stand.open() as other:
        prepared = project.plan()
        other.upgrade("0002")
        assert project.upgrade(prepared=prepared).applied == ("0003",)
        assert project.upgrade(prepared=prepared).nothing_to_do


def test_of_a_downgrade_that_was_shown_no_other_migration_is_taken_back(stand):
    stand.users().upgrade()
    with stand.open() as project, stand.open() as other:
        prepared = project.plan("-1", direction="downgrade")
        other.downgrade("-1")
        with pytest.raises(ValidationError, match="no longer the one that was shown"):
            project.downgrade("-1", prepared=prepared)
    assert stand.states() == {"0001": "applied", "0002": "reverted"}


def test_a_run_waits_in_all_as_long_as_it_was_told_to_however_many_it_meets(stand):
    """Each time it looks again, another run holds the lease; none of them was there for long."""
    stand.users().upgrade("0001")
    clock = itertools.count()
    with stand.open(monotonic=lambda: float(next(clock))) as project:
        project.upgrade()
    stand.write("0003_more.yaml", "upgrade:\n  - create_table: {table: app.t, schema: [{name: a, type: STRING}]}\n")
    lock = stand.table("bqmigrate._schema_migrations_lock")
    holders = itertools.count(1)

    class Crowd(Recorder):
        def send(self, request, **kwargs):
            if request.method == "GET" and request.url.partition("?")[0].endswith("_lock"):
                described = json.loads(lock["description"])
                described["holder"] = {
                    "id": f"{next(holders):012x}", "who": "ana", "host": "elsewhere", "pid": 1,
                    "since": "2026-03-01T12:00:00Z", "ttl_s": 60.0,
                }  # fmt: skip
                table = stand.client.get_table("bqmigrate._schema_migrations_lock")
                table.description = json.dumps(described)
                stand.client.update_table(table, ["description"])
            return super().send(request, **kwargs)

    project = Project.open(
        "local",
        start=stand.root,
        environ={"BIGQUERY_EMULATOR_HOST": "http://bq.local"},
        transport=lambda _: Crowd(stand.warehouse.adapter()),
        clocks=Clocks(lambda: float(next(clock)), sleep=lambda _: None),
    )
    with pytest.raises(LeaseError) as caught:
        project.upgrade(lock_timeout_s=20)
    assert caught.value.code == "BQM401"
    assert next(holders) < 15


def test_the_log_has_one_record_per_step(stand, caplog):
    caplog.set_level(logging.INFO, "bqmigrate")
    stand.users().upgrade()
    steps = [r.bqmigrate for r in caplog.records if r.bqmigrate["event"] == "StepFinished"]
    assert [(s["target"], s["requests"]) for s in steps] == [("app", 1), ("app.users", 1)]
    assert all(s["duration_ms"] >= 0 for s in steps)


def test_one_migration_that_creates_and_patches_and_renames_runs_in_one_go(stand):
    stand.write("0001_app.yaml", DATASET)
    stand.write(
        "0002_much.yaml",
        """
        upgrade:
          - create_table: {table: app.t, schema: [{name: a, type: STRING, mode: REQUIRED}, {name: b, type: INTEGER}]}
          - set_clustering: {table: app.t, columns: [a]}
          - rename_table: {table: app.t, to: u}
          - alter_columns: {table: app.u, columns: [{name: b, type: NUMERIC, description: Widened.}]}
          - set_table_options: {table: app.u, description: Much., labels: {team: core}}
          - create_view: {view: app.v, query: "SELECT a FROM `${project}.app.u`"}
          - replace_view: {view: app.v, query: "SELECT a, b FROM `${project}.app.u`"}
        """,
    )
    stand.upgrade()
    made = stand.table("app.u")
    assert made["clustering"] == {"fields": ["a"]}
    assert made["labels"]["team"] == "core"
    assert stand.query("SELECT * FROM app.v") == []
    stand.downgrade("0001", allow_data_loss=True)
    assert [t.table_id for t in stand.client.list_tables("app")] == []


def test_a_long_run_is_opened_piece_by_piece(stand):
    stand.users()
    for number in range(3, 63):
        column = f"{{name: c{number}, type: STRING, description: {'Long. ' * 20}}}"
        stand.write(f"{number:04}_c.yaml", f"upgrade:\n  - add_columns: {{table: app.users, columns: [{column}]}}\n")
    assert len(stand.upgrade().applied) == 62
    locks = [body["description"] for m, p, body, _ in stand.recorder.requests if m == "PATCH" and p.endswith("_lock")]
    assert len(locks) == 3  # the two next pieces, and letting go
    assert max(len(text) for text in locks) <= 12_000
    assert len(stand.downgrade("base").reverted) == 62


def test_steps_too_many_for_the_lock_stand_in_the_started_row(stand):
    stand.users()
    columns = ", ".join(f"{{name: c{n}, type: STRING, defaultValueExpression: \"'x'\"}}" for n in range(70))
    stand.write("0003_wide.yaml", f"upgrade:\n  - add_columns: {{table: app.users, columns: [{columns}]}}\n")
    stand.upgrade()
    assert ("started", "0003") in [(event, version) for _, event, version, _ in stand.rows()]
    assert len(stand.columns("app.users")) == 72


def test_of_two_runs_at_once_one_works_and_the_other_waits(stand):
    stand.users()
    with ThreadPoolExecutor(2) as pool:
        projects = [stand.open_for_real() for _ in range(2)]
        reports = list(pool.map(lambda p: p.upgrade(lock_timeout_s=30), projects))
    assert sorted(len(r.applied) for r in reports) == [0, 2]
    assert [event for _, event, *_ in stand.rows()] == ["genesis", "applied", "applied"]


@pytest.mark.parametrize(
    ("narrow", "wide", "fits", "too_wide"),
    [
        ("STRING(3)", "STRING(9)", "'abc'", "'abcd'"),
        ("STRING(3)", "STRING", "'abc'", "'abcd'"),
        ("NUMERIC(5, 2)", "NUMERIC(9, 4)", "NUMERIC '123.45'", "NUMERIC '123.456'"),
        ("NUMERIC(5, 2)", "NUMERIC(9, 4)", "NUMERIC '-999.99'", "NUMERIC '1000'"),
        ("INTEGER", "NUMERIC", "7", "NUMERIC '7.5'"),
        ("INTEGER", "FLOAT", "7", "7.5"),
    ],
)
def test_a_wider_type_is_taken_back_only_where_every_value_still_fits(stand, narrow, wide, fits, too_wide):
    stand.users()
    schema = f"[{{name: id, type: STRING}}, {{name: v, type: '{narrow}', description: It's.}}]"
    stand.write("0003_t.yaml", f"upgrade:\n  - create_table: {{table: app.t, schema: {schema}}}\n")
    stand.write(
        "0004_wide.yaml", f"upgrade:\n  - alter_columns: {{table: app.t, columns: [{{name: v, type: '{wide}'}}]}}\n"
    )
    stand.upgrade("3")
    before = stand.table("app.t")["schema"]
    stand.upgrade()
    stand.query(f"INSERT INTO app.t (id, v) VALUES ('x', {too_wide})")
    with pytest.raises(RefusedError, match="column v holds values that"):
        stand.downgrade(allow_data_loss=True)
    stand.query(f"UPDATE app.t SET v = {fits} WHERE TRUE")
    stand.downgrade(allow_data_loss=True)
    assert stand.table("app.t")["schema"] == before
    assert stand.query(f"SELECT COUNT(*) FROM app.t WHERE v = {fits}") == [(1,)]


def test_a_rebuild_is_refused_without_allowing_data_loss(stand):
    stand.users()
    stand.write(
        "0003_relax.yaml", "upgrade:\n  - alter_columns: {table: app.users, columns: [{name: id, mode: NULLABLE}]}\n"
    )
    stand.upgrade()
    with pytest.raises(RefusedError, match="would lose data") as caught:
        stand.downgrade()
    assert caught.value.exit_code == 2
    assert "POST" not in {r[0] for r in stand.recorder.requests}


def test_a_name_that_two_tables_had_is_taken_back_as_each_of_them(stand):
    create = "upgrade:\n  - create_table: {table: app.t, schema: [{name: a, type: STRING}]}\n"
    stand.write("0001_app.yaml", DATASET)
    stand.write("0002_first.yaml", create)
    stand.write("0003_aside.yaml", "upgrade:\n  - rename_table: {table: app.t, to: old}\n")
    stand.write("0004_second.yaml", create)
    stand.upgrade()
    assert stand.downgrade("base").reverted == ("0004", "0003", "0002", "0001")


def test_a_table_dropped_by_a_migration_is_made_again_on_the_way_back(stand):
    stand.users()
    stand.write("0003_drop.yaml", "upgrade:\n  - drop_table: {table: app.users}\n  - drop_dataset: {dataset: app}\n")
    stand.upgrade()
    stand.downgrade()
    assert stand.columns("app.users") == ["id", "email"]
    assert stand.downgrade("base").reverted == ("0002", "0001")


THREE = """
upgrade:
  - create_table: {{table: app.{}, schema: [{{name: a, type: STRING}}]}}
  - add_columns: {{table: app.users, columns: [{{name: n, type: INTEGER}}]}}
  - sql: {{statement: SELECT {}}}
"""


def test_a_create_that_was_done_may_not_become_another_table(stand):
    stand.users().write("0003_three.yaml", THREE.format("one", "1 / 0"))
    with pytest.raises(RunError):
        stand.upgrade()
    stand.write("0003_three.yaml", THREE.format("other", "1"))
    with pytest.raises(UnsettledError, match="step 1 of 0003_three was changed"):
        stand.upgrade()
    stand.write("0003_three.yaml", THREE.format("one", "1"))
    assert stand.upgrade().applied == ("0003",)
    assert stand.columns("app.one") == ["a"]


def test_a_python_step_that_exits_has_failed(stand):
    stand.users().write(
        "0003_exit.py", "import sys\n\n\ndef stop(session):\n    sys.exit(0)\n\n\ndef upgrade(op):\n    op.run(stop)\n"
    )
    with pytest.raises(RunError, match="0003 exit failed") as caught:
        stand.upgrade()
    assert "SystemExit: 0" in caught.value.details[-1]
    assert stand.states()["0003"] == "half-applied"


def test_what_a_python_step_prints_does_not_reach_stdout(stand, capsys):
    stand.users().write(
        "0003_print.py", "def say(session):\n    print('hello')\n\n\ndef upgrade(op):\n    op.run(say)\n"
    )
    stand.upgrade()
    out, err = capsys.readouterr()
    assert (out, "hello" in err) == ("", True)


def test_a_script_that_stopped_on_its_way_is_half_applied_and_taken_back_by_its_own_way_back(stand):
    stand.users().write(
        "0003_script.sql",
        "-- migrate:up\nINSERT INTO app.users (id) VALUES ('x');\nSELECT ERROR('boom');\n"
        "-- migrate:down\nDELETE FROM app.users WHERE id = 'x';\n",
    )
    with pytest.raises(RunError, match="0003 script failed"):
        stand.upgrade()
    assert stand.states()["0003"] == "half-applied"
    assert stand.downgrade().reverted == ("0003",)
    assert stand.query("SELECT id FROM app.users") == []
    assert stand.history().current == "0002"


def test_rows_that_would_expire_sooner_need_consent(stand):
    stand.users().write(
        "0003_t.yaml",
        "upgrade:\n  - create_table:\n      table: app.t\n      schema: [{name: d, type: DATE}]\n"
        "      partitioning: {type: DAY, field: d}\n",
    )
    stand.write("0004_expire.yaml", "upgrade:\n  - set_table_options: {table: app.t, partition_expiration_days: 400}\n")
    with pytest.raises(RefusedError, match="0004 would lose data"):
        stand.upgrade()
    stand.upgrade(allow_data_loss=True)
    stand.downgrade()


def test_a_column_added_dropped_and_added_again_comes_and_goes(stand):
    add = "  - add_columns: {{table: app.users, columns: [{{name: n, type: {}}}]}}\n"
    drop = "  - drop_columns: {table: app.users, columns: [n]}\n"
    stand.users().write("0003_n.yaml", f"upgrade:\n{add.format('INTEGER')}{drop}{add.format('FLOAT')}")
    stand.upgrade()
    stand.downgrade()
    assert [c for c in stand.columns("app.users") if not c.startswith("_bqm_drop_")] == ["id", "email"]
    stand.upgrade()


def test_half_of_a_migration_is_taken_back_by_its_inverses_not_by_a_way_back_for_all_of_it(stand):
    stand.users().write(
        "0003_two.yaml",
        "upgrade:\n  - add_columns: {table: app.users, columns: [{name: n, type: INTEGER}]}\n"
        "downgrade:\n  - drop_table: {table: app.nothing_like_it}\n",
    )
    with pytest.raises(ValidationError):
        stand.upgrade()
    stand.write(
        "0003_two.yaml",
        "upgrade:\n  - add_columns: {table: app.users, columns: [{name: n, type: INTEGER}]}\n"
        "  - sql: {statement: SELECT 1 / 0}\n"
        "  - add_columns: {table: app.users, columns: [{name: m, type: INTEGER}]}\n"
        "downgrade:\n  - drop_columns: {table: app.users, columns: [m, n]}\n",
    )
    with pytest.raises(RunError):
        stand.upgrade()
    assert stand.downgrade().reverted == ("0003",)
    assert [c for c in stand.columns("app.users") if not c.startswith("_bqm_drop_")] == ["id", "email"]


def test_the_chain_of_the_history_is_checked(stand):
    stand.users().upgrade()
    stand.query("UPDATE bqmigrate._schema_migrations SET name = 'evil' WHERE version = '0002'")
    with pytest.raises(UnsettledError, match="one of the rows 1 to 3 was changed") as caught:
        stand.history()
    assert caught.value.code == "BQM514"


def test_a_row_that_was_deleted_is_noticed(stand):
    stand.users().upgrade()
    stand.query("DELETE FROM bqmigrate._schema_migrations WHERE version = '0002'")
    with pytest.raises(UnsettledError, match="rows are missing") as caught:
        stand.history()
    assert caught.value.exit_code == 5


@pytest.mark.parametrize("look", [["history"], ["current"], ["show", "2"], ["plan"], ["unlock", "0123abcd"]])
def test_whoever_waits_for_rows_is_told_so(stand, look):
    stand.users().upgrade()
    stand.query("DELETE FROM bqmigrate._schema_migrations WHERE version = '0002'")
    told = []
    method, *arguments = look
    with stand.open() as project, pytest.raises(UnsettledError, match="rows are missing"):
        getattr(project, method)(*arguments, emit=told.append)
    assert told
    assert {(event.target, event.reason) for event in told} == {
        ("the history", "rows that were written are not to be seen")
    }


@pytest.mark.parametrize(
    ("text", "why"), [("a note", "it is no JSON"), ('{"pins": {}}', "lacks or mistakes 'datasets'")]
)
def test_a_lock_that_somebody_wrote_over_is_told_and_there_is_a_way_out(stand, text, why):
    stand.users().upgrade()
    lock = stand.client.get_table("bqmigrate._schema_migrations_lock")
    lock.description = text
    stand.client.update_table(lock, ["description"])
    with pytest.raises(UnsettledError, match="is not a lock") as caught:
        stand.upgrade()
    assert caught.value.code == "BQM510"
    assert why in caught.value.message
    assert stand.recorder.methods("GET") == stand.recorder.requests
    stand.query("DROP TABLE bqmigrate._schema_migrations_lock")
    with stand.open() as project:
        project.repair("new-lineage", yes=True)
    assert stand.upgrade().requests == 2
    assert set(stand.states().values()) == {"applied"}


def test_a_lock_that_is_gone_is_noticed_by_who_only_looks_and_nothing_takes_its_name(stand):
    stand.users().upgrade()
    stand.query("DROP TABLE bqmigrate._schema_migrations_lock")
    with pytest.raises(UnsettledError, match="is gone"):
        stand.history()
    with pytest.raises(UnsettledError, match="is gone"):
        stand.upgrade()
    assert {r[0] for r in stand.recorder.requests} <= {"GET", "POST"}
    assert "_schema_migrations_lock" not in [t.table_id for t in stand.client.list_tables("bqmigrate")]


def test_a_rebuild_that_cannot_fit_is_refused_before_the_first_step(stand):
    stand.users().write(
        "0003_relax.yaml",
        "upgrade:\n  - alter_columns: {table: app.users, columns: [{name: id, mode: NULLABLE}]}\n"
        "  - add_columns: {table: app.users, columns: [{name: n, type: INTEGER}]}\n",
    )
    stand.upgrade()
    stand.query("INSERT INTO app.users (email) VALUES ('x')")
    with pytest.raises(RefusedError, match="column id holds NULLs"):
        stand.downgrade(allow_data_loss=True)
    assert "n" in stand.columns("app.users")
    assert stand.states()["0003"] == "applied"
