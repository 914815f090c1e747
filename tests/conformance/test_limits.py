from __future__ import annotations

from datetime import timedelta

import pytest
from google.cloud import bigquery

from tests.conformance.behaviour import behaviour, refused

A = {"name": "a", "type": "STRING"}
FIVE = pytest.mark.switches(metadata_updates=5)


def describe(api, number, table="t"):
    return api("PATCH", f"/tables/{table}", {"description": str(number)})


@behaviour("3.1 Table metadata updates per table: 5 per 10 s")
@behaviour("3.2 rateLimitExceeded")
@FIVE
@pytest.mark.needs_clock
def test_the_sixth_update_of_a_table_within_ten_seconds_is_refused_and_the_next_window_is_free(make, api, clock):
    make("t", [A])
    for number in range(4):
        describe(api, number)
    with refused(403, "rateLimitExceeded", "too many table update operations"):
        describe(api, 4)
    make("u", [A])
    describe(api, 5, "u")
    clock.advance(timedelta(seconds=11))
    assert describe(api, 6)["description"] == "6"


@behaviour("3.1 tied to the table name: drop and recreate does not reset it")
@FIVE
@pytest.mark.needs_clock
def test_dropping_and_making_a_table_again_does_not_reset_its_limit(make, api, clock):
    make("t", [A])
    describe(api, 1)
    api("DELETE", "/tables/t")
    make("t", [A])
    describe(api, 2)
    with refused(403, "rateLimitExceeded"):
        describe(api, 3)
    clock.advance(timedelta(seconds=11))
    describe(api, 4)


@behaviour("3.2 jobRateLimitExceeded", uncertain="rate_limit_of_jobs")
@FIVE
@pytest.mark.needs_clock
@pytest.mark.parametrize("reason", [
    pytest.param("jobRateLimitExceeded", marks=pytest.mark.switches(rate_limit_of_jobs="jobRateLimitExceeded")),
    pytest.param("rateLimitExceeded", marks=pytest.mark.switches(rate_limit_of_jobs="rateLimitExceeded")),
])  # fmt: skip
def test_ddl_beyond_the_limit_is_a_failed_job_without_effect(make, client, dataset, clock, sql, reason, resource):
    make("t", [A])
    for number in range(4):
        sql(f"ALTER TABLE t ADD COLUMN c{number} STRING")
    config = bigquery.QueryJobConfig(default_dataset=dataset)
    job = client.query("ALTER TABLE t ADD COLUMN late STRING", job_config=config, job_retry=None)
    assert client.get_job(job.job_id).error_result["reason"] == reason
    assert len(resource("t")["schema"]["fields"]) == 5
    clock.advance(timedelta(seconds=11))
    sql("ALTER TABLE t ADD COLUMN late STRING")


@behaviour("3.1 DML counts but is not blocked")
@FIVE
@pytest.mark.needs_clock
def test_dml_and_streaming_are_not_held_up_by_the_limit(make, sql, client, dataset, rows):
    make("t", [A])
    for number in range(8):
        sql(f"INSERT INTO t VALUES ('{number}')")
        client.insert_rows_json(f"{dataset}.t", [{"a": "x"}])
    assert rows("SELECT count(*) FROM t") == [(16,)]


@behaviour("3.1 load and copy jobs writing the table count in common")
@FIVE
@pytest.mark.needs_clock
def test_load_and_copy_jobs_share_the_limit(make, client, dataset, clock):
    make("t", [A])
    make("source", [A])
    append = bigquery.CopyJobConfig(write_disposition="WRITE_APPEND")
    for _ in range(2):
        client.load_table_from_json([{"a": "x"}], f"{dataset}.t").result(retry=None)
        client.copy_table(f"{dataset}.source", f"{dataset}.t", job_config=append).result(retry=None)
    job = client.load_table_from_json([{"a": "x"}], f"{dataset}.t")
    assert client.get_job(job.job_id).error_result["reason"] == "jobRateLimitExceeded"
    clock.advance(timedelta(seconds=11))
    client.load_table_from_json([{"a": "x"}], f"{dataset}.t").result(retry=None)


@behaviour("3.1 Dataset updates: 5 per 10 s per dataset")
@FIVE
@pytest.mark.needs_clock
def test_a_dataset_takes_five_updates_in_ten_seconds(api, clock, make):
    for number in range(4):
        api("PATCH", "", {"description": str(number)})
    with refused(403, "rateLimitExceeded", "dataset"):
        api("PATCH", "", {"description": "late"})
    make("t", [A])
    clock.advance(timedelta(seconds=11))
    assert api("PATCH", "", {"description": "late"})["description"] == "late"


@behaviour("2 Columns per table: 10,000 incl. nested")
def test_a_table_has_at_most_ten_thousand_columns_nested_ones_included(make):
    nested = {"name": "r", "type": "RECORD", "fields": [{"name": f"n{n}", "type": "STRING"} for n in range(4999)]}
    flat = [{"name": f"c{n}", "type": "STRING"} for n in range(5000)]
    with refused(400, "invalid", "columns"):
        make("t", [nested, *flat, A])
    assert len(make("t", [nested, *flat]).schema) == 5001


def deep(levels):
    field = {"name": "leaf", "type": "STRING"}
    for level in range(levels):
        field = {"name": f"r{level}", "type": "RECORD", "fields": [field]}
    return field


@behaviour("2 STRUCT nesting: 15 levels")
def test_records_nest_fifteen_levels(make):
    with refused(400, "invalid", "nest"):
        make("t", [deep(16)])
    make("t", [deep(15)])


@behaviour("2 Partitions: 4,000 touched by one job")
@pytest.mark.parametrize("way", ["INSERT", "CTAS"])
def test_one_job_touches_at_most_four_thousand_partitions(make, sql, rows, way):
    numbers = {"start": "0", "end": "10000", "interval": "1"}
    make("t", [{"name": "n", "type": "INTEGER"}], rangePartitioning={"field": "n", "range": numbers})
    create = "CREATE TABLE u PARTITION BY RANGE_BUCKET(n, GENERATE_ARRAY(0, 10000, 1)) AS "
    head = "INSERT INTO t " if way == "INSERT" else create
    with refused(400, "invalidQuery", "too many partitions"):
        sql(f"{head}SELECT n FROM UNNEST(GENERATE_ARRAY(0, 4000)) AS n")
    sql(f"{head}SELECT n FROM UNNEST(GENERATE_ARRAY(0, 3999)) AS n")
    assert rows(f"SELECT count(*) FROM {'t' if way == 'INSERT' else 'u'}") == [(4000,)]


@behaviour("2 Labels: <=64 per resource")
def test_a_table_has_at_most_sixty_four_labels(make, resource):
    with refused(400, "invalid", "label"):
        make("t", [A], labels={f"k{n}": "" for n in range(65)})
    make("t", [A], labels={f"k{n}": "" for n in range(64)})
    assert len(resource("t")["labels"]) == 64
