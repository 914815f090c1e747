"""Facts 6.3: what CREATE OR REPLACE, COPY, RENAME and TRUNCATE preserve."""

from __future__ import annotations

from datetime import timedelta

import pytest
from google.cloud import bigquery

from tests.conformance.behaviour import behaviour, refused

TAG = "projects/p/locations/us/taxonomies/1/policyTags/2"


@pytest.fixture
def table(sql, make):
    make(
        "t",
        [
            {"name": "id", "type": "INTEGER", "mode": "REQUIRED", "description": "Identifies."},
            {"name": "name", "type": "STRING", "defaultValueExpression": "'none'"},
            {"name": "tagged", "type": "STRING", "policyTags": {"names": [TAG]}},
            {"name": "day", "type": "DATE"},
        ],
        timePartitioning={"type": "DAY", "field": "day", "expirationMs": "8640000000000"},
        clustering={"fields": ["id"]},
        description="All of them",
        labels={"team": "data"},
        tableConstraints={"primaryKey": {"columns": ["id"]}},
        encryptionConfiguration={"kmsKeyName": "projects/p/locations/us/keyRings/r/cryptoKeys/k"},
    )
    sql("INSERT INTO t VALUES (1, 'a', 'x', DATE '2026-01-01')")


def fields(resource, table="t"):
    return {f["name"]: f for f in resource(table)["schema"]["fields"]}


REPLACE = "CREATE OR REPLACE TABLE t PARTITION BY day AS SELECT * FROM t"


@behaviour("6.3 partitioning and clustering")
def test_create_or_replace_has_the_clustering_it_states_and_the_partitioning_there_was(sql, resource, table):
    with refused(400, "invalidQuery", "different partitioning spec"):
        sql("CREATE OR REPLACE TABLE t AS SELECT * FROM t")
    sql(REPLACE)
    found = resource("t")
    assert found["timePartitioning"] == {"type": "DAY", "field": "day"}
    assert "clustering" not in found


@behaviour("6.3 partitioning and clustering", uncertain="replace_pins_clustering")
@pytest.mark.parametrize(
    "pinned",
    [
        pytest.param(True, marks=pytest.mark.switches(replace_pins_clustering=True)),
        pytest.param(False, marks=pytest.mark.switches(replace_pins_clustering=False)),
    ],
)
def test_create_or_replace_takes_another_clustering_or_refuses_it(sql, resource, table, pinned):
    text = "CREATE OR REPLACE TABLE t PARTITION BY day CLUSTER BY name AS SELECT * FROM t"
    if pinned:
        with refused(400, "invalidQuery", "clustering"):
            sql(text)
    else:
        sql(text)
    assert resource("t")["clustering"] == {"fields": ["id"] if pinned else ["name"]}
    sql(text.replace("CLUSTER BY name", "CLUSTER BY id" if pinned else "CLUSTER BY name"))


@behaviour("6.3 partitioning and clustering")
@pytest.mark.parametrize("how", ["COPY", "CLONE", "LIKE"])
def test_a_copy_takes_partitioning_and_clustering_from_its_source(sql, resource, table, how):
    sql(f"CREATE TABLE u {how} t")
    found = resource("u")
    assert (found["timePartitioning"]["field"], found["clustering"]) == ("day", {"fields": ["id"]})


@behaviour("6.3 REQUIRED, descriptions, defaults")
def test_create_or_replace_loses_modes_descriptions_and_defaults_without_a_column_list(sql, resource, table):
    sql(REPLACE)
    assert fields(resource)["id"] == {"name": "id", "type": "INTEGER", "mode": "NULLABLE"}
    assert "defaultValueExpression" not in fields(resource)["name"]


@behaviour("6.3 REQUIRED, descriptions, defaults")
def test_create_or_replace_keeps_what_its_column_list_states_matched_by_position(sql, rows, resource, table):
    listed = "(key INT64 NOT NULL OPTIONS (description = 'K'), label STRING DEFAULT 'z', tagged STRING, day DATE)"
    sql(f"CREATE OR REPLACE TABLE t {listed} PARTITION BY day AS SELECT * FROM t")
    assert fields(resource)["key"]["mode"] == "REQUIRED"
    assert fields(resource)["key"]["description"] == "K"
    assert fields(resource)["label"]["defaultValueExpression"] == "'z'"
    assert rows("SELECT key, label FROM t") == [(1, "a")]


@behaviour("6.3 REQUIRED, descriptions, defaults")
@pytest.mark.parametrize("how", ["COPY", "CLONE", "LIKE"])
def test_a_copy_keeps_modes_descriptions_and_defaults(sql, resource, table, how):
    sql(f"CREATE TABLE u {how} t")
    assert fields(resource, "u")["id"] == fields(resource)["id"]
    assert fields(resource, "u")["name"]["defaultValueExpression"] == "'none'"


@behaviour("6.3 REQUIRED, descriptions, defaults")
def test_truncate_keeps_all_but_the_rows(sql, rows, resource, table):
    before = resource("t")
    sql("TRUNCATE TABLE t")
    after = resource("t")
    for key in ("schema", "timePartitioning", "clustering", "tableConstraints", "labels", "description"):
        assert after[key] == before[key]
    assert rows("SELECT COUNT(*) FROM t") == [(0,)]


@behaviour("6.3 PK/FK")
def test_create_or_replace_loses_keys_and_copies_keep_them(sql, resource, table):
    sql("CREATE TABLE u COPY t")
    sql("CREATE TABLE c CLONE t")
    sql("CREATE SNAPSHOT TABLE s CLONE t")
    for name in ("u", "c", "s"):
        assert resource(name)["tableConstraints"]["primaryKey"] == {"columns": ["id"]}
    sql(REPLACE)
    assert "tableConstraints" not in resource("t")


@behaviour("6.3 policy tags")
def test_create_or_replace_removes_policy_tags_and_rename_keeps_them(sql, resource, table):
    sql("ALTER TABLE t DROP PRIMARY KEY")
    sql("ALTER TABLE t RENAME TO u")
    assert fields(resource, "u")["tagged"]["policyTags"] == {"names": [TAG]}
    sql("CREATE OR REPLACE TABLE u PARTITION BY day AS SELECT * FROM u")
    assert "policyTags" not in fields(resource, "u")["tagged"]


@behaviour("6.3 policy tags")
def test_a_copy_in_the_region_keeps_policy_tags(sql, resource, table):
    sql("CREATE TABLE u COPY t")
    assert fields(resource, "u")["tagged"]["policyTags"] == {"names": [TAG]}


GRANT = "GRANT TO ('allAuthenticatedUsers') FILTER USING"


@behaviour("6.3 row access policies")
def test_create_or_replace_drops_all_row_access_policies(sql, rows, table):
    sql(f"CREATE ROW ACCESS POLICY p ON t {GRANT} (id = 99)")
    assert rows("SELECT COUNT(*) FROM t") == [(0,)]
    sql("CREATE OR REPLACE TABLE t PARTITION BY day AS SELECT 1 AS id, DATE '2026-01-01' AS day")
    assert rows("SELECT COUNT(*) FROM t") == [(1,)]


@behaviour("6.3 row access policies")
def test_rename_and_truncate_keep_row_access_policies(sql, rows, table):
    sql(f"CREATE ROW ACCESS POLICY p ON t {GRANT} (id = 99)")
    sql(f"CREATE ROW ACCESS POLICY q ON t {GRANT} (TRUE)")
    sql("TRUNCATE TABLE t")
    sql("ALTER TABLE t DROP PRIMARY KEY")
    sql("ALTER TABLE t RENAME TO u")
    sql("INSERT INTO u (id) VALUES (1)")
    sql("DROP ROW ACCESS POLICY q ON u")
    assert rows("SELECT COUNT(*) FROM u") == [(0,)]


@behaviour("6.3 row access policies")
@pytest.mark.parametrize("how", ["CREATE TABLE u COPY t", "CREATE TABLE u CLONE t", "CREATE SNAPSHOT TABLE u CLONE t"])
def test_a_copy_takes_over_the_row_access_policies_of_its_source(sql, rows, table, how):
    sql(f"CREATE ROW ACCESS POLICY p ON t {GRANT} (id = 99)")
    sql(how)
    assert rows("SELECT COUNT(*) FROM u") == [(0,)]
    sql("DROP ALL ROW ACCESS POLICIES ON t")
    assert rows("SELECT COUNT(*) FROM t") == [(1,)]


@behaviour("6.3 labels, description, expiration, options")
def test_create_or_replace_has_only_the_options_it_states(sql, resource, table):
    sql("CREATE OR REPLACE TABLE t PARTITION BY day OPTIONS (friendly_name = 'F') AS SELECT * FROM t")
    found = resource("t")
    assert found["friendlyName"] == "F"
    assert {"labels", "description"} & set(found) == set()


@behaviour("6.3 labels, description, expiration, options")
@pytest.mark.parametrize("how", ["COPY", "CLONE", "LIKE"])
def test_a_copy_inherits_options_and_may_override_them(sql, resource, table, how):
    sql(f"CREATE TABLE u {how} t OPTIONS (description = 'Mine')")
    found = resource("u")
    assert (found["labels"], found["description"]) == ({"team": "data"}, "Mine")


@behaviour("6.3 labels, description, expiration, options")
def test_snapshots_and_clones_lose_the_expiration_of_partitions(sql, resource, table):
    sql("CREATE SNAPSHOT TABLE s CLONE t")
    sql("CREATE TABLE c CLONE t")
    sql("CREATE TABLE u COPY t")
    assert [resource(n)["timePartitioning"].get("expirationMs") for n in ("s", "c", "u")] == [
        None,
        None,
        "8640000000000",
    ]


@behaviour("6.3 CMEK")
def test_create_or_replace_must_restate_the_key(sql, resource, table):
    key = "projects/p/locations/us/keyRings/r/cryptoKeys/k2"
    sql(f"CREATE OR REPLACE TABLE t PARTITION BY day OPTIONS (kms_key_name = '{key}') AS SELECT * FROM t")
    assert resource("t")["encryptionConfiguration"] == {"kmsKeyName": key}
    sql(REPLACE)
    assert "encryptionConfiguration" not in resource("t")


@behaviour("6.3 CMEK")
def test_rename_keeps_the_key(sql, resource, table):
    sql("ALTER TABLE t DROP PRIMARY KEY")
    before = resource("t")["encryptionConfiguration"]
    sql("ALTER TABLE t RENAME TO u")
    assert resource("u")["encryptionConfiguration"] == before


@behaviour("6.3 time travel of old data")
@pytest.mark.needs_clock
def test_the_rows_before_create_or_replace_are_read_under_the_same_name(clock, sql, rows, table):
    clock.advance(timedelta(hours=1))
    sql("CREATE OR REPLACE TABLE t PARTITION BY day AS SELECT 2 AS other, DATE '2026-01-01' AS day")
    clock.advance(timedelta(hours=1))
    past = "FOR SYSTEM_TIME AS OF TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 90 MINUTE)"
    assert rows(f"SELECT id, name FROM t {past}") == [(1, "a")]
    assert rows("SELECT other FROM t") == [(2,)]


@behaviour("6.3 time travel of old data")
@pytest.mark.needs_clock
def test_the_rows_before_truncate_are_read_under_the_same_name(clock, sql, rows, table):
    clock.advance(timedelta(hours=1))
    sql("TRUNCATE TABLE t")
    clock.advance(timedelta(hours=1))
    past = "FOR SYSTEM_TIME AS OF TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 90 MINUTE)"
    assert (rows(f"SELECT id FROM t {past}"), rows("SELECT id FROM t")) == ([(1,)], [])


@behaviour("6.3 MVs on it")
@pytest.mark.needs_clock
def test_a_materialized_view_must_be_recreated_when_its_base_was(clock, sql, rows, table):
    sql("CREATE MATERIALIZED VIEW m AS SELECT name, COUNT(*) AS n FROM t GROUP BY name")
    clock.advance(timedelta(seconds=1))
    sql("TRUNCATE TABLE t")
    assert rows("SELECT * FROM m") == []
    sql("DROP TABLE t")
    with refused(400, "invalidQuery", "deleted"):
        sql("SELECT * FROM m")
    sql("CREATE TABLE t (name STRING)")
    with refused(400, "invalidQuery", "recreated"):
        sql("SELECT * FROM m")
    sql("CREATE OR REPLACE MATERIALIZED VIEW m AS SELECT name, COUNT(*) AS n FROM t GROUP BY name")
    assert rows("SELECT * FROM m") == []


@behaviour("6.3 search/vector index")
@pytest.mark.switches
def test_an_index_is_refused_with_501_rather_than_made_and_lost(sql, resource, table):
    before = resource("t")
    with refused(501, "notImplemented", "SEARCH"):
        sql("CREATE SEARCH INDEX i ON t (ALL COLUMNS)")
    sql("ALTER TABLE t SET OPTIONS (friendly_name = 'F')")
    assert (resource("t")["schema"], resource("t")["friendlyName"]) == (before["schema"], "F")


@behaviour("6.3 streaming")
@pytest.mark.needs_clock
def test_rows_in_the_streaming_buffer_are_not_in_a_copy(client, dataset, clock, sql, rows, table):
    assert client.insert_rows_json(f"{dataset}.t", [{"id": 2}]) == []
    sql("CREATE SNAPSHOT TABLE s CLONE t")
    sql("CREATE TABLE c CLONE t")
    assert (rows("SELECT COUNT(*) FROM t"), rows("SELECT COUNT(*) FROM s"), rows("SELECT COUNT(*) FROM c")) == (
        [(2,)],
        [(1,)],
        [(1,)],
    )
    clock.advance(timedelta(hours=2))
    sql("CREATE TABLE later CLONE t")
    assert rows("SELECT COUNT(*) FROM later") == [(2,)]


@behaviour("RJ query WRITE_TRUNCATE removes constraints, policy tags and row access policies")
def test_a_truncating_query_job_loses_what_create_or_replace_loses(dataset, sql, rows, resource, table):
    sql(f"CREATE ROW ACCESS POLICY p ON t {GRANT} (TRUE)")
    target = {"destination": f"{dataset}.t", "write_disposition": bigquery.WriteDisposition.WRITE_TRUNCATE}
    sql("SELECT id, tagged, day FROM t", time_partitioning=bigquery.TimePartitioning(field="day"), **target)
    found = resource("t")
    assert "tableConstraints" not in found
    assert "policyTags" not in fields(resource)["tagged"]
    assert fields(resource)["id"]["mode"] == "NULLABLE"
    sql(f"CREATE ROW ACCESS POLICY p ON t {GRANT} (FALSE)")
    assert rows("SELECT COUNT(*) FROM t") == [(0,)]


PARTITIONINGS = {
    "plain": "",
    "daily": "PARTITION BY d",
    "monthly": "PARTITION BY DATE_TRUNC(d, MONTH)",
    "arrived": "PARTITION BY _PARTITIONDATE",
}


@behaviour("page managing-partitioned-tables: copies between existing tables of different partitioning")
@pytest.mark.parametrize("disposition", ["WRITE_APPEND", "WRITE_TRUNCATE"])
@pytest.mark.parametrize(
    ("source", "target", "fits"),
    [
        ("plain", "daily", False),
        ("plain", "arrived", True),
        ("daily", "plain", True),
        ("daily", "monthly", False),
        ("daily", "arrived", False),
        ("arrived", "daily", False),
        ("arrived", "plain", True),
        ("daily", "daily", True),
    ],
)
def test_a_copy_fits_the_partitions_that_are_there(
    client, dataset, sql, resource, rows, source, target, fits, disposition
):
    sql(f"CREATE TABLE source (d DATE) {PARTITIONINGS[source]}")
    sql("INSERT INTO source (d) VALUES ('2026-01-01')")
    sql(f"CREATE TABLE target (d DATE) {PARTITIONINGS[target]}")
    before = resource("target").get("timePartitioning")
    settings = bigquery.CopyJobConfig(write_disposition=disposition)
    copy = client.copy_table(f"{dataset}.source", f"{dataset}.target", job_config=settings)
    if fits:
        copy.result()
    else:
        with refused(400, "invalid", "partitioning"):
            copy.result()
    assert len(rows("SELECT d FROM target")) == fits
    assert resource("target").get("timePartitioning") == before
