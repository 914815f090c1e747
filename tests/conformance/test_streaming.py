from __future__ import annotations

from datetime import timedelta

import pytest
from google.cloud import bigquery

from tests.conformance.behaviour import behaviour, refused

FIELDS = [{"name": "a", "type": "STRING"}, {"name": "n", "type": "INTEGER", "mode": "REQUIRED"}]
BUFFER = "streaming buffer"


@pytest.fixture
def streamed(make, sql, client, dataset):
    """A table with one settled row and two that wait in the buffer."""
    make("t", FIELDS)
    sql("INSERT INTO t VALUES ('settled', 1)")
    assert client.insert_rows_json(f"{dataset}.t", [{"a": "s", "n": 2}, {"a": "s", "n": 3}]) == []
    return f"{dataset}.t"


@behaviour("7 tables.get().streamingBuffer present => buffered rows")
def test_streamed_rows_are_queried_at_once_and_shown_as_a_buffer(streamed, rows, resource):
    assert rows("SELECT n FROM t ORDER BY n") == [(1,), (2,), (3,)]
    found = resource("t")
    assert found["streamingBuffer"]["estimatedRows"] == "2"
    assert found["numRows"] == "1"


@behaviour("7 insertAll: errors by row")
def test_a_bad_row_stops_all_unless_invalid_rows_are_skipped(make, client, dataset, rows):
    make("t", FIELDS)
    given = [{"a": "x", "n": 1}, {"a": "y"}, {"a": "z", "n": "no"}, {"zz": 1, "n": 4}]
    errors = client.insert_rows_json(f"{dataset}.t", given)
    assert [(e["index"], e["errors"][0]["reason"]) for e in errors] == [
        (0, "stopped"), (1, "invalid"), (2, "invalid"), (3, "invalid"),
    ]  # fmt: skip
    assert rows("SELECT count(*) FROM t") == [(0,)]
    errors = client.insert_rows_json(f"{dataset}.t", given, skip_invalid_rows=True, ignore_unknown_values=True)
    assert sorted(e["index"] for e in errors) == [1, 2]
    assert rows("SELECT n FROM t ORDER BY n") == [(1,), (4,)]


@behaviour("7 insertAll rows of the last 30 min cannot be UPDATEd, DELETEd, MERGEd, TRUNCATEd")
@pytest.mark.parametrize("text", [
    "UPDATE t SET a = 'z' WHERE n = 2",
    "DELETE FROM t WHERE true",
    "MERGE t USING (SELECT 2 AS m) ON n = m WHEN MATCHED THEN DELETE",
    "TRUNCATE TABLE t",
])  # fmt: skip
def test_dml_that_meets_streamed_rows_is_refused(streamed, sql, rows, text):
    with refused(400, "invalidQuery", BUFFER):
        sql(text)
    assert rows("SELECT n FROM t ORDER BY n") == [(1,), (2,), (3,)]
    sql("INSERT INTO t VALUES ('more', 4)")


@behaviour("7 all other rows remain modifiable")
def test_rows_that_have_left_the_buffer_are_changed_beside_it(streamed, sql, rows, resource):
    assert sql("UPDATE t SET a = 'changed' WHERE n = 1").num_dml_affected_rows == 1
    assert rows("SELECT a, n FROM t ORDER BY n") == [("changed", 1), ("s", 2), ("s", 3)]
    assert sql("DELETE FROM t WHERE n = 1").num_dml_affected_rows == 1
    assert rows("SELECT n FROM t ORDER BY n") == [(2,), (3,)]
    assert resource("t")["streamingBuffer"]["estimatedRows"] == "2"
    with refused(400, "invalidQuery", BUFFER):
        sql("DELETE FROM t WHERE n = 3")


@behaviour("7 insertAll rows of the last 30 min")
@pytest.mark.needs_clock
def test_streamed_rows_can_be_changed_after_thirty_minutes(streamed, sql, rows, clock):
    clock.advance(timedelta(minutes=29))
    with refused(400, "invalidQuery", BUFFER):
        sql("DELETE FROM t WHERE n = 2")
    clock.advance(timedelta(minutes=2))
    sql("DELETE FROM t WHERE n = 2")
    assert rows("SELECT n FROM t ORDER BY n") == [(1,), (3,)]


@behaviour("6.3 streaming")
@behaviour("7 Snapshot, clone and copy miss buffered rows")
@pytest.mark.parametrize("how", ["job COPY", "job SNAPSHOT", "job CLONE", "COPY", "CLONE", "SNAPSHOT"])
def test_copies_miss_the_rows_in_the_buffer(streamed, sql, rows, client, dataset, how):
    if how.startswith("job "):
        config = bigquery.CopyJobConfig(operation_type=how[4:])
        client.copy_table(streamed, f"{dataset}.u", job_config=config).result()
    elif how == "SNAPSHOT":
        sql("CREATE SNAPSHOT TABLE u CLONE t")
    else:
        sql(f"CREATE TABLE u {how} t")
    assert rows("SELECT n FROM u") == [(1,)]
    assert rows("SELECT count(*) FROM t") == [(3,)]


@behaviour("7 may lack from copy for up to 90 min")
@pytest.mark.needs_clock
def test_after_ninety_minutes_the_buffer_is_empty_and_copies_see_all(streamed, resource, rows, client, dataset, clock):
    clock.advance(timedelta(minutes=91))
    found = resource("t")
    assert "streamingBuffer" not in found
    assert found["numRows"] == "3"
    client.copy_table(streamed, f"{dataset}.u").result()
    assert rows("SELECT count(*) FROM u") == [(3,)]


@behaviour("7 RENAME TABLE and SET DATA TYPE need streaming stopped")
@pytest.mark.needs_clock
@pytest.mark.parametrize(("text", "table"), [
    ("ALTER TABLE t RENAME TO u", "u"), ("ALTER TABLE t ALTER COLUMN n SET DATA TYPE NUMERIC", "t"),
])  # fmt: skip
def test_a_table_with_a_buffer_is_not_renamed_nor_widened(streamed, sql, rows, clock, text, table):
    with refused(400, "invalidQuery", BUFFER):
        sql(text)
    sql("ALTER TABLE t ADD COLUMN more STRING")
    clock.advance(timedelta(hours=6))
    sql(text)
    assert rows(f"SELECT count(*) FROM {table}") == [(3,)]


@behaviour("2 insertAll-style REST applies defaults per row")
def test_a_default_fills_a_streamed_row_that_lacks_the_column(make, client, dataset, rows):
    make("t", [FIELDS[0], {"name": "n", "type": "INTEGER", "defaultValueExpression": "7"}])
    assert client.insert_rows_json(f"{dataset}.t", [{"a": "without"}, {"a": "with", "n": 1}]) == []
    assert rows("SELECT a, n FROM t ORDER BY n") == [("with", 1), ("without", 7)]


@behaviour("page REST tabledata.insertAll: views and snapshots")
def test_nothing_is_streamed_into_a_view(make, sql, client, dataset, api):
    make("t", FIELDS)
    sql("CREATE VIEW v AS SELECT * FROM t")
    with refused(400, "invalidQuery"):
        api("POST", "/tables/v/insertAll", {"rows": [{"json": {"n": 1}}]})
    with refused(400, "invalid"):
        api("POST", "/tables/t/insertAll", {"rows": []})
    assert client.insert_rows_json(f"{dataset}.t", [{"n": 1}]) == []


@behaviour("insertAll: insertId de-duplicates for a minute, as best effort")
@pytest.mark.needs_clock
def test_a_row_that_is_sent_again_within_a_minute_is_taken_once(make, client, dataset, rows, clock):
    make("t", FIELDS)

    def send(*given):
        return client.insert_rows_json(f"{dataset}.t", [{"n": n} for n, _ in given], row_ids=[key for _, key in given])

    assert send((1, "a"), (2, "b"), (3, "b"), (4, None)) == []
    assert send((1, "a"), (4, None), (5, "c")) == []
    assert rows("SELECT n FROM t ORDER BY n") == [(1,), (2,), (4,), (4,), (5,)]
    clock.advance(timedelta(seconds=61))
    assert send((1, "a")) == []
    assert rows("SELECT COUNT(*) FROM t WHERE n = 1") == [(2,)]


@behaviour("insertAll: a row that was refused may be sent again under its insertId")
def test_the_id_of_a_refused_row_is_free(make, client, dataset, rows):
    make("t", FIELDS)
    table, keys = f"{dataset}.t", ["a", "b"]
    assert len(client.insert_rows_json(table, [{"n": 1}, {"n": "no"}], row_ids=keys)) == 2
    assert client.insert_rows_json(table, [{"n": 1}, {"n": 2}], row_ids=keys) == []
    assert rows("SELECT n FROM t ORDER BY n") == [(1,), (2,)]


@behaviour("insertAll: a table that is made anew knows no insertId")
@pytest.mark.needs_clock
def test_a_new_table_takes_the_ids_of_the_one_before(make, client, dataset, rows, clock):
    for _ in range(2):
        make("t", FIELDS)
        assert client.insert_rows_json(f"{dataset}.t", [{"n": 1}], row_ids=["a"]) == []
        assert rows("SELECT n FROM t") == [(1,)]
        client.delete_table(f"{dataset}.t")
        clock.advance(timedelta(seconds=1))
