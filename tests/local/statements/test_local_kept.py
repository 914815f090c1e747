"""What a view keeps of a table's rows is never what they were before."""

import json
from datetime import timedelta
from io import BytesIO

import pytest
from google.cloud import bigquery

ROW = {"id": 9, "s": "nine", "day": "2026-03-01"}

CHANGES = {
    "insert": "INSERT INTO t (id, s, day) VALUES (2, 'b', '2026-03-01')",
    "update to a longer value": "UPDATE t SET s = 'aaaaaaaa' WHERE id = 1",
    "update to a value as long": "UPDATE t SET s = 'b' WHERE id = 1",
    "delete": "DELETE FROM t WHERE true",
    "merge": "MERGE t USING (SELECT 1 AS id) u ON t.id = u.id WHEN MATCHED THEN UPDATE SET s = 'merged'",
    "truncate": "TRUNCATE TABLE t",
    "replace": "CREATE OR REPLACE TABLE t AS SELECT id, s, day FROM t UNION ALL SELECT 7, 'seven', DATE '2026-03-01'",
    "drop a column": "ALTER TABLE t DROP COLUMN s",
    "a script": "BEGIN TRANSACTION; INSERT INTO t (id) VALUES (3); DELETE FROM t WHERE id = 1; COMMIT TRANSACTION",
    "a transaction taken back": "BEGIN TRANSACTION; INSERT INTO t (id) VALUES (3); SELECT * FROM t; ROLLBACK",
    "insertAll": lambda client, table: client.insert_rows_json(table, [ROW]),
    "a load": lambda client, table: client.load_table_from_file(
        BytesIO(json.dumps(ROW).encode()),
        table,
        job_config=bigquery.LoadJobConfig(source_format="NEWLINE_DELIMITED_JSON", write_disposition="WRITE_APPEND"),
    ).result(),
    "a copy": lambda client, table: client.copy_table(
        table, table.replace(".t", ".other"), job_config=bigquery.CopyJobConfig(write_disposition="WRITE_APPEND")
    ).result(),
    "a query with a destination": lambda client, table: client.query(
        f"SELECT * FROM `{table}`",
        job_config=bigquery.QueryJobConfig(destination=table, write_disposition="WRITE_APPEND"),
    ).result(),
}  # fmt: skip


def shown(client, table):
    """Return what tables.get and tabledata.list say, twice: what is kept is asked for too."""
    for _ in range(2):
        found = client.get_table(table)
        rows = sorted(str(tuple(row)) for row in client.list_rows(found))
        waiting = found.streaming_buffer.estimated_rows if found.streaming_buffer else 0
    return rows, found.num_rows + waiting, found.num_bytes


def asked(client, table):
    """Return the same from queries, each of which has a result of its own."""
    rows = [str(tuple(row)) for row in client.query(f"SELECT * FROM `{table}`", job_retry=None).result()]
    dry = client.query(f"SELECT * FROM `{table}`", bigquery.QueryJobConfig(dry_run=True))
    return sorted(rows), len(rows), dry.total_bytes_processed


@pytest.mark.parametrize("how", CHANGES)
def test_rows_count_and_size_are_those_after_a_change(client, dataset, run, how):
    run("CREATE TABLE t (id INT64, s STRING, day DATE) AS SELECT 1, 'a', DATE '2026-03-01'")
    run("CREATE TABLE other AS SELECT * FROM t")
    tables = [f"{dataset}.t", f"{dataset}.other"]
    before = [shown(client, table) for table in tables]
    change = CHANGES[how]
    if isinstance(change, str):
        run(change)
    else:
        change(client, tables[0])
    after = [shown(client, table) for table in tables]
    if how != "a transaction taken back":
        assert after != before
    for table, (rows, count, size) in zip(tables, after, strict=True):
        wanted_rows, wanted_count, wanted_size = asked(client, table)
        assert (rows, count) == (wanted_rows, wanted_count)
        if how != "insertAll":  # what waits in the buffer is not counted in numBytes
            assert size == wanted_size


def test_rows_of_a_partition_that_expired_are_not_kept(client, dataset, run, clock):
    run("CREATE TABLE p (day DATE) PARTITION BY day OPTIONS (partition_expiration_days = 2)")
    run("INSERT INTO p (day) VALUES ('2026-03-01')")
    assert shown(client, f"{dataset}.p")[1] == 1
    clock.advance(timedelta(days=4))
    assert shown(client, f"{dataset}.p") == ([], 0, 0)
