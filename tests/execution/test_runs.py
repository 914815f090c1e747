"""Runs, up and down: what they do, refuse, show and say."""

import itertools
import json
import logging
from concurrent.futures import ThreadPoolExecutor

import pytest

from bqmigrate import Project
from bqmigrate.errors import LeaseError, RefusedError, RunError, UnsettledError, ValidationError
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
