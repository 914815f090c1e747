import re

import pytest
import requests

from bqmigrate.local.catalog.clock import VirtualClock

ROOT = "http://bq.local/bigquery/v2/projects/test-project"


@pytest.fixture
def session(warehouse):
    with requests.Session() as found:
        found.mount("http://", warehouse.adapter())
        yield found


@pytest.mark.parametrize("prefix", ["/bigquery/v2", ""])
def test_paths_work_with_and_without_the_prefix(session, dataset, prefix):
    reply = session.get(f"http://bq.local{prefix}/projects/test-project/datasets/d")
    assert (reply.status_code, reply.json()["id"]) == (200, "test-project:d")


def test_replies_carry_the_warehouses_date(session, clock: VirtualClock):
    assert session.get(f"{ROOT}/datasets").headers["Date"] == "Sun, 01 Mar 2026 12:00:00 GMT"


@pytest.mark.parametrize("path", ["/nothing", "/projects/p/routinez", "/projects/p/datasets/d/tables/t/data/x"])
def test_unknown_routes_are_404_in_googles_form(session, path):
    reply = session.get(f"http://bq.local/bigquery/v2{path}")
    error = reply.json()["error"]
    assert (reply.status_code, error["code"], error["errors"][0]["reason"]) == (404, 404, "notFound")


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b'"x"', b"1" * 10_000, b"[" * 100_000])
def test_a_body_that_is_no_object_is_400(session, body):
    reply = session.post(f"{ROOT}/datasets", data=body)
    assert (reply.status_code, reply.json()["error"]["errors"][0]["reason"]) == (400, "invalid")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/datasets", {}),
        ("/datasets", {"datasetReference": 1}),
        ("/datasets", {"datasetReference": {"datasetId": "x"}, "labels": "no"}),
        ("/datasets/d/tables", {}),
        ("/datasets/d/tables", {"tableReference": {"tableId": "t"}, "schema": []}),
        ("/datasets/d/tables", {"tableReference": {"tableId": "t"}, "schema": {"fields": [{}]}}),
        ("/datasets/d/tables", {"tableReference": {"tableId": "t"}, "schema": {"fields": [1]}}),
        ("/datasets/d/tables", {"tableReference": {"tableId": "t"}, "clustering": 3}),
        ("/datasets/d/tables", {"tableReference": {"tableId": "t"}, "rangePartitioning": {"field": "a"}}),
        ("/datasets/d/tables", {"tableReference": {"tableId": "t"}, "timePartitioning": "DAY"}),
        ("/datasets/d/tables", {"tableReference": {"tableId": "t"}, "expirationTime": "soon"}),
        ("/datasets/d/tables", {"tableReference": {"tableId": "t"}, "view": {"useLegacySql": False}}),
        ("/datasets/d/tables", {"tableReference": {"tableId": "t"}, "schema": {"fields": [{"name": "a"}]}}),
        ("/jobs", {}),
        ("/jobs", {"configuration": {"query": None}}),
        ("/jobs", {"configuration": {"copy": {"sourceTable": {"datasetId": "d"}}}}),
        ("/jobs", {"configuration": {}}),
        ("/jobs", {"configuration": {"query": 3}}),
        ("/jobs", {"configuration": {"query": {}}, "jobReference": {"jobId": "a b"}}),
        ("/queries", {"query": 3, "useLegacySql": False}),
        ("/queries", {"query": "SELECT 1", "useLegacySql": False, "requestId": "x" * 40}),
    ],
)
def test_nonsense_is_400_never_a_fault(session, dataset, path, body):
    reply = session.post(f"{ROOT}{path}", json=body)
    assert reply.status_code == 400, reply.text


def test_a_fault_answers_500_and_keeps_nothing(session, warehouse, monkeypatch, caplog):
    def broken(*_args):
        raise ZeroDivisionError

    monkeypatch.setattr("bqmigrate.local.catalog.store.Store._keep_versions", broken)
    reply = session.post(f"{ROOT}/datasets", json={"datasetReference": {"datasetId": "x"}})
    assert (reply.status_code, reply.json()["error"]["errors"][0]["reason"]) == (500, "internalError")
    assert re.search("ZeroDivisionError", caplog.text)
    monkeypatch.undo()
    assert session.get(f"{ROOT}/datasets/x").status_code == 404


def test_legacy_sql_is_501(session):
    reply = session.post(f"{ROOT}/queries", json={"query": "SELECT 1"})
    assert reply.status_code == 501
    assert "legacy SQL" in reply.json()["error"]["message"]
