"""Rows on the wire, and rows that come in as JSON."""

# ruff: noqa: E501 - a table of cases reads best with a case on a line

from dataclasses import replace

import pytest

from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql.load import insert_sql, load_rows
from tests.local.sql.little import Little, columns

COLUMNS = columns(
    i="INT64", f="FLOAT64", b="BOOL", s="STRING", y="BYTES", ts="TIMESTAMP", d="DATE", t="TIME", dt="DATETIME", n="NUMERIC",
    bn="BIGNUMERIC", j="JSON", r="STRUCT<a INT64, b ARRAY<STRING>>", l="ARRAY<INT64>",
)  # fmt: skip
JSON_ROW = {
    "i": "5", "f": 1.5, "b": True, "s": "x", "y": "YQ==", "ts": "2024-01-02T03:04:05.5Z", "d": "2024-01-02", "t": "01:02:03",
    "dt": "2024-01-02T03:04:05", "n": 1.25, "bn": "0.1", "j": '{"k": [1]}', "r": {"a": 1, "b": ["p"]}, "l": [1, "2"],
}  # fmt: skip
WIRE_ROW = [
    "5", "1.5", "true", "x", "YQ==", "1704164645500000", "2024-01-02", "01:02:03", "2024-01-02T03:04:05", "1.25", "0.1",
    '{"k":[1]}', {"f": [{"v": "1"}, {"v": [{"v": "p"}]}]}, [{"v": "1"}, {"v": "2"}],
]  # fmt: skip


@pytest.fixture
def little():
    made = Little()
    made.add("t", COLUMNS)
    return made


def _load(little, cols, rows, **more):
    loaded = load_rows(cols, rows, little.scope, **more)
    if loaded.values:
        little.connection.execute(insert_sql(little.infos["t"].physical, cols, loaded, {}))
    return loaded


def test_every_type_comes_back_as_it_went_in(little):
    assert _load(little, COLUMNS, [JSON_ROW, {}]).errors == ()
    nulls = [None] * (len(COLUMNS) - 1) + [[]]
    assert little.rows("SELECT * FROM d.t ORDER BY i DESC") == [WIRE_ROW, nulls]


def test_timestamps_are_decimal_seconds_unless_asked_otherwise(little):
    sql = "SELECT TIMESTAMP '2024-01-02 03:04:05.5+00', TIMESTAMP '1969-12-31 23:59:59.75+00', [TIMESTAMP '1970-01-01 00:00:01+00']"
    assert little.rows(sql, use_int64=False) == [["1704164645.500000", "-0.250000", [{"v": "1.000000"}]]]


def test_special_floats_and_odd_strings_survive_the_wire(little):
    sql = "SELECT CAST('nan' AS FLOAT64), CAST('-inf' AS FLOAT64), 'q\"\\\\\\n\\u0007', JSON '\"a\"'"
    assert little.rows(sql) == [["NaN", "-Infinity", 'q"\\\n\x07', '"a"']]


def test_a_null_struct_is_null_and_a_struct_of_nulls_is_not(little):
    _load(little, COLUMNS, [{"i": 1, "r": {}}, {"i": 2, "r": None}])
    assert little.rows("SELECT r FROM d.t ORDER BY i") == [[{"f": [{"v": None}, {"v": []}]}], [None]]


BAD = [
    ({"zz": 1}, "zz", "no such field: zz."),
    ({"r": {"zz": 1}}, "r.zz", "no such field: r.zz."),
    ({"i": "x"}, "i", "Cannot convert value to integer (bad value): x"),
    ({"i": 1.5}, "i", "Cannot convert value to integer (bad value): 1.5"),
    ({"i": True}, "i", "Cannot convert value to integer (bad value): true"),
    ({"i": 2**70}, "i", "Cannot convert value to integer"),
    ({"b": "yes"}, "b", "Cannot convert value to boolean (bad value): yes"),
    ({"d": "2024-02-30"}, "d", "Cannot convert value to date (bad value): 2024-02-30"),
    ({"ts": "later"}, "ts", "Cannot convert value to timestamp (bad value): later"),
    ({"y": "###"}, "y", "Cannot convert value to bytes"),
    ({"j": "{"}, "j", "Cannot convert value to json"),
    ({"i": [1]}, "i", "Array specified for non-repeated field: i."),
    ({"l": 5}, "l", "repeated field: l."),
    ({"l": [None]}, "l", "Only optional fields can be set to NULL"),
    ({"r": 5}, "r", "This field is a record."),
]


@pytest.mark.parametrize(("row", "location", "message"), BAD, ids=[str(b[0])[:40] for b in BAD])
def test_a_bad_row_is_named_and_the_others_fit(little, row, location, message):
    loaded = load_rows(COLUMNS, [{"i": 1}, row], little.scope)
    assert loaded.indexes == (0,)
    (error,) = loaded.errors
    assert (error.index, error.location, error.reason) == (1, location, "invalid")
    assert message in error.message


def test_unknown_fields_can_be_ignored(little):
    assert _load(little, COLUMNS, [{"i": 1, "zz": 2}], ignore_unknown=True).errors == ()


def test_required_and_default_apply_per_row():
    little = Little()
    cols = (replace(columns(id="INT64!")[0]), replace(columns(at="TIMESTAMP")[0], default="CURRENT_TIMESTAMP()"))
    little.add("t", cols)
    loaded = _load(little, cols, [{"id": 1}, {"id": 2, "at": None}, {"at": None}])
    assert [e.message for e in loaded.errors] == ["Missing required field: id."]
    assert little.rows("SELECT * FROM d.t ORDER BY id") == [["1", "1714979289123456"], ["2", None]]


def test_an_unknown_runtime_error_is_still_an_invalid_query(little):
    with pytest.raises(WarehouseError) as refused:
        little._run("SELECT * FROM nowhere")
    assert refused.value.reason == "invalidQuery"
    assert "nowhere" in refused.value.debug
