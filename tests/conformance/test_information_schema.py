"""INFORMATION_SCHEMA: what its views say of tables, columns, keys, views, routines, partitions, datasets."""

from __future__ import annotations

import pytest

from tests.conformance.behaviour import behaviour, refused

TAG = "projects/p/locations/us/taxonomies/1/policyTags/2"
KEY = '"projects/p/locations/us/keyRings/r/cryptoKeys/k"'
# Per view: the columns that are asked for, and their rows.
COLUMNS = {
    "TABLES": [
        ("table_type", "default_collation_name", "is_change_history_enabled", "is_fine_grained_mutations_enabled",
         "base_table_name", "snapshot_time_ms", "TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), creation_time, HOUR)"),
        ("BASE TABLE", "und:ci", "YES", "NO", None, None, 0),
    ],
    "COLUMNS": [
        ("column_name", "is_nullable", "data_type", "collation_name", "column_default", "rounding_mode", "policy_tags",
         "is_generated", "is_partitioning_column", "clustering_ordinal_position"),
        ("day", "YES", "DATE", None, None, None, [], "NEVER", "YES", None),
        ("id", "NO", "INT64", None, "7", None, [], "NEVER", "NO", 1),
        ("n", "YES", "NUMERIC(5, 2)", None, None, "ROUND_HALF_EVEN", [TAG], "NEVER", "NO", None),
        ("s", "YES", "STRING", "und:ci", None, None, [], "NEVER", "NO", None),
    ],
    "COLUMN_FIELD_PATHS": [
        ("field_path", "collation_name", "rounding_mode", "policy_tags"),
        ("day", None, None, []),
        ("id", None, None, []),
        ("n", None, "ROUND_HALF_EVEN", [TAG]),
        ("s", "und:ci", None, []),
    ],
    "TABLE_OPTIONS": [
        ("option_name", "option_type", "option_value"),
        ("enable_change_history", "BOOL", "true"),
        ("expiration_timestamp", "TIMESTAMP", 'TIMESTAMP "2999-01-01T00:00:00.000Z"'),
        ("kms_key_name", "STRING", KEY),
        ("max_staleness", "INTERVAL", 'INTERVAL "0-0 0 1:0:0" YEAR TO SECOND'),
        ("require_partition_filter", "BOOL", "true"),
    ],
}  # fmt: skip


@pytest.fixture
def table(sql):
    sql("CREATE TABLE parent (a INT64, b STRING, PRIMARY KEY (a, b) NOT ENFORCED)")
    sql(
        "CREATE TABLE t (id INT64 NOT NULL OPTIONS (description = 'I'), name STRING(9) DEFAULT 'x' COLLATE 'und:ci', "
        "day DATE, r ARRAY<STRUCT<x NUMERIC(5, 2), y STRUCT<z BOOL>>>, k INT64, l STRING, "
        "CONSTRAINT up FOREIGN KEY (l, k) REFERENCES parent (b, a) NOT ENFORCED) "
        "PARTITION BY day CLUSTER BY id, k OPTIONS (description = 'A \"table\"', labels = [('a', 'b'), ('c', 'd')], "
        "partition_expiration_days = 36500)"
    )


@behaviour("IS tables: one row per table and view, with its type")
def test_tables_lists_every_kind_of_table(sql, rows, client, table):
    sql("CREATE VIEW v AS SELECT id FROM t")
    sql("CREATE MATERIALIZED VIEW m AS SELECT id FROM t")
    sql("CREATE SNAPSHOT TABLE s CLONE t")
    sql("CREATE TABLE c CLONE t")
    found = rows("SELECT table_catalog, table_name, table_type, is_insertable_into, base_table_name "
                 "FROM INFORMATION_SCHEMA.TABLES ORDER BY table_name")  # fmt: skip
    assert found == [
        (client.project, "c", "CLONE", "YES", "t"),
        (client.project, "m", "MATERIALIZED VIEW", "NO", None),
        (client.project, "parent", "BASE TABLE", "YES", None),
        (client.project, "s", "SNAPSHOT", "NO", "t"),
        (client.project, "t", "BASE TABLE", "YES", None),
        (client.project, "v", "VIEW", "NO", None),
    ]


@behaviour("IS tables: ddl makes the table again")
def test_the_ddl_of_a_table_makes_the_same_table(sql, rows, resource, dataset, table):
    ((ddl,),) = rows("SELECT ddl FROM INFORMATION_SCHEMA.TABLES WHERE table_name = 't'")
    sql(ddl.replace(f"`{dataset}.t`", f"`{dataset}.again`"))
    for key in ("schema", "timePartitioning", "clustering", "description", "labels", "tableConstraints"):
        assert resource("again")[key] == resource("t")[key]


@behaviour("IS tables: ddl of views, materialized views and snapshots")
def test_the_ddl_of_views_and_snapshots_makes_them_again(sql, rows, resource, dataset, table):
    sql("CREATE VIEW o1 OPTIONS (description = 'V') AS SELECT id FROM `" + dataset + ".t`")
    sql("CREATE MATERIALIZED VIEW o2 AS SELECT id FROM `" + dataset + ".t`")
    sql("CREATE SNAPSHOT TABLE o3 CLONE t")
    for name in ("o1", "o2", "o3"):
        ((ddl,),) = rows(f"SELECT ddl FROM INFORMATION_SCHEMA.TABLES WHERE table_name = '{name}'")
        sql(ddl.replace(f"`{dataset}.{name}`", f"`{dataset}.again_{name}`"))
        assert resource(f"again_{name}")["type"] == resource(name)["type"]
        assert resource(f"again_{name}")["schema"] == resource(name)["schema"]


@behaviour("IS columns")
def test_columns_lists_columns_in_order_with_their_roles(rows, table):
    found = rows(
        "SELECT column_name, ordinal_position, is_nullable, data_type, is_partitioning_column, "
        "clustering_ordinal_position, collation_name, column_default FROM INFORMATION_SCHEMA.COLUMNS "
        "WHERE table_name = 't' ORDER BY ordinal_position"
    )
    assert found == [
        ("id", 1, "NO", "INT64", "NO", 1, None, None),
        ("name", 2, "YES", "STRING(9)", "NO", None, "und:ci", "'x'"),
        ("day", 3, "YES", "DATE", "YES", None, None, None),
        ("r", 4, "NO", "ARRAY<STRUCT<x NUMERIC(5, 2), y STRUCT<z BOOL>>>", "NO", None, None, None),
        ("k", 5, "YES", "INT64", "NO", 2, None, None),
        ("l", 6, "YES", "STRING", "NO", None, None, None),
    ]


@behaviour("IS columns follow DDL at once")
def test_columns_show_what_alter_table_did(sql, rows, table):
    sql("ALTER TABLE t DROP COLUMN name, DROP COLUMN r")
    sql("ALTER TABLE t ADD COLUMN added BOOL")
    asked = "SELECT column_name FROM INFORMATION_SCHEMA.COLUMNS WHERE table_name = 't' ORDER BY ordinal_position"
    assert rows(asked) == [("id",), ("day",), ("k",), ("l",), ("added",)]


@behaviour("IS column_field_paths")
def test_field_paths_reach_into_structs(rows, table):
    found = rows(
        "SELECT column_name, field_path, data_type, description FROM INFORMATION_SCHEMA.COLUMN_FIELD_PATHS "
        "WHERE table_name = 't' AND column_name IN ('id', 'r')"
    )
    assert sorted(found) == [
        ("id", "id", "INT64", "I"),
        ("r", "r", "ARRAY<STRUCT<x NUMERIC(5, 2), y STRUCT<z BOOL>>>", None),
        ("r", "r.x", "NUMERIC(5, 2)", None),
        ("r", "r.y", "STRUCT<z BOOL>", None),
        ("r", "r.y.z", "BOOL", None),
    ]


@behaviour("IS table_options")
def test_table_options_lists_what_is_set(rows, table):
    found = rows("SELECT option_name, option_type, option_value FROM INFORMATION_SCHEMA.TABLE_OPTIONS "
                 "WHERE table_name = 't' ORDER BY option_name")  # fmt: skip
    assert found == [
        ("description", "STRING", '"A \\"table\\""'),
        ("labels", "ARRAY<STRUCT<STRING, STRING>>", '[STRUCT("a", "b"), STRUCT("c", "d")]'),
        ("partition_expiration_days", "FLOAT64", "36500.0"),
    ]


@behaviour("IS table_constraints")
def test_table_constraints_lists_keys(rows, table):
    found = rows("SELECT table_name, constraint_name, constraint_type, enforced "
                 "FROM INFORMATION_SCHEMA.TABLE_CONSTRAINTS ORDER BY table_name")  # fmt: skip
    assert found == [("parent", "parent.pk$", "PRIMARY KEY", "NO"), ("t", "t.up", "FOREIGN KEY", "NO")]


@behaviour("IS key_column_usage")
def test_key_column_usage_gives_positions_in_both_keys(rows, table):
    found = rows("SELECT constraint_name, column_name, ordinal_position, position_in_unique_constraint "
                 "FROM INFORMATION_SCHEMA.KEY_COLUMN_USAGE ORDER BY constraint_name, ordinal_position")  # fmt: skip
    assert found == [
        ("parent.pk$", "a", 1, None),
        ("parent.pk$", "b", 2, None),
        ("t.up", "l", 1, 2),
        ("t.up", "k", 2, 1),
    ]


@behaviour("IS constraint_column_usage")
def test_constraint_column_usage_names_the_columns_that_are_pointed_to(rows, table):
    found = rows("SELECT constraint_name, table_name, column_name FROM INFORMATION_SCHEMA.CONSTRAINT_COLUMN_USAGE")
    assert sorted(found) == [
        ("parent.pk$", "parent", "a"),
        ("parent.pk$", "parent", "b"),
        ("t.up", "parent", "a"),
        ("t.up", "parent", "b"),
    ]


@behaviour("IS views")
def test_views_gives_the_text_of_views(sql, rows, table):
    sql("CREATE VIEW v AS SELECT id FROM t")
    found = rows("SELECT table_name, view_definition, use_standard_sql FROM INFORMATION_SCHEMA.VIEWS")
    assert found == [("v", "SELECT id FROM t", "YES")]


@behaviour("IS routines: ddl makes the routine again")
def test_routines_give_ddl_that_makes_them_again(sql, rows, dataset):
    sql("CREATE FUNCTION f(x INT64, y ARRAY<STRUCT<a INT64>>) RETURNS INT64 AS (x + 1)")
    sql("CREATE PROCEDURE p(IN x INT64) BEGIN SELECT x; END")
    asked = "SELECT routine_definition, data_type FROM INFORMATION_SCHEMA.ROUTINES WHERE routine_name"
    for name in ("f", "p"):
        ((ddl,),) = rows(f"SELECT ddl FROM INFORMATION_SCHEMA.ROUTINES WHERE routine_name = '{name}'")
        sql(ddl.replace(f"{dataset}.{name}`", f"{dataset}.{name}2`"))
        assert rows(f"{asked} = '{name}2'") == rows(f"{asked} = '{name}'")


@behaviour("IS partitions: ids by granularity, __NULL__ apart, no id for an unpartitioned table")
def test_partitions_count_their_rows(sql, rows):
    sql("CREATE TABLE d (day DATE) PARTITION BY day")
    sql("INSERT INTO d VALUES ('2026-01-01'), ('2026-01-01'), ('2026-01-02'), (NULL)")
    sql("CREATE TABLE h (at_ TIMESTAMP) PARTITION BY TIMESTAMP_TRUNC(at_, HOUR)")
    sql("INSERT INTO h VALUES ('2026-01-01 05:30:00+00')")
    sql("CREATE TABLE r (n INT64) PARTITION BY RANGE_BUCKET(n, GENERATE_ARRAY(0, 100, 10))")
    sql("INSERT INTO r VALUES (15), (19), (500)")
    sql("CREATE TABLE plain AS SELECT 1 AS a")
    found = rows("SELECT table_name, partition_id, total_rows FROM INFORMATION_SCHEMA.PARTITIONS")
    asked = "total_logical_bytes, TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), last_modified_time, HOUR)"
    ((size, age),) = rows(f"SELECT {asked} FROM INFORMATION_SCHEMA.PARTITIONS WHERE partition_id = '20260101'")
    assert (size, age) == (16, 0)
    assert sorted(found, key=str) == [
        ("d", "20260101", 2),
        ("d", "20260102", 1),
        ("d", "__NULL__", 1),
        ("h", "2026010105", 1),
        ("plain", None, 1),
        ("r", "10", 2),
        ("r", "__UNPARTITIONED__", 1),
    ]


@behaviour("IS schemata: the datasets of a location, hidden ones left out")
def test_schemata_lists_datasets(sql, rows, client, dataset):
    name = dataset.rpartition(".")[2]
    sql(f"ALTER SCHEMA `{dataset}` SET OPTIONS (description = 'D')")
    location = client.get_dataset(dataset).location.lower()
    for path in ("INFORMATION_SCHEMA.SCHEMATA", f"`region-{location}`.INFORMATION_SCHEMA.SCHEMATA",
                 f"`{client.project}`.`region-{location}`.INFORMATION_SCHEMA.SCHEMATA"):  # fmt: skip
        ((schema, ddl),) = rows(f"SELECT schema_name, ddl FROM {path} WHERE schema_name = '{name}'")
        assert schema == name
        assert 'description="D"' in ddl
    asked = f"SELECT option_value FROM INFORMATION_SCHEMA.SCHEMATA_OPTIONS WHERE schema_name = '{name}'"
    assert rows(f"{asked} AND option_name = 'description'") == [('"D"',)]


@behaviour("ISI a view is reached through its dataset, its project, or its region")
def test_a_view_is_reached_by_each_qualifier(rows, client, dataset, table):
    name = dataset.rpartition(".")[2]
    location = client.get_dataset(dataset).location.lower()
    for path in (f"{name}.INFORMATION_SCHEMA.TABLES", f"`{dataset}.INFORMATION_SCHEMA.TABLES`",
                 f"`{client.project}`.{name}.INFORMATION_SCHEMA.TABLES"):  # fmt: skip
        assert rows(f"SELECT table_name FROM {path} ORDER BY 1") == [("parent",), ("t",)]
    asked = f"SELECT COUNT(*) FROM `region-{location}`.INFORMATION_SCHEMA.TABLES WHERE table_schema = '{name}'"
    assert rows(asked) == [(2,)]


@behaviour("ISI names of views have a case, names of columns none; unknown views are refused")
def test_an_unknown_view_or_dataset_is_not_found(rows, table):
    for path in ("INFORMATION_SCHEMA.NOPE", "INFORMATION_SCHEMA.tables", "information_schema.TABLES"):
        with refused(404, "notFound"):
            rows(f"SELECT * FROM {path}")
    with refused(404, "notFound"):
        rows("SELECT * FROM no_such_dataset.INFORMATION_SCHEMA.TABLES")
    assert rows("SELECT TABLE_NAME FROM INFORMATION_SCHEMA.TABLES WHERE Table_Name = 't'") == [("t",)]


@behaviour("8 PARTITIONS, TABLE_CONSTRAINTS, KEY_COLUMN_USAGE and CONSTRAINT_COLUMN_USAGE are of one dataset only")
@pytest.mark.parametrize("view", ["PARTITIONS", "TABLE_CONSTRAINTS", "KEY_COLUMN_USAGE", "CONSTRAINT_COLUMN_USAGE"])
def test_some_views_are_of_one_dataset_only(sql, rows, client, dataset, table, view):
    sql("INSERT INTO parent VALUES (1, 'x')")
    region = f"region-{client.get_dataset(dataset).location.lower()}"
    with refused(404, "notFound"):
        rows(f"SELECT table_name FROM `{region}`.INFORMATION_SCHEMA.{view}")
    assert rows(f"SELECT table_name FROM INFORMATION_SCHEMA.{view}") != []


@behaviour("8 the columns that tell drift")
@pytest.mark.parametrize("view", COLUMNS)
def test_a_view_has_the_columns_that_tell_drift(sql, rows, resource, api, view):
    sql(
        "CREATE TABLE t (id INT64 NOT NULL DEFAULT 7, n NUMERIC(5, 2) OPTIONS (rounding_mode = 'ROUND_HALF_EVEN'), "
        "s STRING COLLATE 'und:ci', day DATE) PARTITION BY day CLUSTER BY id OPTIONS (require_partition_filter = TRUE, "
        "expiration_timestamp = TIMESTAMP '2999-01-01 00:00:00+00', max_staleness = INTERVAL 1 HOUR, "
        "kms_key_name = 'projects/p/locations/us/keyRings/r/cryptoKeys/k', enable_change_history = TRUE)"
    )
    fields = resource("t")["schema"]["fields"]
    fields[1]["policyTags"] = {"names": [TAG]}
    api("PATCH", "/tables/t", {"schema": {"fields": fields}, "defaultCollation": "und:ci"})
    wanted = COLUMNS[view]
    found = rows(f"SELECT {', '.join(wanted[0])} FROM INFORMATION_SCHEMA.{view} WHERE table_name = 't' ORDER BY 1")
    assert found == wanted[1:]


@behaviour("ISI each query is charged at least 10 MB")
def test_a_query_of_information_schema_has_its_price(sql, table):
    assert sql("SELECT 1 FROM INFORMATION_SCHEMA.TABLES").total_bytes_billed == 10 * 1024 * 1024
    assert sql("SELECT 1").total_bytes_billed == 0


@behaviour("ISI the views are read-only")
def test_information_schema_is_not_written(sql, rows, table):
    for text in ("DELETE FROM INFORMATION_SCHEMA.TABLES WHERE TRUE", "DROP TABLE INFORMATION_SCHEMA.TABLES",
                 "CREATE TABLE INFORMATION_SCHEMA.X (a INT64)"):  # fmt: skip
        with pytest.raises(Exception) as caught:
            sql(text)
        assert 400 <= caught.value.code < 500
    assert rows("SELECT COUNT(*) FROM INFORMATION_SCHEMA.TABLES") == [(2,)]
