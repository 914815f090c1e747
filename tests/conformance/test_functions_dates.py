"""Functions of DATE, DATETIME, TIME and TIMESTAMP: parts, leap days, weeks, time zones, and the ends of time.

https://cloud.google.com/bigquery/docs/reference/standard-sql/date_functions
"""

from __future__ import annotations

import datetime as dt

import pytest

from tests.conformance.answers import check, fail
from tests.conformance.behaviour import behaviour, refused


def day(*parts):
    return dt.date(*parts)


def local(*parts):
    return dt.datetime(*parts)  # noqa: DTZ001


def utc(*parts):
    return dt.datetime(*parts, tzinfo=dt.UTC)


DATES = {
    "DATE": {
        "DATE(2016, 12, 25)": day(2016, 12, 25),
        "DATE(DATETIME '2016-12-25 23:59:59')": day(2016, 12, 25),
        "DATE(TIMESTAMP '2016-12-25 05:30:00+07', 'America/Los_Angeles')": day(2016, 12, 24),
        "DATE(TIMESTAMP '2016-12-25 23:30:00-02')": day(2016, 12, 26),
        "DATE(NULL, 1, 1)": None,
    },
    "DATE_ADD": {
        "DATE_ADD(DATE '2008-12-25', INTERVAL 5 DAY)": day(2008, 12, 30),
        "DATE_ADD(DATE '2024-01-31', INTERVAL 1 MONTH)": day(2024, 2, 29),
        "DATE_ADD(DATE '2024-02-29', INTERVAL 1 YEAR)": day(2025, 2, 28),
        "DATE_ADD(DATE '2024-01-01', INTERVAL -2 WEEK)": day(2023, 12, 18),
        "DATE_ADD(DATE '2024-11-30', INTERVAL 1 QUARTER)": day(2025, 2, 28),
        "DATE_ADD('2024-01-01', INTERVAL 1 DAY)": day(2024, 1, 2),
        "DATE_ADD(CAST(NULL AS DATE), INTERVAL 1 DAY)": None,
    },
    "DATE_SUB": {"DATE_SUB(DATE '2008-12-25', INTERVAL 5 DAY)": day(2008, 12, 20),
                 "DATE_SUB(DATE '2024-03-31', INTERVAL 1 MONTH)": day(2024, 2, 29)},
    "DATE_DIFF": {
        "DATE_DIFF(DATE '2010-07-07', DATE '2008-12-25', DAY)": 559,
        "DATE_DIFF(DATE '2017-10-15', DATE '2017-10-14', WEEK)": 1,
        "DATE_DIFF('2017-12-30', '2014-12-30', YEAR)": 3,
        "DATE_DIFF('2017-12-30', '2014-12-30', ISOYEAR)": 2,
        "DATE_DIFF('2017-12-18', '2017-12-17', WEEK)": 0,
        "DATE_DIFF('2017-12-18', '2017-12-17', WEEK(MONDAY))": 1,
        "DATE_DIFF('2017-12-18', '2017-12-17', ISOWEEK)": 1,
        "DATE_DIFF(DATE '2024-01-31', DATE '2024-02-01', MONTH)": -1,
        "DATE_DIFF(DATE '2024-04-01', DATE '2024-03-31', QUARTER)": 1,
    },
    "DATE_FROM_UNIX_DATE": {"DATE_FROM_UNIX_DATE(14238)": day(2008, 12, 25),
                            "DATE_FROM_UNIX_DATE(-1)": day(1969, 12, 31)},
    "DATE_TRUNC": {
        "DATE_TRUNC(DATE '2008-12-25', MONTH)": day(2008, 12, 1),
        "DATE_TRUNC(DATE '2017-11-05', WEEK(MONDAY))": day(2017, 10, 30),
        "DATE_TRUNC(DATE '2017-11-07', WEEK)": day(2017, 11, 5),
        "DATE_TRUNC(DATE '2015-06-15', ISOYEAR)": day(2014, 12, 29),
        "DATE_TRUNC(DATE '2024-08-15', QUARTER)": day(2024, 7, 1),
        "DATE_TRUNC(DATE '2024-08-15', ISOWEEK)": day(2024, 8, 12),
        "DATE_TRUNC(CAST(NULL AS DATE), DAY)": None,
    },
    "FORMAT_DATE": {
        "FORMAT_DATE('%x', DATE '2008-12-25')": "12/25/08",
        "FORMAT_DATE('%b-%d-%Y', DATE '2008-12-25')": "Dec-25-2008",
        "FORMAT_DATE('%b %Y', DATE '2008-12-25')": "Dec 2008",
        "FORMAT_DATE('%A %j %G-%V %u %%', DATE '2024-02-29')": "Thursday 060 2024-09 4 %",
        "FORMAT_DATE('%F', CAST(NULL AS DATE))": None,
    },
    "LAST_DAY": {
        "LAST_DAY(DATE '2008-11-25', MONTH)": day(2008, 11, 30),
        "LAST_DAY(DATE '2024-02-10')": day(2024, 2, 29),
        "LAST_DAY(DATE '2008-11-25', YEAR)": day(2008, 12, 31),
        "LAST_DAY(DATE '2008-11-10', WEEK(SUNDAY))": day(2008, 11, 15),
        "LAST_DAY(DATE '2008-11-10', WEEK(MONDAY))": day(2008, 11, 16),
        "LAST_DAY(DATE '2024-05-15', QUARTER)": day(2024, 6, 30),
        "LAST_DAY(DATE '2024-05-15', ISOYEAR)": day(2024, 12, 29),
        "LAST_DAY(DATETIME '2008-11-03 15:30:00', MONTH)": day(2008, 11, 30),
    },
    "PARSE_DATE": {
        "PARSE_DATE('%x', '12/25/08')": day(2008, 12, 25),
        "PARSE_DATE('%Y%m%d', '20081225')": day(2008, 12, 25),
        "PARSE_DATE('%A %b %e %Y', NULL)": None,
        "PARSE_DATE('%Y', '2020')": day(2020, 1, 1),
        "PARSE_DATE('%m', '12')": day(1970, 12, 1),
        "PARSE_DATE('%b %d %Y', 'Feb 29 2024')": day(2024, 2, 29),
    },
    "UNIX_DATE": {"UNIX_DATE(DATE '2008-12-25')": 14238, "UNIX_DATE(DATE '1969-12-31')": -1},
    "CURRENT_DATE": {"CURRENT_DATE() = CURRENT_DATE('UTC')": True, "CURRENT_DATE = CURRENT_DATE()": True},
    "EXTRACT": {
        "EXTRACT(DAY FROM DATE '2013-12-25')": 25,
        "EXTRACT(ISOYEAR FROM DATE '2014-12-29')": 2015,
        "EXTRACT(ISOWEEK FROM DATE '2014-12-29')": 1,
        "EXTRACT(WEEK FROM DATE '2015-12-31')": 52,
        "EXTRACT(WEEK(MONDAY) FROM DATE '2017-11-05')": 44,
        "EXTRACT(WEEK(SUNDAY) FROM DATE '2017-11-05')": 45,
        "EXTRACT(QUARTER FROM DATE '2024-12-31')": 4,
        "EXTRACT(DAYOFYEAR FROM DATE '2024-12-31')": 366,
        "EXTRACT(DAYOFWEEK FROM DATE '2024-02-25')": 1,
        "EXTRACT(HOUR FROM TIME '15:30:00')": 15,
        "EXTRACT(MICROSECOND FROM TIME '15:30:00.123456')": 123456,
        "EXTRACT(MILLISECOND FROM DATETIME '2024-01-01 00:00:01.999999')": 999,
        "EXTRACT(DATE FROM TIMESTAMP '2024-01-01 23:30:00' AT TIME ZONE 'Europe/Berlin')": day(2024, 1, 2),
        "EXTRACT(TIME FROM DATETIME '2024-01-01 10:20:30')": dt.time(10, 20, 30),
        "EXTRACT(HOUR FROM TIMESTAMP '2024-07-01 12:00:00' AT TIME ZONE 'America/New_York')": 8,
        "EXTRACT(DAY FROM TIMESTAMP '2008-12-25 05:30:00+00' AT TIME ZONE '-06:00')": 24,
    },
}  # fmt: skip
CLOCKS = {
    "DATETIME": {
        "DATETIME(2008, 12, 25, 5, 30, 0)": local(2008, 12, 25, 5, 30),
        "DATETIME(DATE '2008-12-25', TIME '05:30:00.000001')": local(2008, 12, 25, 5, 30, 0, 1),
        "DATETIME(TIMESTAMP '2008-12-25 05:30:00+00', 'America/Los_Angeles')": local(2008, 12, 24, 21, 30),
        "DATETIME(DATE '2008-12-25')": local(2008, 12, 25),
    },
    "DATETIME_ADD": {"DATETIME_ADD(DATETIME '2008-12-25 15:30:00', INTERVAL 10 MINUTE)": local(2008, 12, 25, 15, 40),
                     "DATETIME_ADD(DATETIME '2024-01-31 10:00:00', INTERVAL 1 MONTH)": local(2024, 2, 29, 10)},
    "DATETIME_SUB": {"DATETIME_SUB(DATETIME '2008-12-25 15:30:00', INTERVAL 10 MINUTE)": local(2008, 12, 25, 15, 20)},
    "DATETIME_DIFF": {
        "DATETIME_DIFF(DATETIME '2010-07-07 10:20:00', DATETIME '2008-12-25 15:30:00', DAY)": 559,
        "DATETIME_DIFF(DATETIME '2017-10-15 00:00:00', DATETIME '2017-10-14 00:00:00', WEEK)": 1,
        "DATETIME_DIFF('2024-01-01 11:00:00', '2024-01-01 10:59:59', HOUR)": 1,
        "DATETIME_DIFF('2017-12-18 00:00:00', '2017-12-17 00:00:00', ISOWEEK)": 1,
    },
    "DATETIME_TRUNC": {
        "DATETIME_TRUNC(DATETIME '2008-12-25 15:30:00', DAY)": local(2008, 12, 25),
        "DATETIME_TRUNC(DATETIME '2017-11-05 00:00:00', WEEK(MONDAY))": local(2017, 10, 30),
        "DATETIME_TRUNC(DATETIME '2015-06-15 00:00:00', ISOYEAR)": local(2014, 12, 29),
        "DATETIME_TRUNC(DATETIME '2024-01-01 10:20:30.123456', MILLISECOND)": local(2024, 1, 1, 10, 20, 30, 123000),
    },
    "FORMAT_DATETIME": {"FORMAT_DATETIME('%b-%d-%Y', DATETIME '2008-12-25 15:30:00')": "Dec-25-2008",
                        "FORMAT_DATETIME('%E6S', DATETIME '2024-01-01 00:00:01.5')": "01.500000"},
    "PARSE_DATETIME": {
        "PARSE_DATETIME('%Y-%m-%d %H:%M:%S', '1998-10-18 13:45:55')": local(1998, 10, 18, 13, 45, 55),
        "PARSE_DATETIME('%m/%d/%Y %I:%M:%S %p', '8/30/2018 2:23:38 pm')": local(2018, 8, 30, 14, 23, 38),
        "PARSE_DATETIME('%H:%M', '10:20')": local(1970, 1, 1, 10, 20),
    },
    "CURRENT_DATETIME": {"CURRENT_DATETIME() = DATETIME(CURRENT_TIMESTAMP())": True},
    "TIME": {"TIME(15, 30, 0)": dt.time(15, 30), "TIME(DATETIME '2008-12-25 15:30:00')": dt.time(15, 30),
             "TIME(TIMESTAMP '2008-12-25 15:30:00+08', 'America/Los_Angeles')": dt.time(23, 30)},
    "TIME_ADD": {"TIME_ADD(TIME '15:30:00', INTERVAL 10 MINUTE)": dt.time(15, 40),
                 "TIME_ADD(TIME '23:30:00', INTERVAL 1 HOUR)": dt.time(0, 30)},
    "TIME_SUB": {"TIME_SUB(TIME '15:30:00', INTERVAL 10 MINUTE)": dt.time(15, 20),
                 "TIME_SUB(TIME '00:30:00', INTERVAL 1 HOUR)": dt.time(23, 30)},
    "TIME_DIFF": {"TIME_DIFF(TIME '15:30:00', TIME '14:35:00', MINUTE)": 55,
                  "TIME_DIFF(TIME '10:00:00', TIME '11:30:00', HOUR)": -1},
    "TIME_TRUNC": {"TIME_TRUNC(TIME '15:30:00', HOUR)": dt.time(15),
                   "TIME_TRUNC(TIME '15:30:45.6', MINUTE)": dt.time(15, 30)},
    "FORMAT_TIME": {"FORMAT_TIME('%R', TIME '15:30:00')": "15:30",
        "FORMAT_TIME('%I:%M %p', TIME '15:30:00')": "03:30 PM"},
    "PARSE_TIME": {"PARSE_TIME('%I:%M:%S', '07:30:00')": dt.time(7, 30), "PARSE_TIME('%T', '07:30:00')": dt.time(7, 30),
                   "PARSE_TIME('%H', '15')": dt.time(15),
                   "PARSE_TIME('%I:%M:%S %p', '2:23:38 pm')": dt.time(14, 23, 38)},
    "CURRENT_TIME": {"CURRENT_TIME() = TIME(CURRENT_TIMESTAMP())": True},
}  # fmt: skip
INSTANTS = {
    "TIMESTAMP": {
        "TIMESTAMP('2008-12-25 15:30:00+00')": utc(2008, 12, 25, 15, 30),
        "TIMESTAMP('2008-12-25 15:30:00', 'America/Los_Angeles')": utc(2008, 12, 25, 23, 30),
        "TIMESTAMP('2008-12-25 15:30:00 UTC')": utc(2008, 12, 25, 15, 30),
        "TIMESTAMP(DATETIME '2008-12-25 15:30:00')": utc(2008, 12, 25, 15, 30),
        "TIMESTAMP(DATE '2008-12-25')": utc(2008, 12, 25),
        "TIMESTAMP(CONCAT('2008-12-25', ' 15:30:00+01'))": utc(2008, 12, 25, 14, 30),
    },
    "TIMESTAMP_ADD": {
        "TIMESTAMP_ADD(TIMESTAMP '2008-12-25 15:30:00+00', INTERVAL 10 MINUTE)": utc(2008, 12, 25, 15, 40),
                      "TIMESTAMP_ADD(TIMESTAMP '2024-02-28 00:00:00+00', INTERVAL 1 DAY)": utc(2024, 2, 29)},
    "TIMESTAMP_SUB": {
        "TIMESTAMP_SUB(TIMESTAMP '2008-12-25 15:30:00+00', INTERVAL 10 MINUTE)": utc(2008, 12, 25, 15, 20)},
    "TIMESTAMP_DIFF": {
        "TIMESTAMP_DIFF(TIMESTAMP '2010-07-07 10:20:00+00', TIMESTAMP '2008-12-25 15:30:00+00', HOUR)": 13410,
        "TIMESTAMP_DIFF(TIMESTAMP '2018-08-14', TIMESTAMP '2018-10-14', DAY)": -61,
        "TIMESTAMP_DIFF('2001-02-01 01:00:00', '2001-02-01 00:00:01', HOUR)": 0,
        "TIMESTAMP_DIFF('2001-02-01 00:00:00', '2001-02-01 01:30:00', HOUR)": -1,
        "TIMESTAMP_DIFF('2001-02-01', '2001-01-31', MICROSECOND)": 86400000000,
    },
    "TIMESTAMP_TRUNC": {
        "TIMESTAMP_TRUNC(TIMESTAMP '2008-12-25 15:30:00+00', DAY, 'UTC')": utc(2008, 12, 25),
        "TIMESTAMP_TRUNC(TIMESTAMP '2008-12-25 15:30:00+00', DAY, 'America/Los_Angeles')": utc(2008, 12, 25, 8),
        "TIMESTAMP_TRUNC(TIMESTAMP '2017-11-06 00:00:00+12', WEEK(MONDAY), 'UTC')": utc(2017, 10, 30),
        "TIMESTAMP_TRUNC(TIMESTAMP '2017-11-06 00:00:00+12', WEEK(MONDAY), 'Pacific/Auckland')": utc(2017, 11, 5, 11),
        "TIMESTAMP_TRUNC(TIMESTAMP '2015-06-15 00:00:00+00', ISOYEAR)": utc(2014, 12, 29),
    },
    "FORMAT_TIMESTAMP": {
        "FORMAT_TIMESTAMP('%b-%d-%Y', TIMESTAMP '2050-12-25 15:30:55+00', 'UTC')": "Dec-25-2050",
        "FORMAT_TIMESTAMP('%F %T', TIMESTAMP '2024-01-01 00:30:00+00', 'America/New_York')": "2023-12-31 19:30:00",
        "FORMAT_TIMESTAMP('%FT%H:%M:%E3S%Ez', TIMESTAMP '2024-01-01 00:00:01.5')": "2024-01-01T00:00:01.500+00:00",
    },
    "PARSE_TIMESTAMP": {
        "PARSE_TIMESTAMP('%Y-%m-%d %H:%M:%S', '2008-12-25 07:30:00')": utc(2008, 12, 25, 7, 30),
        "PARSE_TIMESTAMP('%F %T', '2008-12-25 07:30:00', 'America/Los_Angeles')": utc(2008, 12, 25, 15, 30),
        "PARSE_TIMESTAMP('%H:%M', '10:20')": utc(1970, 1, 1, 10, 20),
    },
    "TIMESTAMP_MICROS": {"TIMESTAMP_MICROS(1230219000000000)": utc(2008, 12, 25, 15, 30)},
    "TIMESTAMP_MILLIS": {"TIMESTAMP_MILLIS(1230219000000)": utc(2008, 12, 25, 15, 30)},
    "TIMESTAMP_SECONDS": {"TIMESTAMP_SECONDS(1230219000)": utc(2008, 12, 25, 15, 30),
                          "TIMESTAMP_SECONDS(-1)": utc(1969, 12, 31, 23, 59, 59),
                          "TIMESTAMP_SECONDS(-62135596800)": utc(1, 1, 1)},
    "UNIX_MICROS": {"UNIX_MICROS(TIMESTAMP '2008-12-25 15:30:00+00')": 1230219000000000},
    "UNIX_MILLIS": {"UNIX_MILLIS(TIMESTAMP '1970-01-01 00:00:00.0018+00')": 1,
                    "UNIX_MILLIS(TIMESTAMP '1969-12-31 23:59:59.999999+00')": -1,
                    "UNIX_MILLIS(TIMESTAMP '9999-12-31 23:59:59.999999+00')": 253402300799999},
    "UNIX_SECONDS": {"UNIX_SECONDS(TIMESTAMP '1970-01-01 00:00:01.8+00')": 1,
                     "UNIX_SECONDS(TIMESTAMP '1969-12-31 23:59:59.5+00')": -1},
    "CURRENT_TIMESTAMP": {"CURRENT_TIMESTAMP() = CURRENT_TIMESTAMP": True},
    "STRING": {"STRING(TIMESTAMP '2008-12-25 15:30:00+00')": "2008-12-25 15:30:00+00",
               "STRING(DATE '2008-12-25')": "2008-12-25", "STRING(TIME '01:02:03')": "01:02:03"},
}  # fmt: skip
ANSWERS = {**DATES, **CLOCKS, **INSTANTS}
FAILURES = {
    "DATE": ["DATE(2023, 2, 29)", "DATE(2024, 13, 1)", "DATE('a')", "DATE(1)"],
    "DATE_ADD": ["DATE_ADD(DATE '9999-12-31', INTERVAL 1 DAY)", "DATE_ADD(DATE '2024-01-01', INTERVAL 1 HOUR)",
                 "DATE_ADD(1, INTERVAL 1 DAY)", "DATE_ADD(DATE '2024-01-01', 1)"],
    "DATE_SUB": ["DATE_SUB(DATE '0001-01-01', INTERVAL 1 DAY)"],
    "DATE_DIFF": ["DATE_DIFF(DATE '2024-01-01', DATE '2024-01-01', HOUR)", "DATE_DIFF(DATE '2024-01-01', 1, DAY)",
                  "DATE_DIFF(DATE '2024-01-01', DATE '2024-01-01', FORTNIGHT)"],
    "DATE_FROM_UNIX_DATE": ["DATE_FROM_UNIX_DATE(9999999)"],
    "DATE_TRUNC": ["DATE_TRUNC(DATE '2024-01-01', HOUR)", "DATE_TRUNC(DATE '2024-01-01', NOPE)"],
    "DATETIME": ["DATETIME(2024, 1, 1, 24, 0, 0)", "DATETIME(2023, 2, 29, 0, 0, 0)"],
    "TIME": ["TIME(24, 0, 0)", "TIME('a')"],
    "TIME_ADD": ["TIME_ADD(TIME '10:00:00', INTERVAL 1 DAY)"],
    "TIME_TRUNC": ["TIME_TRUNC(TIME '10:00:00', DAY)"],
    "TIMESTAMP": ["TIMESTAMP('nope')", "TIMESTAMP('2024-02-30')", "TIMESTAMP(DATE '2024-01-01', 'Nowhere/City')"],
    "TIMESTAMP_ADD": ["TIMESTAMP_ADD(TIMESTAMP '2024-01-01', INTERVAL 1 MONTH)",
                      "TIMESTAMP_ADD(TIMESTAMP '9999-12-31 23:59:59', INTERVAL 1 SECOND)"],
    "TIMESTAMP_DIFF": ["TIMESTAMP_DIFF(TIMESTAMP '2024-01-01', TIMESTAMP '2024-01-01', MONTH)"],
    "TIMESTAMP_SECONDS": ["TIMESTAMP_SECONDS(300000000000)", "TIMESTAMP_SECONDS(9223372036854775807)"],
    "TIMESTAMP_MILLIS": ["TIMESTAMP_MILLIS(300000000000000)"],
    "TIMESTAMP_MICROS": ["TIMESTAMP_MICROS(300000000000000000)"],
    "PARSE_DATE": ["PARSE_DATE('%Y-%m-%d', '2024-02-30')", "PARSE_DATE('%Y', 'x')", "PARSE_DATE('%Y')"],
    "PARSE_TIMESTAMP": ["PARSE_TIMESTAMP('%F', '2024-01-01 10')"],
    "EXTRACT": ["EXTRACT(HOUR FROM DATE '2024-01-01')", "EXTRACT(DAY FROM TIME '10:00:00')", "EXTRACT(DAY FROM '2024')",
                "EXTRACT(NOPE FROM DATE '2024-01-01')"],
    "FORMAT_DATE": ["FORMAT_DATE('%F', 'x')", "FORMAT_DATE('%F', TIME '10:00:00')"],
    "LAST_DAY": ["LAST_DAY(DATE '2024-01-01', HOUR)", "LAST_DAY(1)"],
    "CURRENT_DATE": ["CURRENT_DATE('Nowhere/City')"],
}  # fmt: skip


@behaviour("standard-sql/date_functions: the answers of each, and their edges; likewise datetime, time, timestamp")
@pytest.mark.parametrize("name", ANSWERS)
def test_a_function_of_moments_answers(rows, name):
    check(rows, ANSWERS[name])


@behaviour("standard-sql/date_functions: what each refuses; likewise datetime, time, timestamp")
@pytest.mark.parametrize("name", FAILURES)
def test_a_function_of_moments_refuses(rows, name):
    fail(rows, FAILURES[name])
    check(rows, ANSWERS[name])


@behaviour("standard-sql/functions-reference: SAFE. with functions of moments")
def test_a_safe_function_of_moments_gives_null(rows):
    check(rows, {
        "SAFE.PARSE_DATE('%Y-%m-%d', 'x')": None,
        "SAFE.PARSE_TIMESTAMP('%F', '2024-02-29')": utc(2024, 2, 29),
        "SAFE.DATE(2023, 2, 29)": None,
        "SAFE.TIMESTAMP_SECONDS(300000000000)": None,
        "SAFE.DATE_ADD(DATE '9999-12-31', INTERVAL 1 DAY)": None,
        "SAFE.TIMESTAMP('nope')": None,
    })  # fmt: skip


@behaviour("standard-sql/format-elements: an element that has not been taught says so")
@pytest.mark.switches
@pytest.mark.parametrize(
    "expression",
    ["FORMAT_DATE('%Q', DATE '2024-01-01')", "FORMAT_TIMESTAMP('%Z', TIMESTAMP '2024-07-01', 'America/New_York')",
     "PARSE_TIMESTAMP('%z', '+0100')"],
)  # fmt: skip
def test_a_format_element_is_never_guessed(rows, expression):
    with refused(501, "notImplemented", "format element"):
        rows(f"SELECT {expression}")
    check(rows, {"FORMAT_TIMESTAMP('%Z', TIMESTAMP '2024-07-01')": "UTC"})
