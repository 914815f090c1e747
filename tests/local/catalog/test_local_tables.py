from datetime import UTC, datetime, timedelta

import pytest
from google.api_core import exceptions
from google.cloud import bigquery
from google.cloud.bigquery import SchemaField as F


def table(dataset, *fields, name="t", **settings):
    found = bigquery.Table(f"{dataset}.{name}", list(fields) or [F("id", "INTEGER", "REQUIRED"), F("a", "STRING")])
    for key, value in settings.items():
        setattr(found, key, value)
    return found


def test_a_table_reads_back_all_that_was_set_in_canonical_names(client, dataset):
    client.create_table(
        table(
            dataset,
            F("id", "INT64", "REQUIRED", description="Identifies the row."),
            F("price", "NUMERIC", precision=10, scale=2, default_value_expression="1.5"),
            F("at", "TIMESTAMP", default_value_expression="CURRENT_TIMESTAMP()"),
            F("day", "DATE"),
            F("ok", "BOOL"),
            F("x", "FLOAT64"),
            F("code", "STRING", max_length=3),
            F("r", "STRUCT", "REPEATED", fields=[F("k", "STRING", "REQUIRED"), F("v", "JSON")]),
            F("span", "RANGE", range_element_type="DATE"),
            description="words",
            friendly_name="T",
            labels={"a": "b"},
            time_partitioning=bigquery.TimePartitioning("MONTH", field="day", expiration_ms=86_400_000),
            clustering_fields=["code", "id"],
            require_partition_filter=True,
            expires=datetime(2027, 1, 1, tzinfo=UTC),
        )
    )
    found = client.get_table(f"{dataset}.t")
    resource = found.to_api_repr()
    types = [f["type"] for f in resource["schema"]["fields"]]
    assert types == ["INTEGER", "NUMERIC", "TIMESTAMP", "DATE", "BOOLEAN", "FLOAT", "STRING", "RECORD", "RANGE"]
    assert resource["schema"]["fields"][0]["description"] == "Identifies the row."
    assert resource["schema"]["fields"][1]["defaultValueExpression"] == "1.5"
    assert (found.description, found.friendly_name, found.labels) == ("words", "T", {"a": "b"})
    assert found.time_partitioning.type_ == "MONTH"
    assert found.time_partitioning.expiration_ms == 86_400_000
    assert found.clustering_fields == ["code", "id"]
    assert found.require_partition_filter is True
    assert found.expires == datetime(2027, 1, 1, tzinfo=UTC)
    assert (found.num_rows, found.table_type, found.location) == (0, "TABLE", "US")


def test_a_table_exists_once(client, dataset):
    client.create_table(table(dataset))
    with pytest.raises(exceptions.Conflict, match=r"Already Exists: Table test-project:d\.t"):
        client.create_table(table(dataset))


def test_missing_tables_and_datasets_are_404(client, dataset):
    with pytest.raises(exceptions.NotFound, match=r"Not found: Table test-project:d\.t"):
        client.get_table(f"{dataset}.t")
    with pytest.raises(exceptions.NotFound, match="Not found: Dataset test-project:e"):
        client.get_table("test-project.e.t")
    with pytest.raises(exceptions.NotFound, match="Not found: Dataset test-project:e"):
        client.create_table(table("test-project.e"))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"clustering_fields": ["id", "a", "b", "c", "d"]}, "Too many clustering fields"),
        ({"clustering_fields": ["missing"]}, "clustering"),
        ({"time_partitioning": bigquery.TimePartitioning(field="a")}, "Cannot partition by field a"),
        ({"time_partitioning": bigquery.TimePartitioning(field="zz")}, "cannot be found"),
        ({"require_partition_filter": True}, "partitioned"),
        ({"labels": {"A": "b"}}, "label"),
    ],
)
def test_what_a_table_cannot_be_is_400_and_makes_nothing(client, dataset, settings, words):
    with pytest.raises(exceptions.BadRequest, match=words) as caught:
        client.create_table(table(dataset, **settings))
    assert caught.value.errors[0]["reason"] == "invalid"
    assert list(client.list_tables(dataset)) == []


@pytest.mark.parametrize("name", ["_PARTITION_x", "a.b", "a`b", "x" * 301])
def test_a_bad_column_name_is_400(client, dataset, name):
    with pytest.raises(exceptions.BadRequest, match="Invalid field name"):
        client.create_table(table(dataset, F(name, "STRING")))


def test_patch_adds_relaxes_and_describes(client, dataset):
    found = client.create_table(table(dataset))
    found.schema = [F("id", "INTEGER", "NULLABLE", description="key"), F("a", "STRING"), F("b", "STRING", "REPEATED")]
    found.description = "new"
    changed = client.update_table(found, ["schema", "description"])
    assert [(f.name, f.mode) for f in changed.schema] == [("id", "NULLABLE"), ("a", "NULLABLE"), ("b", "REPEATED")]
    assert changed.schema[0].description == "key"
    assert client.get_table(found).description == "new"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ([F("id", "INTEGER", "REQUIRED")], "Field a is missing in new schema"),
        ([F("id", "STRING", "REQUIRED"), F("a", "STRING")], "changed type"),
        ([F("id", "INTEGER", "REQUIRED"), F("a", "STRING", "REQUIRED")], "changed mode"),
        ([F("id", "INTEGER", "REQUIRED"), F("a", "STRING"), F("b", "STRING", "REQUIRED")], "Cannot add required"),
    ],
)
def test_patch_refuses_what_needs_a_rebuild(client, dataset, fields, words):
    found = client.create_table(table(dataset))
    before = found.etag
    found.schema = fields
    with pytest.raises(exceptions.BadRequest, match=words):
        client.update_table(found, ["schema"])
    assert client.get_table(found).etag == before


def test_partitioning_cannot_be_patched_but_its_expiration_can(client, dataset):
    found = client.create_table(
        table(dataset, F("day", "DATE"), time_partitioning=bigquery.TimePartitioning("DAY", field="day"))
    )
    found.time_partitioning = bigquery.TimePartitioning("DAY", field="day", expiration_ms=3_600_000)
    found = client.update_table(found, ["time_partitioning"])
    assert found.time_partitioning.expiration_ms == 3_600_000
    found.time_partitioning = bigquery.TimePartitioning("MONTH", field="day")
    with pytest.raises(exceptions.BadRequest, match="partitioning"):
        client.update_table(found, ["time_partitioning"])


def test_clustering_can_be_set_changed_and_removed(client, dataset):
    found = client.create_table(table(dataset))
    for wanted in (["a"], ["a", "id"], None):
        found.clustering_fields = wanted
        found = client.update_table(found, ["clustering_fields"])
        assert client.get_table(found).clustering_fields == wanted


def test_the_etag_changes_exactly_when_the_resource_does(client, dataset):
    found = client.create_table(table(dataset, description="one"))
    assert client.get_table(found).etag == found.etag
    again = client.update_table(found, ["description"])
    assert again.etag == found.etag
    again.description = "two"
    changed = client.update_table(again, ["description"])
    assert changed.etag != found.etag
    changed.description = "one"
    assert client.update_table(changed, ["description"]).etag not in {found.etag, changed.etag}


def test_a_stale_etag_is_412(client, dataset):
    first = client.create_table(table(dataset))
    second = client.get_table(first)
    first.description = "one"
    client.update_table(first, ["description"])
    second.description = "two"
    with pytest.raises(exceptions.PreconditionFailed) as caught:
        client.update_table(second, ["description"])
    assert caught.value.errors[0]["reason"] == "conditionNotMet"
    assert client.get_table(second).description == "one"


def test_policy_tags_stay_unless_cleared_with_an_empty_list(client, dataset):
    tags = bigquery.PolicyTagList(names=("projects/p/locations/us/taxonomies/1/policyTags/2",))
    found = client.create_table(table(dataset, F("a", "STRING", policy_tags=tags)))
    found.schema = [F("a", "STRING", description="x")]
    kept = client.update_table(found, ["schema"])
    assert kept.schema[0].policy_tags == tags
    kept.schema = [F("a", "STRING", policy_tags=bigquery.PolicyTagList(names=()))]
    assert not client.update_table(kept, ["schema"]).schema[0].policy_tags


def test_new_tables_inherit_the_datasets_expirations(client, clock):
    sent = bigquery.Dataset("test-project.e")
    sent.default_table_expiration_ms = 3_600_000
    client.create_dataset(sent)
    made = client.create_table(table("test-project.e"))
    assert made.expires == clock.now() + timedelta(hours=1)
    clock.advance(timedelta(minutes=59))
    assert client.get_table(made).num_rows == 0
    clock.advance(timedelta(minutes=2))
    with pytest.raises(exceptions.NotFound):
        client.get_table(made)
    assert client.create_table(table("test-project.e")).etag != made.etag


def test_tables_are_listed_in_pages(client, dataset):
    for n in range(5):
        client.create_table(table(dataset, name=f"t{n}", labels={"n": str(n)}))
    found = list(client.list_tables(dataset, page_size=2))
    assert [t.table_id for t in found] == [f"t{n}" for n in range(5)]
    assert found[3].labels == {"n": "3"}


def test_a_deleted_table_is_gone_and_its_name_free(client, dataset):
    found = client.create_table(table(dataset))
    client.delete_table(found)
    with pytest.raises(exceptions.NotFound):
        client.delete_table(found)
    client.create_table(table(dataset))


@pytest.mark.parametrize("key", ["externalDataConfiguration", "biglakeConfiguration"])
def test_what_is_not_taught_is_501(client, dataset, key):
    sent = table(dataset)
    sent._properties[key] = {"query": "SELECT 1"}
    with pytest.raises(exceptions.MethodNotImplemented, match="not supported by the local warehouse"):
        client.create_table(sent)
