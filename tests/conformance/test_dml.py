"""INSERT, UPDATE, DELETE, MERGE, TRUNCATE: counts, defaults, REQUIRED, parameters."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from google.cloud import bigquery

from tests.conformance.behaviour import behaviour, refused


@pytest.fixture
def table(sql):
    sql("CREATE TABLE t (id INT64 NOT NULL, name STRING DEFAULT 'none', n NUMERIC(5, 1), tags ARRAY<STRING>)")
    sql("INSERT INTO t VALUES (1, 'a', 1.5, ['x']), (2, 'b', NULL, []), (3, NULL, 2.5, NULL)")


def stats(job):
    found = job._properties["statistics"]["query"]
    return job.statement_type, job.num_dml_affected_rows, found.get("dmlStats")


@behaviour("DML INSERT reports the rows it inserted")
def test_insert_counts_its_rows(sql, rows, table):
    job = sql("INSERT INTO t (id) SELECT * FROM UNNEST([10, 11])")
    assert stats(job) == ("INSERT", 2, {"insertedRowCount": "2"})
    assert rows("SELECT COUNT(*) FROM t") == [(5,)]


@behaviour("DML UPDATE reports the rows it updated")
def test_update_counts_its_rows(sql, rows, table):
    job = sql("UPDATE t SET name = 'z' WHERE id > 1")
    assert stats(job) == ("UPDATE", 2, {"updatedRowCount": "2"})
    assert rows("SELECT name FROM t ORDER BY id") == [("a",), ("z",), ("z",)]


@behaviour("DML DELETE reports the rows it deleted")
def test_delete_counts_its_rows(sql, rows, table):
    job = sql("DELETE FROM t WHERE id = 1")
    assert stats(job) == ("DELETE", 1, {"deletedRowCount": "1"})
    assert rows("SELECT id FROM t ORDER BY id") == [(2,), (3,)]


@behaviour("DML MERGE reports inserted, updated and deleted rows apart")
def test_merge_counts_each_kind_of_row(sql, rows, table):
    job = sql(
        "MERGE t USING (SELECT 1 AS id, 'new' AS name UNION ALL SELECT 9, 'nine') s ON t.id = s.id "
        "WHEN MATCHED THEN UPDATE SET name = s.name WHEN NOT MATCHED THEN INSERT (id, name) VALUES (id, name) "
        "WHEN NOT MATCHED BY SOURCE AND t.id = 3 THEN DELETE"
    )
    assert stats(job) == ("MERGE", 3, {"insertedRowCount": "1", "updatedRowCount": "1", "deletedRowCount": "1"})
    assert rows("SELECT id, name FROM t ORDER BY id") == [(1, "new"), (2, "b"), (9, "nine")]


@behaviour("DMLX MERGE refuses two source rows for one target row")
def test_merge_needs_one_source_row_for_each_target_row(sql, rows, table):
    with refused(400, "invalidQuery", "at most one source row"):
        sql(
            "MERGE t USING (SELECT 1 AS id UNION ALL SELECT 1) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET name = 'x'"
        )
    sql("MERGE t USING (SELECT 1 AS id) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET name = 'x'")
    assert rows("SELECT name FROM t WHERE id = 1") == [("x",)]


@behaviour("DMLX INSERT ROW and MERGE's ON FALSE")
def test_merge_inserts_whole_rows(sql, rows):
    sql("CREATE TABLE t (a INT64, b STRING)")
    sql("CREATE TABLE s AS SELECT 1 AS a, 'x' AS b")
    sql("MERGE t USING s ON FALSE WHEN NOT MATCHED THEN INSERT ROW")
    assert rows("SELECT * FROM t") == [(1, "x")]


@behaviour("DML TRUNCATE removes all rows and reports them")
def test_truncate_removes_all_rows(sql, rows, table):
    job = sql("TRUNCATE TABLE t")
    assert stats(job) == ("TRUNCATE_TABLE", 3, {"deletedRowCount": "3"})
    assert rows("SELECT * FROM t") == []


@behaviour("DML a statement that changes nothing reports zero")
def test_a_change_of_no_row_reports_zero(sql, table):
    assert stats(sql("UPDATE t SET name = 'x' WHERE id = 99"))[1] == 0
    assert stats(sql("DELETE FROM t WHERE FALSE"))[1] == 0
    assert stats(sql("INSERT INTO t (id) SELECT 1 FROM t WHERE FALSE"))[1] == 0


@behaviour("DMLX UPDATE and DELETE need WHERE")
@pytest.mark.parametrize("text", ["UPDATE t SET name = 'x'", "DELETE FROM t", "DELETE t"])
def test_where_is_required(sql, rows, table, text):
    with refused(400, "invalidQuery", "WHERE"):
        sql(text)
    sql(f"{text} WHERE TRUE")
    assert rows("SELECT COUNT(*) FROM t WHERE name = 'a'") == [(0,)]


@behaviour("DEF omitted columns and DEFAULT take the default; an explicit NULL stays NULL")
def test_defaults_fill_what_is_omitted(sql, rows, table):
    sql("INSERT INTO t (id) VALUES (4)")
    sql("INSERT INTO t (id, name) VALUES (5, DEFAULT), (6, NULL)")
    sql("UPDATE t SET name = DEFAULT WHERE id = 1")
    assert rows("SELECT id, name FROM t WHERE id NOT IN (2, 3) ORDER BY id") == [
        (1, "none"),
        (4, "none"),
        (5, "none"),
        (6, None),
    ]


@behaviour("SCH a REQUIRED column takes no NULL")
@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO t (name) VALUES ('x')",
        "INSERT INTO t (id) VALUES (NULL)",
        "UPDATE t SET id = NULL WHERE id = 1",
        "INSERT INTO t (id) SELECT NULL",
        "MERGE t USING (SELECT 8 AS k) s ON FALSE WHEN NOT MATCHED THEN INSERT (name) VALUES ('x')",
    ],
)
def test_required_is_enforced(sql, rows, table, text):
    with refused(400, "invalidQuery", "id"):
        sql(text)
    sql("INSERT INTO t (id) VALUES (4)")
    assert rows("SELECT COUNT(*) FROM t") == [(4,)]


@behaviour("SCH an ARRAY column stores no NULL array and no NULL element")
def test_arrays_hold_no_nulls(sql, rows, table):
    with refused(400, "invalidQuery", "null element"):
        sql("INSERT INTO t (id, tags) VALUES (4, ['a', NULL])")
    sql("INSERT INTO t (id, tags) VALUES (4, NULL)")
    assert rows("SELECT tags FROM t WHERE id IN (3, 4) ORDER BY id") == [([],), ([],)]


@behaviour("SCH lengths and precisions are enforced")
@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("STRING(3)", "'abc'", "'abcd'"),
        ("BYTES(2)", "b'ab'", "b'abc'"),
        ("NUMERIC(4, 1)", "999.9", "1000.0"),
        ("NUMERIC(3)", "999", "1000"),
    ],
)
def test_a_value_beyond_its_type_is_refused(sql, rows, kind, good, bad):
    sql(f"CREATE TABLE t (c {kind})")
    with refused(400, "invalidQuery"):
        sql(f"INSERT INTO t VALUES ({bad})")
    sql(f"INSERT INTO t VALUES ({good})")
    assert rows(f"SELECT c = {good} FROM t") == [(True,)]


@behaviour("standard-sql/data-types a NUMERIC(p, s) rounds half away from zero")
def test_a_number_is_rounded_to_its_scale(sql, rows, table):
    sql("UPDATE t SET n = 2.25 WHERE id = 1")
    sql("UPDATE t SET n = -2.25 WHERE id = 2")
    assert rows("SELECT n FROM t WHERE id < 3 ORDER BY id") == [(Decimal("2.3"),), (Decimal("-2.3"),)]


@behaviour("conversion rules: a value of another type is not inserted")
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("id", "'1'"),
        ("id", "1.5"),
        ("id", "TRUE"),
        ("name", "1"),
        ("name", "b'x'"),
        ("name", "DATE '2026-01-01'"),
        ("tags", "'x'"),
        ("tags", "[1]"),
        ("n", "'1.5'"),
    ],
)
def test_a_wrong_type_is_refused_in_insert_and_update(sql, rows, table, column, value):
    given = "id, name" if column == "id" else f"id, {column}"
    row = f"{value}, 'x'" if column == "id" else f"7, {value}"
    with refused(400, "invalidQuery", "type"):
        sql(f"INSERT INTO t ({given}) VALUES ({row})")
    with refused(400, "invalidQuery", "type"):
        sql(f"UPDATE t SET {column} = {value} WHERE id = 1")
    sql("INSERT INTO t (id, name) VALUES (7, 'x')")
    assert rows("SELECT COUNT(*) FROM t") == [(4,)]


@behaviour("conversion rules: literals coerce to DATE, TIMESTAMP and wider numbers")
def test_a_literal_coerces_to_the_type_of_its_column(sql, rows):
    sql("CREATE TABLE t (d DATE, ts TIMESTAMP, n NUMERIC, f FLOAT64)")
    sql("INSERT INTO t VALUES ('2026-01-02', '2026-01-02 03:04:05+00', 1, 2)")
    assert rows("SELECT * FROM t") == [
        (dt.date(2026, 1, 2), dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC), Decimal(1), 2.0)
    ]
    with refused(400, "invalidQuery"):
        sql("INSERT INTO t (d) VALUES ('not a date')")


@behaviour("DMLX the columns of an INSERT are known, distinct, and as many as the values")
@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO t (nope) VALUES (1)",
        "INSERT INTO t (id, ID) VALUES (1, 2)",
        "INSERT INTO t (id, name) VALUES (1)",
        "INSERT INTO t VALUES (1, 'x')",
        "UPDATE t SET nope = 1 WHERE TRUE",
    ],
)
def test_a_wrong_column_list_is_refused(sql, rows, table, text):
    with refused(400, "invalidQuery"):
        sql(text)
    sql("INSERT INTO t (name, id) VALUES ('x', 7)")
    assert rows("SELECT name FROM t WHERE id = 7") == [("x",)]


@behaviour("DMLX UPDATE reads the row as it was, joins FROM, and sets nested fields")
def test_update_swaps_joins_and_reaches_into_structs(sql, rows):
    sql("CREATE TABLE t AS SELECT 1 AS a, 2 AS b, STRUCT(1 AS x, 'y' AS y) AS r")
    sql("UPDATE t SET a = b, b = a WHERE TRUE")
    sql("UPDATE t SET r.x = s.v FROM (SELECT 1 AS k, 9 AS v) s WHERE t.b = s.k")
    assert rows("SELECT a, b, r.x, r.y FROM t") == [(2, 1, 9, "y")]


@behaviour("DML a statement is all or nothing")
def test_a_failing_row_undoes_the_statement(sql, rows, table):
    with refused(400, "invalidQuery"):
        sql("INSERT INTO t (id, n) SELECT id + 10, 10000 / (id - 2) FROM t")
    sql("INSERT INTO t (id) SELECT id + 10 FROM t")
    assert rows("SELECT COUNT(*) FROM t") == [(6,)]


PARAMETERS = [
    ("INT64", 7),
    ("FLOAT64", 1.5),
    ("NUMERIC", Decimal("1.25")),
    ("BIGNUMERIC", Decimal("1.25")),
    ("BOOL", True),
    ("STRING", "it's"),
    ("BYTES", b"\x00\xff"),
    ("DATE", dt.date(2026, 1, 2)),
    ("TIME", dt.time(3, 4, 5, 6)),
    ("DATETIME", dt.datetime(2026, 1, 2, 3, 4, 5, 6)),  # noqa: DTZ001  a DATETIME has no zone
    ("TIMESTAMP", dt.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=dt.UTC)),
]


@behaviour("parameters of every scalar type travel as they are, NULL too")
@pytest.mark.parametrize(("kind", "value"), PARAMETERS)
def test_a_parameter_keeps_its_value(sql, rows, kind, value):
    sql(f"CREATE TABLE t (a {kind}, b {kind})")
    given = [bigquery.ScalarQueryParameter("a", kind, value), bigquery.ScalarQueryParameter("b", kind, None)]
    sql("INSERT INTO t VALUES (@a, @b)", query_parameters=given)
    assert rows("SELECT a, b FROM t") == [(value, None)]
    assert rows("SELECT COUNT(*) FROM t WHERE a = @a", query_parameters=given[:1]) == [(1,)]


@behaviour("parameters may be arrays and structs")
def test_parameters_of_arrays_and_structs(rows):
    given = [
        bigquery.ArrayQueryParameter("list", "STRING", ["a", "b"]),
        bigquery.StructQueryParameter(
            "r", bigquery.ScalarQueryParameter("x", "INT64", 1), bigquery.ArrayQueryParameter("y", "INT64", [2, 3])
        ),
    ]
    assert rows("SELECT @list, @r.x, @r.y", query_parameters=given) == [(["a", "b"], 1, [2, 3])]
    with refused(400, "invalidQuery", "missing"):
        rows("SELECT @missing", query_parameters=given)


@behaviour("parameters without names go by their order")
def test_positional_parameters(rows):
    given = [bigquery.ScalarQueryParameter(None, "INT64", 1), bigquery.ScalarQueryParameter(None, "STRING", "b")]
    assert rows("SELECT ?, ?", query_parameters=given) == [(1, "b")]
    with refused(400, "invalidQuery", "parameter"):
        rows("SELECT ?, ?", query_parameters=given[:1])
