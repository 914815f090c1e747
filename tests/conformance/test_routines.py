from __future__ import annotations

import pytest
from google.cloud import bigquery

from tests.conformance.behaviour import behaviour, refused

INT64 = {"typeKind": "INT64"}


@pytest.fixture
def routine(client, dataset):
    found = bigquery.Routine(f"{dataset}.twice")
    found.type_ = "SCALAR_FUNCTION"
    found.arguments = [bigquery.RoutineArgument.from_api_repr({"name": "x", "dataType": INT64})]
    found.body = "x * 2"
    return client.create_routine(found)


@behaviour("page REST routines.get")
def test_a_routine_is_read_back_and_listed(client, dataset, routine):
    found = client.get_routine(f"{dataset}.twice")
    assert (found.type_, found.language, found.body) == ("SCALAR_FUNCTION", "SQL", "x * 2")
    assert [a.name for a in found.arguments] == ["x"]
    assert [r.routine_id for r in client.list_routines(dataset)] == ["twice"]


@behaviour("3.2 duplicate")
def test_a_routine_that_exists_is_not_inserted_again_and_a_missing_one_is_404(client, dataset, routine):
    with refused(409, "duplicate"):
        client.create_routine(routine)
    with refused(404, "notFound"):
        client.get_routine(f"{dataset}.thrice")
    client.delete_routine(f"{dataset}.twice")
    with refused(404, "notFound"):
        client.delete_routine(f"{dataset}.twice")
    assert client.create_routine(routine).etag


@behaviour("5 Routines have only PUT; etag guards it")
def test_a_routine_is_updated_whole_and_guarded_by_its_etag(client, dataset, routine):
    first, second = client.get_routine(f"{dataset}.twice"), client.get_routine(f"{dataset}.twice")
    first.body = "x + x"
    changed = client.update_routine(first, ["body", "arguments", "type_"])
    assert changed.etag != second.etag
    second.body = "0"
    with refused(412, "conditionNotMet"):
        client.update_routine(second, ["body", "arguments", "type_"])
    assert client.get_routine(f"{dataset}.twice").body == "x + x"


@behaviour("1.2 pre-check rowAccessPolicies.list")
def test_row_access_policies_of_a_table_are_listed(make, sql, api):
    make("t", [{"name": "a", "type": "STRING"}])
    assert api("GET", "/tables/t/rowAccessPolicies").get("rowAccessPolicies", []) == []
    sql("CREATE ROW ACCESS POLICY mine ON t GRANT TO ('allAuthenticatedUsers') FILTER USING (a = 'x')")
    found = api("GET", "/tables/t/rowAccessPolicies")["rowAccessPolicies"]
    assert [p["rowAccessPolicyReference"]["policyId"] for p in found] == ["mine"]
    assert found[0]["filterPredicate"] == "a = 'x'"
    with refused(404, "notFound"):
        api("GET", "/tables/gone/rowAccessPolicies")
