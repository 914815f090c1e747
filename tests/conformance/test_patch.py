from __future__ import annotations

import threading
from collections import Counter

import pytest
from google.api_core.exceptions import GoogleAPICallError

from tests.conformance.behaviour import behaviour, refused

A = {"name": "a", "type": "STRING"}
N = {"name": "n", "type": "INTEGER", "mode": "REQUIRED"}
REC = {"name": "r", "type": "RECORD", "fields": [
    {"name": "x", "type": "STRING", "mode": "REQUIRED"}, {"name": "y", "type": "INTEGER"}]}  # fmt: skip


@pytest.fixture
def patch(api):
    def patch(fields, table="t", **more):
        return api("PATCH", f"/tables/{table}", {"schema": {"fields": fields}}, **more)

    return patch


@behaviour("1.1 add top-level column")
@pytest.mark.parametrize("mode", ["NULLABLE", "REPEATED"])
def test_a_patch_appends_a_column_and_old_rows_read_null_or_nothing(make, patch, resource, sql, rows, mode):
    make("t", [A])
    sql("INSERT INTO t VALUES ('x')")
    patch([A, {"name": "b", "type": "INTEGER", "mode": mode}])
    assert [(f["name"], f["mode"]) for f in resource("t")["schema"]["fields"]] == [("a", "NULLABLE"), ("b", mode)]
    assert rows("SELECT b FROM t") == [([],)] if mode == "REPEATED" else [(None,)]


@behaviour("1.1 add REQUIRED column")
def test_a_patch_cannot_append_a_required_column_but_a_record_with_required_fields(make, patch, resource):
    make("t", [A])
    with refused(400, "invalid", "required"):
        patch([A, N])
    assert len(resource("t")["schema"]["fields"]) == 1
    patch([A, REC])
    assert resource("t")["schema"]["fields"][1]["fields"][0]["mode"] == "REQUIRED"


@behaviour("1.1 add column with DEFAULT")
def test_a_column_and_its_default_come_by_two_patches(make, patch, resource, sql, rows):
    make("t", [A])
    sql("INSERT INTO t VALUES ('old')")
    with_default = {"name": "b", "type": "INTEGER", "defaultValueExpression": "5"}
    with refused(400, "invalid", "default"):
        patch([A, with_default])
    patch([A, {"name": "b", "type": "INTEGER"}])
    patch([A, with_default])
    assert resource("t")["schema"]["fields"][1]["defaultValueExpression"] == "5"
    sql("INSERT INTO t (a) VALUES ('new')")
    assert sorted(rows("SELECT a, b FROM t")) == [("new", 5), ("old", None)]


@behaviour("1.1 add nested field")
def test_a_patch_appends_a_nested_field_also_inside_repeated_records_but_not_a_required_one(make, patch, resource):
    many = {**REC, "name": "m", "mode": "REPEATED"}
    make("t", [REC, many])
    more = {"name": "z", "type": "STRING"}
    for record in (REC, many):
        wrong = {**record, "fields": [*record["fields"], {**more, "mode": "REQUIRED"}]}
        with refused(400, "invalid", "required"):
            patch([wrong if record is REC else REC, wrong if record is many else many])
    patch([{**r, "fields": [*r["fields"], more]} for r in (REC, many)])
    assert [[f["name"] for f in r["fields"]] for r in resource("t")["schema"]["fields"]] == [["x", "y", "z"]] * 2


@behaviour("1.1 column position")
def test_new_fields_come_last_and_reordering_has_no_effect(make, patch, resource):
    make("t", [A, {"name": "b", "type": "STRING"}])
    with refused(412, "conditionNotMet", "precondition"):
        patch([{"name": "c", "type": "STRING"}, A, {"name": "b", "type": "STRING"}])
    patch([{"name": "b", "type": "STRING"}, A])
    assert [f["name"] for f in resource("t")["schema"]["fields"]] == ["a", "b"]


@behaviour("1.1 drop top-level column")
def test_a_patch_that_leaves_a_column_out_is_an_error_and_never_a_drop(make, patch, resource):
    make("t", [A, {"name": "b", "type": "STRING"}])
    with refused(400, "invalid", "missing in new schema"):
        patch([A])
    assert len(resource("t")["schema"]["fields"]) == 2
    patch([A, {"name": "b", "type": "STRING"}, {"name": "c", "type": "STRING"}])
    assert len(resource("t")["schema"]["fields"]) == 3


@behaviour("1.1 drop nested field")
@behaviour("1.1 rename nested field")
def test_a_nested_field_is_neither_dropped_nor_renamed_by_a_patch(make, patch, resource):
    make("t", [REC])
    for fields in (REC["fields"][:1], [REC["fields"][0], {"name": "why", "type": "INTEGER"}]):
        with refused(400, "invalid", "missing in new schema"):
            patch([{**REC, "fields": fields}])
    patch([{**REC, "description": "still whole"}])
    assert [f["name"] for f in resource("t")["schema"]["fields"][0]["fields"]] == ["x", "y"]


@behaviour("1.1 rename column")
def test_a_column_is_not_renamed_by_a_patch(make, patch, resource):
    make("t", [A])
    with refused(400, "invalid", "missing in new schema"):
        patch([{"name": "b", "type": "STRING"}])
    patch([A, {"name": "b", "type": "STRING"}])
    assert [f["name"] for f in resource("t")["schema"]["fields"]] == ["a", "b"]


@behaviour("1.1 relax top-level column")
def test_a_patch_relaxes_a_required_column(make, patch, resource, sql, rows):
    make("t", [A, N])
    with refused(400, "invalidQuery"):
        sql("INSERT INTO t (a) VALUES ('x')")
    patch([A, {**N, "mode": "NULLABLE"}])
    assert resource("t")["schema"]["fields"][1]["mode"] == "NULLABLE"
    sql("INSERT INTO t (a) VALUES ('x')")
    assert rows("SELECT n FROM t") == [(None,)]


RELAXED = [{**REC["fields"][0], "mode": "NULLABLE"}, REC["fields"][1]]


@behaviour("1.1 relax nested column", uncertain="patch_relaxes_nested")
def test_a_patch_relaxes_a_nested_field(make, patch, resource):
    make("t", [REC])
    patch([{**REC, "fields": RELAXED}])
    assert resource("t")["schema"]["fields"][0]["fields"][0]["mode"] == "NULLABLE"


@behaviour("1.1 relax nested column", uncertain="patch_relaxes_nested")
@pytest.mark.switches(patch_relaxes_nested=False)
def test_or_a_patch_of_a_nested_mode_is_refused(make, patch, resource):
    make("t", [A, REC])
    with refused(400, "invalid", "mode"):
        patch([A, {**REC, "fields": RELAXED}])
    patch([{**A, "description": "x"}, REC])
    assert resource("t")["schema"]["fields"][0]["description"] == "x"


@behaviour("1.1 tighten mode")
@pytest.mark.parametrize(("old", "new"), [
    ("NULLABLE", "REQUIRED"), ("REPEATED", "NULLABLE"), ("NULLABLE", "REPEATED"), ("REQUIRED", "REPEATED"),
])  # fmt: skip
def test_no_patch_tightens_a_mode_or_turns_a_scalar_into_an_array(make, patch, resource, old, new):
    field = {"name": "c", "type": "STRING", "mode": old}
    make("t", [field])
    with refused(400, "invalid", "mode"):
        patch([{**field, "mode": new}])
    patch([{**field, "description": "same mode"}])
    assert resource("t")["schema"]["fields"][0]["mode"] == old


@behaviour("1.1 type widening")
@behaviour("1.1 other type change")
@pytest.mark.parametrize(("old", "new"), [
    ({"type": "INTEGER"}, {"type": "NUMERIC"}), ({"type": "INTEGER"}, {"type": "STRING"}),
    ({"type": "NUMERIC"}, {"type": "FLOAT"}), ({"type": "STRING", "maxLength": "3"}, {"type": "STRING"}),
    ({"type": "DATE"}, {"type": "TIMESTAMP"}),
])  # fmt: skip
def test_no_patch_changes_a_type_not_even_wider(make, patch, sql, resource, old, new):
    make("t", [A, {"name": "c", **old}])
    with refused(400, "invalid", "type"):
        patch([A, {"name": "c", **new}])
    patch([A, {"name": "c", **old}, {"name": "d", **new}])
    assert resource("t")["schema"]["fields"][1]["type"] == old["type"]


@behaviour("1.1 default value")
def test_a_patch_sets_and_clears_a_default(make, patch, resource, sql, rows):
    make("t", [A, {"name": "n", "type": "INTEGER"}])
    patch([A, {"name": "n", "type": "INTEGER", "defaultValueExpression": "3"}])
    sql("INSERT INTO t (a) VALUES ('with')")
    patch([A, {"name": "n", "type": "INTEGER"}])
    assert "defaultValueExpression" not in resource("t")["schema"]["fields"][1]
    sql("INSERT INTO t (a) VALUES ('without')")
    assert sorted(rows("SELECT a, n FROM t")) == [("with", 3), ("without", None)]


@behaviour("1.1 column description")
def test_a_patch_describes_columns_also_nested_ones(make, patch, resource):
    make("t", [A, REC])
    inner = [{**REC["fields"][0], "description": "inside"}, REC["fields"][1]]
    patch([{**A, "description": "top"}, {**REC, "fields": inner}])
    found = resource("t")["schema"]["fields"]
    assert (found[0]["description"], found[1]["fields"][0]["description"]) == ("top", "inside")
    with refused(400, "invalid"):
        patch([{**A, "description": "x" * 1025}, {**REC, "fields": inner}])


@behaviour("1.1 table description, labels, expiration")
def test_a_patch_changes_table_properties_merges_labels_and_null_clears(make, api, resource):
    make("t", [A], description="old", friendlyName="F", labels={"a": "1", "b": "2"})
    api("PATCH", "/tables/t", {"description": "new", "friendlyName": None, "labels": {"a": None, "c": "3"}})
    found = resource("t")
    assert (found["description"], found["labels"], found.get("friendlyName")) == ("new", {"b": "2", "c": "3"}, None)
    far = str(int(found["creationTime"]) + 3 * 24 * 3_600_000)
    api("PATCH", "/tables/t", {"expirationTime": far})
    assert resource("t")["expirationTime"] == far


@behaviour("1.1 table description, labels, expiration: past expiration deletes")
def test_an_expiration_in_the_past_is_refused_or_deletes_the_table_at_once(make, api, client, dataset):
    make("t", [A])
    api("PATCH", "/tables/t", {"expirationTime": "1000"})
    with refused(404, "notFound"):
        client.get_table(f"{dataset}.t")
    make("t", [A])


@behaviour("1.1 clustering")
def test_a_patch_adds_changes_and_removes_clustering(make, api, resource):
    make("t", [A, {"name": "b", "type": "STRING"}, {"name": "f", "type": "FLOAT"}])
    for fields in (["a"], ["b", "a"]):
        api("PATCH", "/tables/t", {"clustering": {"fields": fields}})
        assert resource("t")["clustering"]["fields"] == fields
    with refused(400, "invalid"):
        api("PATCH", "/tables/t", {"clustering": {"fields": ["f"]}})
    api("PATCH", "/tables/t", {"clustering": None})
    assert "clustering" not in resource("t")


@behaviour("1.1 partitioning")
@pytest.mark.parametrize("spec", [
    {"timePartitioning": {"type": "DAY", "field": "other"}},
    {"timePartitioning": {"type": "MONTH", "field": "d"}},
    {"timePartitioning": None},
])  # fmt: skip
def test_no_patch_changes_or_removes_partitioning(make, api, resource, spec):
    days = {"type": "DAY", "field": "d"}
    make("t", [{"name": "d", "type": "DATE"}, {"name": "other", "type": "DATE"}], timePartitioning=days)
    with refused(400, "invalid", "partitioning"):
        api("PATCH", "/tables/t", spec)
    api("PATCH", "/tables/t", {"timePartitioning": {**days, "expirationMs": "86400000"}})
    assert resource("t")["timePartitioning"] == {**days, "expirationMs": "86400000"}


@behaviour("1.1 partitioning")
def test_a_table_without_partitions_does_not_get_them_by_a_patch(make, api):
    make("t", [{"name": "d", "type": "DATE"}])
    with refused(400, "invalid", "partitioning"):
        api("PATCH", "/tables/t", {"timePartitioning": {"type": "DAY", "field": "d"}})
    make("u", [{"name": "d", "type": "DATE"}], timePartitioning={"type": "DAY", "field": "d"})


@behaviour("1.1 primary and foreign keys")
def test_a_patch_sets_and_removes_keys(make, api, resource):
    make("t", [A, N])
    api("PATCH", "/tables/t", {"tableConstraints": {"primaryKey": {"columns": ["n"]}}})
    assert resource("t")["tableConstraints"]["primaryKey"]["columns"] == ["n"]
    with refused(400, "invalid"):
        api("PATCH", "/tables/t", {"tableConstraints": {"primaryKey": {"columns": ["zz"]}}})
    api("PATCH", "/tables/t", {"tableConstraints": None})
    assert "tableConstraints" not in resource("t")


@behaviour("1.1 default collation")
def test_a_patched_default_collation_is_for_later_columns_only(make, api, patch, resource):
    make("t", [A])
    api("PATCH", "/tables/t", {"defaultCollation": "und:ci"})
    patch([A, {"name": "b", "type": "STRING"}])
    first, second = resource("t")["schema"]["fields"]
    assert (first.get("collation"), second.get("collation")) == (None, "und:ci")
    with refused(400, "invalid"):
        api("PATCH", "/tables/t", {"defaultCollation": "xx"})


@behaviour("1.1 rounding mode")
def test_a_patch_sets_rounding_modes_of_table_and_column(make, api, patch, resource):
    make("t", [{"name": "n", "type": "NUMERIC"}])
    api("PATCH", "/tables/t", {"defaultRoundingMode": "ROUND_HALF_EVEN"})
    patch([{"name": "n", "type": "NUMERIC", "roundingMode": "ROUND_HALF_AWAY_FROM_ZERO"}])
    found = resource("t")
    assert found["defaultRoundingMode"] == "ROUND_HALF_EVEN"
    assert found["schema"]["fields"][0]["roundingMode"] == "ROUND_HALF_AWAY_FROM_ZERO"
    with refused(400, "invalid"):
        api("PATCH", "/tables/t", {"defaultRoundingMode": "UP"})


@behaviour("1.1 data policies")
def test_data_policies_are_kept_when_left_out_and_cleared_when_empty(make, patch, resource):
    policy = [{"name": "projects/p/locations/us/dataPolicies/mask"}]
    make("t", [A])
    patch([{**A, "dataPolicies": policy}])
    assert resource("t")["schema"]["fields"][0]["dataPolicies"] == policy
    patch([{**A, "description": "x"}])
    assert resource("t")["schema"]["fields"][0]["dataPolicies"] == policy
    patch([{**A, "dataPolicies": []}])
    assert not resource("t")["schema"]["fields"][0].get("dataPolicies")


@behaviour("1.1 resource tags")
def test_resource_tags_are_read_back_and_at_most_fifty(make, api, resource):
    make("t", [A])
    api("PATCH", "/tables/t", {"resourceTags": {"123/env": "prod"}})
    assert resource("t")["resourceTags"] == {"123/env": "prod"}
    with refused(400, "invalid"):
        api("PATCH", "/tables/t", {"resourceTags": {f"123/k{n}": "v" for n in range(51)}})
    api("PATCH", "/tables/t", {"resourceTags": {"123/env": None}})
    assert not resource("t").get("resourceTags")


@behaviour("1.1 CMEK key")
def test_a_key_is_swapped_on_a_table_that_has_one_and_not_given_to_another(make, api, resource):
    key = "projects/p/locations/us/keyRings/r/cryptoKeys/k"
    make("t", [A], encryptionConfiguration={"kmsKeyName": key})
    api("PATCH", "/tables/t", {"encryptionConfiguration": {"kmsKeyName": f"{key}2"}})
    assert resource("t")["encryptionConfiguration"]["kmsKeyName"] == f"{key}2"
    make("u", [A])
    with refused(400, "invalid"):
        api("PATCH", "/tables/u", {"encryptionConfiguration": {"kmsKeyName": key}})
    with refused(400, "invalid"):
        api("PATCH", "/tables/t", {"encryptionConfiguration": None})


@behaviour("1.1 max_staleness and change history")
def test_max_staleness_is_read_back(make, api, resource):
    make("t", [A])
    api("PATCH", "/tables/t", {"maxStaleness": "0-0 0 4:0:0"})
    assert resource("t")["maxStaleness"] == "0-0 0 4:0:0"


@behaviour("page REST: unknown fields")
def test_a_field_that_no_table_has_is_refused(make, api, resource):
    make("t", [A])
    with refused(400, "invalid", "nonsense"):
        api("PATCH", "/tables/t", {"nonsense": 1})
    api("PATCH", "/tables/t", {"description": "x"})
    assert resource("t")["description"] == "x"


@behaviour("3.2 conditionNotMet")
def test_a_patch_with_a_stale_etag_is_412_and_changes_nothing(make, client, dataset):
    make("t", [A])
    first, second = (client.get_table(f"{dataset}.t") for _ in range(2))
    first.description = "first"
    fresh = client.update_table(first, ["description"])
    second.description = "second"
    with refused(412, "conditionNotMet", "precondition"):
        client.update_table(second, ["description"])
    fresh.description = "third"
    assert client.update_table(fresh, ["description"]).description == "third"


@behaviour("5 etag changes exactly when the resource does")
def test_the_etag_stays_with_the_same_contents_and_moves_with_others(make, api, sql):
    first = make("t", [A], description="x").etag
    assert api("GET", "/tables/t")["etag"] == first
    assert api("PATCH", "/tables/t", {"description": "x"})["etag"] == first
    second = api("PATCH", "/tables/t", {"description": "y"})["etag"]
    assert second != first
    sql("ALTER TABLE t ADD COLUMN b STRING")
    assert api("GET", "/tables/t")["etag"] != second


@behaviour("5 etag changes also on DML", uncertain="data_moves_etag")
@pytest.mark.parametrize("moves", [
    pytest.param(False, marks=pytest.mark.switches(data_moves_etag=False)),
    pytest.param(True, marks=pytest.mark.switches(data_moves_etag=True)),
])  # fmt: skip
def test_rows_move_the_etag_or_they_do_not(make, api, sql, moves):
    before = make("t", [A]).etag
    sql("INSERT INTO t VALUES ('x')")
    assert (api("GET", "/tables/t")["etag"] != before) is moves


@behaviour("5 If-Match: compare and swap")
def test_of_twenty_threads_with_one_etag_one_wins_and_nineteen_are_412(make, clients, dataset, client):
    make("t", [A])
    codes: Counter[int] = Counter()
    tables = [(own, own.get_table(f"{dataset}.t")) for own in clients(20)]

    def update(own, table, text):
        table.description = text
        try:
            own.update_table(table, ["description"])
            codes[200] += 1
        except GoogleAPICallError as error:
            codes[int(error.code)] += 1

    threads = [threading.Thread(target=update, args=(*pair, str(n))) for n, pair in enumerate(tables)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == {200: 1, 412: 19}


@behaviour("1.1: PUT (tables.update) replaces the whole resource")
def test_an_update_by_put_drops_the_properties_it_does_not_name(make, api, resource):
    make("t", [A], description="old", labels={"a": "b"})
    api("PUT", "/tables/t", {"schema": {"fields": [A]}, "friendlyName": "F"})
    found = resource("t")
    assert (found.get("description"), found.get("labels"), found["friendlyName"]) == (None, None, "F")
    with refused(400, "invalid", "missing in new schema"):
        api("PUT", "/tables/t", {"schema": {"fields": [{"name": "z", "type": "STRING"}]}})
