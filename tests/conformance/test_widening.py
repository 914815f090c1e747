"""Facts 1.4: which types SET DATA TYPE widens to which, and that values stay."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.conformance.behaviour import behaviour, refused


def widen(sql, resource, before, after, value):
    sql(f"CREATE TABLE t (c {before})")
    sql(f"INSERT INTO t VALUES ({value})")
    sql(f"ALTER TABLE t ALTER COLUMN c SET DATA TYPE {after}")
    return resource("t")["schema"]["fields"][0]


@behaviour("1.4 INT64")
@pytest.mark.parametrize(
    ("kind", "shown"), [("NUMERIC", "NUMERIC"), ("BIGNUMERIC", "BIGNUMERIC"), ("FLOAT64", "FLOAT")]
)
def test_int64_widens_to_each_wider_number(sql, rows, resource, kind, shown):
    assert widen(sql, resource, "INT64", kind, "7")["type"] == shown
    sql("INSERT INTO t VALUES (0.5)")
    assert rows("SELECT c FROM t ORDER BY c") == [(Decimal("0.5"),), (7,)]


@behaviour("1.4 NUMERIC")
@pytest.mark.parametrize(("kind", "shown"), [("BIGNUMERIC", "BIGNUMERIC"), ("FLOAT64", "FLOAT")])
def test_numeric_widens_to_bignumeric_and_float(sql, rows, resource, kind, shown):
    assert widen(sql, resource, "NUMERIC", kind, "1.25")["type"] == shown
    assert rows("SELECT c FROM t") == [(Decimal("1.25"),)]


@behaviour("1.4 NUMERIC(p,s) and BIGNUMERIC(p,s)")
@pytest.mark.parametrize(
    ("before", "after", "precision", "scale"),
    [
        ("NUMERIC(10, 6)", "NUMERIC(12, 8)", "12", "8"),
        ("NUMERIC(10, 6)", "NUMERIC", None, None),
        ("NUMERIC(10, 6)", "BIGNUMERIC(40, 20)", "40", "20"),
        ("BIGNUMERIC(40, 20)", "BIGNUMERIC(45, 22)", "45", "22"),
    ],
)
def test_a_limited_number_widens_to_a_wider_one(sql, rows, resource, before, after, precision, scale):
    field = widen(sql, resource, before, after, "1234.567891")
    assert (field.get("precision"), field.get("scale")) == (precision, scale)
    assert rows("SELECT c FROM t") == [(Decimal("1234.567891"),)]


@behaviour("1.4 NUMERIC(p,s) and BIGNUMERIC(p,s)")
def test_the_digits_before_the_point_never_become_fewer(sql, resource):
    sql("CREATE TABLE t (c NUMERIC(10, 2))")
    for kind in ("NUMERIC(10, 4)", "NUMERIC(9, 2)", "NUMERIC(12, 1)"):
        with refused(400, "invalidQuery", "assignable"):
            sql(f"ALTER TABLE t ALTER COLUMN c SET DATA TYPE {kind}")
    sql("ALTER TABLE t ALTER COLUMN c SET DATA TYPE NUMERIC(12, 4)")
    assert resource("t")["schema"]["fields"][0]["precision"] == "12"


@behaviour("1.4 STRING(n) and BYTES(n)")
@pytest.mark.parametrize("kind", ["STRING", "BYTES"])
def test_a_length_grows_or_goes(sql, rows, resource, kind):
    literal = "'abc'" if kind == "STRING" else "b'abc'"
    assert widen(sql, resource, f"{kind}(3)", f"{kind}(5)", literal)["maxLength"] == "5"
    with refused(400, "invalidQuery", "assignable"):
        sql(f"ALTER TABLE t ALTER COLUMN c SET DATA TYPE {kind}(4)")
    sql(f"ALTER TABLE t ALTER COLUMN c SET DATA TYPE {kind}")
    assert "maxLength" not in resource("t")["schema"]["fields"][0]
    sql(f"INSERT INTO t VALUES (CAST('longer than five' AS {kind}))")
    assert rows("SELECT COUNT(*) FROM t") == [(2,)]


@behaviour("1.4 STRUCT")
def test_the_fields_of_a_struct_widen_by_restating_the_struct(sql, rows, resource):
    field = widen(sql, resource, "STRUCT<a INT64, b STRING(2)>", "STRUCT<a NUMERIC, b STRING>", "(1, 'x')")
    assert [(f["name"], f["type"]) for f in field["fields"]] == [("a", "NUMERIC"), ("b", "STRING")]
    assert rows("SELECT c FROM t") == [({"a": Decimal(1), "b": "x"},)]


@behaviour("1.4 STRUCT")
@pytest.mark.parametrize(
    "fields", ["a INT64", "a INT64, c STRING", "a INT64, b STRING, c STRING", "a STRING, b STRING"]
)
def test_a_struct_keeps_its_fields(sql, resource, fields):
    sql("CREATE TABLE t (c STRUCT<a INT64, b STRING>)")
    with refused(400, "invalidQuery"):
        sql(f"ALTER TABLE t ALTER COLUMN c SET DATA TYPE STRUCT<{fields}>")
    sql("ALTER TABLE t ALTER COLUMN c SET DATA TYPE STRUCT<a FLOAT64, b STRING>")
    assert resource("t")["schema"]["fields"][0]["fields"][0]["type"] == "FLOAT"


@behaviour("1.1 type widening")
def test_nothing_widens_inside_an_array_of_structs(sql, resource):
    sql("CREATE TABLE t (c ARRAY<STRUCT<a INT64>>, n INT64)")
    with refused(400, "invalidQuery", "ARRAY<STRUCT>"):
        sql("ALTER TABLE t ALTER COLUMN c SET DATA TYPE ARRAY<STRUCT<a NUMERIC>>")
    sql("ALTER TABLE t ALTER COLUMN n SET DATA TYPE NUMERIC")
    assert [f["type"] for f in resource("t")["schema"]["fields"]] == ["RECORD", "NUMERIC"]


@behaviour("CT clustering columns have one of these types, widened or not")
def test_a_column_does_not_widen_to_what_its_table_cannot_be_parted_by(sql, resource):
    sql("CREATE TABLE t (k INT64, n INT64) PARTITION BY RANGE_BUCKET(n, GENERATE_ARRAY(0, 9, 1)) CLUSTER BY k")
    with refused(400, "invalidQuery", "cluster by field k"):
        sql("ALTER TABLE t ALTER COLUMN k SET DATA TYPE FLOAT64")
    with refused(400, "invalidQuery", "partition"):
        sql("ALTER TABLE t ALTER COLUMN n SET DATA TYPE NUMERIC")
    sql("ALTER TABLE t ALTER COLUMN k SET DATA TYPE NUMERIC")
    assert [f["type"] for f in resource("t")["schema"]["fields"]] == ["NUMERIC", "INTEGER"]


@behaviour("DDL SET DATA TYPE: nothing else widens")
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("INT64", "STRING"),
        ("INT64", "BOOL"),
        ("FLOAT64", "NUMERIC"),
        ("FLOAT64", "INT64"),
        ("NUMERIC", "INT64"),
        ("BIGNUMERIC", "NUMERIC"),
        ("BIGNUMERIC", "FLOAT64"),
        ("DATE", "TIMESTAMP"),
        ("DATE", "DATETIME"),
        ("DATETIME", "TIMESTAMP"),
        ("TIMESTAMP", "DATE"),
        ("STRING", "BYTES"),
        ("STRING", "STRING(10)"),
        ("BOOL", "INT64"),
        ("JSON", "STRING"),
        ("TIME", "STRING"),
    ],
)
def test_no_other_type_changes_in_place(sql, resource, before, after):
    sql(f"CREATE TABLE t (c {before}, n INT64)")
    with refused(400, "invalidQuery", "assignable"):
        sql(f"ALTER TABLE t ALTER COLUMN c SET DATA TYPE {after}")
    sql("ALTER TABLE t ALTER COLUMN n SET DATA TYPE FLOAT64")
    assert resource("t")["schema"]["fields"][1]["type"] == "FLOAT"


@behaviour("PK key columns cannot change type")
def test_a_key_column_keeps_its_type(sql, resource):
    sql("CREATE TABLE t (k INT64, n INT64, PRIMARY KEY (k) NOT ENFORCED)")
    with refused(400, "invalidQuery", "key"):
        sql("ALTER TABLE t ALTER COLUMN k SET DATA TYPE NUMERIC")
    sql("ALTER TABLE t ALTER COLUMN n SET DATA TYPE NUMERIC")
    assert resource("t")["schema"]["fields"][1]["type"] == "NUMERIC"


@behaviour("DDL SET DATA TYPE waits for the streaming buffer")
@pytest.mark.needs_clock
def test_a_type_changes_only_once_the_streaming_buffer_is_empty(client, dataset, clock, sql, resource):

    sql("CREATE TABLE t (c INT64)")
    assert client.insert_rows_json(f"{dataset}.t", [{"c": 1}]) == []
    with refused(400, "invalidQuery", "streaming"):
        sql("ALTER TABLE t ALTER COLUMN c SET DATA TYPE NUMERIC")
    clock.advance(timedelta(hours=6))
    sql("ALTER TABLE t ALTER COLUMN c SET DATA TYPE NUMERIC")
    assert resource("t")["schema"]["fields"][0]["type"] == "NUMERIC"
