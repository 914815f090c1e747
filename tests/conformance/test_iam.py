from __future__ import annotations

import pytest
from google.cloud import bigquery

from tests.conformance.behaviour import behaviour, refused

A = {"name": "a", "type": "STRING"}
VIEWER = {"role": "roles/bigquery.dataViewer", "members": {"allAuthenticatedUsers"}}


@pytest.fixture
def shared(make, client, dataset):
    """A table that was given to somebody."""
    make("t", [A])
    policy = client.get_iam_policy(f"{dataset}.t")
    policy.bindings = [VIEWER]
    client.set_iam_policy(f"{dataset}.t", policy)
    return f"{dataset}.t"


def roles(client, table):
    return [binding["role"] for binding in client.get_iam_policy(table).bindings]


@behaviour("page REST tables.getIamPolicy")
def test_the_policy_of_a_table_is_read_back_and_guarded_by_its_etag(client, dataset, shared):
    assert roles(client, shared) == [VIEWER["role"]]
    stale = client.get_iam_policy(shared)
    fresh = client.get_iam_policy(shared)
    fresh.bindings = []
    client.set_iam_policy(shared, fresh)
    assert roles(client, shared) == []
    with refused(409, "aborted"):
        client.set_iam_policy(shared, stale)
    with refused(404, "notFound"):
        client.get_iam_policy(f"{dataset}.gone")


@behaviour("6.3 table IAM", uncertain="replace_keeps_iam")
@pytest.mark.parametrize("kept", [
    pytest.param(True, marks=pytest.mark.switches(replace_keeps_iam=True)),
    pytest.param(False, marks=pytest.mark.switches(replace_keeps_iam=False)),
])  # fmt: skip
def test_create_or_replace_keeps_the_policy_or_it_does_not(client, sql, shared, kept):
    sql("CREATE OR REPLACE TABLE t AS SELECT 'x' AS a")
    assert roles(client, shared) == ([VIEWER["role"]] if kept else [])


@behaviour("6.3 table IAM")
def test_a_drop_loses_the_policy_and_a_rename_keeps_it(client, sql, shared, dataset):
    sql("ALTER TABLE t RENAME TO u")
    assert roles(client, f"{dataset}.u") == [VIEWER["role"]]
    sql("DROP TABLE u")
    sql("CREATE TABLE u (a STRING)")
    assert roles(client, f"{dataset}.u") == []


@behaviour("6.3 table IAM")
def test_a_copy_gets_no_policy_and_an_overwritten_table_keeps_its_own(client, sql, shared, dataset, make):
    client.copy_table(shared, f"{dataset}.copy").result()
    assert roles(client, f"{dataset}.copy") == []
    make("other", [A])
    truncate = bigquery.CopyJobConfig(write_disposition="WRITE_TRUNCATE")
    client.copy_table(f"{dataset}.other", shared, job_config=truncate).result()
    assert roles(client, shared) == [VIEWER["role"]]


@behaviour("page REST tables.testIamPermissions")
@pytest.mark.switches(denied=frozenset({"bigquery.tables.update"}))
def test_a_caller_learns_which_permissions_it_has(client, make, dataset):
    make("t", [A])
    wanted = ["bigquery.tables.get", "bigquery.tables.update"]
    assert client.test_iam_permissions(f"{dataset}.t", wanted)["permissions"] == ["bigquery.tables.get"]
    with refused(403, "accessDenied"):
        client.update_table(client.get_table(f"{dataset}.t"), ["description"])
