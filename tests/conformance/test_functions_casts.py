"""Conversions: CAST between every two types that have one, and between no others; literals of each type.

https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_functions
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from tests.conformance.answers import check, fail
from tests.conformance.behaviour import behaviour, refused

NAN, INF = float("nan"), float("inf")
NOON = dt.datetime(2024, 2, 29, 12)  # noqa: DTZ001
CASTS = {
    ("INTEGER", "STRING"): {"CAST(-5 AS STRING)": "-5", "CAST(CAST(NULL AS INT64) AS STRING)": None},
    ("INTEGER", "BOOLEAN"): {"CAST(0 AS BOOL)": False, "CAST(-7 AS BOOL)": True},
    ("INTEGER", "FLOAT"): {"CAST(9007199254740993 AS FLOAT64)": 9007199254740992.0},
    ("INTEGER", "NUMERIC"): {"CAST(9223372036854775807 AS NUMERIC)": Decimal(9223372036854775807)},
    ("FLOAT", "INTEGER"): {"CAST(1.5 AS INT64)": 2, "CAST(-0.5 AS INT64)": -1, "CAST(2.5 AS INT64)": 3,
                           "CAST(1.4999 AS INT64)": 1},
    ("FLOAT", "NUMERIC"): {"CAST(1.5 AS NUMERIC)": Decimal("1.5"),
                           "CAST(CAST(0.1234567895 AS FLOAT64) AS NUMERIC)": Decimal("0.12345679")},
    ("FLOAT", "STRING"): {
        "CAST(1.0 AS STRING)": "1", "CAST(0.1 AS STRING)": "0.1", "CAST(1e20 AS STRING)": "1e+20",
        "CAST(-0.0 AS STRING)": "0", "CAST(CAST('NaN' AS FLOAT64) AS STRING)": "NaN",
        "CAST(CAST('-infinity' AS FLOAT64) AS STRING)": "-inf", "CAST(1e-7 AS STRING)": "1e-07",
        "CAST(0.1 + 0.2 AS STRING)": "0.30000000000000004", "CAST(123456789.125 AS STRING)": "123456789.125",
    },
    ("NUMERIC", "INTEGER"): {"CAST(NUMERIC '2.5' AS INT64)": 3, "CAST(NUMERIC '-2.5' AS INT64)": -3},
    ("NUMERIC", "FLOAT"): {"CAST(NUMERIC '0.1' AS FLOAT64)": 0.1},
    ("NUMERIC", "STRING"): {"CAST(NUMERIC '1.500' AS STRING)": "1.5", "CAST(NUMERIC '100' AS STRING)": "100",
                            "CAST(NUMERIC '-0.000000001' AS STRING)": "-0.000000001",
                                "CAST(NUMERIC '0' AS STRING)": "0"},
    ("BOOLEAN", "STRING"): {"CAST(TRUE AS STRING)": "true", "CAST(FALSE AS STRING)": "false"},
    ("BOOLEAN", "INTEGER"): {"CAST(TRUE AS INT64)": 1, "CAST(FALSE AS INT64)": 0},
    ("STRING", "BYTES"): {"CAST('é' AS BYTES)": "é".encode()},
    ("BYTES", "STRING"): {"CAST(b'caf\\xc3\\xa9' AS STRING)": "café"},
    ("DATE", "STRING"): {"CAST(DATE '0099-01-02' AS STRING)": "0099-01-02"},
    ("DATE", "DATETIME"): {"CAST(DATE '2024-02-29' AS DATETIME)": NOON.replace(hour=0)},
    ("DATE", "TIMESTAMP"): {"CAST(DATE '2024-02-29' AS TIMESTAMP)": NOON.replace(hour=0, tzinfo=dt.UTC)},
    ("DATETIME", "DATE"): {"CAST(DATETIME '2024-02-29 12:00:00' AS DATE)": NOON.date()},
    ("DATETIME", "TIME"): {"CAST(DATETIME '2024-02-29 12:00:00' AS TIME)": NOON.time()},
    ("DATETIME", "TIMESTAMP"): {"CAST(DATETIME '2024-02-29 12:00:00' AS TIMESTAMP)": NOON.replace(tzinfo=dt.UTC)},
    ("DATETIME", "STRING"): {"CAST(DATETIME '2024-02-29 12:00:00' AS STRING)": "2024-02-29 12:00:00",
                             "CAST(DATETIME '2024-02-29 12:00:00.5' AS STRING)": "2024-02-29 12:00:00.500",
                             "CAST(DATETIME '2024-02-29 12:00:00.000001' AS STRING)": "2024-02-29 12:00:00.000001"},
    ("TIMESTAMP", "DATE"): {"CAST(TIMESTAMP '2024-02-29 23:30:00-01' AS DATE)": dt.date(2024, 3, 1)},
    ("TIMESTAMP", "TIME"): {"CAST(TIMESTAMP '2024-02-29 13:00:00+01' AS TIME)": NOON.time()},
    ("TIMESTAMP", "DATETIME"): {"CAST(TIMESTAMP '2024-02-29 13:00:00+01' AS DATETIME)": NOON},
    ("TIMESTAMP", "STRING"): {"CAST(TIMESTAMP '2024-02-29 13:00:00+01' AS STRING)": "2024-02-29 12:00:00+00"},
    ("TIME", "STRING"): {"CAST(TIME '01:02:03.25' AS STRING)": "01:02:03.250"},
}  # fmt: skip
READINGS = {
    "INTEGER": {"'12'": 12, "' -12 '": -12, "'0x1F'": 31, "'-0x1f'": -31, "'+3'": 3},
    "FLOAT": {"'1.5'": 1.5, "'1e3'": 1000.0, "'inf'": INF, "'-Infinity'": -INF, "'nan'": NAN, "'.5'": 0.5},
    "BOOLEAN": {"'true'": True, "'FALSE'": False},
    "NUMERIC": {"'1.0000000005'": Decimal("1.000000001"), "'-1.0000000005'": Decimal("-1.000000001"),
        "'1e3'": Decimal(1000)},
    "DATE": {"'2024-2-9'": dt.date(2024, 2, 9)},
    "TIME": {"'1:2:3.5'": dt.time(1, 2, 3, 500000)},
    "DATETIME": {"'2024-02-29T12:00:00'": NOON, "'2024-02-29'": NOON.replace(hour=0)},
    "TIMESTAMP": {
        "'2024-02-29 12:00:00'": NOON.replace(tzinfo=dt.UTC),
        "'2024-02-29 13:00:00+01:00'": NOON.replace(tzinfo=dt.UTC),
        "'2024-02-29T12:00:00Z'": NOON.replace(tzinfo=dt.UTC),
        "'2024-02-29 07:00:00 America/New_York'": NOON.replace(tzinfo=dt.UTC),
    },
}  # fmt: skip
MISREADINGS = {
    "INTEGER": ["''", "'1.5'", "'a'", "'9223372036854775808'", "'1 2'", "'1e3'"],
    "FLOAT": ["''", "'a'", "'1_0'"],
    "BOOLEAN": ["''", "'1'", "'t'", "'yes'"],
    "NUMERIC": ["''", "'a'", "'1e29'", "'nan'"],
    "DATE": ["''", "'2024-02-30'", "'29.02.2024'", "'2024-02-29 12:00:00'", "'24-02-29'"],
    "TIME": ["''", "'25:00:00'", "'12:00'"],
    "DATETIME": ["''", "'2024-02-30 00:00:00'", "'2024-02-29 12:00:00+00'"],
    "TIMESTAMP": ["''", "'2024-02-30'", "'2024-02-29 12:00:00 Nowhere/City'", "'now'"],
}
IMPOSSIBLE = [
    "CAST(1.5 AS BOOL)", "CAST(TRUE AS FLOAT64)", "CAST(1 AS DATE)", "CAST(1 AS BYTES)",
        "CAST(DATE '2024-01-01' AS TIME)",
    "CAST(DATE '2024-01-01' AS INT64)", "CAST(TIME '10:00:00' AS DATETIME)", "CAST(b'1' AS INT64)",
        "CAST([1] AS STRING)",
    "CAST(STRUCT(1) AS STRING)", "CAST('[1]' AS ARRAY<INT64>)", "CAST(JSON '1' AS INT64)", "CAST('{}' AS JSON)",
    "CAST(1 AS TIMESTAMP)", "CAST('POINT(1 2)' AS GEOGRAPHY)", "CAST(1 AS NOPE)", "CAST('a' AS VARCHAR)", "1::INT64",
]  # fmt: skip
FAILING = [
    "CAST(9.3e18 AS INT64)", "CAST(CAST('NaN' AS FLOAT64) AS INT64)", "CAST(1e30 AS NUMERIC)",
    "CAST(CAST('inf' AS FLOAT64) AS NUMERIC)", "CAST(b'\\xff' AS STRING)",
        "CAST(NUMERIC '9223372036854775807.5' AS INT64)",
]  # fmt: skip
SQL = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}


@behaviour("standard-sql/conversion_functions: CAST between types")
@pytest.mark.parametrize("pair", CASTS, ids="-".join)
def test_a_value_is_cast(rows, pair):
    check(rows, CASTS[pair])
    check(rows, {f"SAFE_{cast}": value for cast, value in CASTS[pair].items()})


@behaviour(
    "standard-sql/conversion_functions: CAST of a STRING, literal or computed, and SAFE_CAST of what is no value"
)
@pytest.mark.parametrize("kind", READINGS)
def test_a_string_is_read_as_a_value(rows, kind):
    to = SQL.get(kind, kind)
    for form in (
        "CAST({} AS {})",
        "SAFE_CAST({} AS {})",
        "CAST(CONCAT({}, '') AS {})",
        "SAFE_CAST(CONCAT({}, '') AS {})",
    ):
        check(rows, {form.format(text, to): value for text, value in READINGS[kind].items()})
    for form in ("CAST({} AS {})", "CAST(CONCAT({}, '') AS {})"):
        fail(rows, [form.format(text, to) for text in MISREADINGS[kind]])
    for form in ("SAFE_CAST({} AS {})", "SAFE_CAST(CONCAT({}, '') AS {})"):
        check(rows, {form.format(text, to): None for text in MISREADINGS[kind]})


@behaviour("standard-sql/conversion_functions: what cannot be cast at all is refused, SAFE_ or not")
@pytest.mark.parametrize("expression", IMPOSSIBLE)
def test_types_without_a_conversion_are_refused(rows, expression):
    fail(rows, [expression])
    if expression.startswith("CAST"):
        fail(rows, [f"SAFE_{expression}"])


@behaviour("standard-sql/conversion_functions: a value out of range fails, and is NULL under SAFE_CAST")
@pytest.mark.parametrize("expression", FAILING)
def test_a_value_out_of_range_is_not_cast(rows, expression):
    fail(rows, [expression])
    check(rows, {f"SAFE_{expression}": None})


@behaviour("standard-sql/lexical: literals of numbers, strings and bytes")
def test_literals(rows):
    check(rows, {
        "0xFF": 255, "-0x10": -16, "1e2": 100.0, ".5": 0.5, "5.": 5.0, "-9223372036854775808": -(2**63),
        "NUMERIC '-9.876e-3'": Decimal("-0.009876"), "DECIMAL '1.5'": Decimal("1.5"),
        "BIGNUMERIC '5.7896e37'": Decimal("5.7896e37"), "BIGDECIMAL '-1e-38'": Decimal("-1e-38"),
        r"'\x41\u00e9\U0001F600\'\n'": "Aé😀'\n", r"r'\n'": "\\n", '"""a"b"""': 'a"b', r"b'\x00a'": b"\0a",
            r"rb'\x'": b"\\x",
        "DATE '2024-02-29'": dt.date(2024, 2, 29), "TIMESTAMP '2024-02-29 12:00:00 UTC'": NOON.replace(tzinfo=dt.UTC),
    })  # fmt: skip
    fail(rows, ["9223372036854775808", "1e400", "NUMERIC '1e29'", "BIGNUMERIC '1e40'", "DATE '2024-02-30'",
        "0xFFFFFFFFFFFFFFFFF",
                "TIME '24:00:00'", r"'\q'", "JSON '{'", "NUMERIC 'x'"])  # fmt: skip


@behaviour("standard-sql/conversion_functions: what has not been taught")
@pytest.mark.switches
@pytest.mark.parametrize(
    "expression",
    ["CAST(1 AS STRING FORMAT '999')", "CAST(INTERVAL 1 DAY AS STRING)", "CAST(BIGNUMERIC '1' AS FLOAT64)"],
)
def test_a_conversion_is_never_guessed(rows, expression):
    with refused(501, "notImplemented"):
        rows(f"SELECT {expression}")
    check(rows, {"CAST(1 AS STRING)": "1"})
