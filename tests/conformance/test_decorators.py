"""Partition decorators: `table$20260301` as the target or source of a job, and to delete a partition."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from google.cloud import bigquery

from tests.conformance.behaviour import behaviour, refused

COLUMNS = [{"name": "day", "type": "DATE"}, {"name": "n", "type": "INTEGER"}]


@pytest.fixture
def by_column(make, sql):
    """Make t, partitioned by its column: 1 on January 1st, 2 and 3 on the 2nd."""
    make("t", COLUMNS, timePartitioning={"type": "DAY", "field": "day"})
    sql("INSERT INTO t VALUES ('2026-01-01', 1), ('2026-01-02', 2), ('2026-01-02', 3)")


@pytest.fixture
def arrived(make, sql):
    """Make a table partitioned by ingestion time: 1 on January 1st, 2 on the 2nd."""
    make("a", [COLUMNS[1]], timePartitioning={"type": "DAY"})
    sql("INSERT INTO a (_PARTITIONTIME, n) VALUES ('2026-01-01', 1), ('2026-01-02', 2)")


@behaviour("page managing-partitioned-table-data: a query job replaces one partition")
def test_a_query_replaces_one_partition(sql, rows, dataset, by_column, resource):
    into = {"destination": f"{dataset}.t$20260102", "write_disposition": "WRITE_TRUNCATE"}
    with refused(400, "invalid", "partition"):
        sql("SELECT DATE '2026-01-03' AS day, 9 AS n", **into)
    sql("SELECT DATE '2026-01-02' AS day, 9 AS n", **into)
    assert rows("SELECT day, n FROM t ORDER BY n") == [(date(2026, 1, 1), 1), (date(2026, 1, 2), 9)]
    assert resource("t")["timePartitioning"] == {"type": "DAY", "field": "day"}


@behaviour("page managing-partitioned-table-data: WRITE_APPEND adds to a partition, WRITE_EMPTY wants it empty")
def test_dispositions_are_about_the_partition(sql, rows, dataset, by_column):
    sql(
        "SELECT DATE '2026-01-02' AS day, 4 AS n", destination=f"{dataset}.t$20260102", write_disposition="WRITE_APPEND"
    )
    with refused(409, "duplicate"):
        sql("SELECT DATE '2026-01-02' AS day, 5 AS n", destination=f"{dataset}.t$20260102")
    sql("SELECT DATE '2026-01-05' AS day, 5 AS n", destination=f"{dataset}.t$20260105", write_disposition="WRITE_EMPTY")
    assert rows("SELECT n FROM t ORDER BY n") == [(1,), (2,), (3,), (4,), (5,)]


@behaviour("page managing-partitioned-table-data: a load job writes an ingestion-time partition of another day")
def test_a_load_names_its_partition(client, dataset, arrived, rows):
    client.load_table_from_json([{"n": 7}, {"n": 8}], f"{dataset}.a$20251224").result()
    replacing = bigquery.LoadJobConfig(write_disposition="WRITE_TRUNCATE")
    client.load_table_from_json([{"n": 9}], f"{dataset}.a$20260102", job_config=replacing).result()
    assert rows("SELECT n, _PARTITIONDATE AS pd FROM a ORDER BY n") == [
        (1, date(2026, 1, 1)),
        (7, date(2025, 12, 24)),
        (8, date(2025, 12, 24)),
        (9, date(2026, 1, 2)),
    ]


@behaviour("page managing-partitioned-table-data: a copy job copies one partition into another table's")
def test_a_partition_is_copied(client, dataset, arrived, make, rows):
    make("b", [COLUMNS[1]], timePartitioning={"type": "DAY"})
    append = bigquery.CopyJobConfig(write_disposition="WRITE_APPEND")
    client.copy_table(f"{dataset}.a$20260102", f"{dataset}.b$20260102", job_config=append).result()
    assert rows("SELECT n, _PARTITIONDATE AS pd FROM b") == [(2, date(2026, 1, 2))]


@behaviour("page managing-partitioned-tables: tables.delete of a decorated name deletes the partition")
def test_a_partition_is_deleted(client, dataset, by_column, arrived, rows):
    client.delete_table(f"{dataset}.t$20260102")
    client.delete_table(f"{dataset}.a$20260101")
    assert rows("SELECT n FROM t") == [(1,)]
    assert rows("SELECT n FROM a") == [(2,)]


@behaviour("page managing-partitioned-table-data: a decorator has the form of the table's granularity")
@pytest.mark.parametrize(
    ("partitioning", "right", "wrong"),
    [
        ({"timePartitioning": {"type": "HOUR"}}, "2026010203", "20260102"),
        ({"timePartitioning": {"type": "DAY"}}, "20260102", "20260230"),
        ({"timePartitioning": {"type": "MONTH"}}, "202601", "2026013"),
        ({"timePartitioning": {"type": "YEAR"}}, "2026", "year"),
        (
            {"rangePartitioning": {"field": "n", "range": {"start": "0", "end": "100", "interval": "10"}}},
            "30",
            "35",
        ),
    ],
)
def test_a_decorator_names_a_partition(make, sql, rows, dataset, partitioning, right, wrong):
    make("p", [COLUMNS[1]], **partitioning)
    with refused(400, "invalid", "decorator"):
        sql("SELECT 31 AS n", destination=f"{dataset}.p${wrong}", write_disposition="WRITE_APPEND")
    sql("SELECT 31 AS n", destination=f"{dataset}.p${right}", write_disposition="WRITE_APPEND")
    asked = "SELECT partition_id, total_rows FROM INFORMATION_SCHEMA.PARTITIONS WHERE table_name = 'p'"
    assert rows(asked) == [(right, 1)]


@behaviour("page managing-partitioned-table-data: only partitioned tables have partitions to name")
def test_a_plain_table_has_no_partitions(make, sql, rows, dataset):
    make("plain", [COLUMNS[1]])
    with refused(400, "invalid", "not partitioned"):
        sql("SELECT 1 AS n", destination=f"{dataset}.plain$20260102", write_disposition="WRITE_APPEND")
    sql("SELECT 1 AS n", destination=f"{dataset}.plain", write_disposition="WRITE_APPEND")
    assert rows("SELECT n FROM plain") == [(1,)]


@behaviour("page managing-partitioned-table-data: what was in a replaced partition is read in time travel")
@pytest.mark.needs_clock
def test_a_replaced_partition_has_a_past(sql, rows, dataset, by_column, clock):
    clock.advance(timedelta(hours=1))
    sql(
        "SELECT DATE '2026-01-02' AS day, 9 AS n",
        destination=f"{dataset}.t$20260102",
        write_disposition="WRITE_TRUNCATE",
    )
    past = "t FOR SYSTEM_TIME AS OF TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 30 MINUTE)"
    assert rows(f"SELECT n FROM {past} ORDER BY n") == [(1,), (2,), (3,)]
    assert rows("SELECT n FROM t ORDER BY n") == [(1,), (9,)]


@behaviour("page managing-partitioned-tables: tables.get and tabledata.list of a decorated name are of the partition")
def test_a_partition_is_looked_at(client, dataset, by_column, arrived):
    assert client.get_table(f"{dataset}.t$20260102").num_rows == 2
    assert client.get_table(f"{dataset}.a$20260101").num_rows == 1
    found = client.list_rows(f"{dataset}.t$20260102", selected_fields=[bigquery.SchemaField("n", "INTEGER")])
    assert [tuple(row.values()) for row in found] == [(2,), (3,)]
    with refused(400, "invalid", "decorator"):
        client.get_table(f"{dataset}.t$2026")
