"""Facts 6.1: FOR SYSTEM_TIME AS OF, the window of a dataset, and what can be brought back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from google.cloud import bigquery

from tests.conformance.behaviour import behaviour, refused

pytestmark = pytest.mark.needs_clock


def ago(hours):
    return f"FOR SYSTEM_TIME AS OF TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL {hours} HOUR)"


@pytest.fixture
def table(sql, clock):
    """Change a table once an hour: it has one row 5 hours ago, two 4 hours ago, and so on."""
    sql("CREATE TABLE t (id INT64, name STRING)")
    for text in (
        "INSERT INTO t VALUES (1, 'a')",
        "INSERT INTO t VALUES (2, 'b')",
        "UPDATE t SET name = 'z' WHERE id = 1",
        "DELETE FROM t WHERE id = 2",
    ):
        clock.advance(timedelta(hours=1))
        sql(text)
    clock.advance(timedelta(minutes=30))


@behaviour("6.1 FOR SYSTEM_TIME AS OF reads the rows of that moment")
@pytest.mark.parametrize(
    ("hours", "found"),
    [(0, [(1, "z")]), (1, [(1, "z"), (2, "b")]), (2, [(1, "a"), (2, "b")]), (3, [(1, "a")]), (4, [])],
)
def test_each_moment_has_its_rows(rows, table, hours, found):
    assert rows(f"SELECT * FROM t {ago(hours)} ORDER BY id") == found


@behaviour("AHD two moments of one table in one query")
def test_a_table_is_compared_with_its_past(rows, table):
    assert rows(f"SELECT o.id FROM t AS o {ago(2)} LEFT JOIN t AS n ON o.id = n.id WHERE n.id IS NULL") == [(2,)]


@behaviour("AHD a moment may be a parameter or a literal, and must be a TIMESTAMP")
def test_a_moment_is_a_timestamp(rows, clock, table):
    given = [bigquery.ScalarQueryParameter("at", "TIMESTAMP", clock.now() - timedelta(hours=3))]
    assert rows("SELECT id FROM t FOR SYSTEM_TIME AS OF @at", query_parameters=given) == [(1,)]
    literal = (clock.now() - timedelta(hours=3)).strftime("%Y-%m-%d %H:%M:%S+00")
    assert rows(f"SELECT id FROM t FOR SYSTEM_TIME AS OF '{literal}'") == [(1,)]
    with refused(400, "invalidQuery"):
        rows("SELECT id FROM t FOR SYSTEM_TIME AS OF 5")


@behaviour("AHD a moment does not depend on rows or subqueries")
def test_a_moment_is_one_for_the_whole_query(rows, table):
    for text in ("(SELECT CURRENT_TIMESTAMP())", "name"):
        with refused(400, "invalidQuery"):
            rows(f"SELECT id FROM t FOR SYSTEM_TIME AS OF {text}")
    assert rows("SELECT id FROM t FOR SYSTEM_TIME AS OF CURRENT_TIMESTAMP()") == [(1,)]


@behaviour("6.1 the window is seven days, and the refusal names the earliest moment")
def test_before_the_window_and_in_the_future_nothing_is_read(rows, clock, table):
    clock.advance(timedelta(days=7))
    with refused(400, "invalid", "Cannot read before"):
        rows(f"SELECT id FROM t {ago(169)}")
    with refused(400, "invalid"):
        rows(f"SELECT id FROM t {ago(-1)}")
    assert rows(f"SELECT id FROM t {ago(167)}") == [(1,)]


@behaviour("6.1 the window of a dataset is 48 to 168 hours")
def test_a_dataset_may_have_a_shorter_window(sql, rows, dataset, clock, table):
    sql(f"ALTER SCHEMA `{dataset}` SET OPTIONS (max_time_travel_hours = 48)")
    clock.advance(timedelta(hours=50))
    with refused(400, "invalid", "Cannot read before"):
        rows(f"SELECT id FROM t {ago(49)}")
    assert rows(f"SELECT id FROM t {ago(47)}") == [(1,)]
    with refused(400, "invalid"):
        sql(f"ALTER SCHEMA `{dataset}` SET OPTIONS (max_time_travel_hours = 50)")


@behaviour("6.1 a deleted table must be restored before it is read")
def test_a_dropped_table_is_restored_by_a_copy_of_its_past(client, dataset, sql, rows, clock, table):
    before = int(clock.now().timestamp() * 1000)
    clock.advance(timedelta(minutes=1))
    sql("DROP TABLE t")
    clock.advance(timedelta(hours=1))
    with refused(404, "notFound"):
        rows(f"SELECT id FROM t {ago(2)}")
    client.copy_table(f"{dataset}.t@{before}", f"{dataset}.restored").result()
    assert rows("SELECT * FROM restored") == [(1, "z")]


@behaviour("1.2 data of a dropped column is read within the window")
def test_a_dropped_column_is_still_in_the_past(sql, rows, clock, table):
    clock.advance(timedelta(hours=1))
    sql("ALTER TABLE t DROP COLUMN name")
    clock.advance(timedelta(hours=1))
    assert rows(f"SELECT name FROM t {ago(2)}") == [("z",)]
    with refused(400, "invalidQuery"):
        rows("SELECT name FROM t")


@behaviour("6.2 clones and snapshots of the past")
@pytest.mark.parametrize("how", ["CREATE TABLE u CLONE t", "CREATE SNAPSHOT TABLE u CLONE t"])
def test_the_past_is_cloned(sql, rows, table, how):
    sql(f"{how} {ago(2)}")
    assert rows("SELECT * FROM u ORDER BY id") == [(1, "a"), (2, "b")]
    with refused(400, "invalid", "Cannot read before"):
        sql(f"{how.replace(' u ', ' w ')} {ago(200)}")


@behaviour("6.1 views and DML targets have no past")
def test_a_view_is_not_read_as_of_a_moment(sql, rows, table):
    sql("CREATE VIEW v AS SELECT * FROM t")
    with refused(400, "invalidQuery"):
        rows(f"SELECT * FROM v {ago(1)}")
    assert rows(f"SELECT COUNT(*) FROM t {ago(1)}") == [(2,)]


@behaviour("6.1 rows of the past are put back by INSERT or MERGE")
def test_deleted_rows_are_put_back_from_the_past(sql, rows, table):
    sql(f"INSERT INTO t SELECT * FROM t {ago(1)} WHERE id NOT IN (SELECT id FROM t)")
    assert rows("SELECT * FROM t ORDER BY id") == [(1, "z"), (2, "b")]


@behaviour("6.1 time travel outlives several jobs of one transaction as one change")
def test_a_transaction_is_one_step_of_the_past(sql, rows, clock, table):
    clock.advance(timedelta(hours=1))
    sql("BEGIN TRANSACTION; INSERT INTO t VALUES (7, 'x'); DELETE FROM t WHERE id = 1; COMMIT")
    clock.advance(timedelta(hours=1))
    assert (rows(f"SELECT id FROM t {ago(2)}"), rows("SELECT id FROM t")) == ([(1,)], [(7,)])
