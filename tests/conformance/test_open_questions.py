"""What the documentation leaves open, each under both answers; those that belong to another subject are with it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from google.cloud import bigquery

from tests.conformance.behaviour import behaviour, refused

A = {"name": "a", "type": "STRING"}
B = {"name": "b", "type": "STRING"}
DAY = {"name": "d", "type": "DATE"}
TAG = {"names": ["projects/p/locations/us/taxonomies/1/policyTags/2"]}
TAGGED = {**A, "policyTags": TAG}
KEY = {"encryptionConfiguration": {"kmsKeyName": "projects/p/locations/us/keyRings/r/cryptoKeys/k"}}
LABELLED = {"description": "About t.", "labels": {"k": "v"}}


def under(**switches):
    return pytest.mark.switches(**switches)


def both(names, switch, **answers):
    """Parametrise a test by the answers of one switch: both("kept", "x", yes=(True, True), no=(False, False))."""
    given = [pytest.param(value, id=name, marks=under(**{switch: answer})) for name, (answer, value) in answers.items()]
    return pytest.mark.parametrize(names, given)


@pytest.fixture
def patch(api):
    return lambda fields, table="t": api("PATCH", f"/tables/{table}", {"schema": {"fields": fields}})


@pytest.fixture
def copied(client, dataset):
    """Run a copy job to its end; return what it failed with."""

    def copied(source, target, **settings):
        config = bigquery.CopyJobConfig(**settings)
        job = client.copy_table(f"{dataset}.{source}", f"{dataset}.{target}", job_config=config)
        found = client.get_job(job.job_id).error_result
        return found and found["reason"]

    return copied


def names_of(table):
    return [field["name"] for field in table["schema"]["fields"]]


@behaviour("1.1 add column with DEFAULT", uncertain="patch_adds_defaults")
@both("adds", "patch_adds_defaults", yes=(True, True), no=(False, False))
def test_a_patch_adds_a_column_with_a_default_or_it_takes_two(make, patch, sql, rows, adds):
    make("t", [A])
    sql("INSERT INTO t VALUES ('old')")
    new = {**B, "defaultValueExpression": "'x'"}
    if not adds:
        with refused(400, "invalid", "default"):
            patch([A, new])
        patch([A, B])
    patch([A, new])
    sql("INSERT INTO t (a) VALUES ('new')")
    assert sorted(rows("SELECT a, b FROM t")) == [("new", "x"), ("old", None)]


@behaviour("1.1 collation of an existing column", uncertain="patch_recollates")
@both("changes", "patch_recollates", yes=(True, True), no=(False, False))
def test_a_patch_changes_a_collation_or_it_does_not(make, patch, resource, rows, sql, changes):
    make("t", [A])
    sql("INSERT INTO t VALUES ('X')")
    new = {**A, "collation": "und:ci"}
    if changes:
        patch([new])
        assert resource("t")["schema"]["fields"][0]["collation"] == "und:ci"
    else:
        with refused(400, "invalid", "collation"):
            patch([new])
        patch([A, {**B, "collation": "und:ci"}])
        assert names_of(resource("t")) == ["a", "b"]


@behaviour("14 PATCH: field present without description", uncertain="patch_keeps_descriptions")
@both("kept", "patch_keeps_descriptions", yes=(True, "About a."), no=(False, None))
def test_a_field_patched_without_its_description_keeps_it_or_loses_it(make, patch, resource, kept):
    inner = {"name": "n", "type": "STRING"}
    record = {"name": "r", "type": "RECORD"}
    make("t", [{**A, "description": "About a."}, {**record, "fields": [{**inner, "description": "About n."}]}])
    patch([A, {**record, "fields": [inner]}])
    first, second = resource("t")["schema"]["fields"]
    assert first.get("description") == kept
    assert second["fields"][0].get("description") == (kept and "About n.")
    patch([{**A, "description": None}, {**record, "fields": [inner]}])
    assert "description" not in resource("t")["schema"]["fields"][0]


@behaviour("3.2 conditionNotMet", uncertain="reason_of_412")
@both("reason", "reason_of_412", one=("conditionNotMet",) * 2, other=("failedPrecondition",) * 2)
def test_a_stale_etag_is_412_under_whatever_name(make, client, api, reason):
    table = make("t", [A])
    api("PATCH", "/tables/t", {"description": "meanwhile"})
    table.description = "stale"
    with refused(412, reason):
        client.update_table(table, ["description"])
    fresh = client.get_table(table)
    fresh.description = "fresh"
    assert client.update_table(fresh, ["description"]).description == "fresh"


@behaviour("1.6 one kind per statement, or a mixed ADD and DROP", uncertain="alter_mixes_actions")
@both("mixes", "alter_mixes_actions", yes=(True, True), no=(False, False))
def test_one_alter_adds_and_drops_or_one_kind_only(make, sql, resource, mixes):
    make("t", [A, B])
    if mixes:
        sql("ALTER TABLE t ADD COLUMN c STRING, DROP COLUMN b")
    else:
        with refused(400, "invalidQuery", "one kind"):
            sql("ALTER TABLE t ADD COLUMN c STRING, DROP COLUMN b")
        assert names_of(resource("t")) == ["a", "b"]
        sql("ALTER TABLE t ADD COLUMN c STRING, ADD COLUMN e STRING")
        sql("ALTER TABLE t DROP COLUMN b, DROP COLUMN e")
    assert names_of(resource("t")) == ["a", "c"]


@behaviour("12 SET DATA TYPE to the current type", uncertain="same_type_widens")
@both("accepted", "same_type_widens", yes=(True, True), no=(False, False))
def test_a_column_is_set_to_the_type_it_has_or_only_to_a_wider_one(make, sql, resource, accepted):
    make("t", [{"name": "n", "type": "INTEGER"}])
    if accepted:
        sql("ALTER TABLE t ALTER COLUMN n SET DATA TYPE INT64")
        assert resource("t")["schema"]["fields"][0]["type"] == "INTEGER"
    else:
        with refused(400, "invalidQuery", "already"):
            sql("ALTER TABLE t ALTER COLUMN n SET DATA TYPE INT64")
    sql("ALTER TABLE t ALTER COLUMN n SET DATA TYPE NUMERIC")
    assert resource("t")["schema"]["fields"][0]["type"] == "NUMERIC"


@behaviour("1.2 Policy tag / CMEK on the column or table", uncertain="tags_pin_columns")
@pytest.mark.parametrize("pinned", [
    pytest.param(p, marks=under(tags_pin_columns=p)) for p in (True, False)
])  # fmt: skip
@pytest.mark.parametrize(("fields", "more"), [([TAGGED, B], {}), ([A, B], KEY)], ids=["tag", "key"])
def test_a_protected_column_is_dropped_or_stays(make, sql, resource, pinned, fields, more):
    make("t", fields, **more)
    make("free", [A, B])
    if pinned:
        with refused(400, "invalidQuery", "policy tag"):
            sql("ALTER TABLE t DROP COLUMN a")
    else:
        sql("ALTER TABLE t DROP COLUMN a")
    assert names_of(resource("t")) == (["a", "b"] if pinned else ["b"])
    sql("ALTER TABLE free DROP COLUMN a")


@behaviour("1.2 Re-adding a just-dropped name", uncertain="dropped_names_reserved")
@both("reserved", "dropped_names_reserved", yes=(True, True), no=(False, False))
@pytest.mark.needs_clock
@pytest.mark.parametrize("how", ["ALTER", "PATCH"])
def test_a_dropped_name_is_free_or_reserved_for_the_window(make, sql, patch, resource, clock, reserved, how):
    make("t", [A, B])
    sql("ALTER TABLE t DROP COLUMN b")
    again = (lambda: sql("ALTER TABLE t ADD COLUMN B INT64")) if how == "ALTER" else lambda: patch([A, B])
    if reserved:
        with refused(400, "invalidQuery", "time travel window"):
            again()
        sql("ALTER TABLE t ADD COLUMN c STRING, DROP COLUMN c")
        clock.advance(timedelta(days=7, seconds=1))
    again()
    assert [name.lower() for name in names_of(resource("t"))] == ["a", "b"]


@behaviour("1.2 whether API copy jobs fail after DROP COLUMN", uncertain="drop_blocks_copies")
@both("blocked", "drop_blocks_copies", yes=(True, True), no=(False, False))
def test_a_table_that_lost_a_column_is_copied_or_must_be_rewritten(make, sql, copied, rows, blocked):
    make("t", [A, B])
    sql("INSERT INTO t VALUES ('x', 'y')")
    sql("ALTER TABLE t DROP COLUMN b")
    assert copied("t", "u") == ("invalid" if blocked else None)
    sql("CREATE OR REPLACE TABLE t AS SELECT * FROM t")
    assert copied("t", "v") is None
    assert rows("SELECT * FROM v") == [("x",)]


@behaviour("11 drop order of a PK table with inbound FKs", uncertain="inbound_keys_block")
@both("blocked", "inbound_keys_block", yes=(True, True), no=(False, False))
@pytest.mark.parametrize("text", ["DROP TABLE pk", "ALTER TABLE pk DROP PRIMARY KEY"])
def test_a_referenced_key_goes_or_stays_until_nothing_references_it(sql, client, dataset, blocked, text):
    sql("CREATE TABLE pk (id STRING, PRIMARY KEY (id) NOT ENFORCED)")
    sql("CREATE TABLE fk (id STRING, FOREIGN KEY (id) REFERENCES pk (id) NOT ENFORCED)")
    if blocked:
        with refused(400, "invalidQuery", "foreign key"):
            sql(text)
        assert client.get_table(f"{dataset}.pk").table_constraints.primary_key.columns == ["id"]
        sql("DROP TABLE fk")
    sql(text)


@behaviour("7 the absent streamingBuffer is no sufficient sign", uncertain="streaming_blocks_ms")
@both("hours", "streaming_blocks_ms", shown=(90 * 60_000, 1.6), longer=(5 * 3_600_000, 5.1))
@pytest.mark.needs_clock
@pytest.mark.parametrize("text", ["ALTER TABLE t RENAME TO u", "ALTER TABLE t ALTER COLUMN n SET DATA TYPE NUMERIC"])
def test_streaming_blocks_as_long_as_its_buffer_shows_or_longer(
    make, sql, client, dataset, clock, resource, hours, text
):
    make("t", [{"name": "n", "type": "INTEGER"}])
    client.insert_rows_json(f"{dataset}.t", [{"n": 1}])
    clock.advance(timedelta(hours=1.55 if hours > 2 else 1.4))
    assert ("streamingBuffer" in resource("t")) == (hours < 2)
    with refused(400, "invalidQuery", "streaming buffer"):
        sql(text)
    clock.advance(timedelta(hours=hours) - timedelta(hours=1.4))
    sql(text)


@behaviour("2 NUMERIC / BIGNUMERIC (p,s): lower bound differs by page", uncertain="numeric_needs_a_digit")
@both("needed", "numeric_needs_a_digit", yes=(True, True), no=(False, False))
@pytest.mark.parametrize("kind", ["NUMERIC", "BIGNUMERIC"])
def test_a_number_has_no_digit_before_the_point_or_at_least_one(make, sql, resource, needed, kind):
    field = {"name": "n", "type": kind, "precision": "4", "scale": "4"}
    if needed:
        with refused(400, "invalid", "precision"):
            make("t", [field])
        with refused(400, "invalid", "precision"):
            sql(f"CREATE TABLE t (n {kind}(4, 4))")
        make("t", [{**field, "scale": "3"}])
    else:
        make("t", [field])
        sql(f"CREATE TABLE u (n {kind}(4, 4))")
        sql("INSERT INTO u VALUES (0.1234)")
    assert resource("t")["schema"]["fields"][0]["precision"] == "4"


@behaviour("2 INTERVAL is missing from the REST list", uncertain="interval_columns")
@both("taken", "interval_columns", yes=(True, True), no=(False, False))
def test_a_column_is_an_interval_or_cannot_be(make, resource, taken):
    field = {"name": "i", "type": "INTERVAL"}
    if taken:
        make("t", [field])
        assert resource("t")["schema"]["fields"][0]["type"] == "INTERVAL"
    else:
        with refused(400, "invalid", "INTERVAL"):
            make("t", [field])
        make("t", [A])


@behaviour("6.3 policy tags", uncertain="rename_loses")
@behaviour("6.3 labels, description, expiration, options", uncertain="rename_loses")
@behaviour("6.3 CMEK", uncertain="rename_loses")
@pytest.mark.parametrize("lost", [
    pytest.param(frozenset(), id="nothing"),
    *(pytest.param(frozenset({p}), id=p, marks=under(rename_loses=frozenset({p}))) for p in (
        "policyTags", "labels", "description", "expirationTime", "encryptionConfiguration"
    )),
])  # fmt: skip
@pytest.mark.switches
def test_a_rename_keeps_what_the_table_has_or_loses_some(make, sql, resource, lost):
    make("t", [TAGGED], **LABELLED, **KEY, expirationTime="4102444800000")
    before = resource("t")
    sql("ALTER TABLE t RENAME TO u")
    after = resource("u")
    for part in ("labels", "description", "expirationTime", "encryptionConfiguration"):
        assert (part not in after) == (part in lost)
        assert part in lost or after[part] == before[part]
    assert ("policyTags" not in after["schema"]["fields"][0]) == ("policyTags" in lost)


@behaviour("6.3 time travel of old data", uncertain="rename_keeps_history")
@both("kept", "rename_keeps_history", yes=(True, True), no=(False, False))
@pytest.mark.needs_clock
def test_the_new_name_has_the_old_ones_past_or_begins_anew(make, sql, rows, clock, kept):
    make("t", [A])
    sql("INSERT INTO t VALUES ('x')")
    clock.advance(timedelta(hours=1))
    sql("INSERT INTO t VALUES ('y')")
    clock.advance(timedelta(hours=1))
    sql("ALTER TABLE t RENAME TO u")
    clock.advance(timedelta(hours=1))
    past = "SELECT a FROM u FOR SYSTEM_TIME AS OF TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL {} MINUTE) ORDER BY a"
    if kept:
        assert rows(past.format(150)) == [("x",)]
        assert rows(past.format(90)) == [("x",), ("y",)]
    else:
        with refused(404, "notFound"):
            rows(past.format(150))
    assert rows(past.format(10)) == [("x",), ("y",)]


@behaviour("6.3 policy tags", uncertain="truncate_loses_tags")
@both("lost", "truncate_loses_tags", yes=(True, True), no=(False, False))
def test_truncate_keeps_policy_tags_or_loses_them(make, sql, resource, lost):
    make("t", [TAGGED], **LABELLED)
    sql("TRUNCATE TABLE t")
    assert ("policyTags" not in resource("t")["schema"]["fields"][0]) == lost
    assert resource("t")["labels"] == LABELLED["labels"]


@behaviour("6.3 labels, description, expiration, options", uncertain="replace_keeps_options")
@both("kept", "replace_keeps_options", yes=(True, True), no=(False, False))
def test_create_or_replace_keeps_options_it_does_not_state_or_loses_them(make, sql, resource, kept):
    make("t", [A], **LABELLED, expirationTime="4102444800000")
    sql("CREATE OR REPLACE TABLE t (a STRING) OPTIONS (description = 'Stated.')")
    after = resource("t")
    assert after["description"] == "Stated."
    assert (after.get("labels"), after.get("expirationTime")) == (
        (LABELLED["labels"], "4102444800000") if kept else (None, None)
    )


@behaviour("6.1 whether clone or snapshot at a timestamp keeps partitioning", uncertain="clones_keep_partitioning")
@both("kept", "clones_keep_partitioning", always=("always", (True, True)), now=("now", (True, False)),
      never=("never", (False, False)))  # fmt: skip
@pytest.mark.needs_clock
@pytest.mark.parametrize("how", ["TABLE", "SNAPSHOT TABLE"])
def test_clones_keep_partitioning_and_clustering_as_far_as_the_switch_says(make, sql, resource, clock, kept, how):
    make("t", [A, DAY], timePartitioning={"type": "DAY", "field": "d"}, clustering={"fields": ["a"]})
    clock.advance(timedelta(hours=2))
    sql(f"CREATE {how} now CLONE t")
    sql(f"CREATE {how} past CLONE t FOR SYSTEM_TIME AS OF TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 1 HOUR)")
    for part in ("timePartitioning", "clustering"):
        assert (part in resource("now"), part in resource("past")) == kept


@behaviour("6.3 MVs on it", uncertain="copy_breaks_views")
@both("breaks", "copy_breaks_views", yes=(True, True), no=(False, False))
def test_a_copy_over_its_base_breaks_a_materialized_view_or_it_does_not(make, sql, copied, rows, breaks):
    for table in ("t", "source"):
        make(table, [A])
        sql(f"INSERT INTO {table} VALUES ('{table}')")
    sql("CREATE MATERIALIZED VIEW m AS SELECT a FROM t")
    assert copied("source", "t", write_disposition="WRITE_TRUNCATE") is None
    if breaks:
        with refused(400, "invalidQuery", "must be recreated"):
            rows("SELECT a FROM m")
        sql("CREATE OR REPLACE MATERIALIZED VIEW m AS SELECT a FROM t")
    assert rows("SELECT a FROM m") == [("source",)]


@behaviour("11 Column change in base: expect invalidation", uncertain="base_change_breaks_views")
@both("breaks", "base_change_breaks_views", yes=(True, True), no=(False, False))
def test_a_new_column_of_its_base_breaks_a_materialized_view_or_it_does_not(make, sql, rows, breaks):
    make("t", [A])
    sql("CREATE MATERIALIZED VIEW m AS SELECT a FROM t")
    sql("INSERT INTO t VALUES ('x')")
    assert rows("SELECT a FROM m") == [("x",)]
    sql("ALTER TABLE t ADD COLUMN b STRING")
    if breaks:
        with refused(400, "invalidQuery", "must be recreated"):
            rows("SELECT a FROM m")
        sql("CREATE OR REPLACE MATERIALIZED VIEW m AS SELECT a FROM t")
    assert rows("SELECT a FROM m") == [("x",)]


@behaviour("5 it moved between create and a first update", uncertain="etag_moves_after_create")
@both("moves", "etag_moves_after_create", yes=(True, True), no=(False, False))
def test_the_etag_of_the_create_reply_is_good_or_must_be_read_again(make, client, moves):
    table = make("t", [A])
    table.description = "first"
    if moves:
        with refused(412, "conditionNotMet"):
            client.update_table(table, ["description"])
        table = client.get_table(table)
        table.description = "first"
    assert client.update_table(table, ["description"]).description == "first"


@behaviour("5 exactly one winner under a race is not promised", uncertain="insert_winners")
@both("everybody", "insert_winners", one=("one", False), all=("all", True))
@pytest.mark.needs_clock
def test_of_inserts_at_the_same_time_one_wins_or_all_that_say_the_same(make, dataset, client, clock, everybody):
    wanted = bigquery.Table(f"{dataset}.t", [bigquery.SchemaField("a", "STRING")])
    client.create_table(wanted)
    for _ in range(4):
        if everybody:
            assert client.create_table(wanted).etag == client.get_table(wanted).etag
        else:
            with refused(409, "duplicate"):
                client.create_table(wanted)
    with refused(409, "duplicate"):
        make("t", [A, B])
    clock.advance(timedelta(seconds=1))
    with refused(409, "duplicate"):
        client.create_table(wanted)


@behaviour("5 Job id: uniqueness scope", uncertain="job_ids_of")
@both("free", "job_ids_of", project=("project", False), location=("location", True))
def test_a_job_id_is_taken_in_its_project_or_in_its_location(client, free):
    client.query("SELECT 1", job_id="one", location="US", job_retry=None).result()
    with refused(409, "duplicate"):
        client.query("SELECT 2", job_id="one", location="US", job_retry=None)
    if not free:
        with refused(409, "duplicate"):
            client.query("SELECT 2", job_id="one", location="europe-west1", job_retry=None)
        return
    second = client.query("SELECT 2 AS n", job_id="one", location="europe-west1", job_retry=None)
    assert [tuple(row) for row in second.result()] == [(2,)]
    assert client.get_job("one", location="europe-west1").query == "SELECT 2 AS n"
    assert client.get_job("one", location="US").query == client.get_job("one").query == "SELECT 1"
    assert sorted(j.location for j in client.list_jobs()) == ["US", "europe-west1"]


@behaviour("3.1 docs list 50/10 s for partitioned tables", uncertain="metadata_updates_partitioned")
@pytest.mark.needs_clock
@pytest.mark.parametrize("most", [
    pytest.param(5, marks=under(metadata_updates=5)),
    pytest.param(50, marks=under(metadata_updates=5, metadata_updates_partitioned=50)),
])  # fmt: skip
def test_a_partitioned_table_takes_as_many_updates_as_others_or_more(make, api, clock, most):
    make("p", [DAY], timePartitioning={"type": "DAY", "field": "d"})
    make("t", [A])

    for table, limit in (("p", most), ("t", 5)):
        for number in range(limit - 1):
            api("PATCH", f"/tables/{table}", {"description": str(number)})
        with refused(403, "rateLimitExceeded"):
            api("PATCH", f"/tables/{table}", {"description": "late"})
    clock.advance(timedelta(seconds=11))
    assert api("PATCH", "/tables/p", {"description": "late"})["description"] == "late"
