"""Facts 9: the bytes of a statement are those of the columns it reads in the partitions it reads.

Every table here has an INT64 column n, 8 bytes a row, so that the bytes of `SELECT n` are 8 times the rows of the
partitions that are read, and the partitioning column adds another 8.
"""

from __future__ import annotations

import pytest
from google.cloud import bigquery

from tests.conformance.behaviour import behaviour, refused

N = {"name": "n", "type": "INTEGER"}
# Per table: type and partitioning, and the values of its rows, one to five rows a partition.
TABLES = {
    "by_day": ({"type": "DATE"}, {"timePartitioning": {"type": "DAY", "field": "p"}}),
    "by_month": ({"type": "DATE"}, {"timePartitioning": {"type": "MONTH", "field": "p"}}),
    "by_hour": ({"type": "TIMESTAMP"}, {"timePartitioning": {"type": "HOUR", "field": "p"}}),
    "by_year": ({"type": "DATETIME"}, {"timePartitioning": {"type": "YEAR", "field": "p"}}),
    "by_range": (
        {"type": "INTEGER"},
        {"rangePartitioning": {"field": "p", "range": {"start": "0", "end": "100", "interval": "10"}}},
    ),
}
ROWS = {
    "by_day": "('2026-01-01', 1), ('2026-01-02', 2), ('2026-01-02', 3), ('2026-01-03', 4), (NULL, 5)",
    "by_month": "('2026-01-01', 1), ('2026-01-31', 2), ('2026-02-15', 3), ('2026-03-01', 4)",
    "by_hour": "('2026-01-01 10:05:00+00', 1), ('2026-01-01 10:55:00+00', 2), ('2026-01-01 11:00:00+00', 3), "
    "('2026-01-02 00:00:00+00', 4)",
    "by_year": "('2024-05-05 00:00:00', 1), ('2025-01-01 00:00:00', 2), ('2025-12-31 23:59:59', 3)",
    "by_range": "(5, 1), (30, 2), (35, 3), (39, 4), (40, 5), (50, 6), (99, 7)",
}


@pytest.fixture
def tables(make, sql):
    """Make the table of each kind with its rows."""
    for name, (column, partitioning) in TABLES.items():
        make(name, [{"name": "p", **column}, N], **partitioning)
        sql(f"INSERT INTO {name} (p, n) VALUES {ROWS[name]}")


@pytest.fixture
def arrived(make, sql):
    """Make a table by ingestion time: 1 row on January 1st, 2 on the 2nd, 3 on the 3rd."""
    make("arrived", [N], timePartitioning={"type": "DAY"})
    for day in (1, 2, 3):
        lines = ", ".join(f"('2026-01-0{day}', {n})" for n in range(day))
        sql(f"INSERT INTO arrived (_PARTITIONTIME, n) VALUES {lines}")


@pytest.fixture
def size(sql):
    """Return the bytes that a dry run tells."""

    def size(text, **settings):
        return sql(text, dry_run=True, **settings).total_bytes_processed

    return size


@behaviour("9 dry run: partitions that a filter rules out are not scanned")
@pytest.mark.parametrize(
    ("table", "condition", "scanned"),
    [
        ("by_day", "p = '2026-01-02'", 2),
        ("by_day", "'2026-01-02' = p", 2),
        ("by_day", "p < '2026-01-02'", 1),
        ("by_day", "p <= '2026-01-02'", 3),
        ("by_day", "p > DATE '2026-01-02'", 1),
        ("by_day", "'2026-01-02' <= p", 3),
        ("by_day", "p BETWEEN '2026-01-01' AND '2026-01-02'", 3),
        ("by_day", "p IN ('2026-01-01', '2026-01-03', '2026-01-04')", 2),
        ("by_day", "p >= '2026-01-02' AND n = 2 AND p < '2026-01-03'", 2),
        ("by_day", "(p = '2026-01-01' OR p = '2026-01-03') AND n > 0", 2),
        ("by_day", "p IS NULL", 1),
        ("by_day", "p IS NOT NULL", 4),
        ("by_day", "p = '2030-01-01'", 0),
        ("by_month", "p = '2026-01-15'", 2),
        ("by_month", "p < '2026-02-01'", 2),
        ("by_month", "p > '2026-02-01'", 2),
        ("by_month", "p BETWEEN '2026-01-31' AND '2026-02-01'", 3),
        ("by_hour", "p = '2026-01-01 10:30:00+00'", 2),
        ("by_hour", "p >= '2026-01-01 10:59:59+00' AND p < '2026-01-01 12:00:00+00'", 3),
        ("by_hour", "p >= TIMESTAMP '2026-01-01 11:00:00+00'", 2),
        ("by_year", "p >= '2025-06-01 00:00:00'", 2),
        ("by_year", "p < DATETIME '2025-01-01 00:00:00'", 1),
        ("by_range", "p BETWEEN 30 AND 50", 5),
        ("by_range", "p = 38", 3),
        ("by_range", "p IN (5, 41)", 2),
        ("by_range", "p > 89", 1),
    ],
)
def test_a_filter_on_the_partitioning_column_prunes(tables, size, table, condition, scanned):
    # A NULL takes no bytes.
    rest = 8 * (scanned if " n " in f" {condition} " else 0) - (8 if condition == "p IS NULL" else 0)
    assert size(f"SELECT p FROM {table} WHERE {condition}") == 8 * scanned + rest


@behaviour("page querying-partitioned-tables: supported functions over the partitioning column prune")
@pytest.mark.parametrize(
    ("table", "condition", "scanned"),
    [
        ("by_hour", "DATE(p) = '2026-01-01'", 3),
        ("by_hour", "EXTRACT(DATE FROM p) = '2026-01-02'", 1),
        ("by_hour", "CAST(p AS DATE) = '2026-01-02'", 1),
        ("by_hour", "TIMESTAMP_TRUNC(p, DAY) >= '2026-01-02'", 1),
        ("by_hour", "TIMESTAMP_DIFF(p, TIMESTAMP '2026-01-01', DAY) < 1", 3),
        ("by_hour", "TIMESTAMP_ADD(p, INTERVAL 1 DAY) < '2026-01-02 11:00:00+00'", 2),
        ("by_hour", "TIMESTAMP_SUB(p, INTERVAL 1 DAY) < '2025-12-31 11:00:00+00'", 2),
        ("by_hour", "FORMAT_TIMESTAMP('%F', p) = '2026-01-02'", 1),
        ("by_hour", "DATE(p) IN UNNEST(GENERATE_DATE_ARRAY('2026-01-02', '2026-01-05'))", 1),
        ("by_day", "DATE_TRUNC(p, MONTH) = '2026-01-01'", 4),
        ("by_day", "DATE_ADD(p, INTERVAL 1 DAY) = '2026-01-02'", 1),
        ("by_month", "EXTRACT(YEAR FROM p) = 1900", 0),
    ],
)
def test_some_functions_prune(tables, size, table, condition, scanned):
    assert size(f"SELECT p FROM {table} WHERE {condition}") == 8 * scanned


@behaviour("page querying-partitioned-tables: other functions, other columns and subqueries do not prune")
@pytest.mark.parametrize(
    ("table", "condition", "scanned"),
    [
        ("by_range", "p + 1 BETWEEN 30 AND 50", 7),
        ("by_range", "p != 5", 7),
        ("by_hour", "EXTRACT(HOUR FROM p) = 10", 4),
        ("by_hour", "p = (SELECT TIMESTAMP '2026-01-01 10:05:00+00')", 4),
        ("by_month", "NOT p = '2026-01-01'", 4),
        ("by_month", "p = DATE_ADD(p, INTERVAL 0 DAY)", 4),
    ],
)
def test_what_is_no_constant_comparison_scans_everything(tables, size, table, condition, scanned):
    assert size(f"SELECT p FROM {table} WHERE {condition}") == 8 * scanned
    assert size(f"SELECT p FROM {table} WHERE {condition} AND p IS NULL") < 8 * scanned


@behaviour("page querying-partitioned-tables: a filter joined to another column by OR does not prune")
def test_or_with_another_column_scans_everything(tables, size):
    assert size("SELECT p, n FROM by_month WHERE p = '2026-01-01' OR n = 4") == 4 * 16
    assert size("SELECT p, n FROM by_month WHERE p = '2026-01-01' AND n = 4") == 2 * 16


@behaviour("page querying-partitioned-tables: filters on _PARTITIONTIME and _PARTITIONDATE prune")
@pytest.mark.parametrize(
    ("condition", "scanned"),
    [
        ("_PARTITIONTIME = '2026-01-02'", 2),
        ("_PARTITIONTIME BETWEEN TIMESTAMP('2026-01-01') AND TIMESTAMP('2026-01-02')", 3),
        ("_PARTITIONDATE >= '2026-01-02'", 5),
        ("_PARTITIONDATE IN ('2026-01-01', '2026-01-03')", 4),
        ("TIMESTAMP_ADD(_PARTITIONTIME, INTERVAL 5 DAY) > TIMESTAMP('2026-01-07')", 3),
        ("n = 1", 6),
    ],
)
def test_pseudo_columns_prune(arrived, size, condition, scanned):
    assert size(f"SELECT n FROM arrived WHERE {condition}") == 8 * scanned


@behaviour("page querying-partitioned-tables: parameters, script variables and the current time are constants")
@pytest.mark.needs_clock
def test_constants_come_from_anywhere(tables, size, sql):
    given = [bigquery.ScalarQueryParameter("day", "DATE", "2026-01-02")]
    assert size("SELECT p FROM by_day WHERE p = @day", query_parameters=given) == 16
    assert size("SELECT p FROM by_day WHERE p = DATE_SUB(CURRENT_DATE(), INTERVAL 59 DAY)") == 8
    job = sql("DECLARE day DATE DEFAULT '2026-01-02'; SELECT p FROM by_day WHERE p = day;")
    children = {c.statement_type: c.total_bytes_processed for c in job._client.list_jobs(parent_job=job)}
    assert children == {"SELECT": 16}


@behaviour("page querying-partitioned-tables: pruning reaches through subqueries, WITH and views")
@pytest.mark.parametrize(
    ("query", "scanned"),
    [
        ("SELECT p FROM (SELECT * FROM (SELECT p FROM by_month)) WHERE p < '2026-02-01'", 2),
        ("SELECT q FROM (SELECT p AS q FROM by_month) WHERE q < '2026-02-01'", 2),
        ("WITH w AS (SELECT p FROM by_month) SELECT p FROM w WHERE p < '2026-02-01'", 2),
        ("WITH w AS (SELECT p FROM by_month) SELECT p FROM w WHERE p < '2026-02-01' UNION ALL SELECT p FROM w", 4),
        ("SELECT p FROM narrow", 2),
        ("SELECT day FROM wide WHERE day > '2026-02-20'", 2),
        ("SELECT p FROM (SELECT p FROM by_month UNION ALL SELECT p FROM by_month) WHERE p < '2026-02-01'", 2),
        ("SELECT p FROM (SELECT p FROM by_month ORDER BY p LIMIT 3) WHERE p < '2026-02-01'", 4),
        ("SELECT p FROM (SELECT p, ROW_NUMBER() OVER (ORDER BY p) AS r FROM by_month) WHERE p < '2026-02-01'", 4),
        ("SELECT EXISTS (SELECT 1 FROM by_month WHERE p = '2026-02-01') AS e", 1),
    ],
)
def test_a_filter_is_followed_to_the_table(tables, size, sql, dataset, query, scanned):
    sql(f"CREATE VIEW narrow AS SELECT p FROM `{dataset}.by_month` WHERE p < '2026-02-01'")
    sql(f"CREATE VIEW wide AS SELECT p AS day FROM `{dataset}.by_month`")
    assert size(query) == 8 * scanned


@behaviour("page querying-partitioned-tables: pruning on both sides of a join")
@pytest.mark.parametrize(
    ("join", "scanned"),
    [
        ("JOIN by_day AS d ON m.p = d.p WHERE m.p = '2026-02-15' AND d.p > '2026-01-02'", 1 + 1),
        ("JOIN by_day AS d ON d.p = '2026-01-03' AND m.p = d.p", 4 + 1),
        ("LEFT JOIN by_day AS d ON m.p = '2026-02-15' AND d.p = '2026-01-03'", 4 + 1),
        ("FULL JOIN by_day AS d ON m.p = d.p AND d.p = '2026-01-03'", 4 + 4),
    ],
)
def test_joins_prune_where_rows_cannot_be_missed(tables, size, join, scanned):
    # The fifth row of by_day has a NULL, which takes no bytes.
    assert size(f"SELECT m.p, d.p AS q FROM by_month AS m {join}") == 8 * scanned


@behaviour("9 maximumBytesBilled looks at the scanned partitions")
def test_a_limit_of_bytes_is_for_what_is_scanned(make, sql, rows, api, dataset):
    make("t", [{"name": "p", "type": "DATE"}, {"name": "s", "type": "STRING"}], timePartitioning={
        "type": "DAY", "field": "p"})  # fmt: skip
    sql("INSERT INTO t SELECT DATE '2026-01-01', REPEAT('x', 11000000) UNION ALL SELECT DATE '2026-01-02', 'y'")
    limit = 10 * 2**20
    text = f"SELECT s FROM `{dataset}.t` WHERE p >= '2026-01-01'"
    with refused(400, "bytesBilledLimitExceeded"):
        api("POST", "//queries", {"query": text, "useLegacySql": False, "maximumBytesBilled": str(limit)})
    assert rows("SELECT s FROM t WHERE p > '2026-01-01'", maximum_bytes_billed=limit) == [("y",)]


@behaviour("9 DML bytes: INSERT q")
def test_an_insert_costs_what_its_query_reads(tables, size):
    assert size("INSERT INTO by_month (p, n) VALUES ('2026-01-01', 1)") == 0
    assert size("INSERT INTO by_month (n) SELECT n FROM by_year") == 3 * 8
    assert size("INSERT INTO by_month (n) SELECT n FROM by_year WHERE p < '2025-01-01'") == 16


@behaviour("9 DML bytes, unpartitioned: UPDATE and DELETE q + t")
def test_a_change_of_rows_costs_the_columns_read_and_the_whole_table(sql, size):
    sql("CREATE TABLE t AS SELECT 1 AS a, 2 AS b, 3 AS c UNION ALL SELECT 4, 5, 6")
    assert size("UPDATE t SET a = 1 WHERE b = 2") == 2 * 8 + 2 * 24
    assert size("UPDATE t SET a = c WHERE b = 2") == 2 * 16 + 2 * 24
    assert size("DELETE FROM t WHERE a = 1") == 2 * 8 + 2 * 24
    assert size("DELETE FROM t WHERE true") == 2 * 24


@behaviour("9 DML bytes: MERGE q, and t if rows are updated or deleted")
def test_a_merge_costs_the_table_only_when_it_mutates(sql, size):
    sql("CREATE TABLE t AS SELECT 1 AS a, 2 AS b")
    sql("CREATE TABLE s AS SELECT 1 AS a, 2 AS b UNION ALL SELECT 3, 4")
    head = "MERGE t USING s ON t.a = s.a"
    assert size(f"{head} WHEN NOT MATCHED THEN INSERT (a, b) VALUES (s.a, s.b)") == 8 + 2 * 16
    assert size(f"{head} WHEN MATCHED THEN UPDATE SET b = s.b") == 8 + 2 * 16 + 16
    assert size(f"{head} WHEN MATCHED THEN DELETE") == 8 + 2 * 8 + 16


@behaviour("9 DML bytes, partitioned: t' = partitions touched")
def test_a_change_of_rows_costs_the_partitions_it_may_touch(tables, arrived, size):
    assert size("UPDATE by_month SET n = 0 WHERE p >= '2026-02-01' AND n = 3") == 2 * 16 + 2 * 16
    assert size("DELETE FROM by_month WHERE p = '2026-02-15' AND n = 3") == 16 + 16
    assert size("UPDATE arrived SET n = 0 WHERE _PARTITIONDATE = '2026-01-02'") == 2 * 8


@behaviour("page using-dml-with-partitioned-tables: a DELETE of whole partitions scans 0 bytes")
@pytest.mark.parametrize(
    ("statement", "cost"),
    [
        ("DELETE FROM by_day WHERE p = '2026-01-02'", 0),
        ("DELETE FROM by_day WHERE p < '2026-01-02' OR p IN ('2026-01-03')", 0),
        ("DELETE FROM by_day WHERE p = '2026-01-02' AND n = 2", 2 * 16 + 2 * 16),
        ("DELETE FROM by_month WHERE p BETWEEN '2026-01-01' AND '2026-01-31'", 0),
        ("DELETE FROM by_month WHERE DATE_TRUNC(p, MONTH) = '2026-01-01'", 0),
        ("DELETE FROM by_month WHERE p BETWEEN '2026-01-01' AND '2026-01-30'", 2 * 8 + 2 * 16),
        ("DELETE FROM by_hour WHERE DATE(p) = '2026-01-01'", 0),
        ("DELETE FROM by_range WHERE p >= 30 AND p < 40", 0),
        ("DELETE FROM by_range WHERE p >= 30 AND p < 39", 3 * 8 + 3 * 16),
        ("DELETE arrived WHERE _PARTITIONDATE IN ('2026-01-01', '2026-01-03')", 0),
        ("DELETE arrived WHERE _PARTITIONTIME = '2026-01-03' AND n = 1", 3 * 8 + 3 * 8),
    ],
)
def test_whole_partitions_go_for_nothing(tables, arrived, size, sql, statement, cost):
    assert size(statement) == cost
    job = sql(statement)
    assert (job.total_bytes_processed, job.num_dml_affected_rows > 0) == (cost, True)


@behaviour("page using-dml-with-partitioned-tables: what a MERGE reads of target and source")
@pytest.mark.parametrize(
    ("merge", "target", "source"),
    [
        (
            "(SELECT n FROM arrived WHERE _PARTITIONTIME = '2026-01-02') AS s ON t.n = s.n WHEN MATCHED THEN DELETE",
            6,
            2,
        ),
        (
            (
                "arrived AS s ON t.n = s.n AND t._PARTITIONTIME = '2026-01-02' AND s._PARTITIONTIME = '2026-01-01' "
                "WHEN MATCHED THEN UPDATE SET n = s.n"
            ),
            2,
            1,
        ),
        (
            "arrived AS s ON t.n = s.n AND t._PARTITIONTIME = '2026-01-02' WHEN NOT MATCHED BY SOURCE THEN DELETE",
            6,
            6,
        ),
        (
            (
                "arrived AS s ON t.n = s.n WHEN MATCHED AND t._PARTITIONTIME = '2026-01-01' THEN DELETE "
                "WHEN NOT MATCHED BY SOURCE AND t._PARTITIONTIME = '2026-01-02' THEN DELETE"
            ),
            3,
            6,
        ),
        (
            (
                "arrived AS s ON t.n = s.n WHEN MATCHED AND t._PARTITIONTIME = '2026-01-01' THEN DELETE "
                "WHEN NOT MATCHED BY SOURCE THEN DELETE"
            ),
            6,
            6,
        ),
        (
            (
                "arrived AS s ON FALSE "
                "WHEN NOT MATCHED AND s._PARTITIONTIME = '2026-01-01' THEN INSERT (n) VALUES (s.n) "
                "WHEN NOT MATCHED BY SOURCE AND t._PARTITIONTIME = '2026-01-01' THEN DELETE"
            ),
            1,
            1,
        ),
    ],
)
def test_a_merge_prunes(arrived, make, sql, size, merge, target, source):
    make("target", [N, {"name": "m", "type": "INTEGER"}], timePartitioning={"type": "DAY"})
    sql("INSERT INTO target (_PARTITIONTIME, n, m) SELECT _PARTITIONTIME, n, 1 FROM arrived")
    reads_target = 0 if "ON FALSE" in merge else 8
    assert size(f"MERGE target AS t USING {merge}") == reads_target * target + 16 * target + 8 * source


@behaviour("1.1 require_partition_filter: a predicate on other columns besides is no filter")
def test_a_filter_speaks_of_the_partition_alone(tables, sql, rows):
    sql("ALTER TABLE by_day SET OPTIONS (require_partition_filter = TRUE)")
    for wrong in ("p = '2026-01-01' OR n = 4", "n = EXTRACT(DAY FROM p)", "n = 1"):
        with refused(400, "invalidQuery", "partition elimination"):
            rows(f"SELECT n FROM by_day WHERE {wrong}")
    assert rows("SELECT n FROM by_day WHERE p = '2026-01-01' AND (n = 1 OR n = 4)") == [(1,)]


@behaviour("1.1 require_partition_filter: a MERGE needs one for its target and for what its source reads")
def test_a_merge_needs_filters_too(tables, sql, rows):
    sql("CREATE TABLE s AS SELECT DATE '2026-01-01' AS p, 1 AS n")
    sql("ALTER TABLE by_day SET OPTIONS (require_partition_filter = TRUE)")
    for wrong in (
        "MERGE by_day AS t USING s ON t.n = s.n WHEN MATCHED THEN DELETE",
        "MERGE s USING (SELECT * FROM by_day) AS t ON t.n = s.n WHEN MATCHED THEN DELETE",
    ):
        with refused(400, "invalidQuery", "partition elimination"):
            sql(wrong)
    sql("MERGE s USING (SELECT * FROM by_day WHERE p > '2026-01-02') AS t ON t.n = s.n WHEN MATCHED THEN DELETE")
    sql("MERGE by_day AS t USING s ON t.n = s.n AND t.p = '2026-01-01' WHEN MATCHED THEN UPDATE SET n = 10")
    assert rows("SELECT n FROM by_day WHERE p = '2026-01-01'") == [(10,)]
