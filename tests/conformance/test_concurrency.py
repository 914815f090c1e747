from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest
from google.api_core.exceptions import GoogleAPICallError
from google.cloud import bigquery

from tests.conformance.behaviour import behaviour, refused

A = {"name": "a", "type": "STRING"}


def at_once(work):
    threads = [threading.Thread(target=one) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@behaviour("5 Job id: unique under a race")
def test_of_ten_concurrent_inserts_of_one_job_id_one_runs_and_nine_are_409(make, clients, dataset, rows):
    make("t", [A])
    codes: Counter[int] = Counter()

    def insert(own):
        config = bigquery.QueryJobConfig(default_dataset=dataset)
        try:
            own.query("INSERT INTO t VALUES ('x')", job_id=f"race_{dataset[-12:]}", job_config=config, job_retry=None)
            codes[200] += 1
        except GoogleAPICallError as error:
            codes[int(error.code)] += 1

    at_once([lambda own=own: insert(own) for own in clients(10)])
    assert codes == {200: 1, 409: 9}
    assert rows("SELECT count(*) FROM t") == [(1,)]


@behaviour("4 INSERT never conflicts")
def test_concurrent_inserts_all_arrive(make, clients, dataset, rows):
    make("t", [A])
    failed = []

    def insert(own, number):
        config = bigquery.QueryJobConfig(default_dataset=dataset)
        try:
            own.query(f"INSERT INTO t VALUES ('{number}')", job_config=config, job_retry=None).result(retry=None)
        except GoogleAPICallError as error:
            failed.append(error)

    at_once([lambda own=own, n=n: insert(own, n) for n, own in enumerate(clients(10))])
    assert failed == []
    assert rows("SELECT count(DISTINCT a) FROM t") == [(10,)]


@behaviour("5 requestId under a race")
def test_concurrent_requests_with_one_request_id_run_once(make, clients, dataset, rows):
    make("t", [A])
    seen = set()
    body = {"query": f"INSERT INTO `{dataset}.t` VALUES ('x')", "useLegacySql": False, "requestId": dataset[-12:]}

    def send(own):
        answer = own._connection.api_request(method="POST", path=f"/projects/{own.project}/queries", data=body)
        seen.add(answer["jobReference"]["jobId"])

    at_once([lambda own=own: send(own) for own in clients(8)])
    assert len(seen) == 1
    assert rows("SELECT count(*) FROM t") == [(1,)]


@behaviour("5 Workable locks: UPDATE compare-and-set on one seeded row")
def test_of_ten_compare_and_set_updates_one_changes_the_row(make, sql, clients, dataset):
    make("lock", [A])
    sql("INSERT INTO lock VALUES ('free')")
    changed: list[int] = []

    def take(own, number):
        config = bigquery.QueryJobConfig(default_dataset=dataset)
        text = f"UPDATE lock SET a = '{number}' WHERE a = 'free'"
        job = own.query(text, job_config=config, job_retry=None)
        job.result(retry=None)
        changed.append(job.num_dml_affected_rows)

    at_once([lambda own=own, n=n: take(own, n) for n, own in enumerate(clients(10))])
    assert sorted(changed) == [0] * 9 + [1]


@behaviour("4 Reads run concurrently")
def test_a_long_query_does_not_hold_up_a_write(make, clients, client, dataset, rows):
    make("t", [A])
    ended = []
    slow = "SELECT count(*) FROM UNNEST(GENERATE_ARRAY(1, 20000)) AS x, UNNEST(GENERATE_ARRAY(1, 20000)) AS y"
    (own,) = clients(1)
    begun = threading.Event()

    def read():
        begun.set()
        assert next(iter(own.query(f"{slow} WHERE MOD(x + y, 7) = 3", job_retry=None).result()))[0] > 0
        ended.append("query")

    thread = threading.Thread(target=read)
    thread.start()
    begun.wait()
    while not list(client.list_jobs(state_filter="running")) and not ended:
        pass
    for number in range(3):
        client.create_table(bigquery.Table(f"{dataset}.w{number}"))
    ended.append("writes")
    thread.join()
    assert ended == ["writes", "query"]


@behaviour("5 Uniqueness scope is project")
@pytest.mark.needs_projects
def test_every_project_is_its_own_world(make, client_of, client, dataset):
    make("t", [A])
    other = client_of("another-project")
    name = dataset.partition(".")[2]
    with refused(404, "notFound"):
        other.get_dataset(f"another-project.{name}")
    same = f"same_{name}"
    client.query("SELECT 1", job_id=same, job_retry=None)
    assert other.query("SELECT 2", job_id=same, job_retry=None).query == "SELECT 2"
    other.create_dataset(f"another-project.{name}")
    assert list(other.list_tables(f"another-project.{name}")) == []
    other.delete_dataset(f"another-project.{name}")
    assert [t.table_id for t in client.list_tables(dataset)] == ["t"]


@behaviour("page REST tables: expiration by the service's clock")
@pytest.mark.needs_clock
def test_queries_do_not_find_an_expired_table_either(make, sql, clock):
    at = clock.now() + timedelta(hours=1)
    make("t", [A], expirationTime=str(int(at.timestamp() * 1000)))
    sql("SELECT * FROM t")
    clock.advance(timedelta(hours=2))
    with refused(404, "notFound"):
        sql("SELECT * FROM t")
    sql("CREATE TABLE t (b STRING)")
