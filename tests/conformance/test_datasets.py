from __future__ import annotations

import itertools
import time
from datetime import timedelta

import pytest
from google.cloud import bigquery

from tests.conformance.behaviour import behaviour, refused

FIELDS = [{"name": "a", "type": "STRING"}, {"name": "d", "type": "DATE"}]
HOUR = 3_600_000
SETTABLE = [
    {"friendlyName": "Shop"},
    {"description": "All orders"},
    {"labels": {"team": "data", "cost": ""}},
    {"defaultTableExpirationMs": str(5 * HOUR)},
    {"defaultPartitionExpirationMs": str(48 * HOUR)},
    {"defaultCollation": "und:ci"},
    {"defaultRoundingMode": "ROUND_HALF_EVEN"},
    {"maxTimeTravelHours": "72"},
    {"isCaseInsensitive": True},
    {"storageBillingModel": "PHYSICAL"},
]


def names(dataset: str) -> tuple[str, str]:
    project, _, name = dataset.partition(".")
    return project, name


@behaviour("page REST datasets.get")
def test_a_new_dataset_is_read_back_with_its_reference_location_times_and_etag(api, dataset):
    project, name = names(dataset)
    found = api("GET", "")
    assert found["datasetReference"] == {"projectId": project, "datasetId": name}
    assert found["id"] == f"{project}:{name}"
    assert found["location"] == "US"
    assert found["etag"]
    assert found["creationTime"] == found["lastModifiedTime"]


@behaviour("3.2 duplicate")
def test_a_dataset_that_exists_cannot_be_inserted_again(client, dataset, new_dataset):
    with refused(409, "duplicate", "already exists"):
        client.create_dataset(dataset)
    assert client.get_dataset(new_dataset()).etag


@behaviour("3.2 notFound")
def test_a_dataset_that_is_not_there_is_404_for_get_patch_delete_and_its_tables(client, dataset, api):
    project, name = names(dataset)
    gone = f"{name}_gone"
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"description": "x"}),
        ("DELETE", "", None),
        ("GET", "/tables", None),
        ("POST", "/tables", {"tableReference": {"projectId": project, "datasetId": gone, "tableId": "t"}}),
    ):
        with refused(404, "notFound", gone):
            api(method, f"//datasets/{gone}{path}", body)
        assert api("GET", f"//datasets/{name}")["id"] == f"{project}:{name}"


@behaviour("page REST datasets.patch")
@pytest.mark.parametrize("properties", SETTABLE, ids=lambda p: next(iter(p)))
def test_every_settable_property_is_read_back_after_insert_and_after_patch(api, new_dataset, properties):
    _, name = names(new_dataset(**properties))
    found = api("GET", f"//datasets/{name}")
    assert {key: found[key] for key in properties} == properties
    _, other = names(new_dataset())
    api("PATCH", f"//datasets/{other}", properties)
    found = api("GET", f"//datasets/{other}")
    assert {key: found[key] for key in properties} == properties


@behaviour("10 datasets.patch with access overwrites the whole array")
def test_a_patch_of_access_replaces_the_whole_list(client, dataset):
    found = client.get_dataset(dataset)
    before = list(found.access_entries)
    assert len(before) > 1
    reader = bigquery.AccessEntry("READER", "specialGroup", "allAuthenticatedUsers")
    found.access_entries = [*before, reader]
    client.update_dataset(found, ["access_entries"])
    found = client.get_dataset(dataset)
    assert reader in found.access_entries
    found.access_entries = [e for e in found.access_entries if e != reader]
    client.update_dataset(found, ["access_entries"])
    assert reader not in client.get_dataset(dataset).access_entries


@behaviour("5 datasets carry an output-only etag")
@behaviour("3.2 conditionNotMet")
def test_a_patch_with_a_stale_etag_is_412_and_changes_nothing(client, dataset):
    first, second = client.get_dataset(dataset), client.get_dataset(dataset)
    first.description = "first"
    client.update_dataset(first, ["description"])
    second.description = "second"
    with refused(412, "conditionNotMet", "precondition"):
        client.update_dataset(second, ["description"])
    assert client.get_dataset(dataset).description == "first"
    fresh = client.get_dataset(dataset)
    fresh.description = "third"
    assert client.update_dataset(fresh, ["description"]).description == "third"


@behaviour("page REST datasets.patch: labels merge")
def test_a_patch_merges_labels_and_null_removes_one(api, new_dataset):
    _, name = names(new_dataset(labels={"keep": "1", "gone": "2"}))
    api("PATCH", f"//datasets/{name}", {"labels": {"gone": None, "more": "3"}})
    assert api("GET", f"//datasets/{name}")["labels"] == {"keep": "1", "more": "3"}


@behaviour("page REST datasets.update replaces the whole resource")
def test_an_update_by_put_drops_what_it_does_not_name(api, new_dataset):
    _, name = names(new_dataset(description="old", labels={"a": "b"}))
    api("PUT", f"//datasets/{name}", {"friendlyName": "New"})
    found = api("GET", f"//datasets/{name}")
    assert found["friendlyName"] == "New"
    assert "description" not in found
    assert "labels" not in found


@behaviour("3.2 resourceInUse")
def test_a_dataset_that_holds_a_table_is_not_deleted_without_its_contents(client, new_dataset, make, dataset):
    make("t", FIELDS)
    with refused(400, "resourceInUse", "in use"):
        client.delete_dataset(dataset)
    assert client.get_table(f"{dataset}.t")
    empty = new_dataset()
    client.delete_dataset(empty)
    with refused(404, "notFound"):
        client.get_dataset(empty)


@behaviour("page REST datasets.delete: deleteContents")
def test_deleting_with_contents_takes_the_tables_along(client, dataset, make):
    make("t", FIELDS)
    client.delete_dataset(dataset, delete_contents=True)
    client.create_dataset(dataset)
    assert list(client.list_tables(dataset)) == []
    with refused(404, "notFound"):
        client.get_table(f"{dataset}.t")


@behaviour("1.1 move table or dataset")
@behaviour("10 location immutable")
def test_the_location_of_a_dataset_is_fixed_for_life(api, dataset, sql):
    with refused(400, "invalid", "location"):
        api("PATCH", "", {"location": "EU"})
    api("PATCH", "", {"location": "US", "description": "stays"})
    found = api("GET", "")
    assert (found["location"], found["description"]) == ("US", "stays")
    # Nor is there a statement that moves a table to another dataset.
    sql("CREATE TABLE t (a STRING)")
    with refused(400, "invalidQuery"):
        sql("ALTER TABLE t RENAME TO elsewhere.t")
    sql("ALTER TABLE t RENAME TO u")


@behaviour("10 default_table_expiration affects only later tables")
def test_a_default_table_expiration_is_inherited_by_later_tables_only(client, new_dataset, api):
    dataset = new_dataset()
    _, name = names(dataset)
    client.create_table(bigquery.Table(f"{dataset}.before", [bigquery.SchemaField("a", "STRING")]))
    life = 2 * 24 * HOUR
    api("PATCH", f"//datasets/{name}", {"defaultTableExpirationMs": str(life)})
    later = client.create_table(bigquery.Table(f"{dataset}.later", [bigquery.SchemaField("a", "STRING")]))
    assert abs((later.expires - later.created) - timedelta(milliseconds=life)) < timedelta(minutes=1)
    before = client.get_table(f"{dataset}.before")
    assert before.expires is None or before.expires < later.expires


@behaviour("10 default_partition_expiration rules out the table expiration")
def test_a_default_partition_expiration_goes_to_partitioned_tables_instead_of_the_table_expiration(api, new_dataset):
    given = {"defaultPartitionExpirationMs": str(72 * HOUR), "defaultTableExpirationMs": str(48 * HOUR)}
    project, name = names(new_dataset(**given))
    reference = {"projectId": project, "datasetId": name, "tableId": "p"}
    body = {
        "tableReference": reference,
        "schema": {"fields": FIELDS},
        "timePartitioning": {"type": "DAY", "field": "d"},
    }
    found = api("POST", f"//datasets/{name}/tables", body)
    assert found["timePartitioning"]["expirationMs"] == str(72 * HOUR)
    assert "expirationTime" not in found
    body = {"tableReference": {**reference, "tableId": "q"}, "schema": {"fields": FIELDS}}
    found = api("POST", f"//datasets/{name}/tables", body)
    assert int(found["expirationTime"]) - int(found["creationTime"]) == 48 * HOUR


@behaviour("10 default_table_expiration: min 1 h")
def test_a_default_table_expiration_below_an_hour_is_refused(api, dataset):
    with refused(400, "invalid"):
        api("PATCH", "", {"defaultTableExpirationMs": str(HOUR - 1)})
    assert api("PATCH", "", {"defaultTableExpirationMs": str(HOUR)})["defaultTableExpirationMs"] == str(HOUR)


@behaviour("10 maxTimeTravelHours 48..168 multiple of 24")
@pytest.mark.parametrize("hours", ["47", "50", "24", "192"])
def test_a_time_travel_window_is_48_to_168_hours_in_whole_days(api, dataset, hours):
    with refused(400, "invalid"):
        api("PATCH", "", {"maxTimeTravelHours": hours})
    assert api("PATCH", "", {"maxTimeTravelHours": "48"})["maxTimeTravelHours"] == "48"
    assert api("PATCH", "", {"maxTimeTravelHours": "168"})["maxTimeTravelHours"] == "168"


@behaviour("1.1 default collation")
def test_a_default_collation_is_inherited_by_later_tables(api, new_dataset):
    project, name = names(new_dataset(defaultCollation="und:ci"))
    reference = {"projectId": project, "datasetId": name, "tableId": "t"}
    found = api("POST", f"//datasets/{name}/tables", {"tableReference": reference, "schema": {"fields": FIELDS[:1]}})
    assert found["defaultCollation"] == "und:ci"
    assert found["schema"]["fields"][0]["collation"] == "und:ci"
    with refused(400, "invalid"):
        api("PATCH", f"//datasets/{name}", {"defaultCollation": "de:ci"})
    assert "defaultCollation" in api("GET", f"//datasets/{name}")


@behaviour("CMEK a default key of the dataset is that of new tables")
def test_a_default_key_is_that_of_later_tables_and_of_those_written_anew(api, sql, new_dataset):
    keys = [{"kmsKeyName": f"projects/p/locations/us/keyRings/r/cryptoKeys/{name}"} for name in ("one", "two")]
    _, name = names(new_dataset(defaultEncryptionConfiguration=keys[0]))
    sql(f"CREATE TABLE `{name}`.t (a INT64)")
    sql(f"CREATE TABLE `{name}`.own (a INT64) OPTIONS (kms_key_name = '{keys[1]['kmsKeyName']}')")
    sql(f"CREATE VIEW `{name}`.v AS SELECT 1 AS a")
    sql(f"CREATE OR REPLACE TABLE `{name}`.t (a INT64, b INT64)")
    found = [
        api("GET", f"//datasets/{name}/tables/{table}").get("encryptionConfiguration") for table in ("t", "own", "v")
    ]
    assert found == [*keys, None]


@behaviour("page REST datasets.list")
def test_datasets_are_listed_in_pages_and_filtered_by_label(client, new_dataset, api):
    mark = f"m{time.time_ns()}"
    made = {new_dataset(labels={"mark": mark}) for _ in range(3)}
    new_dataset()
    listed = list(client.list_datasets(filter=f"labels.mark:{mark}", page_size=2))
    assert {f"{d.project}.{d.dataset_id}" for d in listed} == made
    asked = {"filter": f"labels.mark:{mark}", "maxResults": 2}
    first = api("GET", "//datasets", query_params=asked)
    assert len(first["datasets"]) == 2
    rest = api("GET", "//datasets", query_params={**asked, "pageToken": first["nextPageToken"]})
    assert len(rest["datasets"]) == 1
    assert "nextPageToken" not in rest


@behaviour("2 Dataset name")
def test_a_dataset_name_is_letters_digits_and_underscores_and_one_with_an_underscore_first_is_hidden(
    client, new_dataset
):
    project, name = names(new_dataset())
    for wrong in ("with-dash", "with space", "a" * 1025, "ü"):
        with refused(400, "invalid"):
            client.create_dataset(bigquery.Dataset.from_api_repr({"datasetReference": {
                "projectId": project, "datasetId": wrong}}))  # fmt: skip
    hidden = f"_{name}"
    client.create_dataset(f"{project}.{hidden}")
    try:
        assert hidden not in {d.dataset_id for d in client.list_datasets()}
        assert hidden in {d.dataset_id for d in client.list_datasets(include_all=True)}
    finally:
        client.delete_dataset(f"{project}.{hidden}")


@behaviour("2 Dataset name: case-sensitive by default")
def test_names_that_differ_by_case_are_two_tables_unless_the_dataset_ignores_case(client, new_dataset):
    field = [bigquery.SchemaField("a", "STRING")]
    sensitive = new_dataset()
    for table in ("Orders", "orders"):
        client.create_table(bigquery.Table(f"{sensitive}.{table}", field))
    assert {t.table_id for t in client.list_tables(sensitive)} == {"Orders", "orders"}
    insensitive = new_dataset(isCaseInsensitive=True)
    client.create_table(bigquery.Table(f"{insensitive}.Orders", field))
    with refused(409, "duplicate"):
        client.create_table(bigquery.Table(f"{insensitive}.orders", field))
    assert client.get_table(f"{insensitive}.ORDERS").table_id.lower() == "orders"


@behaviour("2 Labels")
def test_labels_have_at_most_64_keys_of_63_lowercase_characters(api, dataset):
    wrong = [
        {f"k{n}": "v" for n in range(65)},
        {"k" * 64: "v"},
        {"Upper": "v"},
        {"1st": "v"},
        {"k": "v" * 64},
        {"k": "Value"},
        {"": "v"},
    ]
    for labels in wrong:
        with refused(400, "invalid"):
            api("PATCH", "", {"labels": labels})
    right = {f"k{n}-_": "v" * 63 for n in range(64)}
    assert api("PATCH", "", {"labels": right})["labels"] == right


@behaviour("5 etag changes exactly when the resource does")
def test_the_etag_of_a_dataset_moves_with_its_properties_and_not_with_its_tables(api, dataset, make):
    before = api("GET", "")["etag"]
    make("t", FIELDS)
    assert api("GET", "")["etag"] == before
    assert api("PATCH", "", {"description": "new"})["etag"] != before
    assert api("GET", "")["etag"] == api("GET", "")["etag"]


@behaviour("5 exactly one winner of a create")
def test_a_deleted_dataset_can_be_made_again_and_is_another_one(client, dataset):
    first = client.get_dataset(dataset)
    client.delete_dataset(dataset)
    second = client.create_dataset(dataset)
    assert second.etag != first.etag
    assert list(itertools.islice(client.list_tables(dataset), 1)) == []
