"""CREATE TABLE in all its forms, DROP, snapshots and clones: what tables.get and the job then say."""

from __future__ import annotations

from datetime import timedelta

import pytest
from google.api_core import exceptions

from tests.conformance.behaviour import behaviour, refused


def names(client, dataset):
    return sorted(t.table_id for t in client.list_tables(dataset))


@behaviour("DDL CREATE TABLE: column list, options, partitioning, clustering, keys")
def test_create_table_is_at_once_and_wholly_visible(sql, resource):
    sql("CREATE TABLE parent (k STRING, PRIMARY KEY (k) NOT ENFORCED)")
    job = sql(
        "CREATE TABLE t (id INT64 NOT NULL OPTIONS (description = 'I'), name STRING(20) DEFAULT 'x', at_day DATE, "
        "r ARRAY<STRUCT<a NUMERIC(10, 2) NOT NULL, b RANGE<DATE>>>, j JSON, parent STRING COLLATE '', "
        "PRIMARY KEY (id) NOT ENFORCED, CONSTRAINT up FOREIGN KEY (parent) REFERENCES parent (k) NOT ENFORCED) "
        "PARTITION BY DATE_TRUNC(at_day, MONTH) CLUSTER BY id, parent "
        "OPTIONS (description = 'T', friendly_name = 'F', labels = [('a', 'b')], partition_expiration_days = 3650, "
        "require_partition_filter = TRUE)"
    )
    found = resource("t")
    assert (job.statement_type, job.ddl_operation_performed) == ("CREATE_TABLE", "CREATE")
    assert job.ddl_target_table.table_id == "t"
    assert found["schema"]["fields"][0] == {"name": "id", "type": "INTEGER", "mode": "REQUIRED", "description": "I"}
    assert found["schema"]["fields"][1]["maxLength"] == "20"
    assert [f["mode"] for f in found["schema"]["fields"][3]["fields"]] == ["REQUIRED", "NULLABLE"]
    assert found["timePartitioning"] == {"type": "MONTH", "field": "at_day", "expirationMs": str(3650 * 86_400_000)}
    assert found["clustering"] == {"fields": ["id", "parent"]}
    assert (found["description"], found["friendlyName"], found["labels"]) == ("T", "F", {"a": "b"})
    assert found["requirePartitionFilter"] is True
    assert [k["name"] for k in found["tableConstraints"]["foreignKeys"]] == ["up"]


@behaviour("DDL PARTITION BY: the forms of each type")
@pytest.mark.parametrize(
    ("kind", "clause", "expected"),
    [
        ("DATE", "c", {"type": "DAY", "field": "c"}),
        ("DATE", "DATE_TRUNC(c, YEAR)", {"type": "YEAR", "field": "c"}),
        ("TIMESTAMP", "DATE(c)", {"type": "DAY", "field": "c"}),
        ("TIMESTAMP", "TIMESTAMP_TRUNC(c, HOUR)", {"type": "HOUR", "field": "c"}),
        ("DATETIME", "DATETIME_TRUNC(c, MONTH)", {"type": "MONTH", "field": "c"}),
        ("STRING", "_PARTITIONDATE", {"type": "DAY"}),
        ("STRING", "TIMESTAMP_TRUNC(_PARTITIONTIME, HOUR)", {"type": "HOUR"}),
    ],
)
def test_partition_by_time(sql, resource, kind, clause, expected):
    sql(f"CREATE TABLE t (c {kind}) PARTITION BY {clause}")
    assert resource("t")["timePartitioning"] == expected


@behaviour("DDL PARTITION BY RANGE_BUCKET")
def test_partition_by_integer_range(sql, resource):
    sql("CREATE TABLE t (c INT64) PARTITION BY RANGE_BUCKET(c, GENERATE_ARRAY(0, 100, 10))")
    assert resource("t")["rangePartitioning"] == {"field": "c", "range": {"start": "0", "end": "100", "interval": "10"}}


@behaviour("PT one top-level column of a type that can partition")
@pytest.mark.parametrize(
    ("kind", "clause"),
    [
        ("STRING", "c"),
        ("NUMERIC", "c"),
        ("JSON", "c"),
        ("INT64", "c"),
        ("TIMESTAMP", "c"),
        ("DATE", "DATE_TRUNC(c, HOUR)"),
        ("ARRAY<DATE>", "c"),
        ("DATE", "missing"),
    ],
)
def test_another_partition_clause_is_refused(sql, resource, kind, clause):
    with refused(400, "invalidQuery"):
        sql(f"CREATE TABLE t (c {kind}) PARTITION BY {clause}")
    sql(f"CREATE TABLE t (c {kind}, d DATE) PARTITION BY d")
    assert resource("t")["timePartitioning"]["field"] == "d"


@behaviour("CT at most four clustering columns of the listed types")
@pytest.mark.parametrize("clause", ["f", "b", "t", "j", "a", "s", "missing", "i, i", "i, n, d, x, y"])
def test_an_impossible_clustering_is_refused(sql, resource, clause):
    columns = "f FLOAT64, b BYTES, t TIME, j JSON, a ARRAY<INT64>, s STRUCT<q INT64>, i INT64, n NUMERIC, d DATE, "
    with pytest.raises(exceptions.BadRequest) as caught:
        sql(f"CREATE TABLE t ({columns} x STRING, y STRING) CLUSTER BY {clause}")
    assert caught.value.errors[0]["reason"] in {"invalid", "invalidQuery"}
    sql(f"CREATE TABLE t ({columns} x STRING, y STRING) CLUSTER BY y, i, n, d")
    assert resource("t")["clustering"] == {"fields": ["y", "i", "n", "d"]}


@behaviour("DDL CREATE TABLE of a taken name")
def test_create_table_of_a_taken_name_is_a_duplicate(sql, resource):
    sql("CREATE TABLE t (a INT64)")
    with refused(409, "duplicate", "Already Exists"):
        sql("CREATE TABLE t (b INT64)")
    sql("CREATE TABLE u (b INT64)")
    assert [f["name"] for f in resource("t")["schema"]["fields"]] == ["a"]


@behaviour("DDL IF NOT EXISTS skips whatever has the name, a view too")
@pytest.mark.parametrize("existing", ["CREATE TABLE t (a INT64)", "CREATE VIEW t AS SELECT 1 AS a"])
def test_if_not_exists_reports_skip(sql, resource, existing):
    sql(existing)
    before = resource("t")
    assert sql("CREATE TABLE IF NOT EXISTS t (b STRING)").ddl_operation_performed == "SKIP"
    assert resource("t") == before
    assert sql("CREATE TABLE IF NOT EXISTS u (b STRING)").ddl_operation_performed == "CREATE"


@behaviour("DDL OR REPLACE and IF NOT EXISTS exclude each other")
def test_or_replace_does_not_go_with_if_not_exists(sql, resource):
    with refused(400, "invalidQuery"):
        sql("CREATE OR REPLACE TABLE IF NOT EXISTS t (a INT64)")
    assert sql("CREATE OR REPLACE TABLE t (a INT64)").ddl_operation_performed == "CREATE"
    assert sql("CREATE OR REPLACE TABLE t (b INT64)").ddl_operation_performed == "REPLACE"
    assert [f["name"] for f in resource("t")["schema"]["fields"]] == ["b"]


@behaviour("DDL CREATE TABLE AS SELECT")
def test_create_table_as_select_takes_types_and_rows_of_the_query(sql, rows, resource):
    job = sql(
        "CREATE TABLE t CLUSTER BY id AS "
        "SELECT 1 AS id, 'a' AS name, [1, 2] AS list, STRUCT(DATE '2026-01-01' AS d) AS r"
    )
    assert (job.statement_type, job.ddl_operation_performed) == ("CREATE_TABLE_AS_SELECT", "CREATE")
    assert [(f["name"], f["type"], f["mode"]) for f in resource("t")["schema"]["fields"]] == [
        ("id", "INTEGER", "NULLABLE"),
        ("name", "STRING", "NULLABLE"),
        ("list", "INTEGER", "REPEATED"),
        ("r", "RECORD", "NULLABLE"),
    ]
    assert rows("SELECT id, name, list FROM t") == [(1, "a", [1, 2])]


@behaviour("DDL the column list of CREATE TABLE AS SELECT fits the query")
def test_a_column_list_must_fit_the_query(sql, rows):
    for listed in ("(a INT64, b STRING)", "(a DATE)", "(a INT64 NOT NULL)"):
        source = "SELECT NULL AS x" if "NOT NULL" in listed else "SELECT 1 AS x"
        with refused(400, "invalidQuery"):
            sql(f"CREATE TABLE t {listed} AS {source}")
    sql("CREATE TABLE t (a NUMERIC NOT NULL) AS SELECT 1 AS x")
    assert rows("SELECT a FROM t") == [(1,)]


@behaviour("DDL a query's columns need names that differ")
def test_create_table_as_select_needs_distinct_names(sql, resource):
    with refused(400, "invalidQuery"):
        sql("CREATE TABLE t AS SELECT 1 AS a, 2 AS A")
    sql("CREATE TABLE t AS SELECT 1 AS a, 2 AS b")
    assert len(resource("t")["schema"]["fields"]) == 2


@behaviour("PT an ingestion-time table is not made by CREATE TABLE AS SELECT")
def test_an_ingestion_time_table_is_made_empty_only(sql, resource):
    with refused(400, "invalidQuery"):
        sql("CREATE TABLE t PARTITION BY _PARTITIONDATE AS SELECT 1 AS a")
    sql("CREATE TABLE t (a INT64) PARTITION BY _PARTITIONDATE")
    assert resource("t")["timePartitioning"] == {"type": "DAY"}


@behaviour("DDL CREATE TABLE LIKE takes the schema and no rows")
def test_like_takes_metadata_and_no_rows(sql, rows, resource):
    sql("CREATE TABLE s (a INT64 NOT NULL OPTIONS (description = 'A')) OPTIONS (labels = [('x', 'y')])")
    sql("INSERT INTO s VALUES (1)")
    sql("CREATE TABLE t LIKE s")
    assert resource("t")["schema"] == resource("s")["schema"]
    assert rows("SELECT * FROM t") == []
    sql("INSERT INTO t VALUES (2)")
    assert rows("SELECT * FROM s") == [(1,)]


@behaviour("DDL CREATE TABLE COPY takes rows and metadata; OR REPLACE is allowed")
def test_copy_takes_rows_and_may_replace(sql, rows):
    sql("CREATE TABLE s AS SELECT 1 AS a")
    sql("CREATE TABLE t AS SELECT 2 AS b")
    assert sql("CREATE OR REPLACE TABLE t COPY s").ddl_operation_performed == "REPLACE"
    assert rows("SELECT a FROM t") == [(1,)]
    with refused(409, "duplicate"):
        sql("CREATE TABLE t COPY s")


@behaviour("CLONE a clone is a table of its own that remembers its base")
def test_a_clone_changes_apart_from_its_base(sql, rows, resource):
    sql("CREATE TABLE s AS SELECT 1 AS a")
    sql("CREATE TABLE t CLONE s")
    sql("UPDATE t SET a = 2 WHERE TRUE")
    sql("INSERT INTO s VALUES (3)")
    assert (rows("SELECT a FROM t"), rows("SELECT a FROM s ORDER BY a")) == ([(2,)], [(1,), (3,)])
    assert resource("t")["cloneDefinition"]["baseTableReference"]["tableId"] == "s"


@behaviour("6.2 a clone does not overwrite by DDL")
def test_or_replace_does_not_go_with_clone(sql, rows):
    sql("CREATE TABLE s AS SELECT 1 AS a")
    sql("CREATE TABLE t AS SELECT 2 AS a")
    with refused(400, "invalidQuery"):
        sql("CREATE OR REPLACE TABLE t CLONE s")
    sql("CREATE TABLE IF NOT EXISTS t CLONE s")
    assert rows("SELECT a FROM t") == [(2,)]


@behaviour("SNAP a snapshot is read-only; only its metadata changes")
def test_a_snapshot_is_read_and_never_written(sql, rows, resource):
    sql("CREATE TABLE t AS SELECT 1 AS a")
    job = sql("CREATE SNAPSHOT TABLE s CLONE t")
    assert (job.statement_type, job.ddl_operation_performed) == ("CREATE_SNAPSHOT_TABLE", "CREATE")
    assert resource("s")["type"] == "SNAPSHOT"
    for text in ("INSERT INTO s VALUES (2)", "UPDATE s SET a = 2 WHERE TRUE", "TRUNCATE TABLE s",
                 "ALTER TABLE s ADD COLUMN b INT64", "DELETE FROM s WHERE TRUE"):  # fmt: skip
        with refused(400, "invalidQuery", "snapshot"):
            sql(text)
    sql("ALTER TABLE s SET OPTIONS (description = 'Kept')")
    assert (resource("s")["description"], rows("SELECT a FROM s")) == ("Kept", [(1,)])


@behaviour("SNAP a snapshot keeps its rows when the base changes or goes, and names its base")
def test_a_snapshot_outlives_its_base(sql, rows, resource):
    sql("CREATE TABLE t AS SELECT 1 AS a")
    sql("CREATE SNAPSHOT TABLE s CLONE t")
    sql("UPDATE t SET a = 2 WHERE TRUE")
    assert resource("s")["snapshotDefinition"]["baseTableReference"]["tableId"] == "t"
    sql("DROP TABLE t")
    assert rows("SELECT a FROM s") == [(1,)]


@behaviour("SNAP-restore a snapshot is restored by CLONE to a new name")
def test_a_snapshot_is_restored_as_a_table(sql, rows, resource):
    sql("CREATE TABLE t AS SELECT 1 AS a")
    sql("CREATE SNAPSHOT TABLE s CLONE t")
    sql("DROP TABLE t")
    sql("CREATE TABLE t CLONE s")
    sql("INSERT INTO t VALUES (2)")
    assert resource("t")["type"] == "TABLE"
    assert (rows("SELECT a FROM t ORDER BY a"), rows("SELECT a FROM s")) == ([(1,), (2,)], [(1,)])


@behaviour("6.2 snapshots of views and of what is no table are refused")
def test_views_are_not_cloned(sql, rows):
    sql("CREATE TABLE t AS SELECT 1 AS a")
    sql("CREATE VIEW v AS SELECT a FROM t")
    sql("CREATE MATERIALIZED VIEW m AS SELECT a FROM t")
    for name in ("v", "m"):
        for how in ("CREATE SNAPSHOT TABLE s CLONE", "CREATE TABLE s CLONE", "CREATE TABLE s COPY"):
            with refused(400, "invalidQuery"):
                sql(f"{how} {name}")
    sql("CREATE SNAPSHOT TABLE s CLONE t")
    assert rows("SELECT a FROM s") == [(1,)]


@behaviour("6.2 a snapshot does not overwrite; IF NOT EXISTS skips")
def test_a_snapshot_of_a_taken_name_is_a_duplicate(sql, rows):
    sql("CREATE TABLE t AS SELECT 1 AS a")
    sql("CREATE SNAPSHOT TABLE s CLONE t")
    sql("INSERT INTO t VALUES (2)")
    with refused(409, "duplicate"):
        sql("CREATE SNAPSHOT TABLE s CLONE t")
    assert sql("CREATE SNAPSHOT TABLE IF NOT EXISTS s CLONE t").ddl_operation_performed == "SKIP"
    with refused(400, "invalidQuery"):
        sql("CREATE OR REPLACE SNAPSHOT TABLE s CLONE t")
    assert rows("SELECT COUNT(*) FROM s") == [(1,)]


@behaviour("6.2 a snapshot expires when it says, else when the dataset says")
@pytest.mark.needs_clock
def test_a_snapshot_expires(client, dataset, clock, sql):
    sql("CREATE TABLE t AS SELECT 1 AS a")
    sql(
        "CREATE SNAPSHOT TABLE s CLONE t "
        "OPTIONS (expiration_timestamp = TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 2 DAY))"
    )
    sql("ALTER SCHEMA `" + dataset + "` SET OPTIONS (default_table_expiration_days = 1)")
    sql("CREATE SNAPSHOT TABLE s2 CLONE t")
    clock.advance(timedelta(hours=25))
    assert names(client, dataset) == ["s", "t"]
    clock.advance(timedelta(hours=24))
    assert names(client, dataset) == ["t"]


@behaviour("DDL DROP TABLE, IF EXISTS, and the kind that does not fit")
def test_drop_takes_the_statement_of_its_kind(client, dataset, sql):
    sql("CREATE TABLE t AS SELECT 1 AS a")
    sql("CREATE VIEW v AS SELECT 1 AS a")
    sql("CREATE SNAPSHOT TABLE s CLONE t")
    sql("CREATE MATERIALIZED VIEW m AS SELECT a FROM t")
    for kind, name in (("TABLE", "v"), ("VIEW", "t"), ("SNAPSHOT TABLE", "t"), ("TABLE", "s"), ("VIEW", "m")):
        with refused(400, "invalidQuery"):
            sql(f"DROP {kind} {name}")
    for kind, name in (("MATERIALIZED VIEW", "m"), ("VIEW", "v"), ("SNAPSHOT TABLE", "s"), ("TABLE", "t")):
        job = sql(f"DROP {kind} {name}")
        assert (job.statement_type, job.ddl_operation_performed) == (f"DROP_{kind.replace(' ', '_')}", "DROP")
        assert sql(f"DROP {kind} IF EXISTS {name}").ddl_operation_performed == "SKIP"
        with refused(404, "notFound", name):
            sql(f"DROP {kind} {name}")
    assert names(client, dataset) == []


@behaviour("lexical: reserved words are no names without backticks")
@pytest.mark.parametrize("word", ["AT", "ROWS", "RANGE", "TO", "HASH", "GROUPS", "WINDOW", "END", "MERGE"])
def test_a_reserved_word_needs_backticks(sql, rows, resource, word):
    with refused(400, "invalidQuery", word):
        sql(f"CREATE TABLE t ({word} INT64)")
    sql(f"CREATE TABLE t (`{word}` INT64)")
    sql(f"INSERT INTO t (`{word}`) VALUES (1)")
    with refused(400, "invalidQuery"):
        sql(f"SELECT {word} FROM t")
    assert rows(f"SELECT `{word}`, t.{word} AS again FROM t") == [(1, 1)]
    assert resource("t")["schema"]["fields"][0]["name"] == word


@behaviour("SCH reserved prefixes and the length of a column's name")
@pytest.mark.parametrize(
    "name", ["_TABLE_x", "_FILE_x", "_PARTITIONx", "_ROW_TIMESTAMPx", "__ROOT__x", "_COLIDENTIFIERx", "x" * 301]
)
def test_a_column_name_that_bigquery_keeps_for_itself_is_refused(sql, resource, name):
    with pytest.raises(exceptions.BadRequest) as caught:
        sql(f"CREATE TABLE t (`{name}` INT64)")
    assert caught.value.errors[0]["reason"] in {"invalid", "invalidQuery"}
    sql(f"CREATE TABLE t (`{'x' * 300}` INT64)")
    assert len(resource("t")["schema"]["fields"][0]["name"]) == 300


@behaviour("DDL temporary tables live in sessions and scripts only")
@pytest.mark.switches
def test_a_temporary_table_is_answered_with_501(sql, rows):
    made = "CREATE TEMP TABLE t (a INT64)"
    for text in (made, f"{made}; INSERT INTO t VALUES (1);", f"BEGIN TRANSACTION; {made}; COMMIT TRANSACTION;"):
        with refused(501, "notImplemented", "temporary"):
            sql(text)
    sql("CREATE TABLE t (a INT64)")
    assert rows("SELECT * FROM t") == []
