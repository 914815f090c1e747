from __future__ import annotations

import pytest
from google.cloud import bigquery

from tests.conformance.behaviour import behaviour, refused

A = {"name": "a", "type": "STRING"}


def lacking(*permissions):
    return pytest.mark.switches(denied=frozenset(f"bigquery.{p}" for p in permissions))


def reason_of(client, dataset, text):
    config = bigquery.QueryJobConfig(default_dataset=dataset)
    job = client.query(text, job_config=config, job_retry=None)
    found = client.get_job(job.job_id).error_result
    return found and found["reason"]


@behaviour("10 any DDL/DML/copy: bigquery.jobs.create")
@lacking("jobs.create")
def test_without_the_right_to_run_jobs_no_job_starts(client, dataset, make):
    with refused(403, "accessDenied", "bigquery.jobs.create"):
        client.query("SELECT 1", job_retry=None)
    assert list(client.list_jobs()) == []
    make("t", [A])


@behaviour("10 CREATE TABLE: tables.create")
@lacking("tables.create")
def test_without_tables_create_no_table_is_made_by_any_way(client, dataset, make, api):
    with refused(403, "accessDenied", "bigquery.tables.create"):
        make("t", [A])
    assert reason_of(client, dataset, "CREATE TABLE t (a STRING)") == "accessDenied"
    assert reason_of(client, dataset, "CREATE VIEW v AS SELECT 1 AS one") == "accessDenied"
    assert reason_of(client, dataset, "SELECT 1") is None
    assert list(client.list_tables(dataset)) == []


@behaviour("10 any ALTER TABLE: tables.get + tables.update; PATCH the same two")
@lacking("tables.update")
def test_without_tables_update_a_table_is_not_altered_nor_patched(client, dataset, make, api):
    make("t", [A])
    with refused(403, "accessDenied", "bigquery.tables.update"):
        api("PATCH", "/tables/t", {"description": "x"})
    assert reason_of(client, dataset, "ALTER TABLE t ADD COLUMN b STRING") == "accessDenied"
    assert [f.name for f in client.get_table(f"{dataset}.t").schema] == ["a"]
    assert reason_of(client, dataset, "INSERT INTO t VALUES ('x')") is None


@behaviour("10 DROP TABLE: tables.delete + tables.get")
@lacking("tables.delete")
def test_without_tables_delete_a_table_is_not_dropped(client, dataset, make, api):
    make("t", [A])
    with refused(403, "accessDenied", "bigquery.tables.delete"):
        api("DELETE", "/tables/t")
    assert reason_of(client, dataset, "DROP TABLE t") == "accessDenied"
    assert client.get_table(f"{dataset}.t")


@behaviour("10 CTAS: tables.getData on source")
@lacking("tables.getData")
def test_without_get_data_rows_are_neither_listed_queried_nor_copied_by_ctas(client, dataset, make, api):
    make("t", [A])
    with refused(403, "accessDenied", "bigquery.tables.getData"):
        api("GET", "/tables/t/data")
    assert reason_of(client, dataset, "SELECT * FROM t") == "accessDenied"
    assert reason_of(client, dataset, "CREATE TABLE u AS SELECT * FROM t") == "accessDenied"
    assert reason_of(client, dataset, "INSERT INTO t VALUES ('x')") is None
    assert client.get_table(f"{dataset}.t").num_rows == 1


@behaviour("10 DML: tables.updateData")
@lacking("tables.updateData")
def test_without_update_data_no_row_is_written(client, dataset, make, api):
    make("t", [A])
    with refused(403, "accessDenied", "bigquery.tables.updateData"):
        api("POST", "/tables/t/insertAll", {"rows": [{"json": {"a": "x"}}]})
    for text in ("INSERT INTO t VALUES ('x')", "DELETE FROM t WHERE true", "TRUNCATE TABLE t"):
        assert reason_of(client, dataset, text) == "accessDenied"
    assert reason_of(client, dataset, "SELECT * FROM t") is None


@behaviour("10 CREATE/ALTER/DROP SCHEMA: datasets.update")
@lacking("datasets.update")
def test_without_datasets_update_a_dataset_is_only_read(client, dataset, api):
    with refused(403, "accessDenied", "bigquery.datasets.update"):
        api("PATCH", "", {"description": "x"})
    name = dataset.partition(".")[2]
    assert reason_of(client, dataset, f"ALTER SCHEMA {name} SET OPTIONS (description = 'x')") == "accessDenied"
    assert api("GET", "").get("description") is None


@behaviour("4 permissions are checked statement by statement at run time")
@lacking("tables.delete")
def test_a_script_runs_up_to_the_statement_that_is_not_allowed(client, dataset, make):
    make("t", [A])
    assert reason_of(client, dataset, "CREATE TABLE u (a STRING); DROP TABLE t; CREATE TABLE v (a STRING)") == (
        "accessDenied"
    )
    assert {t.table_id for t in client.list_tables(dataset)} == {"t", "u"}
