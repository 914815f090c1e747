from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from google.cloud import bigquery

from tests.conformance.behaviour import behaviour, refused

A = {"name": "a", "type": "STRING"}
HELD = pytest.mark.switches(job_ms=60_000)


def fresh(text="job"):
    return f"{text}_{uuid.uuid4().hex}"


def started(client, dataset, text, job_id=None):
    config = bigquery.QueryJobConfig(default_dataset=dataset, use_query_cache=False)
    return client.query(text, job_config=config, job_id=job_id or fresh(), job_retry=None)


@behaviour("5 Job id: re-use -> 409 duplicate")
@pytest.mark.parametrize("text", ["SELECT 1", "SELECT * FROM missing", "SELEC"])
def test_a_job_id_is_taken_once_whatever_came_of_the_job(client, dataset, text):
    job_id = fresh()
    first = started(client, dataset, text, job_id)
    with refused(409, "duplicate", "already exists"):
        started(client, dataset, "SELECT 2", job_id)
    assert client.get_job(job_id).query == text == first.query
    assert started(client, dataset, "SELECT 2").result().total_rows == 1


@behaviour("5 Job id: <=1,024 of [A-Za-z0-9_-]")
def test_job_ids_are_letters_digits_dashes_and_underscores(client, dataset):
    for wrong in ("with space", "a.b", "x" * 1025, "ü"):
        with refused(400, "invalid"):
            started(client, dataset, "SELECT 1", wrong)
    right = fresh("A-z_0")
    assert started(client, dataset, "SELECT 1", right).job_id == right


@behaviour("5 Job history kept 6 months")
@pytest.mark.needs_clock
def test_a_job_and_its_id_are_remembered_for_180_days(client, dataset, clock):
    job_id = fresh()
    started(client, dataset, "SELECT 1", job_id)
    clock.advance(timedelta(days=179))
    with refused(409, "duplicate"):
        started(client, dataset, "SELECT 1", job_id)
    assert client.get_job(job_id).state == "DONE"
    clock.advance(timedelta(days=2))
    assert started(client, dataset, "SELECT 2", job_id).query == "SELECT 2"


@behaviour("5 jobs.get needs location")
def test_a_job_is_found_in_its_location_and_project_only(client, dataset, api):
    job = started(client, dataset, "SELECT 1")
    with refused(404, "notFound", job.job_id):
        client.get_job(job.job_id, location="europe-west1")
    with refused(404, "notFound"):
        client.get_job(fresh("never"))
    assert client.get_job(job.job_id, location=job.location).state == "DONE"


@behaviour("12 statementType, ddlOperationPerformed, ddlTargetTable")
def test_a_done_job_shows_what_it_was_asked_and_what_it_did(client, dataset):
    job = started(client, dataset, "CREATE TABLE t (a STRING)")
    job.result()
    found = client.get_job(job.job_id)
    assert (found.statement_type, found.ddl_operation_performed) == ("CREATE_TABLE", "CREATE")
    assert found.ddl_target_table.table_id == "t"
    assert found.created <= found.started <= found.ended
    assert found.error_result is None


@behaviour("3.2 invalid, invalidQuery, accessDenied, billingNotEnabled, responseTooLarge")
def test_a_query_that_fails_is_a_job_with_an_error_and_a_4xx_where_its_outcome_is_asked(client, dataset, api):
    job = started(client, dataset, "SELEC 1")
    found = client.get_job(job.job_id)
    assert (found.state, found.error_result["reason"]) == ("DONE", "invalidQuery")
    with refused(400, "invalidQuery", "syntax error"):
        job.result()
    body = {"query": "SELEC 1", "useLegacySql": False}
    with refused(400, "invalidQuery", "syntax error"):
        api("POST", "//queries", body)
    assert api("POST", "//queries", {**body, "query": "SELECT 1"})["jobComplete"] is True


@behaviour("3.2 notFound")
def test_a_query_of_a_missing_table_fails_as_not_found(client, dataset):
    job = started(client, dataset, "SELECT * FROM missing")
    with refused(404, "notFound", "missing"):
        job.result()
    assert client.get_job(job.job_id).error_result["reason"] == "notFound"
    assert started(client, dataset, "SELECT 1").result().total_rows == 1


@behaviour("page REST jobs.list")
@pytest.mark.needs_clock
def test_jobs_are_listed_latest_first_by_time_state_and_parent(client, dataset, clock):
    ids = []
    for _ in range(3):
        ids.append(started(client, dataset, "SELECT 1").job_id)
        clock.advance(timedelta(minutes=1))
    assert [j.job_id for j in client.list_jobs(page_size=2)] == ids[::-1]
    since = clock.now() - timedelta(minutes=2, seconds=30)
    assert [j.job_id for j in client.list_jobs(min_creation_time=since)] == ids[:0:-1]
    assert [j.job_id for j in client.list_jobs(state_filter="done", max_results=1)] == ids[-1:]
    assert list(client.list_jobs(state_filter="pending")) == []


@behaviour("4 jobs.list with parentJobId gives children")
def test_a_scripts_statements_are_its_children(client, dataset):
    script = started(client, dataset, "SELECT 1; SELECT 2;")
    script.result()
    children = list(client.list_jobs(parent_job=script.job_id))
    assert [c.query.strip(" ;") for c in children] == ["SELECT 2", "SELECT 1"]
    assert {c.parent_job_id for c in children} == {script.job_id}
    assert script.job_id not in {j.job_id for j in children}


@behaviour("page REST Job: labels")
def test_labels_of_a_job_are_read_back(client, dataset):
    config = bigquery.QueryJobConfig(labels={"owner": "suite"})
    job = client.query("SELECT 1", job_config=config, job_retry=None)
    assert client.get_job(job.job_id).labels == {"owner": "suite"}
    with refused(400, "invalid"):
        client.query("SELECT 1", job_config=bigquery.QueryJobConfig(labels={"Upper": "x"}), job_retry=None)


@behaviour("page REST jobs.list: labels come along, to be chosen by the client")
def test_jobs_are_found_by_their_labels(client, dataset):
    config = bigquery.QueryJobConfig(labels={"owner": dataset.rpartition("_")[2]})
    wanted = client.query("SELECT 1", job_config=config, job_retry=None).job_id
    client.query("SELECT 2", job_retry=None)
    assert [j.job_id for j in client.list_jobs(max_results=100) if j.labels == config.labels] == [wanted]


@behaviour("5 a job's metadata can be deleted")
def test_a_job_whose_metadata_is_deleted_is_not_found_with_its_children(client, dataset):
    script = started(client, dataset, "SELECT 1; SELECT 2;")
    script.result()
    children = [j.job_id for j in client.list_jobs(parent_job=script.job_id)]
    other = started(client, dataset, "SELECT 1")
    with refused(400, "invalid", "child job"):
        client.delete_job_metadata(children[0], location=script.location)
    client.delete_job_metadata(script.job_id, location=script.location)
    for gone in (script.job_id, *children):
        with refused(404, "notFound"):
            client.get_job(gone, location=script.location)
    assert client.get_job(other.job_id, location=other.location).state == "DONE"


@behaviour("5 requestId: remembered 15 minutes")
@pytest.mark.needs_clock
def test_a_request_id_runs_once_for_fifteen_minutes(make, api, rows, clock, dataset):
    make("t", [A])
    body = {"query": f"INSERT INTO `{dataset}.t` VALUES ('x')", "useLegacySql": False, "requestId": fresh()[:36]}
    first = api("POST", "//queries", body)
    assert api("POST", "//queries", body)["jobReference"] == first["jobReference"]
    assert rows("SELECT count(*) FROM t") == [(1,)]
    clock.advance(timedelta(minutes=16))
    api("POST", "//queries", body)
    assert rows("SELECT count(*) FROM t") == [(2,)]


@behaviour("5 requestId: same id and same result-affecting parameters, <=36 ASCII chars")
def test_another_query_under_the_same_request_id_runs_and_a_long_id_is_refused(make, api, rows, dataset):
    make("t", [A])
    body = {"query": f"INSERT INTO `{dataset}.t` VALUES ('x')", "useLegacySql": False, "requestId": fresh()[:36]}
    api("POST", "//queries", body)
    api("POST", "//queries", {**body, "query": f"INSERT INTO `{dataset}.t` VALUES ('y')"})
    assert rows("SELECT count(*) FROM t") == [(2,)]
    with refused(400, "invalid"):
        api("POST", "//queries", {**body, "requestId": "r" * 37})


@behaviour("page REST jobs: asynchronous states")
@HELD
@pytest.mark.needs_clock
def test_while_a_job_is_running_ten_other_requests_are_answered_and_none_sees_its_effect(client, dataset, clock, make):
    make("t", [A])
    job = started(client, dataset, "ALTER TABLE t ADD COLUMN b STRING")
    assert job.state == "RUNNING"
    for n in range(10):
        assert len(client.get_table(f"{dataset}.t").schema) == 1
        client.create_table(bigquery.Table(f"{dataset}.other{n}"))
    assert client.get_job(job.job_id).state == "RUNNING"
    assert [j.job_id for j in client.list_jobs(state_filter="running")] == [job.job_id]
    clock.advance(timedelta(minutes=1))
    assert client.get_job(job.job_id).state == "DONE"
    assert len(client.get_table(f"{dataset}.t").schema) == 2


@behaviour("page REST jobs.getQueryResults: jobComplete")
@HELD
@pytest.mark.needs_clock
def test_results_of_a_running_query_are_incomplete_until_it_is_done(client, dataset, clock, api):
    found = api("POST", "//queries", {"query": "SELECT 7 AS n", "useLegacySql": False})
    assert found["jobComplete"] is False
    job_id = found["jobReference"]["jobId"]
    assert api("GET", f"//queries/{job_id}")["jobComplete"] is False
    clock.advance(timedelta(minutes=1))
    assert api("GET", f"//queries/{job_id}")["rows"] == [{"f": [{"v": "7"}]}]


@behaviour("3.2 stopped")
@HELD
@pytest.mark.needs_clock
def test_a_cancelled_job_ends_as_stopped_without_effect(client, dataset, clock, make):
    make("t", [A])
    job = started(client, dataset, "DROP TABLE t")
    assert client.cancel_job(job.job_id).job_id == job.job_id
    found = client.get_job(job.job_id)
    assert (found.state, found.error_result["reason"]) == ("DONE", "stopped")
    clock.advance(timedelta(hours=1))
    assert client.get_table(f"{dataset}.t")
    with refused(409, "duplicate"):
        started(client, dataset, "SELECT 1", job.job_id)
    other = started(client, dataset, "DROP TABLE t")
    clock.advance(timedelta(hours=1))
    assert client.get_job(other.job_id).error_result is None


@behaviour("5 copy jobs cannot be stopped")
@HELD
@pytest.mark.needs_clock
def test_cancelling_a_copy_job_does_not_stop_it(client, dataset, clock, make):
    make("t", [A])
    job = client.copy_table(f"{dataset}.t", f"{dataset}.u")
    client.cancel_job(job.job_id)
    clock.advance(timedelta(minutes=1))
    assert client.get_job(job.job_id).error_result is None
    assert client.get_table(f"{dataset}.u")


@behaviour("page REST jobs.cancel")
def test_cancelling_a_job_that_ended_changes_nothing(client, dataset):
    job = started(client, dataset, "SELECT 1")
    job.result()
    assert client.cancel_job(job.job_id).state == "DONE"
    assert client.get_job(job.job_id).error_result is None
    with refused(404, "notFound"):
        client.cancel_job(fresh("never"))


@behaviour("9 Dry run: no job kept; validates; statement type, schema, referenced tables")
def test_a_dry_run_validates_and_says_what_would_be_and_keeps_no_job(sql, make, client, dataset):
    make("t", [A])
    job = sql("SELECT a AS z FROM t", dry_run=True)
    assert (job.statement_type, [f.name for f in job.schema]) == ("SELECT", ["z"])
    assert [t.table_id for t in job.referenced_tables] == ["t"]
    assert job.state == "DONE"
    listed = {j.job_id for j in client.list_jobs()}
    assert job.job_id not in listed
    with refused(404, "notFound"):
        sql("SELECT a FROM gone", dry_run=True)
    sql("DROP TABLE t", dry_run=True)
    assert client.get_table(f"{dataset}.t")


@behaviour("9 Dry run: bytes of the scanned columns")
def test_a_dry_run_counts_the_bytes_of_the_columns_that_are_read(sql, make):
    make("t", [A, {"name": "n", "type": "INTEGER"}])
    sql("INSERT INTO t VALUES ('12345678', 1), ('12345678', 2)")
    assert sql("SELECT n FROM t", dry_run=True).total_bytes_processed == 16
    assert sql("SELECT a FROM t", dry_run=True).total_bytes_processed == 20
    assert sql("SELECT * FROM t", dry_run=True).total_bytes_processed == 36
    assert sql("SELECT a FROM t WHERE n > 1", dry_run=True).total_bytes_processed == 36
    assert sql("SELECT count(*) FROM t", dry_run=True).total_bytes_processed == 0


@behaviour("9 Single DDL: validated, bytes 0")
def test_a_dry_run_of_ddl_is_checked_and_costs_nothing(sql, make, resource):
    make("t", [A])
    job = sql("ALTER TABLE t ADD COLUMN b STRING", dry_run=True)
    assert (job.statement_type, job.total_bytes_processed) == ("ALTER_TABLE", 0)
    assert len(resource("t")["schema"]["fields"]) == 1
    with refused(400, "invalidQuery"):
        sql("ALTER TABLE t DROP COLUMN zz", dry_run=True)


@behaviour("9 maximumBytesBilled")
def test_a_query_above_its_limit_of_bytes_fails_and_does_nothing(sql, make, rows, api, dataset):
    make("t", [A])
    sql("INSERT INTO t VALUES ('x')")
    for text in (f"CREATE TABLE `{dataset}.u` AS SELECT * FROM `{dataset}.t`", f"SELECT * FROM `{dataset}.t`"):
        with refused(400, "bytesBilledLimitExceeded"):
            api("POST", "//queries", {"query": text, "useLegacySql": False, "maximumBytesBilled": "1"})
    with refused(404, "notFound"):
        sql("SELECT * FROM u")
    assert rows("SELECT * FROM t", maximum_bytes_billed=10 * 2**20) == [("x",)]


@behaviour("5 Write dispositions act as one atomic update")
def test_a_query_writes_into_a_table_as_its_dispositions_say(sql, rows, dataset, client):
    target = f"{dataset}.out"
    with refused(404, "notFound"):
        sql("SELECT 'a' AS a", destination=target, create_disposition="CREATE_NEVER")
    sql("SELECT 'a' AS a", destination=target)
    with refused(409, "duplicate"):
        sql("SELECT 'b' AS a", destination=target, write_disposition="WRITE_EMPTY")
    sql("SELECT 'c' AS a", destination=target, write_disposition="WRITE_APPEND")
    assert rows("SELECT a FROM out ORDER BY a") == [("a",), ("c",)]
    with refused(400, "invalid"):
        sql("SELECT 1 AS zz", destination=target, write_disposition="WRITE_APPEND")
    sql("SELECT 'd' AS a", destination=target, write_disposition="WRITE_TRUNCATE")
    assert rows("SELECT a FROM out") == [("d",)]


@behaviour("6.3 partitioning and clustering")
def test_a_copy_job_makes_a_table_with_rows_and_metadata_of_its_source(make, sql, client, dataset, resource, rows):
    make("t", [{**A, "description": "A"}, {"name": "d", "type": "DATE"}], clustering={"fields": ["a"]},
         timePartitioning={"type": "DAY", "field": "d"}, labels={"k": "v"}, description="T")  # fmt: skip
    sql("INSERT INTO t VALUES ('x', '2026-01-01')")
    client.copy_table(f"{dataset}.t", f"{dataset}.u").result()
    found = resource("u")
    assert (found["clustering"], found["timePartitioning"]["field"]) == ({"fields": ["a"]}, "d")
    assert (found["description"], found["labels"]) == ("T", {"k": "v"})
    assert found["schema"]["fields"][0]["description"] == "A"
    assert rows("SELECT a FROM u") == [("x",)]


@behaviour("page managing-tables: copy dispositions")
def test_a_copy_job_appends_truncates_or_wants_an_empty_target(make, sql, client, dataset, rows):
    make("t", [A])
    sql("INSERT INTO t VALUES ('x')")
    source, target = f"{dataset}.t", f"{dataset}.u"
    for disposition, count in (("WRITE_EMPTY", 1), ("WRITE_APPEND", 2), ("WRITE_TRUNCATE", 1)):
        client.copy_table(
            source, target, job_config=bigquery.CopyJobConfig(write_disposition=disposition)
        ).result()  # fmt: skip
        assert rows("SELECT count(*) FROM u") == [(count,)]
    with refused(409, "duplicate"):
        client.copy_table(source, target).result(retry=None)
    append = bigquery.CopyJobConfig(write_disposition="WRITE_APPEND")
    client.copy_table([source, source], target, job_config=append).result()
    assert rows("SELECT count(*) FROM u") == [(3,)]


@behaviour("2 A write-append copy from a narrower table fails if the extra columns have defaults")
def test_a_narrower_table_is_not_appended_where_missing_columns_have_defaults(make, sql, client, dataset, rows):
    make("t", [A])
    make("u", [A, {"name": "n", "type": "INTEGER"}])
    make("v", [A, {"name": "n", "type": "INTEGER", "defaultValueExpression": "1"}])
    sql("INSERT INTO t VALUES ('x')")
    append = bigquery.CopyJobConfig(write_disposition="WRITE_APPEND")
    with refused(400, "invalid"):
        client.copy_table(f"{dataset}.t", f"{dataset}.v", job_config=append).result(retry=None)
    client.copy_table(f"{dataset}.t", f"{dataset}.u", job_config=append).result()
    assert rows("SELECT a, n FROM u") == [("x", None)]


def copy(client, source, target, operation, **settings):
    config = bigquery.CopyJobConfig(operation_type=operation, **settings)
    return client.copy_table(source, target, job_config=config).result(retry=None)


@behaviour("6.2 Snapshots: read-only, not overwritten, restored by RESTORE with WRITE_TRUNCATE")
def test_a_snapshot_by_copy_job_is_read_only_and_restores_its_table(make, sql, client, dataset, resource, rows):
    make("t", [A])
    sql("INSERT INTO t VALUES ('kept')")
    copy(client, f"{dataset}.t", f"{dataset}.s", "SNAPSHOT")
    found = resource("s")
    assert found["type"] == "SNAPSHOT"
    assert found["snapshotDefinition"]["baseTableReference"]["tableId"] == "t"
    with refused(409, "duplicate"):
        copy(client, f"{dataset}.t", f"{dataset}.s", "SNAPSHOT")
    with refused(400, "invalidQuery"):
        sql("INSERT INTO s VALUES ('no')")
    sql("DELETE FROM t WHERE true")
    copy(client, f"{dataset}.s", f"{dataset}.t", "RESTORE", write_disposition="WRITE_TRUNCATE")
    assert rows("SELECT a FROM t") == [("kept",)]


@behaviour("6.2 Snapshots: expiration_timestamp")
@pytest.mark.needs_clock
def test_a_snapshot_expires_when_the_job_says(make, client, dataset, clock):
    make("t", [A])
    at = clock.now() + timedelta(days=2)
    copy(client, f"{dataset}.t", f"{dataset}.s", "SNAPSHOT", destination_expiration_time=at.isoformat())
    assert client.get_table(f"{dataset}.s").expires == at
    clock.advance(timedelta(days=3))
    with refused(404, "notFound"):
        client.get_table(f"{dataset}.s")
    copy(client, f"{dataset}.t", f"{dataset}.s", "SNAPSHOT")


@behaviour("6.2 Clones: mutable")
def test_a_clone_by_copy_job_changes_by_itself(make, sql, client, dataset, resource, rows):
    make("t", [A])
    sql("INSERT INTO t VALUES ('x')")
    copy(client, f"{dataset}.t", f"{dataset}.c", "CLONE")
    assert resource("c")["cloneDefinition"]["baseTableReference"]["tableId"] == "t"
    sql("UPDATE c SET a = 'y' WHERE true")
    assert (rows("SELECT a FROM t"), rows("SELECT a FROM c")) == ([("x",)], [("y",)])


@behaviour("6.2 Sources refused: views")
def test_views_are_not_copied_and_only_snapshots_are_restored(make, sql, client, dataset):
    make("t", [A])
    sql("CREATE VIEW v AS SELECT * FROM t")
    for operation in ("COPY", "SNAPSHOT", "CLONE"):
        with refused(400, "invalid"):
            copy(client, f"{dataset}.v", f"{dataset}.x", operation)
    with refused(400, "invalid"):
        copy(client, f"{dataset}.t", f"{dataset}.x", "RESTORE")
    copy(client, f"{dataset}.t", f"{dataset}.x", "COPY")


def ms(at):
    return int(at.timestamp() * 1000)


@behaviour("6.1 Restore deleted: copy job from table@<epoch_ms>")
@pytest.mark.needs_clock
def test_a_deleted_table_comes_back_from_its_name_and_a_time(make, sql, client, dataset, clock, rows):
    make("t", [A])
    sql("INSERT INTO t VALUES ('x')")
    clock.advance(timedelta(hours=1))
    then = clock.now()
    clock.advance(timedelta(hours=1))
    client.delete_table(f"{dataset}.t")
    clock.advance(timedelta(hours=1))
    with refused(404, "notFound"):
        copy(client, f"{dataset}.t", f"{dataset}.back", "COPY")
    copy(client, f"{dataset}.t@{ms(then)}", f"{dataset}.back", "COPY")
    assert rows("SELECT a FROM back") == [("x",)]
    with refused(404, "notFound"):
        copy(client, f"{dataset}.t@{ms(clock.now())}", f"{dataset}.more", "COPY")
    make("t", [{"name": "other", "type": "INTEGER"}])
    copy(client, f"{dataset}.t@{ms(then)}", f"{dataset}.again", "COPY")
    assert rows("SELECT a FROM again") == [("x",)]


@behaviour("6.1 Restore: table@-<offset_ms>, also of an old version")
@pytest.mark.needs_clock
def test_an_offset_leads_back_to_the_rows_before_a_change(make, sql, client, dataset, clock, rows):
    make("t", [A])
    sql("INSERT INTO t VALUES ('old')")
    clock.advance(timedelta(minutes=30))
    sql("UPDATE t SET a = 'new' WHERE true")
    sql("INSERT INTO t VALUES ('newer')")
    clock.advance(timedelta(minutes=30))
    copy(client, f"{dataset}.t@-{45 * 60_000}", f"{dataset}.back", "COPY")
    assert rows("SELECT a FROM back") == [("old",)]


@behaviour("6.1 Window per dataset")
@pytest.mark.needs_clock
def test_a_copy_reaches_no_further_back_than_the_datasets_window(make, sql, client, dataset, clock, api):
    api("PATCH", "", {"maxTimeTravelHours": "48"})
    make("t", [A])
    then = ms(clock.now())
    clock.advance(timedelta(hours=47))
    copy(client, f"{dataset}.t@{then}", f"{dataset}.u", "COPY")
    clock.advance(timedelta(hours=2))
    with refused(400, "invalid", "snapshot time"):
        copy(client, f"{dataset}.t@{then}", f"{dataset}.v", "COPY")


@behaviour("6.1 Docs: partitioning and tags are not copied in such a restore", uncertain="restore_keeps_partitioning")
@pytest.mark.needs_clock
@pytest.mark.parametrize("kept", [
    pytest.param(False, marks=pytest.mark.switches(restore_keeps_partitioning=False)),
    pytest.param(True, marks=pytest.mark.switches(restore_keeps_partitioning=True)),
])  # fmt: skip
def test_a_restore_from_the_past_loses_partitioning_or_keeps_it(make, client, dataset, clock, resource, kept):
    make("t", [{"name": "d", "type": "DATE"}], timePartitioning={"type": "DAY", "field": "d"})
    then = ms(clock.now())
    clock.advance(timedelta(hours=1))
    copy(client, f"{dataset}.t@{then}", f"{dataset}.u", "COPY")
    assert ("timePartitioning" in resource("u")) is kept


@behaviour("2 load jobs: a bad row keeps nothing")
def test_a_load_job_appends_json_rows_all_or_none(make, client, dataset, rows):
    make("t", [{"name": "n", "type": "INTEGER", "mode": "REQUIRED"}])
    client.load_table_from_json([{"n": 1}, {"n": 2}], f"{dataset}.t").result()
    with refused(400, "invalid"):
        client.load_table_from_json([{"n": 3}, {"n": "x"}], f"{dataset}.t").result(retry=None)
    assert rows("SELECT n FROM t ORDER BY n") == [(1,), (2,)]


@behaviour("page REST Job: times")
def test_times_of_a_job_are_the_services_own(client, dataset):
    job = started(client, dataset, "SELECT 1")
    job.result()
    found = client.get_job(job.job_id)
    assert found.created.tzinfo == UTC
    assert datetime(2020, 1, 1, tzinfo=UTC) < found.created <= found.ended
