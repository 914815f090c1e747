"""Facts 1.1, 1.2, 1.3, 1.5, 1.6: what DDL changes in place, and what it refuses."""

from __future__ import annotations

import pytest
from google.api_core import exceptions

from tests.conformance.behaviour import behaviour, refused

DAY_MS = 86_400_000


@pytest.fixture
def table(sql):
    sql(
        "CREATE TABLE t (id INT64 NOT NULL, name STRING, day DATE, n INT64, tags ARRAY<STRING>, "
        "r STRUCT<x INT64, y STRING>) PARTITION BY day CLUSTER BY id"
    )
    sql("INSERT INTO t VALUES (1, 'a', '2026-01-01', 7, ['p'], (7, 'q')), (2, NULL, NULL, NULL, [], NULL)")


def fields(resource, table="t"):
    return {f["name"]: f for f in resource(table)["schema"]["fields"]}


@behaviour("1.1 add top-level column")
def test_add_column_appends_columns_that_old_rows_read_as_null_or_empty(sql, rows, resource, table):
    sql("ALTER TABLE t ADD COLUMN a STRING, ADD COLUMN b ARRAY<INT64>")
    assert [(f["name"], f["mode"]) for f in resource("t")["schema"]["fields"][-2:]] == [
        ("a", "NULLABLE"),
        ("b", "REPEATED"),
    ]
    assert rows("SELECT a, b FROM t WHERE id = 1") == [(None, [])]


@behaviour("1.1 add top-level column")
def test_add_column_if_not_exists_leaves_an_existing_column_as_it_is(sql, resource, table):
    before = resource("t")
    sql("ALTER TABLE t ADD COLUMN IF NOT EXISTS name INT64")
    assert resource("t") == before
    with refused(400, "invalidQuery", "already exists"):
        sql("ALTER TABLE t ADD COLUMN name STRING")


@behaviour("SCH names are compared case-insensitively")
def test_add_column_refuses_a_name_that_differs_only_in_case(sql, resource, table):
    with refused(400, "invalidQuery", "already exists"):
        sql("ALTER TABLE t ADD COLUMN NAME STRING")
    sql("ALTER TABLE t ADD COLUMN name2 STRING")
    assert "name2" in fields(resource)


@behaviour("1.1 add REQUIRED column")
def test_add_column_refuses_a_required_column(sql, resource, table):
    with refused(400, "invalidQuery", "required"):
        sql("ALTER TABLE t ADD COLUMN a STRING NOT NULL")
    sql("ALTER TABLE t ADD COLUMN a STRING")
    assert fields(resource)["a"]["mode"] == "NULLABLE"


@behaviour("1.1 add REQUIRED column")
def test_a_new_struct_may_have_a_required_field(sql, resource, table):
    sql("ALTER TABLE t ADD COLUMN s STRUCT<a INT64 NOT NULL, b STRING>")
    assert [f["mode"] for f in fields(resource)["s"]["fields"]] == ["REQUIRED", "NULLABLE"]


@behaviour("1.1 add column with DEFAULT")
def test_a_default_takes_two_steps_and_never_fills_old_rows(sql, rows, resource, table):
    with refused(400, "invalidQuery", "default"):
        sql("ALTER TABLE t ADD COLUMN a STRING DEFAULT 'new'")
    sql("ALTER TABLE t ADD COLUMN a STRING")
    sql("ALTER TABLE t ALTER COLUMN a SET DEFAULT 'new'")
    assert fields(resource)["a"]["defaultValueExpression"] == "'new'"
    sql("INSERT INTO t (id) VALUES (3)")
    assert rows("SELECT a FROM t ORDER BY id") == [(None,), (None,), ("new",)]


@behaviour("1.1 add nested field")
def test_ddl_adds_no_field_to_an_existing_struct(sql, resource, table):
    with refused(400, "invalidQuery"):
        sql("ALTER TABLE t ADD COLUMN r.z STRING")
    with refused(400, "invalidQuery"):
        sql("ALTER TABLE t ALTER COLUMN r SET DATA TYPE STRUCT<x INT64, y STRING, z STRING>")
    sql("ALTER TABLE t ALTER COLUMN r SET DATA TYPE STRUCT<x NUMERIC, y STRING>")
    assert [f["type"] for f in fields(resource)["r"]["fields"]] == ["NUMERIC", "STRING"]


@behaviour("1.1 column position")
def test_a_new_column_is_always_the_last(sql, resource, table):
    with refused(400, "invalidQuery"):
        sql("ALTER TABLE t ADD COLUMN a STRING FIRST")
    sql("ALTER TABLE t ADD COLUMN a STRING")
    assert list(fields(resource))[-1] == "a"


@behaviour("1.1 drop top-level column")
def test_drop_column_takes_several_at_once_and_if_exists(sql, rows, resource, table):
    sql("ALTER TABLE t DROP COLUMN name, DROP COLUMN IF EXISTS missing, DROP COLUMN n")
    assert list(fields(resource)) == ["id", "day", "tags", "r"]
    with refused(400, "invalidQuery"):
        sql("SELECT name FROM t")
    assert rows("SELECT id FROM t ORDER BY id") == [(1,), (2,)]


@behaviour("1.2 DROP COLUMN is refused for partitioning, clustering and key columns")
@pytest.mark.parametrize("column", ["day", "id", "name", "n"])
def test_drop_column_refuses_a_column_with_a_role(sql, resource, table, column):
    sql("CREATE TABLE parent (k INT64, PRIMARY KEY (k) NOT ENFORCED)")
    sql("ALTER TABLE t ADD PRIMARY KEY (name) NOT ENFORCED")
    sql("ALTER TABLE t ADD FOREIGN KEY (n) REFERENCES parent (k) NOT ENFORCED")
    with refused(400, "invalidQuery", column):
        sql(f"ALTER TABLE t DROP COLUMN {column}")
    sql("ALTER TABLE t DROP COLUMN tags")
    assert list(fields(resource)) == ["id", "name", "day", "n", "r"]


@behaviour("1.2 row access policies: the DDL page says any, the RLS page says those that use the column",
           uncertain="policies_pin_columns")  # fmt: skip
@pytest.mark.parametrize(
    "pinned",
    [
        pytest.param(["name", "n"], id="all", marks=pytest.mark.switches(policies_pin_columns="all")),
        pytest.param(["n"], id="filtered", marks=pytest.mark.switches(policies_pin_columns="filtered")),
    ],
)
def test_row_access_policies_pin_columns(sql, resource, table, pinned):
    sql("CREATE ROW ACCESS POLICY p ON t GRANT TO ('user:a@example.com') FILTER USING (n = 1)")
    for column in pinned:
        with refused(400, "invalidQuery", "row access polic"):
            sql(f"ALTER TABLE t DROP COLUMN {column}")
        with refused(400, "invalidQuery", "row access polic"):
            sql(f"ALTER TABLE t RENAME COLUMN {column} TO other")
    sql("DROP ALL ROW ACCESS POLICIES ON t")
    sql("ALTER TABLE t DROP COLUMN n")
    assert "n" not in fields(resource)


@behaviour("1.1 drop nested field")
def test_a_nested_field_goes_only_by_rebuilding(sql, resource, rows, table):
    with refused(400, "invalidQuery"):
        sql("ALTER TABLE t DROP COLUMN r.y")
    sql("CREATE TABLE u PARTITION BY day AS SELECT * REPLACE (STRUCT(r.x AS x) AS r) FROM t")
    assert [f["name"] for f in fields(resource, "u")["r"]["fields"]] == ["x"]
    assert rows("SELECT r.x FROM u WHERE id = 1") == [(7,)]


@behaviour("1.1 rename column")
def test_renames_of_one_statement_run_in_order_so_that_columns_swap(sql, rows, resource, table):
    sql("ALTER TABLE t RENAME COLUMN name TO spare, RENAME COLUMN n TO name, RENAME COLUMN spare TO n")
    assert list(fields(resource)) == ["id", "n", "day", "name", "tags", "r"]
    assert rows("SELECT n, name FROM t WHERE id = 1") == [("a", 7)]


@behaviour("1.3 RENAME COLUMN is refused for partitioning, clustering and key columns")
@pytest.mark.parametrize("column", ["day", "id", "name"])
def test_rename_column_refuses_a_column_with_a_role(sql, resource, table, column):
    sql("ALTER TABLE t ADD PRIMARY KEY (name) NOT ENFORCED")
    with refused(400, "invalidQuery", column):
        sql(f"ALTER TABLE t RENAME COLUMN {column} TO other")
    sql("ALTER TABLE t RENAME COLUMN n TO other")
    assert "other" in fields(resource)


@behaviour("1.3 RENAME COLUMN has IF EXISTS, so that a repeat is a silent no-op")
def test_a_repeated_rename_is_silent_with_if_exists_only(sql, resource, table):
    sql("ALTER TABLE t RENAME COLUMN name TO label")
    sql("ALTER TABLE t RENAME COLUMN IF EXISTS name TO label")
    assert "label" in fields(resource)
    with refused(400, "invalidQuery", "not found"):
        sql("ALTER TABLE t RENAME COLUMN name TO label")


@behaviour("1.3 RENAME COLUMN cannot be mixed with other actions")
def test_renames_do_not_mix_with_other_actions(sql, resource, table):
    with refused(400, "invalidQuery", "RENAME"):
        sql("ALTER TABLE t RENAME COLUMN name TO label, ADD COLUMN a STRING")
    sql("ALTER TABLE t RENAME COLUMN name TO label")
    assert "a" not in fields(resource)


@behaviour("1.1 rename nested field")
def test_a_nested_field_is_not_renamed(sql, resource, table):
    with refused(400, "invalidQuery"):
        sql("ALTER TABLE t RENAME COLUMN r.x TO z")
    sql("ALTER TABLE t RENAME COLUMN r TO s")
    assert [f["name"] for f in fields(resource)["s"]["fields"]] == ["x", "y"]


@behaviour("1.3 dependents are not rewritten")
def test_a_view_fails_once_a_column_it_reads_is_renamed(sql, rows, table):
    sql("CREATE VIEW v AS SELECT id, name FROM t")
    sql("ALTER TABLE t RENAME COLUMN name TO label")
    with refused(400, "invalidQuery", "name"):
        sql("SELECT * FROM v")
    sql("CREATE OR REPLACE VIEW v AS SELECT id, label FROM t")
    assert rows("SELECT label FROM v WHERE id = 1") == [("a",)]


@behaviour("1.1 relax top-level column")
def test_drop_not_null_works_once(sql, resource, table):
    sql("ALTER TABLE t ALTER COLUMN id DROP NOT NULL")
    assert fields(resource)["id"]["mode"] == "NULLABLE"
    sql("INSERT INTO t (name) VALUES ('no id')")
    with refused(400, "invalidQuery", "NOT NULL"):
        sql("ALTER TABLE t ALTER COLUMN id DROP NOT NULL")


@behaviour("1.1 relax nested column")
def test_ddl_relaxes_no_nested_field(sql, resource):
    sql("CREATE TABLE t (r STRUCT<x INT64 NOT NULL>, id INT64 NOT NULL)")
    with refused(400, "invalidQuery"):
        sql("ALTER TABLE t ALTER COLUMN r.x DROP NOT NULL")
    sql("ALTER TABLE t ALTER COLUMN id DROP NOT NULL")
    assert fields(resource)["r"]["fields"][0]["mode"] == "REQUIRED"
    assert fields(resource)["id"]["mode"] == "NULLABLE"


@behaviour("1.1 tighten mode")
def test_a_column_never_becomes_required(sql, resource, table):
    with refused(400, "invalidQuery"):
        sql("ALTER TABLE t ALTER COLUMN name SET NOT NULL")
    with refused(400, "invalidQuery"):
        sql("ALTER TABLE t ALTER COLUMN name SET DATA TYPE ARRAY<STRING>")
    sql("ALTER TABLE t ALTER COLUMN name SET OPTIONS (description = 'N')")
    assert (fields(resource)["name"]["mode"], fields(resource)["name"]["description"]) == ("NULLABLE", "N")


@behaviour("1.1 other type change")
def test_another_type_takes_a_rebuild(sql, rows, resource, table):
    with refused(400, "invalidQuery", "assignable"):
        sql("ALTER TABLE t ALTER COLUMN n SET DATA TYPE STRING")
    sql("CREATE OR REPLACE TABLE t PARTITION BY day CLUSTER BY id AS SELECT * REPLACE (CAST(n AS STRING) AS n) FROM t")
    assert fields(resource)["n"]["type"] == "STRING"
    assert rows("SELECT n FROM t WHERE id = 1") == [("7",)]


@behaviour("1.1 default value")
def test_defaults_are_set_changed_and_dropped_for_later_rows(sql, rows, resource, table):
    sql("ALTER TABLE t ALTER COLUMN name SET DEFAULT 'one'")
    sql("INSERT INTO t (id) VALUES (3)")
    sql("ALTER TABLE t ALTER COLUMN name SET DEFAULT 'two'")
    sql("INSERT INTO t (id, name) VALUES (4, DEFAULT), (5, NULL)")
    sql("ALTER TABLE t ALTER COLUMN name DROP DEFAULT")
    assert "defaultValueExpression" not in fields(resource)["name"]
    assert rows("SELECT name FROM t WHERE id > 2 ORDER BY id") == [("one",), ("two",), (None,)]
    with refused(400, "invalidQuery", "default"):
        sql("ALTER TABLE t ALTER COLUMN name DROP DEFAULT")


@behaviour("DEF a default is a literal or one of eight functions")
@pytest.mark.parametrize(
    ("kind", "expression"),
    [
        ("DATE", "CURRENT_DATE()"),
        ("DATETIME", "CURRENT_DATETIME()"),
        ("TIME", "CURRENT_TIME()"),
        ("TIMESTAMP", "CURRENT_TIMESTAMP()"),
        ("STRING", "GENERATE_UUID()"),
        ("FLOAT64", "RAND()"),
        ("STRING", "SESSION_USER()"),
    ],
)
def test_a_default_may_call_the_listed_functions_only(sql, rows, resource, kind, expression):
    sql(f"CREATE TABLE t (id INT64, c {kind} DEFAULT {expression})")
    sql("INSERT INTO t (id) VALUES (1)")
    assert fields(resource)["c"]["defaultValueExpression"] == expression
    assert rows("SELECT c IS NOT NULL FROM t") == [(True,)]
    with refused(400, "invalidQuery"):
        sql("ALTER TABLE t ALTER COLUMN c SET DEFAULT CONCAT('a', 'b')")


@behaviour("DEF the default of an ARRAY is neither NULL nor has NULL elements")
@pytest.mark.parametrize("default", ["NULL", "['a', NULL]"])
def test_an_array_default_has_no_nulls(sql, rows, resource, default):
    sql("CREATE TABLE t (id INT64, a ARRAY<STRING>)")
    with refused(400, "invalidQuery"):
        sql(f"ALTER TABLE t ALTER COLUMN a SET DEFAULT {default}")
    sql("ALTER TABLE t ALTER COLUMN a SET DEFAULT ['a', 'b']")
    sql("INSERT INTO t (id) VALUES (1)")
    assert rows("SELECT a FROM t") == [(["a", "b"],)]


@behaviour("DEF a primary key column takes no default")
def test_a_primary_key_column_takes_no_default(sql, resource):
    sql("CREATE TABLE t (k STRING, v STRING, PRIMARY KEY (k) NOT ENFORCED)")
    with refused(400, "invalidQuery", "key"):
        sql("ALTER TABLE t ALTER COLUMN k SET DEFAULT 'x'")
    sql("ALTER TABLE t ALTER COLUMN v SET DEFAULT 'x'")
    assert fields(resource)["v"]["defaultValueExpression"] == "'x'"


@behaviour("DEF a default must fit the type of its column")
def test_a_default_of_another_type_is_refused(sql, resource, table):
    with refused(400, "invalidQuery"):
        sql("ALTER TABLE t ALTER COLUMN n SET DEFAULT 'text'")
    sql("ALTER TABLE t ALTER COLUMN n SET DEFAULT 5")
    assert fields(resource)["n"]["defaultValueExpression"] == "5"


@behaviour("1.1 column description")
def test_a_column_description_is_set_and_cleared(sql, resource, table):
    sql("ALTER TABLE t ALTER COLUMN name SET OPTIONS (description = 'What it is called')")
    assert fields(resource)["name"]["description"] == "What it is called"
    sql("ALTER TABLE t ALTER COLUMN name SET OPTIONS (description = NULL)")
    assert "description" not in fields(resource)["name"]
    with refused(400, "invalid", "1024"):
        sql(f"ALTER TABLE t ALTER COLUMN name SET OPTIONS (description = '{'x' * 1025}')")


@behaviour("1.1 column description")
def test_a_view_column_takes_a_description(sql, resource, table):
    sql("CREATE VIEW v (key OPTIONS (description = 'K'), name) AS SELECT id, name FROM t")
    sql("ALTER VIEW v ALTER COLUMN name SET OPTIONS (description = 'N')")
    assert [f.get("description") for f in resource("v")["schema"]["fields"]] == ["K", "N"]


@behaviour("1.1 table description, labels, expiration")
def test_table_options_are_set_and_cleared_and_labels_replace_the_set(sql, resource, table):
    sql("ALTER TABLE t SET OPTIONS (description = 'D', friendly_name = 'F', labels = [('a', '1'), ('b', '2')])")
    sql("ALTER TABLE t SET OPTIONS (labels = [('c', '3')], expiration_timestamp = TIMESTAMP '2126-01-01 00:00:00 UTC')")
    found = resource("t")
    assert (found["description"], found["friendlyName"], found["labels"]) == ("D", "F", {"c": "3"})
    assert found["expirationTime"] == "4922899200000"
    sql("ALTER TABLE t SET OPTIONS (description = NULL, friendly_name = NULL, expiration_timestamp = NULL)")
    assert {"description", "friendlyName", "expirationTime"} & set(resource("t")) == set()


@behaviour("1.1 table description, labels, expiration")
def test_an_expiration_in_the_past_deletes_the_table_at_once(client, dataset, sql, table):
    sql("ALTER TABLE t SET OPTIONS (expiration_timestamp = TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 1 HOUR))")
    with pytest.raises(exceptions.NotFound):
        client.get_table(f"{dataset}.t")


@behaviour("DDL option values are known names and constants of the right type")
@pytest.mark.parametrize("option", ["bogus = 1", "description = 1", "labels = 'a'", "description = (SELECT 'a')"])
def test_a_wrong_option_is_refused(sql, resource, table, option):
    with refused(400, "invalidQuery"):
        sql(f"ALTER TABLE t SET OPTIONS ({option})")
    sql("ALTER TABLE t SET OPTIONS (description = CONCAT('a', 'b'))")
    assert resource("t")["description"] == "ab"


@behaviour("1.1 partition expiration")
def test_partition_expiration_is_set_and_cleared_on_time_partitioned_tables(sql, resource, table):
    sql("ALTER TABLE t SET OPTIONS (partition_expiration_days = 2.5)")
    assert resource("t")["timePartitioning"]["expirationMs"] == str(5 * DAY_MS // 2)
    sql("ALTER TABLE t SET OPTIONS (partition_expiration_days = NULL)")
    assert "expirationMs" not in resource("t")["timePartitioning"]
    sql("CREATE TABLE plain (a INT64)")
    with refused(400, "invalidQuery", "partition"):
        sql("ALTER TABLE plain SET OPTIONS (partition_expiration_days = 1)")


@behaviour("1.1 require_partition_filter")
def test_a_required_partition_filter_breaks_queries_without_one_through_views_too(sql, rows, resource, table):
    sql("CREATE VIEW v AS SELECT * FROM t")
    sql("ALTER TABLE t SET OPTIONS (require_partition_filter = TRUE)")
    assert resource("t")["requirePartitionFilter"] is True
    for name in ("t", "v"):
        with refused(400, "invalidQuery", "filter"):
            sql(f"SELECT id FROM {name}")
        assert rows(f"SELECT id FROM {name} WHERE day >= '2026-01-01'") == [(1,)]


@behaviour("1.1 clustering")
def test_ddl_alters_no_clustering(sql, resource, table):
    with refused(400, "invalidQuery"):
        sql("ALTER TABLE t CLUSTER BY name")
    sql("ALTER TABLE t SET OPTIONS (description = 'D')")
    assert resource("t")["clustering"] == {"fields": ["id"]}


@behaviour("1.1 partitioning")
def test_another_partitioning_takes_drop_and_create(sql, resource, table):
    for clause in ("", "PARTITION BY DATE_TRUNC(day, MONTH)"):
        with refused(400, "invalidQuery", "different partitioning spec"):
            sql(f"CREATE OR REPLACE TABLE t {clause} AS SELECT * FROM t")
    sql("CREATE TABLE u PARTITION BY DATE_TRUNC(day, MONTH) AS SELECT * FROM t")
    sql("DROP TABLE t")
    sql("ALTER TABLE u RENAME TO t")
    assert resource("t")["timePartitioning"] == {"type": "MONTH", "field": "day"}


@behaviour("1.1 primary and foreign keys")
def test_keys_are_added_and_dropped(sql, resource, table):
    sql("CREATE TABLE parent (k INT64, PRIMARY KEY (k) NOT ENFORCED)")
    sql("ALTER TABLE t ADD PRIMARY KEY (name) NOT ENFORCED")
    sql("ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (n) REFERENCES parent (k) NOT ENFORCED")
    sql("ALTER TABLE t ADD CONSTRAINT IF NOT EXISTS f FOREIGN KEY (n) REFERENCES parent (k) NOT ENFORCED")
    keys = resource("t")["tableConstraints"]
    assert keys["primaryKey"] == {"columns": ["name"]}
    assert [(k["name"], k["columnReferences"]) for k in keys["foreignKeys"]] == [
        ("f", [{"referencingColumn": "n", "referencedColumn": "k"}])
    ]
    sql("ALTER TABLE t DROP CONSTRAINT f")
    sql("ALTER TABLE t DROP CONSTRAINT IF EXISTS f")
    sql("ALTER TABLE t DROP PRIMARY KEY")
    assert "tableConstraints" not in resource("t")


@behaviour("PK a key is not enforced, on a top-level column of an allowed type, and points to another table's key")
@pytest.mark.parametrize(
    "action",
    [
        "ADD PRIMARY KEY (name)",
        "ADD PRIMARY KEY (r) NOT ENFORCED",
        "ADD PRIMARY KEY (tags) NOT ENFORCED",
        "ADD PRIMARY KEY (missing) NOT ENFORCED",
        "ADD FOREIGN KEY (n) REFERENCES t (id) NOT ENFORCED",
        "ADD FOREIGN KEY (n) REFERENCES other (v) NOT ENFORCED",
        "DROP PRIMARY KEY",
        "DROP CONSTRAINT f",
    ],
)
def test_an_impossible_key_is_refused(sql, resource, table, action):
    sql("CREATE TABLE other (k INT64, v INT64, PRIMARY KEY (k) NOT ENFORCED)")
    with pytest.raises(exceptions.BadRequest) as caught:
        sql(f"ALTER TABLE t {action}")
    assert caught.value.errors[0]["reason"] in {"invalid", "invalidQuery"}
    sql("ALTER TABLE t ADD FOREIGN KEY (n) REFERENCES other (k) NOT ENFORCED")
    assert len(resource("t")["tableConstraints"]["foreignKeys"]) == 1


@behaviour("PK keys are not verified")
def test_a_primary_key_lets_duplicates_in(sql, rows):
    sql("CREATE TABLE t (k INT64, PRIMARY KEY (k) NOT ENFORCED)")
    sql("INSERT INTO t VALUES (1), (1)")
    assert rows("SELECT COUNT(*) FROM t") == [(2,)]


@behaviour("1.1 default collation")
def test_a_default_collation_is_for_columns_added_later(sql, rows, resource, table):
    sql("ALTER TABLE t SET DEFAULT COLLATE 'und:ci'")
    sql("ALTER TABLE t ADD COLUMN later STRING")
    assert resource("t")["defaultCollation"] == "und:ci"
    assert "collation" not in fields(resource)["name"]
    assert fields(resource)["later"]["collation"] == "und:ci"
    sql("INSERT INTO t (id, name, later) VALUES (3, 'Case', 'Case')")
    assert rows("SELECT name = 'case', later = 'case' FROM t WHERE id = 3") == [(False, True)]
    with refused(400, "invalidQuery", "collation"):
        sql("ALTER TABLE t SET DEFAULT COLLATE 'de:ci'")


@behaviour("1.1 collation of an existing column")
def test_the_collation_of_a_column_never_changes(sql, resource, table):
    with refused(400, "invalidQuery"):
        sql("ALTER TABLE t ALTER COLUMN name SET DATA TYPE STRING COLLATE 'und:ci'")
    sql("ALTER TABLE t ADD COLUMN name2 STRING COLLATE 'und:ci'")
    assert (fields(resource)["name"].get("collation"), fields(resource)["name2"]["collation"]) == (None, "und:ci")


@behaviour("DDL column_schema: a collation belongs to the type STRING")
def test_the_collation_of_an_array_stands_beside_its_element_type(sql, resource, table):
    with refused(400, "invalidQuery", "element type"):
        sql("ALTER TABLE t ADD COLUMN names ARRAY<STRING> COLLATE 'und:ci'")
    with refused(400, "invalidQuery", "only for STRING"):
        sql("ALTER TABLE t ADD COLUMN names ARRAY<INT64 COLLATE 'und:ci'>")
    sql("ALTER TABLE t ADD COLUMN names ARRAY<STRING COLLATE 'und:ci'>")
    assert (fields(resource)["names"]["mode"], fields(resource)["names"]["collation"]) == ("REPEATED", "und:ci")


@behaviour("1.1 rounding mode")
def test_rounding_modes_are_set_for_a_column_and_for_later_columns(sql, rows, resource):
    sql("CREATE TABLE t (a NUMERIC(5, 1))")
    sql("ALTER TABLE t ALTER COLUMN a SET OPTIONS (rounding_mode = 'ROUND_HALF_EVEN')")
    sql("ALTER TABLE t SET OPTIONS (default_rounding_mode = 'ROUND_HALF_AWAY_FROM_ZERO')")
    assert fields(resource)["a"]["roundingMode"] == "ROUND_HALF_EVEN"
    assert resource("t")["defaultRoundingMode"] == "ROUND_HALF_AWAY_FROM_ZERO"
    sql("INSERT INTO t VALUES (0.25)")
    assert [str(v) for (v,) in rows("SELECT a FROM t")] == ["0.2"]


@behaviour("1.1 policy tags")
def test_ddl_neither_sets_nor_loses_policy_tags(client, sql, make, resource):
    tag = "projects/p/locations/us/taxonomies/1/policyTags/2"
    make("t", [{"name": "a", "type": "STRING", "policyTags": {"names": [tag]}}, {"name": "b", "type": "STRING"}])
    with refused(400, "invalidQuery", "policy_tags"):
        sql(f"ALTER TABLE t ALTER COLUMN b SET OPTIONS (policy_tags = ['{tag}'])")
    sql("ALTER TABLE t RENAME COLUMN b TO c")
    assert fields(resource)["a"]["policyTags"] == {"names": [tag]}


@behaviour("1.1 resource tags")
def test_resource_tags_are_an_option(sql, resource, table):
    sql("ALTER TABLE t SET OPTIONS (tags = [('123/env', 'prod')])")
    assert resource("t")["resourceTags"] == {"123/env": "prod"}
    with refused(400, "invalidQuery"):
        sql("ALTER TABLE t SET OPTIONS (tags = 'prod')")


@behaviour("1.1 CMEK key")
def test_a_key_is_swapped_only_where_there_is_one(sql, resource):
    key = "projects/p/locations/us/keyRings/r/cryptoKeys/k"
    sql(f"CREATE TABLE t (a INT64) OPTIONS (kms_key_name = '{key}1')")
    sql(f"ALTER TABLE t SET OPTIONS (kms_key_name = '{key}2')")
    assert resource("t")["encryptionConfiguration"] == {"kmsKeyName": f"{key}2"}
    sql("CREATE TABLE plain (a INT64)")
    with refused(400, "invalidQuery", "kms_key_name"):
        sql(f"ALTER TABLE plain SET OPTIONS (kms_key_name = '{key}1')")


@behaviour("1.1 max_staleness and change history")
def test_max_staleness_and_change_history_are_options(sql, rows, resource, table):
    sql("ALTER TABLE t SET OPTIONS (max_staleness = INTERVAL '4:0:0' HOUR TO SECOND, enable_change_history = TRUE)")
    assert resource("t")["maxStaleness"] == "0-0 0 4:0:0"
    asked = "SELECT is_change_history_enabled FROM INFORMATION_SCHEMA.TABLES WHERE table_name = 't'"
    assert rows(asked) == [("YES",)]


@behaviour("1.1 rename table")
def test_rename_keeps_rows_metadata_and_the_time_of_creation(client, dataset, sql, rows, resource, table):
    before = resource("t")
    sql("ALTER TABLE t RENAME TO u")
    after = resource("u")
    for key in ("schema", "timePartitioning", "clustering", "creationTime", "numRows"):
        assert after[key] == before[key]
    assert rows("SELECT COUNT(*) FROM u") == [(2,)]
    with pytest.raises(exceptions.NotFound):
        client.get_table(f"{dataset}.t")


@behaviour("1.5 RENAME TABLE needs a new bare name, and no primary key")
def test_a_rename_to_a_used_or_qualified_name_or_with_a_key_is_refused(sql, resource, dataset, table):
    sql("CREATE TABLE used (a INT64)")
    with refused(409, "duplicate"):
        sql("ALTER TABLE t RENAME TO used")
    with refused(400, "invalidQuery"):
        sql(f"ALTER TABLE t RENAME TO `{dataset}.u`")
    sql("ALTER TABLE t ADD PRIMARY KEY (name) NOT ENFORCED")
    with refused(400, "invalidQuery", "primary key"):
        sql("ALTER TABLE t RENAME TO u")
    sql("ALTER TABLE t DROP PRIMARY KEY")
    sql("ALTER TABLE t RENAME TO u")
    assert resource("u")["numRows"] == "2"


@behaviour("1.1 move table or dataset")
def test_a_table_moves_to_another_dataset_only_by_a_copy(sql, rows, new_dataset, table):
    other = new_dataset()
    with refused(400, "invalidQuery"):
        sql(f"ALTER TABLE t RENAME TO `{other}.t`")
    sql(f"CREATE TABLE `{other}.t` COPY t")
    assert rows(f"SELECT COUNT(*) FROM `{other}.t`") == [(2,)]


@behaviour("1.6 the actions of one ALTER TABLE take effect together or not at all")
def test_a_failed_action_undoes_the_others_of_its_statement(sql, resource, table):
    before = resource("t")
    with refused(400, "invalidQuery"):
        sql("ALTER TABLE t ADD COLUMN a STRING, ADD COLUMN name STRING")
    assert resource("t") == before
    sql("ALTER TABLE t ADD COLUMN a STRING, ADD COLUMN b STRING")
    assert list(fields(resource))[-2:] == ["a", "b"]


@behaviour("DDL ALTER TABLE IF EXISTS is a no-op without the table")
def test_alter_if_exists_skips_a_missing_table(sql):
    assert sql("ALTER TABLE IF EXISTS missing ADD COLUMN a STRING").ddl_operation_performed == "SKIP"
    with refused(404, "notFound", "missing"):
        sql("ALTER TABLE missing ADD COLUMN a STRING")
