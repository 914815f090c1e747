from datetime import timedelta

import pytest
from google.api_core import exceptions
from google.cloud import bigquery


def counts(client, sql):
    job = client.query(sql, job_retry=None)
    job.result()
    stats = job.dml_stats
    found = (stats.inserted_row_count, stats.deleted_row_count, stats.updated_row_count)
    return job.statement_type, job.num_dml_affected_rows, found


@pytest.fixture
def table(run):
    run("CREATE TABLE t (id INT64 NOT NULL, v STRING DEFAULT 'x')")


def test_changes_are_counted(client, run, table):
    assert counts(client, "INSERT INTO d.t (id) VALUES (1), (2), (3)") == ("INSERT", 3, (3, 0, 0))
    assert counts(client, "UPDATE d.t SET v = 'y' WHERE id > 1") == ("UPDATE", 2, (0, 0, 2))
    assert counts(client, "DELETE FROM d.t WHERE id = 3") == ("DELETE", 1, (0, 1, 0))
    merge = (
        "MERGE d.t USING (SELECT 1 AS k UNION ALL SELECT 2 UNION ALL SELECT 9) s ON id = k "
        "WHEN MATCHED AND k = 1 THEN DELETE WHEN MATCHED THEN UPDATE SET v = 'm' "
        "WHEN NOT MATCHED THEN INSERT (id) VALUES (k)"
    )
    assert counts(client, merge) == ("MERGE", 3, (1, 1, 1))
    assert run("SELECT * FROM t ORDER BY id") == [(2, "m"), (9, "x")]
    assert counts(client, "TRUNCATE TABLE d.t")[:2] == ("TRUNCATE_TABLE", 2)
    assert client.get_table("d.t").num_rows == 0


def test_rows_do_not_move_the_etag_but_the_time_of_change(client, run, table, clock):
    before = client.get_table("d.t")
    clock.advance(timedelta(seconds=5))
    run("INSERT INTO t (id) VALUES (1)")
    after = client.get_table("d.t")
    assert (after.etag, after.num_rows) == (before.etag, 1)
    assert after.modified - before.modified == timedelta(seconds=5)
    assert after.num_bytes == 8 + 2 + 1


def test_a_null_in_a_required_column_is_refused_and_keeps_no_row(run, table):
    with pytest.raises(exceptions.BadRequest):
        run("INSERT INTO t VALUES (1, 'a'), (NULL, 'b')")
    assert run("SELECT count(*) FROM t") == [(0,)]


def test_current_timestamp_is_the_warehouses_clock(run, clock):
    clock.advance(timedelta(days=400))
    assert run("SELECT CURRENT_TIMESTAMP()") == [(clock.now(),)]


def test_query_rows_come_in_pages(client, run, table):
    run("INSERT INTO t (id) SELECT n FROM UNNEST(GENERATE_ARRAY(1, 25)) AS n")
    result = client.query("SELECT id FROM d.t ORDER BY id DESC", job_retry=None).result(page_size=10)
    assert [row.id for row in result] == list(range(25, 0, -1))
    assert result.total_rows == 25


def test_list_rows_selects_pages_and_starts_where_asked(client, run, table):
    run("INSERT INTO t (id) SELECT n FROM UNNEST(GENERATE_ARRAY(1, 25)) AS n")
    found = client.list_rows("d.t", page_size=7, selected_fields=[bigquery.SchemaField("id", "INTEGER")])
    assert [tuple(row) for row in found] == [(n,) for n in range(1, 26)]
    assert [row.id for row in client.list_rows(client.get_table("d.t"), start_index=20, max_results=3)] == [21, 22, 23]


def test_a_view_has_no_rows_to_list(client, run):
    run("CREATE VIEW w AS SELECT 1 AS a")
    with pytest.raises(exceptions.BadRequest, match="VIEW"):
        list(client.list_rows("d.w", selected_fields=[bigquery.SchemaField("a", "INTEGER")]))


def test_a_destination_table_is_written_as_its_disposition_says(client, run, table):
    run("INSERT INTO t (id) VALUES (1)")
    for disposition, rows in (("WRITE_EMPTY", 1), ("WRITE_APPEND", 2), ("WRITE_TRUNCATE", 1)):
        config = bigquery.QueryJobConfig(destination="test-project.d.out", write_disposition=disposition)
        client.query("SELECT * FROM d.t", job_config=config, job_retry=None).result()
        assert client.get_table("d.out").num_rows == rows
    config = bigquery.QueryJobConfig(destination="test-project.d.out")
    with pytest.raises(exceptions.Conflict, match="Already Exists"):
        client.query("SELECT * FROM d.t", job_config=config, job_retry=None).result()


def test_results_expire_after_a_day(client, dataset, clock):
    job = client.query("SELECT 1 AS a", job_retry=None)
    assert [tuple(row) for row in job.result()] == [(1,)]
    clock.advance(timedelta(hours=25))
    with pytest.raises(exceptions.NotFound):
        client.get_job(job.job_id).result()


def test_streamed_rows_are_seen_and_wait_in_the_buffer(client, run, table, clock):
    assert client.insert_rows_json("d.t", [{"id": 1}, {"id": 2, "v": None}]) == []
    assert run("SELECT * FROM t ORDER BY id") == [(1, "x"), (2, None)]
    found = client.get_table("d.t")
    assert (found.streaming_buffer.estimated_rows, found.num_rows) == (2, 0)
    for statement in ("UPDATE t SET v = 'y' WHERE true", "DELETE FROM t WHERE true", "TRUNCATE TABLE t"):
        with pytest.raises(exceptions.BadRequest, match="streaming buffer"):
            run(statement)
    with pytest.raises(exceptions.BadRequest, match="streaming buffer"):
        run("ALTER TABLE t RENAME TO u")
    clock.advance(timedelta(minutes=91))
    found = client.get_table("d.t")
    assert (found.streaming_buffer, found.num_rows) == (None, 2)
    run("DELETE FROM t WHERE true")


def test_one_bad_streamed_row_stops_the_others_unless_skipped(client, run, table):
    rows = [{"id": 1}, {"v": "a"}, {"id": 2, "zz": 1}]
    errors = client.insert_rows_json("d.t", rows)
    assert [e["errors"][0]["reason"] for e in errors] == ["stopped", "invalid", "invalid"]
    assert "no such field: zz" in errors[2]["errors"][0]["message"]
    assert run("SELECT count(*) FROM t") == [(0,)]
    assert len(client.insert_rows_json("d.t", rows, skip_invalid_rows=True)) == 2
    assert run("SELECT id FROM t") == [(1,)]
