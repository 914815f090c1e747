"""RANGE: literals, constructor, functions, and values that go in and come out; INTERVAL.

https://cloud.google.com/bigquery/docs/reference/standard-sql/range-functions
"""

from __future__ import annotations

import datetime as dt

import pytest
from google.cloud import bigquery

from tests.conformance.answers import check, fail
from tests.conformance.behaviour import behaviour

YEAR = "RANGE<DATE> '[2022-01-01, 2023-01-01)'"
OPEN = "RANGE<DATE> '[UNBOUNDED, 2023-01-01)'"
NONE = "CAST(NULL AS RANGE<DATE>)"


def dates(start, end):
    return {"start": start and dt.date(*start), "end": end and dt.date(*end)}


ANSWERS = {
    "RANGE": {
        "RANGE(DATE '2022-12-01', DATE '2022-12-31')": dates((2022, 12, 1), (2022, 12, 31)),
        "RANGE(NULL, DATE '2022-12-31')": dates(None, (2022, 12, 31)),
        "RANGE(DATE '2022-12-01', NULL)": dates((2022, 12, 1), None),
        "RANGE(CAST(NULL AS DATE), NULL)": dates(None, None),
        f"{NONE} = RANGE(DATE '2022-12-01', NULL)": None,
        f"RANGE(DATE '2022-01-01', DATE '2023-01-01') = {YEAR}": True,
    },
    "RANGE_START": {f"RANGE_START({YEAR})": dt.date(2022, 1, 1), f"RANGE_START({OPEN})": None,
                    f"RANGE_START({NONE})": None},
    "RANGE_END": {
        f"RANGE_END({YEAR})": dt.date(2023, 1, 1),
        "RANGE_END(RANGE<DATETIME> '[2022-01-01 00:00:00, 2022-01-01 12:30:00.5)')":
            dt.datetime(2022, 1, 1, 12, 30, 0, 500000),  # noqa: DTZ001
    },
    "RANGE_CONTAINS": {
        f"RANGE_CONTAINS({YEAR}, DATE '2022-01-01')": True,
        f"RANGE_CONTAINS({YEAR}, DATE '2023-01-01')": False,
        f"RANGE_CONTAINS({OPEN}, DATE '0001-01-01')": True,
        f"RANGE_CONTAINS({YEAR}, CAST(NULL AS DATE))": None,
        f"RANGE_CONTAINS({YEAR}, RANGE<DATE> '[2022-04-01, 2022-07-01)')": True,
        f"RANGE_CONTAINS({YEAR}, RANGE<DATE> '[2022-04-01, UNBOUNDED)')": False,
        f"RANGE_CONTAINS({OPEN}, {YEAR})": True,
        f"RANGE_CONTAINS({YEAR}, {NONE})": None,
    },
    "RANGE_OVERLAPS": {
        f"RANGE_OVERLAPS({YEAR}, RANGE<DATE> '[2022-12-31, UNBOUNDED)')": True,
        f"RANGE_OVERLAPS({YEAR}, RANGE<DATE> '[2023-01-01, 2024-01-01)')": False,
        f"RANGE_OVERLAPS({OPEN}, {YEAR})": True,
        f"RANGE_OVERLAPS({YEAR}, {NONE})": None,
    },
}  # fmt: skip
FAILURES = {
    "RANGE": [
        "RANGE(DATE '2022-12-31', DATE '2022-12-01')", "RANGE(DATE '2022-12-01', DATE '2022-12-01')", "RANGE(1, 2)",
        "RANGE(DATE '2022-12-01', TIMESTAMP '2022-12-31')", "RANGE(DATE '2022-12-01')", "RANGE(NULL, NULL)",
        "RANGE<DATE> '[2022-12-31, 2022-12-01)'", "RANGE<DATE> '(2022-01-01, 2022-12-01]'", "RANGE<DATE> '2022-01-01'",
        "RANGE<DATE> '[2022-02-30, 2022-12-01)'", "RANGE<INT64> '[1, 2)'",
    ],
    "RANGE_START": ["RANGE_START(DATE '2022-01-01')", f"RANGE_START({YEAR}, 1)"],
    "RANGE_CONTAINS": [f"RANGE_CONTAINS({YEAR}, 1)", f"RANGE_CONTAINS(1, {YEAR})", f"RANGE_CONTAINS({YEAR})"],
    "RANGE_OVERLAPS": [f"RANGE_OVERLAPS({YEAR}, RANGE<DATETIME> '[2022-01-01, UNBOUNDED)')"],
}  # fmt: skip


@behaviour("standard-sql/range-functions: the answers of each; a start belongs to a range, an end does not")
@pytest.mark.parametrize("name", ANSWERS)
def test_a_range_function_answers(rows, name):
    check(rows, ANSWERS[name])


@behaviour("standard-sql/range-functions: what each refuses")
@pytest.mark.parametrize("name", FAILURES)
def test_a_range_function_refuses(rows, name):
    fail(rows, FAILURES[name])
    check(rows, ANSWERS[name])
    if name == "RANGE":
        check(rows, {f"SAFE.{FAILURES[name][0]}": None})


VALUES = [
    ("DATE", "RANGE<DATE> '[2022-01-01, UNBOUNDED)'", dates((2022, 1, 1), None)),
    ("DATETIME", "RANGE(DATETIME '2022-01-01 10:00:00', DATETIME '2022-01-01 11:00:00')",
     {"start": dt.datetime(2022, 1, 1, 10), "end": dt.datetime(2022, 1, 1, 11)}),  # noqa: DTZ001
    ("TIMESTAMP", "RANGE<TIMESTAMP> '[2022-01-01 10:00:00+02, 2022-01-01 11:00:00+00)'",
     {"start": dt.datetime(2022, 1, 1, 8, tzinfo=dt.UTC), "end": dt.datetime(2022, 1, 1, 11, tzinfo=dt.UTC)}),
]  # fmt: skip


@behaviour("standard-sql/data-types: a RANGE goes in by INSERT and comes out by queries and by tabledata.list")
@pytest.mark.parametrize(("element", "literal", "value"), VALUES)
def test_a_range_is_kept(client, dataset, sql, rows, element, literal, value):
    sql(f"CREATE TABLE t (c RANGE<{element}>)")
    sql(f"INSERT INTO t VALUES ({literal}), (NULL)")
    assert rows("SELECT c FROM t") == [(value,), (None,)]
    assert [row.c for row in client.list_rows(client.get_table(f"{dataset}.t"))] == [value, None]
    sql(f"DECLARE r RANGE<{element}> DEFAULT {literal}; UPDATE t SET c = r WHERE c IS NULL;")
    assert rows(f"SELECT COUNT(*) FROM t WHERE c = {literal}") == [(2,)]
    fail(rows, ["c + 1", "RANGE_START(c) + 'a'"], "FROM t")


@behaviour("standard-sql/data-types: a RANGE as a query parameter and as a streamed row")
def test_a_range_comes_from_a_client(client, dataset, sql, rows):
    sql("CREATE TABLE t (c RANGE<DATE>)")
    given = bigquery.RangeQueryParameter("DATE", start=dt.date(2022, 1, 1), end=None, name="r")
    sql("INSERT INTO t VALUES (@r)", query_parameters=[given])
    assert client.insert_rows_json(f"{dataset}.t", [{"c": {"start": None, "end": "2022-01-01"}}]) == []
    assert client.insert_rows_json(f"{dataset}.t", [{"c": {"start": "x", "end": None}}]) != []
    assert sorted(map(str, rows("SELECT c FROM t"))) == sorted(
        [str((dates((2022, 1, 1), None),)), str((dates(None, (2022, 1, 1)),))]
    )


@behaviour("standard-sql/data-types: INTERVAL literals, arithmetic and comparison")
def test_an_interval(rows):
    check(rows, {
        "INTERVAL 1 DAY = INTERVAL 24 HOUR": True,
        "INTERVAL '1-2' YEAR TO MONTH = INTERVAL 14 MONTH": True,
        "DATE '2024-01-31' + INTERVAL 1 MONTH": dt.datetime(2024, 2, 29),  # noqa: DTZ001
        "TIMESTAMP '2024-01-01 00:00:00' - INTERVAL -90 SECOND": dt.datetime(2024, 1, 1, 0, 1, 30, tzinfo=dt.UTC),
        "TIMESTAMP '2024-01-02' - TIMESTAMP '2024-01-01' = INTERVAL 24 HOUR": True,
        "INTERVAL NULL DAY IS NULL": True,
    })  # fmt: skip
    fail(rows, ["INTERVAL 1", "INTERVAL 'a' DAY", "INTERVAL 1 FORTNIGHT", "INTERVAL 1 DAY + 1", "1 - INTERVAL 1 DAY",
                "TIMESTAMP '2024-01-01' + INTERVAL 1 MONTH", "INTERVAL 1.5 DAY"])  # fmt: skip
