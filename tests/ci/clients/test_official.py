"""The official client's calls, unchanged, over the served port."""

from __future__ import annotations

import contextlib
import io
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from google.api_core.exceptions import BadRequest, Conflict, NotFound, PreconditionFailed
from google.cloud import bigquery
from google.cloud.bigquery import dbapi

from tests.ci.clients.stand import connect, served
from tests.docs.pages import ROOT

FIELDS = [
    bigquery.SchemaField("id", "STRING", mode="REQUIRED", description="Identifies it."),
    bigquery.SchemaField("day", "DATE"),
    bigquery.SchemaField("amount", "NUMERIC"),
    bigquery.SchemaField("tags", "STRING", mode="REPEATED"),
    bigquery.SchemaField("place", "RECORD", fields=[bigquery.SchemaField("city", "STRING")]),
]
ROWS = [
    {"id": f"r{n}", "day": f"2026-01-0{n + 1}", "amount": f"{n}.5", "tags": ["a", "b"][:n], "place": {"city": f"c{n}"}}
    for n in range(5)
]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("served")
    with served([sys.executable, "-m", "bqmigrate"], folder, {"PYTHONPATH": str(ROOT)}) as found:
        yield found


@pytest.fixture
def client(url: str) -> Iterator[bigquery.Client]:
    found = connect(url, "shop")
    yield found
    found.close()


@pytest.fixture
def dataset(client: bigquery.Client) -> str:
    name = f"shop.d{uuid.uuid4().hex[:12]}"
    client.create_dataset(name)
    return name


@pytest.fixture
def table(client: bigquery.Client, dataset: str) -> bigquery.Table:
    made = bigquery.Table(f"{dataset}.sales", FIELDS)
    made.time_partitioning = bigquery.TimePartitioning(field="day")
    made.clustering_fields = ["id"]
    return client.create_table(made)


@pytest.fixture
def filled(client: bigquery.Client, table: bigquery.Table) -> bigquery.Table:
    client.load_table_from_json(ROWS, table, job_config=bigquery.LoadJobConfig(schema=FIELDS)).result()
    return table


def ids(rows: object) -> list[str]:
    return sorted(row["id"] for row in rows)


def test_a_dataset_is_made_read_changed_listed_and_deleted(client):
    made = bigquery.Dataset("shop.life")
    made.location, made.labels, made.description = "US", {"team": "core"}, "For a while."
    made = client.create_dataset(made)
    with pytest.raises(Conflict):
        client.create_dataset(made)
    assert client.create_dataset(made, exists_ok=True).etag == made.etag
    made.description, made.default_table_expiration_ms = "For longer.", 3_600_000 * 48
    changed = client.update_dataset(made, ["description", "default_table_expiration_ms"])
    assert (changed.description, changed.labels, changed.location) == ("For longer.", {"team": "core"}, "US")
    assert client.get_dataset("life").default_table_expiration_ms == 3_600_000 * 48
    assert [d.dataset_id for d in client.list_datasets(filter="labels.team:core")] == ["life"]
    client.delete_dataset(made)
    with pytest.raises(NotFound):
        client.get_dataset("life")
    client.delete_dataset(made, not_found_ok=True)


def test_a_table_comes_back_as_it_was_made(client, dataset, table):
    found = client.get_table(f"{dataset}.sales")
    assert found.schema == FIELDS
    assert (found.time_partitioning.field, found.clustering_fields) == ("day", ["id"])
    assert found.etag == table.etag
    with pytest.raises(Conflict):
        client.create_table(table)
    assert client.create_table(table, exists_ok=True).etag == table.etag


def test_a_table_is_changed_through_its_etag(client, table):
    stale = client.get_table(table)
    table.schema = [*table.schema, bigquery.SchemaField("note", "STRING")]
    table.labels, table.description = {"kept": "yes"}, "Sales."
    changed = client.update_table(table, ["schema", "labels", "description"])
    assert (changed.schema[-1].name, changed.labels, changed.description) == ("note", {"kept": "yes"}, "Sales.")
    stale.description = "Too late."
    with pytest.raises(PreconditionFailed):
        client.update_table(stale, ["description"])
    assert client.get_table(table).description == "Sales."


def test_tables_and_views_are_listed_page_by_page(client, dataset, table):
    view = bigquery.Table(f"{dataset}.cities")
    view.view_query = f"SELECT place.city FROM `{dataset}.sales`"
    client.create_table(view)
    pages = [[t.table_id for t in page] for page in client.list_tables(dataset, page_size=1).pages]
    assert sorted(pages) == [["cities"], ["sales"]]
    assert {t.table_id: t.table_type for t in client.list_tables(dataset)} == {"cities": "VIEW", "sales": "TABLE"}
    assert client.get_table(f"{dataset}.cities").schema[0].name == "city"
    client.delete_table(view)
    with pytest.raises(NotFound):
        client.get_table(view)


def test_rows_streamed_in_are_listed(client, table):
    assert client.insert_rows_json(table, ROWS) == []
    listed = list(client.list_rows(table, selected_fields=FIELDS[:3]))
    assert sorted(tuple(row.values()) for row in listed)[1] == ("r1", date(2026, 1, 2), Decimal("1.5"))
    assert client.get_table(table).streaming_buffer.estimated_rows == 5
    errors = client.insert_rows_json(table, [{"id": "x", "colour": "red"}])
    assert [(e["index"], e["errors"][0]["reason"]) for e in errors] == [(0, "invalid")]


def test_rows_are_listed_page_by_page(client, filled):
    found = client.list_rows(filled, page_size=2)
    assert [page.num_items for page in found.pages] == [2, 2, 1]
    assert found.total_rows == 5
    assert ids(client.list_rows(filled, start_index=3, max_results=1)) == ["r3"]
    assert {row["id"]: (row["tags"], row["place"]) for row in client.list_rows(filled)}["r2"] == (
        ["a", "b"],
        {"city": "c2"},
    )


def test_a_file_is_loaded(client, table):
    config = bigquery.LoadJobConfig(source_format="CSV", skip_leading_rows=1)
    config.schema = [bigquery.SchemaField("id", "STRING"), bigquery.SchemaField("n", "INTEGER")]
    target = f"{table.project}.{table.dataset_id}.from_csv"
    job = client.load_table_from_file(io.BytesIO(b"id,n\nx,1\ny,2\n"), target, job_config=config)
    assert job.result().output_rows == 2
    assert [tuple(r.values()) for r in client.list_rows(target)] == [("x", 1), ("y", 2)]


def test_a_query_takes_parameters_and_answers_typed_rows(client, dataset, filled):
    config = bigquery.QueryJobConfig(
        default_dataset=dataset,
        query_parameters=[
            bigquery.ScalarQueryParameter("least", "NUMERIC", Decimal("2.5")),
            bigquery.ArrayQueryParameter("days", "DATE", [date(2026, 1, 3), date(2026, 1, 4)]),
            bigquery.ScalarQueryParameter("seen", "TIMESTAMP", datetime(2026, 1, 1, tzinfo=UTC)),
        ],
    )
    sql = "SELECT id, amount, @seen AS seen FROM sales WHERE amount >= @least AND day IN UNNEST(@days) ORDER BY id"
    wanted = [("r2", Decimal("2.5")), ("r3", Decimal("3.5"))]
    seen = datetime(2026, 1, 1, tzinfo=UTC)
    for rows in (client.query(sql, config).result(), client.query_and_wait(sql, job_config=config)):
        assert [tuple(row.values()) for row in rows] == [(*two, seen) for two in wanted]


def test_the_rows_of_a_query_come_page_by_page(client):
    sql = "SELECT n FROM UNNEST(GENERATE_ARRAY(1, 10)) AS n ORDER BY n"
    for rows in (client.query(sql).result(page_size=4), client.query_and_wait(sql, page_size=4)):
        assert [[row["n"] for row in page] for page in rows.pages] == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10]]


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("TRUE", True),
        ("1.5", 1.5),
        ("NUMERIC '2.5'", Decimal("2.5")),
        ("BIGNUMERIC '3.5'", Decimal("3.5")),
        ("b'bytes'", b"bytes"),
        ("TIME '01:02:03.000004'", time(1, 2, 3, 4)),
        ("DATETIME '2026-01-01 01:02:03'", datetime(2026, 1, 1, 1, 2, 3)),  # noqa: DTZ001 - it has no zone
        ("TIMESTAMP '2026-01-01 01:00:00+01:00'", datetime(2026, 1, 1, tzinfo=UTC)),
        ("""JSON '{"a": [1, null]}'""", {"a": [1, None]}),
        ("[STRUCT(1 AS a, 'x' AS b)]", [{"a": 1, "b": "x"}]),
        ("CAST(NULL AS DATE)", None),
    ],
)
def test_a_value_comes_back_as_pythons(client, sql, value):
    assert [tuple(row.values()) for row in client.query_and_wait(f"SELECT {sql} AS v")] == [(value,)]


def test_a_script_is_one_job_with_children(client, dataset):
    job = client.query(f"DECLARE x INT64 DEFAULT 2; CREATE TABLE `{dataset}.two` AS SELECT x AS x; SELECT x + 1 AS y")
    assert [tuple(row.values()) for row in job.result()] == [(3,)]
    children = [child.statement_type for child in client.list_jobs(parent_job=job.job_id)]
    assert (children, job.num_child_jobs) == (["SELECT", "CREATE_TABLE_AS_SELECT"], 2)


def test_a_dry_run_says_bytes_and_changes_nothing(client, dataset, filled):
    config = bigquery.QueryJobConfig(dry_run=True, default_dataset=dataset)
    assert client.query("SELECT id FROM sales", config).total_bytes_processed > 0
    client.query("DROP TABLE sales", config)
    assert client.get_table(filled).num_rows == 5


def test_ddl_and_dml_jobs_say_what_they_did(client, dataset, filled):
    config = bigquery.QueryJobConfig(default_dataset=dataset)
    altered = client.query("ALTER TABLE sales ADD COLUMN note STRING", config)
    altered.result()
    assert (altered.statement_type, altered.ddl_operation_performed) == ("ALTER_TABLE", "ALTER")
    updated = client.query("UPDATE sales SET note = 'x' WHERE amount > 2", config)
    assert updated.result().num_dml_affected_rows == 3
    assert updated.dml_stats.updated_row_count == 3
    assert client.get_table(filled).schema[-1].name == "note"


def test_a_table_is_copied(client, dataset, filled):
    client.copy_table(filled, f"{dataset}.copied").result()
    copied = client.get_table(f"{dataset}.copied")
    assert (copied.schema, copied.num_rows, copied.clustering_fields) == (FIELDS, 5, ["id"])
    with pytest.raises(Conflict):
        client.copy_table(filled, f"{dataset}.copied").result()
    append = bigquery.CopyJobConfig(write_disposition="WRITE_APPEND")
    client.copy_table(filled, f"{dataset}.copied", job_config=append).result()
    assert client.get_table(copied).num_rows == 10


def test_a_query_writes_a_table(client, dataset, filled):
    config = bigquery.QueryJobConfig(destination=f"{dataset}.chosen", write_disposition="WRITE_TRUNCATE")
    for _ in range(2):
        client.query(f"SELECT id FROM `{dataset}.sales` WHERE amount > 3", config).result()
    assert ids(client.list_rows(f"{dataset}.chosen")) == ["r3", "r4"]


def test_a_job_id_is_taken_once(client):
    name = f"job-{uuid.uuid4().hex}"
    client.query("SELECT 1", job_id=name, job_retry=None).result()
    with pytest.raises(Conflict):
        client.query("SELECT 2", job_id=name, job_retry=None)
    found = client.get_job(name)
    assert (found.state, [tuple(r.values()) for r in found.result()]) == ("DONE", [(1,)])
    assert name in {job.job_id for job in client.list_jobs(max_results=20)}
    assert client.cancel_job(name).state == "DONE"
    with pytest.raises(NotFound):
        client.get_job("nowhere")


def test_what_a_job_fails_with_is_raised(client, dataset):
    job = client.query(f"SELECT colour FROM `{dataset}.nothing`", job_retry=None)
    with pytest.raises(NotFound):
        job.result()
    with pytest.raises(BadRequest, match="SELEC"):
        client.query_and_wait("SELEC 1")


def test_a_python_database_connection_works(client, dataset):
    with contextlib.closing(dbapi.connect(client, prefer_bqstorage_client=False)) as connection:
        cursor = connection.cursor()
        cursor.execute(f"CREATE TABLE `{dataset}.pairs` (a INT64, b STRING)")
        cursor.executemany(f"INSERT INTO `{dataset}.pairs` (a, b) VALUES (%s, %s)", [(1, "x"), (2, "y")])
        assert cursor.rowcount == 2
        cursor.execute(f"SELECT a, b FROM `{dataset}.pairs` WHERE b = %(b)s", {"b": "y"})
        assert [tuple(row.values()) for row in cursor.fetchall()] == [(2, "y")]


def test_twenty_clients_at_once_are_all_answered(url, dataset):
    def one(number: int) -> int:
        client = connect(url, "shop")
        try:
            client.create_table(bigquery.Table(f"{dataset}.t{number}", FIELDS))
            client.query(f"INSERT INTO `{dataset}.t{number}` (id) VALUES ('x')").result()
            return client.get_table(f"{dataset}.t{number}").num_rows
        finally:
            client.close()

    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(one, range(20))) == [1] * 20


def test_each_project_is_a_world_of_its_own(url, client, dataset):
    other = connect(url, "elsewhere")
    with pytest.raises(NotFound):
        other.get_dataset(dataset.split(".")[1])
    assert dataset.split(".")[1] not in {d.dataset_id for d in other.list_datasets()}
    other.create_dataset("mine")
    assert "mine" not in {d.dataset_id for d in client.list_datasets()}
    assert {p.project_id for p in client.list_projects()} >= {"shop", "elsewhere"}
    other.close()
