"""Expiration of partitions: their rows go by the warehouse's clock, each partition by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.conformance.behaviour import behaviour, refused

pytestmark = pytest.mark.needs_clock

DAY_MS = 24 * 3_600_000
COLUMNS = [{"name": "day", "type": "DATE"}, {"name": "n", "type": "INTEGER"}]
BY_DAY = {"type": "DAY", "field": "day"}


@pytest.fixture
def table(make, sql):
    """Make t with one row on each of the last four days (today is March 1st) and one without a day."""
    make("t", COLUMNS, timePartitioning=BY_DAY)
    sql("INSERT INTO t VALUES ('2026-02-26', 26), ('2026-02-27', 27), ('2026-02-28', 28), ('2026-03-01', 1), (NULL, 0)")


@pytest.fixture
def left(rows):
    """Return the numbers that are left, as queries see them."""
    return lambda: sorted(n for (n,) in rows("SELECT n FROM t"))


@behaviour("page managing-partitioned-tables: each partition expires by itself, in UTC")
def test_partitions_go_one_by_one(sql, left, clock, table):
    sql("ALTER TABLE t SET OPTIONS (partition_expiration_days = 30)")
    for days, found in ((27, [0, 1, 26, 27, 28]), (1, [0, 1, 27, 28]), (1, [0, 1, 28]), (1, [0, 1]), (1, [0])):
        clock.advance(timedelta(days=days))
        assert left() == found


@behaviour(
    "page managing-partitioned-tables: with 6 hours a daily partition expires at 6 the day after, or on its own day",
    uncertain="partitions_expire_from",
)
@pytest.mark.parametrize(
    ("hours", "found"),
    [
        pytest.param(29, [1], marks=pytest.mark.switches(partitions_expire_from="end")),
        pytest.param(30, [], marks=pytest.mark.switches(partitions_expire_from="end")),
        pytest.param(5, [1], marks=pytest.mark.switches(partitions_expire_from="start")),
        pytest.param(6, [], marks=pytest.mark.switches(partitions_expire_from="start")),
    ],
)
def test_an_expiration_is_counted_from_the_boundary(make, sql, left, clock, hours, found):
    clock.advance(timedelta(hours=-12))
    make("t", COLUMNS, timePartitioning={**BY_DAY, "expirationMs": str(DAY_MS // 4)})
    sql("INSERT INTO t VALUES ('2026-03-01', 1)")
    clock.advance(timedelta(hours=hours))
    assert left() == found


@behaviour("1.1 partition expiration: older ones expire immediately, by SET OPTIONS and by PATCH")
@pytest.mark.parametrize("how", ["DDL", "PATCH"])
def test_a_new_expiration_is_for_all_partitions_at_once(sql, api, left, resource, table, how):
    if how == "DDL":
        sql("ALTER TABLE t SET OPTIONS (partition_expiration_days = 2)")
    else:
        api("PATCH", "/tables/t", {"timePartitioning": {**BY_DAY, "expirationMs": str(2 * DAY_MS)}})
    assert left() == [0, 1, 27, 28]
    assert resource("t")["timePartitioning"]["expirationMs"] == str(2 * DAY_MS)
    sql("ALTER TABLE t SET OPTIONS (partition_expiration_days = NULL)")
    assert left() == [0, 1, 27, 28]


@behaviour("page managing-partitioned-tables: what is inserted, loaded or copied into an expired partition is gone")
def test_rows_that_come_too_late_are_gone(client, dataset, make, sql, left):
    make("t", COLUMNS, timePartitioning={**BY_DAY, "expirationMs": str(2 * DAY_MS)})
    sql("INSERT INTO t VALUES ('2026-01-01', 101), ('2026-03-01', 1)")
    client.load_table_from_json(
        [{"day": "2026-01-02", "n": 102}, {"day": "2026-02-28", "n": 28}], f"{dataset}.t"
    ).result()
    assert left() == [1, 28]
    sql("CREATE TABLE u (day DATE, n INT64) PARTITION BY day OPTIONS (partition_expiration_days = 2) "
        "AS SELECT DATE '2026-01-01' AS day, 1 AS n UNION ALL SELECT DATE '2026-03-01', 2")  # fmt: skip
    assert client.get_table(f"{dataset}.u").num_rows == 1


@behaviour("1.1 partition expiration: expired rows are in no reply")
def test_expired_rows_are_nowhere(client, dataset, sql, rows, resource, clock, table):
    sql("ALTER TABLE t SET OPTIONS (partition_expiration_days = 30)")
    asked = "SELECT partition_id FROM INFORMATION_SCHEMA.PARTITIONS ORDER BY partition_id"
    assert (resource("t")["numRows"], len(rows(asked))) == ("5", 5)
    clock.advance(timedelta(days=30))
    assert resource("t")["numRows"] == "2"
    assert sorted(tuple(row.values())[1] for row in client.list_rows(f"{dataset}.t")) == [0, 1]
    assert rows(asked) == [("20260301",), ("__NULL__",)]
    assert sql("SELECT day FROM t", dry_run=True).total_bytes_processed == 8
    assert sql("UPDATE t SET n = n + 1 WHERE true").num_dml_affected_rows == 2


@behaviour("10 default_partition_expiration: a new table's partitions expire as its dataset says")
def test_the_default_of_the_dataset_expires_partitions(client, new_dataset, clock):
    name = new_dataset(defaultPartitionExpirationMs=str(10 * DAY_MS))
    client.query(f"CREATE TABLE `{name}.t` (day DATE) PARTITION BY day").result()
    client.query(
        f"CREATE TABLE `{name}.own` (day DATE) PARTITION BY day OPTIONS (partition_expiration_days = 90)"
    ).result()
    for table in ("t", "own"):
        client.query(f"INSERT INTO `{name}.{table}` VALUES ('2026-03-01')").result()
    clock.advance(timedelta(days=11))
    assert [client.get_table(f"{name}.{table}").num_rows for table in ("t", "own")] == [0, 1]
    clock.advance(timedelta(days=80))
    assert client.get_table(f"{name}.own").num_rows == 0


@behaviour("page managing-partitioned-tables: ingestion-time partitions expire too, months from their boundary")
def test_partitions_of_ingestion_time_expire(make, sql, left, clock):
    make("t", COLUMNS, timePartitioning={"type": "MONTH", "expirationMs": str(DAY_MS)})
    sql("INSERT INTO t (n) VALUES (1)")
    clock.advance(timedelta(days=31))
    assert left() == [1]
    clock.advance(timedelta(days=1))
    assert left() == []


@behaviour("6.1 rows of an expired partition are read in time travel")
def test_an_expired_partition_is_read_in_the_past(sql, rows, left, clock, table):
    clock.advance(timedelta(hours=1))
    sql("ALTER TABLE t SET OPTIONS (partition_expiration_days = 2)")
    past = "t FOR SYSTEM_TIME AS OF TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 30 MINUTE)"
    assert sorted(n for (n,) in rows(f"SELECT n FROM {past}")) == [0, 1, 26, 27, 28]
    assert left() == [0, 1, 27, 28]


@behaviour("6.2 a clone or snapshot keeps rows that expire in its base")
def test_a_snapshot_keeps_what_expires(sql, rows, left, clock, table):
    sql("ALTER TABLE t SET OPTIONS (partition_expiration_days = 30)")
    sql("CREATE SNAPSHOT TABLE s CLONE t")
    clock.advance(timedelta(days=40))
    assert (left(), rows("SELECT COUNT(*) FROM s")) == ([0], [(5,)])


@behaviour("page managing-partitioned-tables: integer ranges have no expiration")
def test_integer_ranges_do_not_expire(sql, rows, clock):
    clause = "PARTITION BY RANGE_BUCKET(n, GENERATE_ARRAY(0, 100, 10))"
    with refused(400, "invalidQuery", "partition"):
        sql(f"CREATE TABLE u (n INT64) {clause} OPTIONS (partition_expiration_days = 1)")
    sql(f"CREATE TABLE u (n INT64) {clause}")
    sql("INSERT INTO u VALUES (1)")
    clock.advance(timedelta(days=1000))
    assert rows("SELECT n FROM u") == [(1,)]


@behaviour("7 streamed rows wait in the buffer before their partition can expire")
def test_streamed_rows_expire_after_the_buffer(client, dataset, sql, left, clock, table):
    sql("ALTER TABLE t SET OPTIONS (partition_expiration_days = 2)")
    assert client.insert_rows_json(f"{dataset}.t", [{"day": "2026-01-01", "n": 101}]) == []
    assert left() == [0, 1, 27, 28, 101]
    clock.advance(timedelta(hours=12))
    assert left() == [0, 1, 28]
