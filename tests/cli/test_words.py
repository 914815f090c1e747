from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from bqmigrate.cli.render import words
from bqmigrate.cli.render.layout import cut, table
from bqmigrate.cli.render.marks import ASCII, UNICODE, marks_for


@pytest.mark.parametrize(
    ("ms", "shown"),
    [
        (0, "0 ms"),
        (812, "812 ms"),
        (1000, "1.0 s"),
        (59_949, "59.9 s"),
        (60_000, "1 min 0 s"),
        (185_000, "3 min 5 s"),
        (3_600_000, "1 h 0 min"),
        (7_800_000, "2 h 10 min"),
    ],
)
def test_durations(ms, shown):
    assert words.duration(ms) == shown


def test_a_run_is_told_in_tenths_of_a_second():
    assert words.seconds(412) == "0.4 s"
    assert words.seconds(61_000) == "1 min 1 s"


def test_moments_are_shown_in_utc():
    moment = datetime(2026, 9, 1, 10, 12, 30, tzinfo=timezone(timedelta(hours=2)))
    assert words.minute(moment) == "2026-09-01 08:12"
    assert words.timestamp(moment) == "2026-09-01T08:12:30Z"
    assert words.minute(None) == ""
    assert words.timestamp(None) is None
    assert words.timestamp(datetime(2026, 9, 1, 8, 12, 30, 500, tzinfo=UTC)) == "2026-09-01T08:12:30.000500Z"


def test_what_others_wrote_cannot_drive_the_terminal():
    assert words.clean("a\x1b[31mb\x07\x9bc\td\ne") == "a[31mbc\td\ne"
    assert words.one_line("a\r\n  b\tc") == "a b c"


def test_counts():
    assert words.count(1, "migration") == "1 migration"
    assert words.count(0, "migration") == "0 migrations"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", None, "no-such-encoding"])
def test_signs_are_ascii_where_the_encoding_has_no_others(encoding):
    assert marks_for(encoding) is ASCII


def test_signs_are_unicode_in_utf_8():
    assert marks_for("utf-8") is UNICODE


def test_a_cut_is_shown():
    assert cut("abcdef", 6, "…") == "abcdef"
    assert cut("abcdef", 5, "…") == "abcd…"
    assert cut("abcdef", 5, "..") == "abc.."


def test_flexible_columns_are_cut_in_the_order_given():
    rows = [("v", "a" * 10, "b" * 20), ("v", "a", "b")]
    assert table(rows, flexible=(2, 1), limit=30) == ["v  " + "a" * 10 + "  " + "b" * 14 + "…", "v  a           b"]
    assert table(rows, flexible=(2, 1), limit=22) == ["v  " + "a" * 8 + "…  " + "b" * 7 + "…", "v  a          b"]


def test_without_a_limit_nothing_is_cut():
    assert table([("a" * 100, "b" * 100)]) == ["a" * 100 + "  " + "b" * 100]


def test_columns_that_cannot_shrink_further_stay_readable():
    assert table([("a" * 100, "b" * 30)], flexible=(1,), limit=20) == ["a" * 100 + "  " + "b" * 7 + "…"]
