"""Tables partitioned by ingestion time: _PARTITIONTIME and _PARTITIONDATE, read, filtered, written."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from google.cloud import bigquery

from tests.conformance.behaviour import behaviour, refused

N = {"name": "n", "type": "INTEGER"}


@pytest.fixture
def table(make):
    """Make t, partitioned by the day of ingestion."""
    make("t", [N], timePartitioning={"type": "DAY"})


@pytest.fixture
def days(table, sql):
    """Put rows of three days into t: 1 on January 1st, 2 and 3 on the 2nd, 4 on the 3rd."""
    for n, day in ((1, 1), (2, 2), (3, 2), (4, 3)):
        sql(f"INSERT INTO t (_PARTITIONTIME, n) SELECT TIMESTAMP('2026-01-0{day}'), {n}")


@behaviour("page querying-partitioned-tables: _PARTITIONTIME is the UTC ingestion time truncated to the boundary")
@pytest.mark.needs_clock
@pytest.mark.parametrize(
    ("unit", "at"),
    [
        ("HOUR", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("DAY", datetime(2026, 3, 1, tzinfo=UTC)),
        ("MONTH", datetime(2026, 3, 1, tzinfo=UTC)),
        ("YEAR", datetime(2026, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_row_lies_in_the_partition_of_its_arrival(make, sql, rows, clock, unit, at):
    make("t", [N], timePartitioning={"type": unit})
    clock.advance(timedelta(minutes=34))
    sql("INSERT INTO t (n) VALUES (1)")
    assert rows("SELECT _PARTITIONTIME AS pt FROM t") == [(at,)]


@behaviour("page querying-partitioned-tables: a load, a copy and a query job append to the current partition")
@pytest.mark.needs_clock
def test_jobs_append_to_the_partition_of_today(client, dataset, table, make, sql, rows, clock):
    make("plain", [N])
    sql("INSERT INTO plain VALUES (2)")
    client.load_table_from_json([{"n": 1}], f"{dataset}.t").result()
    clock.advance(timedelta(days=1))
    append = bigquery.CopyJobConfig(write_disposition="WRITE_APPEND")
    client.copy_table(f"{dataset}.plain", f"{dataset}.t", job_config=append).result()
    clock.advance(timedelta(days=1))
    sql("SELECT 3 AS n", destination=f"{dataset}.t", write_disposition="WRITE_APPEND")
    found = rows("SELECT n, _PARTITIONDATE AS pd FROM t ORDER BY n")
    assert found == [(n, date(2026, 3, n)) for n in (1, 2, 3)]


@behaviour("page querying-partitioned-tables: _PARTITIONDATE only where the granularity is daily")
def test_only_daily_partitions_have_a_date(make, days, rows):
    assert rows("SELECT DISTINCT _PARTITIONDATE AS pd FROM t ORDER BY pd") == [(date(2026, 1, d),) for d in (1, 2, 3)]
    make("hourly", [N], timePartitioning={"type": "HOUR"})
    with refused(400, "invalidQuery", "_PARTITIONDATE"):
        rows("SELECT _PARTITIONDATE AS pd FROM hourly")
    assert rows("SELECT _PARTITIONTIME AS pt FROM hourly") == []


@behaviour("page querying-partitioned-tables: pseudocolumns are not returned by SELECT *, and need an alias")
def test_pseudo_columns_come_by_name_and_under_an_alias(days, rows, sql, resource):
    assert rows("SELECT * FROM t WHERE n = 1") == [(1,)]
    with refused(400, "invalidQuery", "_PARTITIONTIME"):
        rows("SELECT _PARTITIONTIME FROM t")
    assert rows("SELECT _PARTITIONTIME AS pt, * FROM t WHERE n = 1") == [(datetime(2026, 1, 1, tzinfo=UTC), 1)]
    assert [f["name"] for f in resource("t")["schema"]["fields"]] == ["n"]


@behaviour("page querying-partitioned-tables: tables that are not partitioned by ingestion time have no pseudocolumns")
def test_other_tables_have_no_pseudo_columns(make, days, rows):
    make("plain", [N])
    make("by_column", [{"name": "d", "type": "DATE"}], timePartitioning={"type": "DAY", "field": "d"})
    for name in ("plain", "by_column"):
        with refused(400, "invalidQuery", "_PARTITIONTIME"):
            rows(f"SELECT _PARTITIONTIME AS pt FROM {name}")
    assert len(rows("SELECT _PARTITIONTIME AS pt FROM t")) == 4


@behaviour("SCH _PARTITIONTIME and _PARTITIONDATE are reserved names")
@pytest.mark.parametrize("name", ["_PARTITIONTIME", "_partitiondate"])
def test_no_column_is_called_like_a_pseudo_column(make, name):
    with refused(400, "invalid"):
        make("t", [{"name": name, "type": "TIMESTAMP"}])
    make("t", [{"name": "partition_time", "type": "TIMESTAMP"}])


@behaviour("page querying-partitioned-tables: filters on pseudocolumns")
@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("_PARTITIONTIME = TIMESTAMP '2026-01-02'", [2, 3]),
        ("_PARTITIONTIME BETWEEN TIMESTAMP('2026-01-01') AND TIMESTAMP('2026-01-02')", [1, 2, 3]),
        ("_PARTITIONDATE IN ('2026-01-01', '2026-01-03')", [1, 4]),
        ("_partitiondate > DATE '2026-01-01' AND n < 4", [2, 3]),
        ("t._PARTITIONTIME IS NULL", []),
        ("TIMESTAMP_TRUNC(_PARTITIONTIME, MONTH) = '2026-01-01'", [1, 2, 3, 4]),
    ],
)
def test_rows_are_found_by_their_partition(days, rows, condition, found):
    assert [n for (n,) in rows(f"SELECT n FROM t WHERE {condition} ORDER BY n")] == found


@behaviour("page querying-partitioned-tables: pseudocolumns in joins, groups, subqueries and views")
def test_pseudo_columns_work_wherever_columns_do(days, rows, sql):
    assert rows("SELECT _PARTITIONDATE AS pd, COUNT(*) AS c FROM t GROUP BY pd ORDER BY pd") == [
        (date(2026, 1, 1), 1),
        (date(2026, 1, 2), 2),
        (date(2026, 1, 3), 1),
    ]
    joined = "SELECT a.n, b.n AS m FROM t AS a JOIN t AS b ON a._PARTITIONTIME = b._PARTITIONTIME AND a.n < b.n"
    assert rows(joined) == [(2, 3)]
    sql("CREATE VIEW v AS SELECT n, _PARTITIONDATE AS pd FROM t")
    assert rows("SELECT n FROM v WHERE pd = '2026-01-03'") == [(4,)]
    assert rows("SELECT MAX(pt) AS m FROM (SELECT _PARTITIONTIME AS pt FROM t)") == [
        (datetime(2026, 1, 3, tzinfo=UTC),)
    ]


@behaviour("page using-dml-with-partitioned-tables: INSERT names a partition by its exact boundary")
def test_an_insert_says_which_partition(table, sql, rows):
    sql("INSERT INTO t (_PARTITIONTIME, n) VALUES ('2017-05-01', 1)")
    for wrong in ("TIMESTAMP('2017-05-01 21:30:00')", "NULL"):
        with refused(400, "invalidQuery", "_PARTITIONTIME"):
            sql(f"INSERT INTO t (_PARTITIONTIME, n) SELECT {wrong}, 2")
    assert rows("SELECT n, _PARTITIONDATE AS pd FROM t") == [(1, date(2017, 5, 1))]


@behaviour("page using-dml-with-partitioned-tables: UPDATE moves rows to another partition")
def test_an_update_moves_rows(days, sql, rows):
    job = sql("UPDATE t SET _PARTITIONTIME = '2026-06-01' WHERE _PARTITIONTIME = '2026-01-02' AND n = 2")
    assert job.num_dml_affected_rows == 1
    with refused(400, "invalidQuery", "_PARTITIONTIME"):
        sql("UPDATE t SET _PARTITIONTIME = '2026-06-01 01:00:00' WHERE n = 3")
    assert rows("SELECT n FROM t WHERE _PARTITIONDATE = '2026-06-01'") == [(2,)]
    assert rows("SELECT n FROM t WHERE _PARTITIONDATE = '2026-01-02'") == [(3,)]


@behaviour("page using-dml-with-partitioned-tables: DELETE and MERGE by partition")
def test_rows_go_and_come_by_partition(days, sql, rows):
    assert sql("DELETE t WHERE _PARTITIONDATE IN ('2026-01-01', '2026-01-02') AND n < 3").num_dml_affected_rows == 2
    sql(
        "MERGE t USING (SELECT 4 AS n UNION ALL SELECT 5) AS s ON t.n = s.n AND t._PARTITIONTIME = '2026-01-03' "
        "WHEN MATCHED THEN UPDATE SET n = 40 "
        "WHEN NOT MATCHED THEN INSERT (_PARTITIONTIME, n) VALUES (TIMESTAMP '2026-01-05', s.n)"
    )
    assert rows("SELECT n, _PARTITIONDATE AS pd FROM t ORDER BY n") == [
        (3, date(2026, 1, 2)),
        (5, date(2026, 1, 5)),
        (40, date(2026, 1, 3)),
    ]


@behaviour("1.1 require_partition_filter: on either pseudocolumn of an ingestion-time table")
def test_a_required_filter_is_on_a_pseudo_column(days, sql, rows):
    sql("ALTER TABLE t SET OPTIONS (require_partition_filter = TRUE)")
    for text in ("SELECT n FROM t", "SELECT n FROM t WHERE n = 1", "DELETE FROM t WHERE n = 1"):
        with refused(400, "invalidQuery", "_PARTITIONTIME"):
            sql(text)
    assert rows("SELECT n FROM t WHERE _PARTITIONTIME = '2026-01-01'") == [(1,)]
    assert rows("SELECT n FROM t WHERE _PARTITIONDATE = '2026-01-03' AND n > 0") == [(4,)]


@behaviour("page managing-partitioned-tables: copies, clones and changes of the schema keep every row's partition")
@pytest.mark.parametrize(
    "statement", ["CREATE TABLE u COPY t", "CREATE TABLE u CLONE t", "CREATE SNAPSHOT TABLE u CLONE t"]
)
def test_a_copy_has_identical_partitions(days, sql, rows, statement):
    sql("ALTER TABLE t ADD COLUMN extra STRING")
    sql(statement)
    sql("TRUNCATE TABLE t")
    assert rows("SELECT n, _PARTITIONDATE AS pd FROM u ORDER BY n") == [
        (n, date(2026, 1, day)) for n, day in ((1, 1), (2, 2), (3, 2), (4, 3))
    ]


@behaviour("6.1 FOR SYSTEM_TIME AS OF has the partitions of that moment")
@pytest.mark.needs_clock
def test_the_past_has_its_partitions(days, sql, rows, clock):
    clock.advance(timedelta(hours=1))
    sql("UPDATE t SET _PARTITIONTIME = '2026-06-01' WHERE n = 1")
    past = "t FOR SYSTEM_TIME AS OF TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 30 MINUTE)"
    assert rows(f"SELECT _PARTITIONDATE AS pd FROM {past} WHERE n = 1") == [(date(2026, 1, 1),)]
    assert rows("SELECT _PARTITIONDATE AS pd FROM t WHERE n = 1") == [(date(2026, 6, 1),)]


@behaviour("page querying-partitioned-tables: rows in the streaming buffer have a NULL _PARTITIONTIME")
@pytest.mark.needs_clock
def test_streamed_rows_come_to_their_partition_later(client, dataset, days, rows, clock):
    assert client.insert_rows_json(f"{dataset}.t", [{"n": 9}]) == []
    asked = (
        "SELECT partition_id, total_rows FROM INFORMATION_SCHEMA.PARTITIONS WHERE table_name = 't' AND total_rows = 1"
    )
    assert rows("SELECT n FROM t WHERE _PARTITIONTIME IS NULL") == [(9,)]
    assert ("__UNPARTITIONED__", 1) in rows(asked)
    clock.advance(timedelta(hours=2))
    assert rows("SELECT n FROM t WHERE _PARTITIONTIME IS NULL") == []
    assert rows("SELECT n FROM t WHERE _PARTITIONDATE = '2026-03-01'") == [(9,)]
    assert ("20260301", 1) in rows(asked)


@behaviour("IS partitions: of an ingestion-time table")
def test_the_partitions_of_ingestion_time_are_listed(days, rows):
    asked = "SELECT partition_id, total_rows FROM INFORMATION_SCHEMA.PARTITIONS ORDER BY partition_id"
    assert rows(asked) == [("20260101", 1), ("20260102", 2), ("20260103", 1)]


@behaviour("page tabledata.insertAll: a pseudocolumn is no field of a row")
def test_a_streamed_row_names_no_pseudo_column(client, dataset, table, rows):
    found = client.insert_rows_json(f"{dataset}.t", [{"n": 1, "_PARTITIONTIME": "2026-01-01"}])
    assert "no such field" in found[0]["errors"][0]["message"]
    assert client.insert_rows_json(f"{dataset}.t", [{"n": 1}]) == []
    assert rows("SELECT n FROM t") == [(1,)]


@behaviour("RLS a policy filters an ingestion-time table, whose pseudocolumns stay")
def test_policies_and_pseudo_columns_go_together(days, sql, rows):
    sql("CREATE ROW ACCESS POLICY p ON t GRANT TO ('allAuthenticatedUsers') FILTER USING (n > 2)")
    assert rows("SELECT n, _PARTITIONDATE AS pd FROM t ORDER BY n") == [(3, date(2026, 1, 2)), (4, date(2026, 1, 3))]
