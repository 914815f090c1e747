"""Every request of a run, below the official client."""

import re

NAMED = """
upgrade:
  - set_clustering: {table: app.users, columns: [email]}
  - alter_columns: {table: app.users, columns: [{name: id, mode: NULLABLE}]}
"""


def test_a_job_has_our_id_a_patch_an_etag_and_nothing_is_deleted(stand):
    stand.users().write("0003_cluster.yaml", NAMED)
    seen = []
    stand.upgrade()
    seen += stand.recorder.requests
    up, down = "INSERT INTO app.users (id) VALUES ('a')", "DELETE FROM app.users WHERE TRUE"
    stand.write("0004_note.sql", f"-- migrate:up\n{up}\n-- migrate:down\n{down}\n")
    stand.upgrade()
    seen += stand.recorder.requests
    stand.downgrade("-1")
    seen += stand.recorder.requests
    jobs = [body for method, path, body, _ in seen if method == "POST" and path.endswith("/jobs")]
    patches = [etag for method, _, _, etag in seen if method == "PATCH"]
    assert len(jobs) >= 5
    assert all(re.match(r"bqm-[a-z0-9]{10}-(m\d{4}-g\d+-(up|dn)\d+|e\d+)-a\d+\Z", _id(body)) for body in jobs)
    assert len(patches) >= 4
    assert all(patches)
    assert not [r for r in seen if r[0] == "DELETE"]


def _id(body):
    return body["jobReference"]["jobId"]


def paths(stand):
    return [f"{method} {path.partition('?')[0].partition('/')[2]}" for method, path, *_ in stand.recorder.requests]


def test_a_fresh_run_is_the_protocol_request_by_request(stand):
    report = stand.users().upgrade()
    shown = [re.sub(r"bqm-.*", "JOB", p) for p in paths(stand)]
    assert shown == [
        "GET datasets/bqmigrate/tables/_schema_migrations_lock",
        "POST datasets",
        "POST datasets/bqmigrate/tables",
        "POST datasets/bqmigrate/tables",
        "POST datasets",
        "POST datasets/app/tables",
        "POST jobs",
        "GET jobs/JOB",
        "PATCH datasets/bqmigrate/tables/_schema_migrations_lock",
    ]
    assert report.requests == 9


def test_nothing_to_do_is_two_reads_and_no_write(stand):
    stand.users().upgrade()
    report = stand.upgrade()
    assert report.nothing_to_do
    assert report.requests == 2
    assert {r[0] for r in stand.recorder.requests} == {"GET"}


def test_history_is_two_reads_and_never_writes(stand):
    stand.users()
    assert stand.history().requests == 2
    assert {r[0] for r in stand.recorder.requests} == {"GET"}
    stand.upgrade()
    assert stand.history().requests == 2
    assert {r[0] for r in stand.recorder.requests} == {"GET"}


def test_two_more_columns_are_eight_requests(stand):
    stand.users().upgrade()
    stand.write(
        "0003_more.yaml",
        "upgrade:\n  - add_columns: {table: app.users, columns: [{name: a, type: STRING}, {name: b, type: DATE}]}\n",
    )
    assert stand.upgrade().requests == 8


def test_taking_back_a_table_is_ten_requests(stand):
    stand.users().upgrade()
    assert stand.downgrade().requests == 10


def test_a_plan_that_was_shown_is_not_read_again(stand):
    stand.users()
    with stand.open() as project:
        prepared = project.plan(runs_next=True)
        assert project.upgrade(prepared=prepared).requests == 9


def test_planning_offline_does_not_connect(stand):
    stand.users()
    with stand.open() as project:
        assert len(project.plan(offline=True).plan.migrations) == 2
    assert stand.recorder.requests == []
