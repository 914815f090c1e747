import io
from datetime import timedelta

import pytest
import requests
from google.api_core import exceptions
from google.cloud import bigquery

ROOT = "http://bq.local/bigquery/v2/projects/test-project"


@pytest.fixture
def session(warehouse):
    with requests.Session() as found:
        found.mount("http://", warehouse.adapter())
        yield found


def test_an_insert_is_answered_running_and_is_done_at_the_next_look(session, dataset):
    text = "CREATE TABLE d.t (a STRING)"
    body = {"jobReference": {"jobId": "j"}, "configuration": {"query": {"query": text, "useLegacySql": False}}}
    assert session.post(f"{ROOT}/jobs", json=body).json()["status"] == {"state": "RUNNING"}
    job = session.get(f"{ROOT}/jobs/j").json()
    assert job["status"] == {"state": "DONE"}
    assert job["configuration"]["query"]["query"] == text
    query = job["statistics"]["query"]
    assert (query["statementType"], query["ddlOperationPerformed"]) == ("CREATE_TABLE", "CREATE")
    assert query["ddlTargetTable"] == {"projectId": "test-project", "datasetId": "d", "tableId": "t"}


def test_a_failed_job_is_200_at_insert_and_carries_its_error(session, dataset):
    body = {"jobReference": {"jobId": "j"}, "configuration": {"query": {"query": "SELEC", "useLegacySql": False}}}
    assert session.post(f"{ROOT}/jobs", json=body).status_code == 200
    status = session.get(f"{ROOT}/jobs/j").json()["status"]
    assert (status["state"], status["errorResult"]["reason"]) == ("DONE", "invalidQuery")
    assert session.get(f"{ROOT}/queries/j").status_code == 400


def test_jobs_query_answers_rows_or_the_error_itself(client, dataset):
    assert [tuple(row) for row in client.query_and_wait("SELECT 1 AS a, 'b' AS c")] == [(1, "b")]
    with pytest.raises(exceptions.BadRequest, match="Syntax error"):
        client.query_and_wait("SELEC 1", job_retry=None)
    with pytest.raises(exceptions.NotFound, match=r"Not found: Table test-project:d\.zz"):
        client.query_and_wait("SELECT * FROM d.zz", job_retry=None)


def test_a_request_id_runs_once_for_fifteen_minutes(session, client, run, clock):
    run("CREATE TABLE t (a INT64)")
    body = {"query": "INSERT INTO d.t VALUES (1)", "useLegacySql": False, "requestId": "r"}
    first, second = (session.post(f"{ROOT}/queries", json=body).json() for _ in range(2))
    assert first["jobReference"] == second["jobReference"]
    assert second["numDmlAffectedRows"] == "1"
    other = session.post(f"{ROOT}/queries", json={**body, "query": "INSERT INTO d.t VALUES (2)"}).json()
    assert other["jobReference"] != first["jobReference"]
    clock.advance(timedelta(minutes=16))
    session.post(f"{ROOT}/queries", json=body)
    assert run("SELECT count(*) FROM t") == [(3,)]


def test_an_id_is_free_again_after_180_days(client, dataset, clock):
    client.query("CREATE TABLE d.a (x STRING)", job_id="j", job_retry=None).result()
    clock.advance(timedelta(days=179))
    with pytest.raises(exceptions.Conflict):
        client.query("CREATE TABLE d.b (x STRING)", job_id="j", job_retry=None)
    clock.advance(timedelta(days=2))
    client.query("CREATE TABLE d.b (x STRING)", job_id="j", job_retry=None).result()


def test_jobs_are_listed_latest_first_by_state_and_parent(client, dataset, clock):
    for n in range(3):
        client.query("SELECT 1", job_id=f"j{n}", job_retry=None)
        clock.advance(timedelta(seconds=1))
    script = client.query("SELECT 1; SELECT 2; SELECT 3", job_id="s", job_retry=None)
    script.result()
    assert [j.job_id for j in client.list_jobs(page_size=2)] == ["s", "j2", "j1", "j0"]
    assert len(list(client.list_jobs(parent_job="s"))) == script.num_child_jobs == 3
    assert list(client.list_jobs(state_filter="running")) == []


def test_a_job_of_another_location_or_project_is_not_found(client, client_for, warehouse, dataset):
    client.query("SELECT 1", job_id="j", job_retry=None)
    with pytest.raises(exceptions.NotFound):
        client.get_job("j", location="EU")
    with pytest.raises(exceptions.NotFound):
        client_for(warehouse, "other-project").get_job("j")


def test_a_dry_run_says_what_would_be_and_does_nothing(client, run):
    run("CREATE TABLE t (a INT64, b STRING)")
    run("INSERT INTO t VALUES (1, 'xy')")
    config = bigquery.QueryJobConfig(dry_run=True)
    job = client.query("SELECT a FROM d.t", job_config=config, job_retry=None)
    assert job.dry_run
    assert job.total_bytes_processed > 0
    assert [f.name for f in job.schema] == ["a"]
    for text in ("DROP TABLE d.t", "INSERT INTO d.t (a) VALUES (2)", "ALTER TABLE d.t DROP COLUMN a"):
        client.query(text, job_config=config, job_retry=None)
    assert run("SELECT a FROM t") == [(1,)]
    with pytest.raises(exceptions.BadRequest):
        client.query("SELECT zz FROM d.t", job_config=config, job_retry=None)


def test_copy_jobs_copy_rows_and_metadata(client, run):
    run("CREATE TABLE t (a INT64 OPTIONS(description='A')) CLUSTER BY a OPTIONS(labels=[('k', 'v')])")
    run("INSERT INTO t VALUES (1), (2)")
    client.copy_table("test-project.d.t", "test-project.d.u").result()
    found = client.get_table("d.u")
    assert (found.num_rows, found.clustering_fields, found.schema[0].description) == (2, ["a"], "A")
    config = bigquery.CopyJobConfig(write_disposition="WRITE_APPEND")
    client.copy_table(["test-project.d.t", "test-project.d.t"], "test-project.d.u", job_config=config).result()
    assert client.get_table("d.u").num_rows == 6
    with pytest.raises(exceptions.Conflict):
        client.copy_table("test-project.d.t", "test-project.d.u").result(retry=None)


SCHEMA = [bigquery.SchemaField("a", "INTEGER", "REQUIRED"), bigquery.SchemaField("b", "STRING")]


@pytest.mark.parametrize("resumable", [False, True])
def test_json_and_csv_files_load(client, dataset, resumable):
    size = {} if resumable else {"size": None}
    for form, data in (
        ("NEWLINE_DELIMITED_JSON", b'{"a": 1, "b": "x"}\n{"a": 2}\n'),
        ("CSV", b'a,b\n3,"y, z"\n4,\n'),
    ):
        config = bigquery.LoadJobConfig(schema=SCHEMA, source_format=form)
        if form == "CSV":
            config.skip_leading_rows = 1
        given = {**size, "size": len(data)} if size else {}
        job = client.load_table_from_file(io.BytesIO(data), f"{dataset}.t", job_config=config, **given)
        job.result()
        assert job.output_rows == 2
    assert [tuple(row) for row in client.list_rows("d.t", selected_fields=SCHEMA)] == [
        (1, "x"),
        (2, None),
        (3, "y, z"),
        (4, ""),
    ]


def test_a_bad_row_fails_the_load_and_keeps_nothing(client, dataset):
    config = bigquery.LoadJobConfig(schema=SCHEMA)
    job = client.load_table_from_json([{"a": 1}, {"b": "no a"}], f"{dataset}.t", job_config=config)
    with pytest.raises(exceptions.BadRequest, match="Missing required field: a"):
        job.result(retry=None)
    with pytest.raises(exceptions.NotFound):
        client.get_table("d.t")


def test_what_no_job_here_does_is_501(client, dataset):
    job = client.load_table_from_uri("gs://bucket/file", f"{dataset}.t")
    with pytest.raises(exceptions.MethodNotImplemented, match="Cloud Storage"):
        job.result(retry=None)
    job = client.extract_table(f"{dataset}.t", "gs://bucket/file")
    with pytest.raises(exceptions.MethodNotImplemented, match="extract"):
        job.result(retry=None)
