"""Every attribute that a migration can state, and most that it cannot, are compared."""

from __future__ import annotations

import copy

import pytest

from bqmigrate.planning.compare import differences

NESTED = {"name": "address", "type": "RECORD", "fields": [
    {"name": "city", "type": "STRING", "description": "Where."}, {"name": "zip", "type": "STRING", "maxLength": "10"},
]}  # fmt: skip
TABLE = {
    "type": "TABLE",
    "schema": {
        "fields": [{"name": "id", "type": "STRING", "mode": "REQUIRED"}, {"name": "day", "type": "DATE"}, NESTED]
    },
    "timePartitioning": {"type": "DAY", "field": "day", "expirationMs": "86400000"},
    "clustering": {"fields": ["id"]},
    "description": "Who.",
    "labels": {"team": "a"},
}
KEYS = {
    "primaryKey": {"columns": ["id"]},
    "foreignKeys": [{
        "referencedTable": {"datasetId": "d", "tableId": "other"},
        "columnReferences": [{"referencingColumn": "id", "referencedColumn": "key"}],
    }],
}  # fmt: skip


def changed(path, value):
    live = copy.deepcopy(TABLE)
    at = live
    for key in path[:-1]:
        at = at[key]
    if value is None:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return live


def told(live, stated=TABLE, kind="table"):
    return [(d.attribute, d.cosmetic) for d in differences(kind, stated, live)]


FIRST, NEST = ("schema", "fields", 0), ("schema", "fields", 2, "fields", 1)


@pytest.mark.parametrize(
    ("path", "value", "attribute"),
    [
        (("type",), "EXTERNAL", "type"),
        ((*FIRST, "type"), "INTEGER", "column id"),
        ((*FIRST, "mode"), "NULLABLE", "column id"),
        ((*FIRST, "defaultValueExpression"), "'x'", "default of column id"),
        ((*FIRST, "collation"), "und:ci", "collation of column id"),
        ((*FIRST, "policyTags"), {"names": ["p/1"]}, "policy tags of column id"),
        ((*FIRST, "dataPolicies"), [{"name": "p/1"}], "data policies of column id"),
        ((*FIRST, "roundingMode"), "ROUND_HALF_EVEN", "rounding mode of column id"),
        ((*NEST, "maxLength"), "12", "column address.zip"),
        ((*NEST, "mode"), "REPEATED", "column address.zip"),
        (("timePartitioning", "type"), "MONTH", "partitioning"),
        (("timePartitioning", "field"), None, "partitioning"),
        (("timePartitioning", "expirationMs"), None, "partition expiration"),
        (("clustering",), None, "clustering"),
        (("expirationTime",), "1900000000000", "expiration"),
        (("requirePartitionFilter",), True, "require_partition_filter"),
    ],
)
def test_an_attribute_that_differs_is_named_alone_and_matters(path, value, attribute):
    assert told(changed(path, value)) == [(attribute, False)]


@pytest.mark.parametrize(
    ("path", "value", "attribute"),
    [
        (("description",), "Whom.", "description"),
        (("friendlyName",), "Users", "friendlyName"),
        (("labels",), {"team": "b"}, "labels"),
        ((*NEST, "description"), "Post code.", "description of column address.zip"),
        (("encryptionConfiguration",), {"kmsKeyName": "k"}, "encryptionConfiguration"),
        ((*FIRST, "name"), "ID", "spelling of column id"),
    ],
)
def test_what_does_not_matter_is_named_as_such(path, value, attribute):
    assert told(changed(path, value)) == [(attribute, True)]


def test_our_own_labels_and_the_columns_we_set_aside_do_not_matter():
    live = copy.deepcopy(TABLE)
    live["labels"] |= {"bqm_made": "x", "bqm_fence": "y"}
    live["schema"]["fields"].insert(1, {"name": "_bqm_drop_0010g2_region", "type": "STRING"})
    assert told(live) == [("column _bqm_drop_0010g2_region", True)]
    assert told(TABLE, stated=live) == []


def test_columns_too_many_and_too_few_are_both_named():
    live = copy.deepcopy(TABLE)
    live["schema"]["fields"][1] = {"name": "more", "type": "STRING"}
    del live["schema"]["fields"][2]["fields"][0]
    assert told(live) == [("column day", False), ("column address.city", False), ("column more", False)]


def test_another_order_of_columns_matters_also_in_a_record():
    live = copy.deepcopy(TABLE)
    live["schema"]["fields"][:2] = reversed(live["schema"]["fields"][:2])
    live["schema"]["fields"][2]["fields"].reverse()
    found = [str(d) for d in differences("table", TABLE, live)]
    assert found == [
        "order of columns of address, from number 1: the migration says city, zip, there is zip, city",
        "order of columns, from number 1: the migration says id, day, address, there is day, id, address",
    ]


def test_keys_that_no_migration_states_matter():
    live = {**TABLE, "tableConstraints": KEYS}
    assert [str(d) for d in differences("table", TABLE, live)] == [
        "primary key: the migration says nothing, there is id",
        "foreign keys: the migration says nothing, there is (id) to d.other (key)",
    ]
    assert told(live, stated=live) == []


def test_a_view_is_its_query_and_its_dialect():
    view = {"type": "VIEW", "view": {"query": "SELECT 1", "useLegacySql": False}}
    assert told(view, stated=view, kind="view") == []
    assert told({**view, "view": {"query": "SELECT 2"}}, view, "view") == [("query", False)]
    assert told({**view, "view": {**view["view"], "useLegacySql": True}}, view, "view") == [("dialect", False)]
    assert told({**view, "type": "MATERIALIZED_VIEW"}, view, "view") == [("type", False)]


def test_a_dataset_is_its_location_and_default_expirations():
    stated = {"location": "US"}
    assert told({"location": "us"}, stated, "dataset") == []
    assert told({"location": "EU"}, stated, "dataset") == [("location", False)]
    assert told({"location": "US", "defaultTableExpirationMs": "1"}, stated, "dataset") == [
        ("defaultTableExpirationMs", False)
    ]
