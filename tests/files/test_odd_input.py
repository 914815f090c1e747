"""What fuzzing found: each odd file ends in an error with its place, and soon."""

import time

import pytest

from bqmigrate.errors import ValidationError
from bqmigrate.files import codes, loader, sql_text
from bqmigrate.model.lexical import expression_problem

HEAD = "upgrade:\n"
ALTER = HEAD + "  - alter_columns:\n      table: a.t\n      columns:\n        - {name: %s, %s}\n"
OPTIONS = HEAD + "  - set_table_options:\n      table: a.t\n      expires_at: '%s'\n"


def refusal(tmp_path, text, name="0001_a.yaml"):
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / name).write_bytes(text.encode())
    with pytest.raises(ValidationError) as caught:
        loader.load(folder, tmp_path)
    assert caught.value.hint
    return caught.value.findings[0]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('upgrade:\n  - "\\U00110000"\n', "2:8"),
        ('upgrade:\n  - "\\UFFFFFFFF"\n', "2:8"),
        (f"%YAML 1.{'9' * 5000}\n---\nupgrade: []\n", "1:18"),
    ],
)
def test_a_number_that_only_one_yaml_parser_refuses_has_a_place(tmp_path, text, place):
    finding = refusal(tmp_path, text)
    assert finding.code == codes.NOT_YAML
    assert str(finding.place) == f"migrations/0001_a.yaml:{place}"


@pytest.mark.parametrize("sign", ["\u0085", "\u2028", "\u2029", "\r"])
def test_lines_are_counted_as_editors_count_them(tmp_path, sign):
    finding = refusal(tmp_path, f"# a{sign}# b\nupgrade:\n  - create_tabel: {{}}\n")
    assert str(finding.place) == "migrations/0001_a.yaml:3:5"
    assert finding.excerpt == "  - create_tabel: {}"


def test_an_error_at_the_end_of_a_large_file_is_told_soon(tmp_path):
    began = time.process_time()
    finding = refusal(tmp_path, HEAD + "  - drop_table: {table: a.b}\n" * 30_000 + "  - '\n")
    assert finding.code == codes.NOT_YAML
    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("1; DROP TABLE x", "it has a semicolon"),
        ("1 -- x", "it has a comment"),
        ("1 # x", "it has a comment"),
        ("1 /* x */", "it has a comment"),
        ("/* x", "it has a comment"),
        ("('a", "a string in it is never closed"),
        ("'a\\'", "a string in it is never closed"),
        ("`a", "a name in it is never closed"),
        ("1)", "it has a ) too many"),
        ("[1)", "it has a ) too many"),
        ("(1", "its ( is never closed"),
    ],
)
def test_a_default_stays_within_its_statement(tmp_path, expression, words):
    quoted = "'" + expression.replace("'", "''") + "'"
    finding = refusal(tmp_path, ALTER % ("a", f"defaultValueExpression: {quoted}"))
    assert finding.code == codes.BAD_VALUE
    assert finding.message.endswith(f"is not one expression: {words}")
    assert finding.place.line == 5


@pytest.mark.parametrize(
    "expression", ["'a;b -- c'", "CONCAT('(', \"]\")", "[1, 2]", "STRUCT(1)", "r'''it's'''", "`a;b`", "-1"]
)
def test_one_expression_is_one_whatever_its_strings_hold(expression):
    assert expression_problem(expression) is None


@pytest.mark.parametrize("name", ["'a`b'", "'a.`b'", "'a..b'", '"a\\nb"', "'a; b'"])
def test_the_path_of_a_column_is_checked_before_it_is_quoted(tmp_path, name):
    finding = refusal(tmp_path, ALTER % (name, "description: x"))
    assert finding.code == codes.BAD_NAME
    assert finding.place.line == 5


def test_the_old_name_of_a_renamed_column_is_checked_before_it_is_quoted(tmp_path):
    finding = refusal(tmp_path, HEAD + "  - rename_columns: {table: a.t, columns: {'a`b': c}}\n")
    assert finding.code == codes.BAD_NAME
    assert finding.place.line == 2


@pytest.mark.parametrize("time_", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_outside_the_calendar_is_refused(tmp_path, time_):
    finding = refusal(tmp_path, OPTIONS % time_)
    assert finding.message == f"'{time_}' is out of range"
    assert finding.place.line == 4


def test_the_last_instant_of_the_calendar_is_kept_to_the_millisecond(tmp_path):
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_a.yaml").write_text(OPTIONS % "9999-12-31T23:59:59.999999Z")
    operation = loader.load(folder, tmp_path).migrations[0].upgrade[0].operation
    assert operation.data()["expires_at"] == "9999-12-31T23:59:59.999Z"


@pytest.mark.parametrize("days", ["0.000000001", "99999999999999999"])
def test_days_that_no_number_of_milliseconds_can_say_are_refused(tmp_path, days):
    text = HEAD + f"  - create_dataset:\n      dataset: a\n      default_table_expiration_days: {days}\n"
    finding = refusal(tmp_path, text)
    assert finding.code == codes.BAD_VALUE
    assert finding.place.line == 4


@pytest.mark.parametrize("kind", ["\u017ftring", "STRING(\u0661\u0660)", "t\u0131mestamp"])
def test_letters_and_digits_that_only_look_the_same_make_no_type(tmp_path, kind):
    finding = refusal(tmp_path, HEAD + f"  - create_table: {{table: a.b, schema: [{{name: a, type: {kind}}}]}}\n")
    assert finding.code == codes.UNKNOWN_WORD


@pytest.mark.parametrize("line", ["--{}x", "#{}x", "-- description: a{}b", "-- migrate{}x", "-- migrate:up{}x"])
@pytest.mark.parametrize("filler", [" ", "\t", ".", " \t"])
def test_a_very_long_comment_is_read_once(line, filler):
    began = time.process_time()
    list(sql_text.marks(line.format(filler * 400_000)))
    assert time.process_time() - began < 2


def test_a_carriage_return_alone_ends_a_comment(tmp_path):
    assert not sql_text.is_blank("-- a\rDROP TABLE x")


@pytest.mark.parametrize("text", ["-- migrate:up\rSELECT 1\n", "-- migrate:up\nSELECT 1\r-- migrate:down\r"])
def test_a_marker_between_lone_carriage_returns_is_pointed_out(tmp_path, text):
    finding = refusal(tmp_path, text, "0001_a.sql")
    assert finding.code == codes.SQL_MARKERS
    assert finding.help == "lines end in LF or CRLF: save the file with one of the two, not with CR alone"


def test_a_carriage_return_ends_a_string(tmp_path):
    finding = refusal(tmp_path, "-- migrate:up\nSELECT 'a\rb'\n", "0001_a.sql")
    assert finding.code == codes.SQL_TEXT
