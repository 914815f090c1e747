from datetime import UTC, datetime

import pytest
from google.api_core import exceptions


def test_create_schema_sets_its_options_and_says_what_it_did(client):
    job = client.query("CREATE SCHEMA s OPTIONS(description='d', labels=[('a', 'b')], location='EU')", job_retry=None)
    job.result()
    found = client.get_dataset("s")
    assert (found.description, found.labels, found.location) == ("d", {"a": "b"}, "EU")
    assert (job.statement_type, job.ddl_operation_performed) == ("CREATE_SCHEMA", "CREATE")
    again = client.query("CREATE SCHEMA IF NOT EXISTS s", job_retry=None)
    again.result()
    assert again.ddl_operation_performed == "SKIP"
    client.query("ALTER SCHEMA s SET OPTIONS(description=NULL, default_table_expiration_days=1)").result()
    found = client.get_dataset("s")
    assert (found.description, found.default_table_expiration_ms) == (None, 86_400_000)


def test_drop_schema_needs_cascade_when_it_holds_something(client, run):
    run("CREATE TABLE t (a STRING)")
    with pytest.raises(exceptions.BadRequest, match="still in use") as caught:
        run("DROP SCHEMA d")
    assert caught.value.errors[0]["reason"] == "resourceInUse"
    run("DROP SCHEMA d CASCADE")
    run("DROP SCHEMA IF EXISTS d")
    assert list(client.list_datasets()) == []


def test_create_table_keeps_every_clause(client, run):
    run(
        "CREATE TABLE t (id INT64 NOT NULL OPTIONS(description='I'), ts TIMESTAMP DEFAULT CURRENT_TIMESTAMP(), "
        "s STRUCT<a STRING, b ARRAY<NUMERIC(5, 1)>>, PRIMARY KEY (id) NOT ENFORCED) "
        "PARTITION BY TIMESTAMP_TRUNC(ts, MONTH) CLUSTER BY id "
        "OPTIONS(description='T', expiration_timestamp=TIMESTAMP '2027-01-01 00:00:00+00', "
        "partition_expiration_days=3, require_partition_filter=true, labels=[('k', 'v')], friendly_name='F')"
    )
    found = client.get_table("d.t")
    resource = found.to_api_repr()
    assert resource["timePartitioning"] == {"type": "MONTH", "field": "ts", "expirationMs": "259200000"}
    assert (found.clustering_fields, found.description, found.friendly_name) == (["id"], "T", "F")
    assert (found.labels, found.require_partition_filter) == ({"k": "v"}, True)
    assert found.expires == datetime(2027, 1, 1, tzinfo=UTC)
    assert found.schema[0].mode == "REQUIRED"
    assert found.schema[0].description == "I"
    assert found.schema[1].default_value_expression == "CURRENT_TIMESTAMP()"
    assert found.schema[2].fields[1].precision == 5
    assert found.table_constraints.primary_key.columns == ["id"]


def test_create_table_as_select_takes_types_and_rows(client, run):
    run("CREATE TABLE a AS SELECT 1 AS x, 'b' AS y, [1, 2] AS z")
    assert [(f.name, f.field_type, f.mode) for f in client.get_table("d.a").schema] == [
        ("x", "INTEGER", "NULLABLE"),
        ("y", "STRING", "NULLABLE"),
        ("z", "INTEGER", "REPEATED"),
    ]
    assert run("SELECT * FROM a") == [(1, "b", [1, 2])]


def test_or_replace_with_a_column_list_rebuilds_from_the_old_table(client, run):
    run("CREATE TABLE t (id STRING, v STRING OPTIONS(description='old'))")
    run("INSERT INTO t VALUES ('1', 'a'), ('2', 'b')")
    run(
        "ASSERT NOT EXISTS (SELECT 1 FROM t WHERE SAFE_CAST(id AS INT64) IS NULL) AS 'not numbers'; "
        "CREATE OR REPLACE TABLE t (id INT64 NOT NULL OPTIONS(description='new'), v STRING) CLUSTER BY id "
        "AS SELECT CAST(id AS INT64) AS id, v FROM t"
    )
    found = client.get_table("d.t")
    assert (found.schema[0].field_type, found.schema[0].mode, found.schema[0].description) == (
        "INTEGER",
        "REQUIRED",
        "new",
    )
    assert run("SELECT id, v FROM t ORDER BY id") == [(1, "a"), (2, "b")]


def test_a_null_for_a_required_column_undoes_the_whole_replacement(client, run):
    run("CREATE TABLE t (id INT64)")
    run("INSERT INTO t VALUES (NULL)")
    before = client.get_table("d.t").etag
    with pytest.raises(exceptions.BadRequest):
        run("CREATE OR REPLACE TABLE t (id INT64 NOT NULL) AS SELECT id FROM t")
    assert client.get_table("d.t").etag == before
    assert run("SELECT id FROM t") == [(None,)]


def test_another_partition_spec_is_no_replacement(run):
    run("CREATE TABLE t (day DATE) PARTITION BY day")
    with pytest.raises(exceptions.BadRequest, match="different partitioning spec"):
        run("CREATE OR REPLACE TABLE t (day DATE)")
    run("CREATE OR REPLACE TABLE t (day DATE, x STRING) PARTITION BY day")


def test_like_takes_metadata_and_copy_takes_rows_too(client, run):
    run("CREATE TABLE t (id INT64 OPTIONS(description='I')) CLUSTER BY id OPTIONS(description='T')")
    run("INSERT INTO t VALUES (1)")
    run("CREATE TABLE l LIKE t")
    run("CREATE TABLE c COPY t")
    for name, rows in (("l", 0), ("c", 1)):
        found = client.get_table(f"d.{name}")
        assert (found.num_rows, found.description, found.clustering_fields) == (rows, "T", ["id"])
        assert found.schema[0].description == "I"


def test_a_view_keeps_its_text_and_follows_its_tables_rows(client, run):
    run("CREATE TABLE t (id INT64, v STRING)")
    run("CREATE VIEW w (k OPTIONS(description='K'), v) OPTIONS(description='W') AS SELECT id,   v FROM d.t -- end")
    found = client.get_table("d.w")
    assert (found.table_type, found.description) == ("VIEW", "W")
    assert found.view_query.startswith("SELECT id,   v FROM d.t")
    assert [(f.name, f.description) for f in found.schema] == [("k", "K"), ("v", None)]
    run("INSERT INTO t VALUES (1, 'a')")
    assert run("SELECT k, v FROM w") == [(1, "a")]
    run("CREATE OR REPLACE VIEW w AS SELECT v FROM d.t")
    assert run("SELECT * FROM w") == [("a",)]
    run("ALTER VIEW w SET OPTIONS(description='new')")
    assert client.get_table("d.w").description == "new"
    run("DROP VIEW w")
    run("DROP VIEW IF EXISTS w")


def test_views_and_tables_are_not_mistaken_for_each_other(run):
    run("CREATE TABLE t (id INT64)")
    run("CREATE VIEW w AS SELECT id FROM d.t")
    for statement in (
        "DROP TABLE w",
        "DROP VIEW t",
        "CREATE OR REPLACE TABLE w (a INT64)",
        "CREATE OR REPLACE VIEW t AS SELECT 1 AS a",
        "ALTER TABLE w ADD COLUMN a INT64",
        "INSERT INTO w VALUES (1)",
        "TRUNCATE TABLE w",
    ):
        with pytest.raises(exceptions.BadRequest, match=r"(?i)currently a|view"):
            run(statement)


def test_if_not_exists_is_a_no_op_for_whatever_has_the_name(client, run):
    run("CREATE VIEW w AS SELECT 1 AS a")
    job = client.query("CREATE TABLE IF NOT EXISTS d.w (x STRING)", job_retry=None)
    job.result()
    assert job.ddl_operation_performed == "SKIP"
    assert client.get_table("d.w").table_type == "VIEW"


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("CREATE TABLE nowhere.t (a STRING)", exceptions.NotFound),
        ("CREATE TABLE t (a STRING, A STRING)", exceptions.BadRequest),
        ("CREATE TABLE t (a STRING) PARTITION BY a", exceptions.BadRequest),
        ("CREATE TABLE t (a FLOAT64) CLUSTER BY a", exceptions.BadRequest),
        ("CREATE TABLE t (a INT64 DEFAULT 'x')", exceptions.BadRequest),
        ("CREATE TABLE t (a STRING) OPTIONS(partition_expiration_days=1)", exceptions.BadRequest),
        ("CREATE TABLE t (a STRING, FOREIGN KEY (a) REFERENCES u (b) NOT ENFORCED)", exceptions.NotFound),
        ("CREATE VIEW t AS SELECT x FROM d.u", exceptions.NotFound),
        ("CREATE VIEW t (a, b) AS SELECT 1 AS x", exceptions.BadRequest),
        ("CREATE TEMP TABLE t (a STRING)", exceptions.MethodNotImplemented),
        ("DROP TABLE t", exceptions.NotFound),
        ("CREATE TABLE t (", exceptions.BadRequest),
    ],
)
def test_what_cannot_be_made_is_refused_and_makes_nothing(client, run, statement, error):
    with pytest.raises(error):
        run(statement)
    assert list(client.list_tables("d")) == []


def test_a_view_cannot_come_to_read_itself(client, run):
    run("CREATE VIEW v AS SELECT 1 AS a")
    run("CREATE VIEW w AS SELECT a FROM d.v")
    with pytest.raises(exceptions.BadRequest):
        run("CREATE OR REPLACE VIEW v AS SELECT a FROM d.w")
    found = client.get_table("d.v")
    found.view_query = "SELECT a FROM d.w"
    with pytest.raises(exceptions.BadRequest):
        client.update_table(found, ["view_query"])
    assert run("SELECT a FROM w") == [(1,)]
