from concurrent.futures import ThreadPoolExecutor

from google.api_core import exceptions
from google.cloud import bigquery


def tried(call):
    try:
        return call()
    except exceptions.GoogleAPICallError as error:
        return error.code


def race(calls):
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(tried, calls))


def test_of_twenty_creates_of_one_table_one_wins(client, dataset):
    sent = bigquery.Table(f"{dataset}.t", [bigquery.SchemaField("a", "STRING")])
    answers = race([lambda: client.create_table(sent)] * 20)
    assert sorted(map(str, (a for a in answers if not isinstance(a, bigquery.Table)))) == ["409"] * 19


def test_of_twenty_patches_with_one_etag_one_wins(client, dataset):
    client.create_table(bigquery.Table(f"{dataset}.t", [bigquery.SchemaField("a", "STRING")]))

    def patch(number):
        def call():
            copy = bigquery.Table.from_api_repr(base.to_api_repr())
            copy.description = str(number)
            return client.update_table(copy, ["description"])

        return call

    base = client.get_table(f"{dataset}.t")
    answers = race([patch(n) for n in range(20)])
    winners = [a for a in answers if isinstance(a, bigquery.Table)]
    assert sorted(map(str, (a for a in answers if a not in winners))) == ["412"] * 19
    assert client.get_table(base).description == winners[0].description


def test_of_twenty_inserts_of_one_job_id_one_runs(client, dataset):
    client.query("CREATE TABLE d.t (a STRING)", job_retry=None).result()
    answers = race([lambda: client.query("ALTER TABLE d.t ADD COLUMN b STRING", job_id="one", job_retry=None)] * 20)
    assert [a for a in answers if not isinstance(a, bigquery.QueryJob)] == [409] * 19
    assert client.get_job("one").error_result is None


def test_readers_and_writers_do_not_disturb_each_other(client, dataset):
    client.query("CREATE TABLE d.t (a STRING)", job_retry=None).result()
    alters = [
        (lambda n=n: client.query(f"ALTER TABLE d.t ADD COLUMN c{n} STRING", job_retry=None).result())
        for n in range(10)
    ]
    reads = [lambda: client.get_table("d.t").num_rows, lambda: len(list(client.list_rows("d.t", max_results=5)))] * 10
    answers = race([*alters, *reads])
    assert not [a for a in answers if isinstance(a, int) and a >= 400]
    assert len(client.get_table("d.t").schema) == 11
