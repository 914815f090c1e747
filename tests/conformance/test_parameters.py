"""Parameterised types hold every way in which a value comes into a column: SQL, streaming and load jobs."""

from __future__ import annotations

from decimal import Decimal

import pytest
from google.api_core.exceptions import BadRequest
from google.cloud import bigquery

from tests.conformance.behaviour import behaviour, refused

TYPES = {
    "s": "STRING(3)",
    "b": "BYTES(2)",
    "n": "NUMERIC(4, 2)",
    "g": "BIGNUMERIC(39, 1)",
    "r": "STRUCT<x STRING(2)>",
    "list": "ARRAY<STRING(2)>",
    "deep": "ARRAY<STRUCT<x NUMERIC(3, 1), y ARRAY<BYTES(1)>>>",
}
# Per column: what does not fit, and what does.
LITERALS = [
    ("s", "'abcd'", "'añb'"),
    ("b", "b'abc'", "b'ab'"),
    ("n", "100", "99.99"),
    ("n", "NUMERIC '99.995'", "NUMERIC '99.994'"),
    ("n", "-100", "-99"),
    ("g", f"BIGNUMERIC '1{'0' * 38}'", f"BIGNUMERIC '{'9' * 38}.9'"),
    ("r", "STRUCT('abc')", "STRUCT('ab')"),
    ("list", "['ab', 'abc']", "['ab', 'c']"),
    ("deep", "[STRUCT(NUMERIC '100', [b'a'])]", "[STRUCT(NUMERIC '99.9', [b'a'])]"),
    ("deep", "[STRUCT(NUMERIC '1', [b'ab'])]", "[STRUCT(NUMERIC '1', [b'b'])]"),
]  # fmt: skip
JSON = [
    ("s", "abcd", "añb"),
    ("b", "YWJj", "YWI="),
    ("n", "100", "99.99"),
    ("n", 99.995, 99.994),
    ("g", "1e38", "9e37"),
    ("r", {"x": "abc"}, {"x": "ab"}),
    ("list", ["ab", "abc"], ["ab", "c"]),
    ("deep", [{"x": "100"}], [{"x": "99.9"}]),
    ("deep", [{"y": ["YWI="]}], [{"y": ["Yg=="]}]),
]


@pytest.fixture
def table(sql):
    """Make t with a column of each type, and a row."""
    sql(f"CREATE TABLE t (id INT64, {', '.join(f'{name} {kind}' for name, kind in TYPES.items())})")
    sql("INSERT INTO t (id) VALUES (1)")


@behaviour("parameterized data types: values that do not fit are not inserted")
@pytest.mark.parametrize(("column", "over", "fits"), LITERALS)
def test_an_insert_refuses_what_does_not_fit(table, sql, rows, column, over, fits):
    for source in (f"VALUES ({over})", f"SELECT {over}"):
        with refused(400, "invalidQuery"):
            sql(f"INSERT INTO t ({column}) {source}")
    assert rows("SELECT COUNT(*) FROM t") == [(1,)]
    sql(f"INSERT INTO t ({column}) VALUES ({fits})")
    assert rows("SELECT COUNT(*) FROM t") == [(2,)]


@behaviour("parameterized data types: UPDATE and MERGE")
@pytest.mark.parametrize(("column", "over", "fits"), LITERALS)
def test_a_change_refuses_what_does_not_fit(table, sql, rows, column, over, fits):
    changes = [
        f"UPDATE t SET {column} = {{}}, id = 2 WHERE TRUE",
        f"MERGE t USING (SELECT 1 AS k) ON id = k WHEN MATCHED THEN UPDATE SET {column} = {{}}, id = 2",
        f"MERGE t USING (SELECT 7 AS k) ON id = k WHEN NOT MATCHED THEN INSERT (id, {column}) VALUES (k, {{}})",
    ]
    for change in changes:
        with refused(400, "invalidQuery"):
            sql(change.format(over))
    assert rows("SELECT id FROM t") == [(1,)]
    for change in changes[1:]:
        sql(change.format(fits))
    assert rows("SELECT id FROM t ORDER BY id") == [(2,), (7,)]


@behaviour("parameterized data types: streamed rows")
@pytest.mark.parametrize(("column", "over", "fits"), JSON)
def test_a_streamed_row_that_does_not_fit_is_told(client, dataset, table, rows, column, over, fits):
    (found,) = client.insert_rows_json(f"{dataset}.t", [{column: over}])
    assert found["errors"][0]["reason"] == "invalid"
    assert found["errors"][0]["location"].split(".")[0] == column
    assert rows("SELECT COUNT(*) FROM t") == [(1,)]
    assert client.insert_rows_json(f"{dataset}.t", [{column: fits}]) == []
    assert rows("SELECT COUNT(*) FROM t") == [(2,)]


@behaviour("parameterized data types: load jobs")
@pytest.mark.parametrize(("column", "over", "fits"), JSON)
def test_a_load_job_refuses_what_does_not_fit(client, dataset, table, rows, column, over, fits):
    schema = client.get_table(f"{dataset}.t").schema

    def load(value):
        config = bigquery.LoadJobConfig(schema=schema)
        return client.load_table_from_json([{column: value}], f"{dataset}.t", job_config=config)

    job = load(over)
    with pytest.raises(BadRequest):
        job.result()
    assert (job.error_result["reason"], job.error_result["location"].split(".")[0]) == ("invalid", column)
    assert rows("SELECT COUNT(*) FROM t") == [(1,)]
    load(fits).result()
    assert rows("SELECT COUNT(*) FROM t") == [(2,)]


@behaviour("parameterized data types: a scale rounds, half away from zero unless the column says otherwise")
def test_numbers_are_rounded_to_the_scale_of_their_column(client, dataset, sql, rows):
    even = "OPTIONS (rounding_mode = 'ROUND_HALF_EVEN')"
    columns = ["a NUMERIC(5, 2)", f"b NUMERIC(5, 2) {even}", "c BIGNUMERIC(5, 2)", f"d BIGNUMERIC(5, 2) {even}"]
    sql(f"CREATE TABLE t ({', '.join(columns)})")
    for text in ("1.245", "-1.245", "0.005", "1.2451"):
        sql(f"INSERT INTO t VALUES (NUMERIC '{text}', NUMERIC '{text}', BIGNUMERIC '{text}', BIGNUMERIC '{text}')")
    wanted = [("1.25", "1.24"), ("-1.25", "-1.24"), ("0.01", "0"), ("1.25", "1.25")]
    both = sorted(tuple(map(Decimal, (*pair, *pair))) for pair in wanted)
    assert rows("SELECT * FROM t ORDER BY a, b") == both
    sent = [dict.fromkeys("abcd", text) for text in ("1.245", "-1.245", "0.005", "1.2451")]
    assert client.insert_rows_json(f"{dataset}.t", sent) == []
    assert rows("SELECT * FROM t ORDER BY a, b") == sorted(both * 2)


@behaviour("1.1 rounding mode")
def test_the_default_rounding_mode_of_a_table_is_for_its_new_columns(sql, rows, resource):
    columns = "a NUMERIC(4, 1), s STRUCT<x NUMERIC(4, 1)>"
    sql(f"CREATE TABLE t ({columns}) OPTIONS (default_rounding_mode = 'ROUND_HALF_EVEN')")
    sql("ALTER TABLE t ADD COLUMN b NUMERIC(4, 1)")
    sql("ALTER TABLE t SET OPTIONS (default_rounding_mode = 'ROUND_HALF_AWAY_FROM_ZERO')")
    sql("ALTER TABLE t ADD COLUMN c NUMERIC(4, 1)")
    sql("INSERT INTO t (a, s, b, c) VALUES (1.25, STRUCT(NUMERIC '1.25'), 1.25, 1.25)")
    assert rows("SELECT a, s.x, b, c FROM t") == [tuple(map(Decimal, ("1.2", "1.2", "1.2", "1.3")))]
    modes = [field.get("roundingMode") for field in resource("t")["schema"]["fields"]]
    assert modes == ["ROUND_HALF_EVEN", None, "ROUND_HALF_EVEN", "ROUND_HALF_AWAY_FROM_ZERO"]
