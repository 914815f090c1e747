import pytest
from google.api_core import exceptions
from google.cloud import bigquery


def test_a_dataset_reads_back_all_that_was_set(client):
    sent = bigquery.Dataset("test-project.d")
    sent.location = "EU"
    sent.description = "words"
    sent.friendly_name = "D"
    sent.labels = {"a": "b"}
    sent.default_table_expiration_ms = 3_600_000
    sent.default_partition_expiration_ms = 7_200_000
    sent.max_time_travel_hours = 72
    client.create_dataset(sent)
    found = client.get_dataset("d")
    assert (found.location, found.description, found.friendly_name, found.labels) == ("EU", "words", "D", {"a": "b"})
    assert found.default_table_expiration_ms == 3_600_000
    assert found.default_partition_expiration_ms == 7_200_000
    assert int(found.max_time_travel_hours) == 72
    assert found.full_dataset_id == "test-project:d"


def test_a_dataset_exists_once(client, dataset):
    with pytest.raises(exceptions.Conflict, match="Already Exists: Dataset test-project:d") as caught:
        client.create_dataset(dataset)
    assert caught.value.errors[0]["reason"] == "duplicate"


def test_a_missing_dataset_is_404(client):
    with pytest.raises(exceptions.NotFound, match="Not found: Dataset test-project:d"):
        client.get_dataset("d")


def test_the_location_is_for_life(client, dataset):
    found = client.get_dataset(dataset)
    found._properties["location"] = "EU"
    with pytest.raises(exceptions.BadRequest, match="location"):
        client.update_dataset(found, ["location"])
    assert client.get_dataset(dataset).location == "US"


def test_a_stale_etag_is_412_and_the_fresh_one_passes(client, dataset):
    first, second = client.get_dataset(dataset), client.get_dataset(dataset)
    first.description = "one"
    fresh = client.update_dataset(first, ["description"])
    second.description = "two"
    with pytest.raises(exceptions.PreconditionFailed):
        client.update_dataset(second, ["description"])
    fresh.description = "three"
    assert client.update_dataset(fresh, ["description"]).etag != fresh.etag


def test_patching_labels_merges_and_none_removes(client, dataset):
    found = client.get_dataset(dataset)
    found.labels = {"a": "1", "b": "2"}
    found = client.update_dataset(found, ["labels"])
    found.labels = {"a": None, "c": "3"}
    assert client.update_dataset(found, ["labels"]).labels == {"b": "2", "c": "3"}


def test_a_dataset_with_a_table_is_deleted_only_with_its_contents(client, dataset):
    client.create_table(bigquery.Table(f"{dataset}.t", [bigquery.SchemaField("a", "STRING")]))
    with pytest.raises(exceptions.BadRequest, match="still in use") as caught:
        client.delete_dataset(dataset)
    assert caught.value.errors[0]["reason"] == "resourceInUse"
    client.delete_dataset(dataset, delete_contents=True)
    with pytest.raises(exceptions.NotFound):
        client.get_dataset(dataset)
    client.create_dataset(dataset)
    assert list(client.list_tables(dataset)) == []


def test_lists_come_in_pages_and_by_label(client):
    for n in range(5):
        sent = bigquery.Dataset(f"test-project.d{n}")
        sent.labels = {"odd": "yes"} if n % 2 else {}
        client.create_dataset(sent)
    client.create_dataset("test-project._hidden")
    assert [d.dataset_id for d in client.list_datasets(page_size=2)] == ["d0", "d1", "d2", "d3", "d4"]
    assert [d.dataset_id for d in client.list_datasets(filter="labels.odd:yes")] == ["d1", "d3"]
    assert "_hidden" in [d.dataset_id for d in client.list_datasets(include_all=True)]


def test_every_project_is_its_own_world(client, warehouse, client_for, dataset):
    other = client_for(warehouse, "other-project")
    assert list(other.list_datasets()) == []
    other.create_dataset("d")
    assert {p.project_id for p in other.list_projects()} == {"test-project", "other-project"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"labels": {"Upper": "x"}}, "label"),
        ({"defaultTableExpirationMs": "1000"}, "at least one hour"),
        ({"maxTimeTravelHours": "50"}, "maxTimeTravelHours"),
        ({"defaultTableExpirationMs": "soon"}, "defaultTableExpirationMs"),
        ({"descriptionn": "x"}, "Unknown name"),
    ],
)
def test_what_a_dataset_cannot_have_is_400(client, body, words):
    sent = bigquery.Dataset("test-project.d")
    sent._properties.update(body)
    with pytest.raises(exceptions.BadRequest, match=words):
        client.create_dataset(sent)
    assert list(client.list_datasets()) == []


def test_a_bad_name_is_400(client):
    with pytest.raises(exceptions.BadRequest, match="Invalid dataset ID"):
        client.create_dataset("test-project.a-b")
