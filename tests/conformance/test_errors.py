"""Table 3.2: reasons, HTTP codes, and what the official client does with each."""

from __future__ import annotations

import json

import pytest
import requests
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import AuthorizedSession
from google.cloud import bigquery
from google.cloud.bigquery.retry import DEFAULT_JOB_RETRY, DEFAULT_RETRY

from bqmigrate.local.http.adapter import LocalAdapter
from tests.conformance.behaviour import behaviour, refused
from tests.conformance.conftest import LOCAL_PROJECT

A = {"name": "a", "type": "STRING"}


class FailingAdapter(LocalAdapter):
    """Answers the first requests with an error, and the warehouse's answer after that."""

    def __init__(self, application, code, reason, times=1, *, after=False):
        super().__init__(application)
        self.code, self.reason, self.times, self.after = code, reason, times, after
        self.seen = 0

    def send(self, request, *args, **kwargs):
        self.seen += 1
        if self.seen > self.times:
            return super().send(request, *args, **kwargs)
        if self.after:
            super().send(request, *args, **kwargs)
        answer = requests.Response()
        answer.status_code = self.code
        answer.request, answer.url = request, request.url
        answer.headers["Content-Type"] = "application/json"
        error = {"message": self.reason, "reason": self.reason, "domain": "global"}
        answer._content = json.dumps({"error": {"code": self.code, "message": self.reason, "errors": [error]}}).encode()
        return answer


@pytest.fixture
def failing(warehouse, dataset):
    """A client whose first requests fail, and the adapter that counts them."""
    made = []

    def failing(code, reason, **more):
        adapter = FailingAdapter(warehouse.application, code, reason, **more)
        session = AuthorizedSession(AnonymousCredentials())
        session.mount("http://", adapter)
        options = {"api_endpoint": "http://bq.local"}
        client = bigquery.Client(project=LOCAL_PROJECT, _http=session, client_options=options)
        made.append(client)
        return client, adapter

    yield failing
    for client in made:
        client.close()


def fast(retry=DEFAULT_RETRY):
    return retry.with_delay(initial=0.001, maximum=0.002).with_timeout(5)


@behaviour("3.2 backendError")
@pytest.mark.needs_faults
@pytest.mark.parametrize("code", [500, 502, 503, 504])
def test_a_backend_error_of_an_api_call_is_tried_again(failing, dataset, code):
    client, adapter = failing(code, "backendError")
    assert client.get_dataset(dataset, retry=fast()).dataset_id
    assert adapter.seen == 2


@behaviour("3.2 internalError")
@pytest.mark.needs_faults
def test_an_internal_error_of_an_api_call_is_tried_again(failing, dataset):
    client, adapter = failing(500, "internalError")
    assert client.get_dataset(dataset, retry=fast()).dataset_id
    assert adapter.seen == 2


@behaviour("3.2 badGateway")
@pytest.mark.needs_faults
def test_a_bad_gateway_is_tried_again(failing, dataset):
    client, adapter = failing(502, "badGateway")
    assert client.get_dataset(dataset, retry=fast()).dataset_id
    assert adapter.seen == 2


@behaviour("3.2 rateLimitExceeded")
@pytest.mark.needs_faults
def test_a_rate_limit_is_tried_again(failing, dataset):
    client, adapter = failing(403, "rateLimitExceeded")
    assert client.get_dataset(dataset, retry=fast()).dataset_id
    assert adapter.seen == 2


@behaviour("3.2 quotaExceeded")
@pytest.mark.needs_faults
def test_an_exceeded_quota_is_not_tried_again(failing, dataset):
    client, adapter = failing(403, "quotaExceeded")
    with refused(403, "quotaExceeded"):
        client.get_dataset(dataset, retry=fast())
    assert adapter.seen == 1
    assert client.get_dataset(dataset, retry=fast()).dataset_id


@behaviour("3.2 resourcesExceeded and billingTierLimitExceeded")
@pytest.mark.needs_faults
@pytest.mark.parametrize("reason", ["resourcesExceeded", "billingTierLimitExceeded"])
def test_a_job_that_is_too_big_is_not_tried_again(failing, dataset, reason):
    client, adapter = failing(400, reason)
    with refused(400, reason):
        client.get_dataset(dataset, retry=fast())
    assert adapter.seen == 1
    assert client.get_dataset(dataset, retry=fast()).dataset_id


@behaviour("3.2 jobBackendError and jobInternalError")
@behaviour("3.2 jobRateLimitExceeded")
@pytest.mark.needs_faults
@pytest.mark.parametrize("reason", ["jobBackendError", "jobInternalError", "jobRateLimitExceeded"])
def test_a_failed_job_is_for_the_job_retry_and_not_for_the_api_retry(failing, dataset, reason):
    error = exceptions.BadRequest(reason, errors=[{"reason": reason}])
    assert DEFAULT_JOB_RETRY._predicate(error)
    assert not DEFAULT_RETRY._predicate(error)
    client, adapter = failing(400, reason)
    with refused(400, reason):
        client.get_dataset(dataset, retry=fast())
    assert adapter.seen == 1
    assert client.get_dataset(dataset, retry=fast()).dataset_id


@behaviour("5 DEFAULT_RETRY + If-Match: PATCH applied, reply lost, retried -> 412 though it worked")
@pytest.mark.needs_faults
def test_a_patch_whose_answer_is_lost_is_412_when_tried_again_and_has_worked(failing, make, client, dataset):
    make("t", [A])
    table = client.get_table(f"{dataset}.t")
    table.description = "done"
    losing, adapter = failing(503, "backendError", after=True)
    with refused(412, "conditionNotMet"):
        losing.update_table(table, ["description"], retry=fast())
    assert adapter.seen == 2
    assert client.get_table(f"{dataset}.t").description == "done"


@behaviour("5 likewise create -> 409")
@pytest.mark.needs_faults
def test_a_create_whose_answer_is_lost_is_409_when_tried_again_and_has_worked(failing, client, dataset):
    losing, _ = failing(503, "backendError", after=True)
    with refused(409, "duplicate"):
        losing.create_table(bigquery.Table(f"{dataset}.t"), retry=fast())
    assert client.get_table(f"{dataset}.t")


@behaviour("5 with explicit job_id, client.query does not recover from 409")
@pytest.mark.needs_faults
def test_an_insert_of_a_job_whose_answer_is_lost_is_409_and_the_job_is_there(failing, client, dataset):
    losing, _ = failing(503, "backendError", after=True)
    with refused(409, "duplicate"):
        losing.query("CREATE TABLE made (a STRING)", job_id="lost", job_retry=None, retry=fast(),
                     job_config=bigquery.QueryJobConfig(default_dataset=dataset))  # fmt: skip
    assert client.get_job("lost").error_result is None
    assert client.get_table(f"{dataset}.made")


@behaviour("3.2 invalid, invalidQuery, accessDenied, billingNotEnabled, responseTooLarge")
@pytest.mark.parametrize(
    "body", [b"{", b"[1]", b'"text"', b'{"tableReference": []}', b'{"schema": {"fields": [null]}}']
)
def test_a_body_that_is_no_resource_is_invalid(client, dataset, body, make):
    path = f"/projects/{client.project}/datasets/{dataset.partition('.')[2]}/tables"
    with refused(400, "invalid"):
        client._connection.api_request(method="POST", path=path, data=body.decode(), content_type="application/json")
    make("t", [A])


@behaviour("3.2 notFound")
def test_a_path_that_no_api_has_is_404(api, dataset):
    for method, path in (("GET", "/nonsense"), ("POST", "/tables/t/nonsense"), ("DELETE", "/tables")):
        with refused(404, "notFound"):
            api(method, path)
    assert api("GET", "")["etag"]


@behaviour("3.2 duplicate")
def test_every_thing_that_exists_is_a_duplicate_of_itself(client, dataset, make, sql):
    make("t", [A])
    with refused(409, "duplicate"):
        client.create_dataset(dataset)
    with refused(409, "duplicate"):
        make("t", [A])
    with refused(409, "duplicate", "already exists"):
        sql("CREATE TABLE t (a STRING)")
    with refused(409, "duplicate"):
        sql("CREATE VIEW t AS SELECT 1 AS one")
    sql("CREATE TABLE IF NOT EXISTS t (a STRING)")
