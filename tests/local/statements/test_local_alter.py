from decimal import Decimal

import pytest
from google.api_core import exceptions
from google.cloud import bigquery


def shape(client, table="d.t"):
    return [(f.name, f.field_type, f.mode) for f in client.get_table(table).schema]


@pytest.fixture
def table(run):
    run(
        "CREATE TABLE t (id INT64 NOT NULL, name STRING, day DATE, n NUMERIC(10, 2), tags ARRAY<STRING>, "
        "r STRUCT<x INT64, y STRING>) PARTITION BY day CLUSTER BY id"
    )
    run("INSERT INTO t VALUES (1, 'a', '2026-01-01', 1.5, ['p'], (7, 'q')), (2, NULL, NULL, -0.25, [], NULL)")


def test_several_columns_are_added_at_once_and_read_null_or_empty(client, run, table):
    run("ALTER TABLE t ADD COLUMN a STRING OPTIONS(description='A'), ADD COLUMN b ARRAY<INT64>")
    assert shape(client)[-2:] == [("a", "STRING", "NULLABLE"), ("b", "INTEGER", "REPEATED")]
    assert client.get_table("d.t").schema[-2].description == "A"
    assert run("SELECT id, a, b FROM t ORDER BY id") == [(1, None, []), (2, None, [])]


def test_add_if_not_exists_is_a_no_op_that_keeps_the_etag(client, run, table):
    before = client.get_table("d.t").etag
    run("ALTER TABLE t ADD COLUMN IF NOT EXISTS name STRING")
    assert client.get_table("d.t").etag == before


def test_columns_are_swapped_by_renames_in_order(client, run, table):
    run("ALTER TABLE t RENAME COLUMN name TO x, RENAME COLUMN n TO name, RENAME COLUMN x TO n")
    assert run("SELECT n, name FROM t ORDER BY id") == [("a", Decimal("1.5")), (None, Decimal("-0.25"))]
    assert [name for name, *_ in shape(client)] == ["id", "n", "day", "name", "tags", "r"]


def test_a_renamed_column_can_change_only_its_case(client, run, table):
    run("ALTER TABLE t RENAME COLUMN name TO NAME")
    assert shape(client)[1][0] == "NAME"
    assert run("SELECT name FROM t WHERE id = 1") == [("a",)]


def test_dropped_columns_are_gone_with_their_values(client, run, table):
    run("ALTER TABLE t DROP COLUMN name, DROP COLUMN IF EXISTS missing")
    run("ALTER TABLE t ADD COLUMN name STRING")
    assert run("SELECT name FROM t ORDER BY id") == [(None,), (None,)]


def test_types_widen_and_values_stay(client, run, table):
    run("ALTER TABLE t ALTER COLUMN n SET DATA TYPE BIGNUMERIC")
    run("ALTER TABLE t ALTER COLUMN r SET DATA TYPE STRUCT<x NUMERIC, y STRING>")
    assert run("SELECT n, r FROM t ORDER BY id") == [
        (Decimal("1.5"), {"x": Decimal(7), "y": "q"}),
        (Decimal("-0.25"), None),
    ]
    run("ALTER TABLE t ALTER COLUMN r SET DATA TYPE STRUCT<x BIGNUMERIC, y STRING>")
    assert run("SELECT r FROM t ORDER BY id") == [({"x": Decimal(7), "y": "q"},), (None,)]


def test_defaults_apply_to_later_rows_only(client, run, table):
    run("ALTER TABLE t ALTER COLUMN name SET DEFAULT 'new'")
    run("INSERT INTO t (id) VALUES (3)")
    assert run("SELECT name FROM t ORDER BY id") == [("a",), (None,), ("new",)]
    run("ALTER TABLE t ALTER COLUMN name DROP DEFAULT")
    assert client.get_table("d.t").schema[1].default_value_expression is None


def test_not_null_is_dropped_once(client, run, table):
    run("ALTER TABLE t ALTER COLUMN id DROP NOT NULL")
    assert shape(client)[0] == ("id", "INTEGER", "NULLABLE")
    with pytest.raises(exceptions.BadRequest, match="NOT NULL"):
        run("ALTER TABLE t ALTER COLUMN id DROP NOT NULL")


def test_options_set_and_clear(client, run, table):
    run("ALTER TABLE t SET OPTIONS(description='d', labels=[('a', '1'), ('b', '2')], partition_expiration_days=2)")
    run("ALTER TABLE t SET OPTIONS(labels=[('c', '3')], require_partition_filter=true)")
    run("ALTER TABLE t ALTER COLUMN name SET OPTIONS(description='N')")
    found = client.get_table("d.t")
    assert (found.description, found.labels, found.require_partition_filter) == ("d", {"c": "3"}, True)
    assert found.time_partitioning.expiration_ms == 2 * 86_400_000
    assert found.schema[1].description == "N"
    run("ALTER TABLE t SET OPTIONS(description=NULL, partition_expiration_days=NULL)")
    found = client.get_table("d.t")
    assert (found.description, found.time_partitioning.expiration_ms) == (None, None)


def test_rename_moves_rows_and_metadata(client, run, table):
    job = client.query("ALTER TABLE d.t RENAME TO u", job_retry=None)
    job.result()
    assert run("SELECT count(*) FROM u") == [(2,)]
    assert client.get_table("d.u").clustering_fields == ["id"]
    with pytest.raises(exceptions.NotFound):
        client.get_table("d.t")


def test_keys_are_added_and_dropped(client, run, table):
    run("CREATE TABLE parent (k INT64, PRIMARY KEY (k) NOT ENFORCED)")
    run("ALTER TABLE t ADD PRIMARY KEY (name) NOT ENFORCED")
    run("ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES parent (k) NOT ENFORCED")
    found = client.get_table("d.t").table_constraints
    assert found.primary_key.columns == ["name"]
    assert [key.name for key in found.foreign_keys] == ["f"]
    with pytest.raises(exceptions.BadRequest, match="part of a key"):
        run("ALTER TABLE t RENAME COLUMN name TO key")
    run("ALTER TABLE t DROP CONSTRAINT f")
    run("ALTER TABLE t DROP PRIMARY KEY")
    assert client.get_table("d.t").table_constraints is None


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("ADD COLUMN a STRING NOT NULL", "required"),
        ("ADD COLUMN name STRING", "already exists"),
        ("ADD COLUMN a STRING DEFAULT 'x'", "default"),
        ("DROP COLUMN day", "partitioning"),
        ("DROP COLUMN id", "clustering"),
        ("DROP COLUMN missing", "not found"),
        ("RENAME COLUMN day TO d2", "partitioning"),
        ("RENAME COLUMN name TO n", "already exists"),
        ("ALTER COLUMN name SET DATA TYPE INT64", "assignable"),
        ("ALTER COLUMN n SET DATA TYPE NUMERIC(9, 2)", "assignable"),
        ("ALTER COLUMN name SET DEFAULT 3", "."),
        ("ALTER COLUMN name SET DEFAULT UPPER('x')", "UPPER"),
        ("ALTER COLUMN name DROP DEFAULT", "no default"),
        ("SET OPTIONS(bogus=1)", "bogus"),
        ("SET OPTIONS(description=1)", "."),
        ("ADD PRIMARY KEY (tags) NOT ENFORCED", "key"),
        ("DROP PRIMARY KEY", "primary key"),
        ("DROP CONSTRAINT f", "not found"),
    ],
)
def test_what_cannot_change_in_place_is_refused_and_changes_nothing(client, run, table, action, words):
    before = client.get_table("d.t").etag
    with pytest.raises(exceptions.BadRequest, match=rf"(?i){words}") as caught:
        run(f"ALTER TABLE t {action}")
    assert caught.value.errors[0]["reason"] in {"invalidQuery", "invalid"}
    assert client.get_table("d.t").etag == before


def test_a_failed_action_undoes_the_others_of_its_statement(client, run, table):
    with pytest.raises(exceptions.BadRequest):
        run("ALTER TABLE t ADD COLUMN a STRING, ADD COLUMN name STRING")
    assert "a" not in [name for name, *_ in shape(client)]


def test_renames_do_not_mix_with_other_actions(run, table):
    with pytest.raises(exceptions.BadRequest, match=r"(?i)rename"):
        run("ALTER TABLE t RENAME COLUMN name TO x, ADD COLUMN y STRING")


def test_patching_a_nested_field_in_keeps_the_rows(client, run, table):
    found = client.get_table("d.t").to_api_repr()
    found["schema"]["fields"][5]["fields"].append({"name": "z", "type": "STRING", "mode": "REPEATED"})
    changed = bigquery.Table.from_api_repr(found)
    client.update_table(changed, ["schema"])
    assert run("SELECT r FROM t WHERE id = 1") == [({"x": 7, "y": "q", "z": []},)]
