"""The laws of operations, held against the warehouse: what goes up and down leaves no trace."""

import itertools

from hypothesis import HealthCheck, given, settings

from bqmigrate.files.yaml_writer import dump
from bqmigrate.operations.datasets import CreateDataset
from bqmigrate.operations.tables import CreateTable
from bqmigrate.operations.views import CreateView
from tests.execution.stand import Stand
from tests.operations.strategies import steps_from_a_catalog

KEPT = (
    "schema", "description", "timePartitioning", "rangePartitioning", "clustering", "requirePartitionFilter", "view",
    "expirationTime", "type",
)  # fmt: skip
_numbers = itertools.count(1)


def everything(stand):
    """All tables and views of all datasets but the history's, without what bqmigrate keeps for itself."""
    out = {}
    for dataset in stand.client.list_datasets():
        if dataset.dataset_id == "bqmigrate":
            continue
        found = stand.client.get_dataset(dataset.dataset_id)
        out[dataset.dataset_id] = (found.description, own_labels(found.labels))
        for item in stand.client.list_tables(dataset.dataset_id):
            resource = stand.client.get_table(item.reference).to_api_repr()
            seen = {key: resource.get(key) for key in KEPT}
            seen["labels"] = own_labels(resource.get("labels") or {})
            columns = resource.get("schema", {}).get("fields", [])
            seen["schema"] = [c for c in columns if not c["name"].startswith("_bqm_drop_")]
            out[f"{dataset.dataset_id}.{item.table_id}"] = seen
    return out


def own_labels(labels):
    return {k: v for k, v in labels.items() if not k.startswith("bqm_")}


@given(steps_from_a_catalog())
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_up_then_down_is_the_identity_on_the_warehouse(shared, tmp_path_factory, case):
    catalog, operation = case
    stand = Stand(*shared, tmp_path_factory.mktemp("law"), f"law-{next(_numbers):05d}")
    made = [CreateDataset(name, value) for name, value in catalog.datasets.items()]
    made += [CreateTable(name, value) for name, value in catalog.tables.items()]
    made += [CreateView(name, value) for name, value in catalog.views.items()]
    stand.write("0001_before.yaml", dump("Before.", made))
    stand.write("0002_change.yaml", dump("Change.", [operation]))
    stand.upgrade("1")
    before = everything(stand)
    stand.upgrade("2", allow_data_loss=True)
    stand.downgrade("-1", allow_data_loss=True)
    assert everything(stand) == before
    stand.upgrade("2", allow_data_loss=True)
    stand.downgrade("base", allow_data_loss=True)
    assert everything(stand) == {}
