import pytest

from bqmigrate.errors import ValidationError
from bqmigrate.files import sql_text

UP, DOWN = "-- migrate:up\n", "-- migrate:down\n"


def sections(made):
    statements = [tuple(p.operation.statement for p in part) for part in (made.upgrade, made.downgrade or ())]
    return statements[0], statements[1]


def test_a_section_is_sent_byte_for_byte(read):
    up, down = "\n  SELECT 1;\r\n\tSELECT 'ü' ;\n\n", "SELECT 2 -- no line end"
    made = read({"0001_a.sql": "-- description: What it does \n" + UP + up + DOWN + down}).migrations[0]
    assert sections(made) == ((up,), (down,))
    assert made.description == "What it does"
    assert str(made.upgrade[0].place) == "migrations/0001_a.sql:3:1"
    assert str(made.downgrade[0].place) == "migrations/0001_a.sql:8:1"


def test_markers_may_end_in_a_carriage_return(read):
    made = read({"0001_a.sql": "-- migrate:up\r\nSELECT 1;\r\n-- migrate:down\r\nSELECT 2;\r\n"}).migrations[0]
    assert sections(made) == (("SELECT 1;\r\n",), ("SELECT 2;\r\n",))


@pytest.mark.parametrize(("tail", "expected"), [("", None), (DOWN, ()), (DOWN + "-- nothing\n", ())])
def test_an_empty_down_differs_from_none(read, tail, expected):
    assert read({"0001_a.sql": UP + "SELECT 1;\n" + tail}).migrations[0].downgrade == expected


HIDDEN = [
    "SELECT '''\n-- migrate:down\n''';\n",
    'SELECT """\n-- migrate:down\n""";\n',
    "SELECT r'''\\'''\n-- migrate:down\n''';\n",
    'SELECT b"""\\"""\n-- migrate:down\n""";\n',
    "/*\n-- migrate:down\n*/ SELECT 1;\n",
    "SELECT 1; -- it's\n/*'*/ SELECT `a'b`, \"'\", '\"', '\\'' /*\n-- migrate:down\n*/;\n",
]


@pytest.mark.parametrize("statement", HIDDEN)
def test_a_marker_inside_a_string_or_comment_is_none(read, statement):
    made = read({"0001_a.sql": UP + statement + DOWN + "SELECT 2;\n"}).migrations[0]
    assert sections(made) == ((statement,), ("SELECT 2;\n",))


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT '-- it is';\n",
        "SELECT r'\\d', '''it's''', \"\"\"a \"quoted\" word\"\"\";\n",
        "SELECT 1 # it's -- open\n;\n",
        "SELECT '' || \"\" || '''''' || \"\"\"\"\"\";\n",
        "SELECT 'a\\\\', 'b';\n",
        "SELECT `a-b.c`.d; -- `\n",
    ],
)
def test_strings_and_comments_end_where_they_end(read, statement):
    made = read({"0001_a.sql": UP + statement + DOWN + "SELECT 2;\n"}).migrations[0]
    assert sections(made) == ((statement,), ("SELECT 2;\n",))


@pytest.mark.parametrize(
    "line",
    [
        "-- migrate: up", "-- Migrate:Up", "--migrate:up", "-- migrate:up transaction:false", "# migrate:up",
        "-- +goose Up", " -- migrate:up", "-- migrate up",
    ],
)  # fmt: skip
def test_what_looks_like_a_marker_is_asked_about(read, line):
    with pytest.raises(ValidationError) as caught:
        read({"0001_a.sql": f"{line}\nSELECT 1;\n"})
    assert caught.value.code == "BQM128"
    assert "did you mean -- migrate:up" in caught.value.hint


def test_a_comment_about_migrating_is_only_a_comment(read):
    statement = "-- migrate: the old rows first\n-- upward only\nSELECT 1;\n"
    assert sections(read({"0001_a.sql": UP + statement}).migrations[0])[0] == (statement,)


@pytest.mark.parametrize(
    ("sql", "blank"),
    [("", True), (" \n-- x\n/* y */ # z\n", True), (";", False), ("/* x", False), ("-- x\nSELECT 1", False)],
)
def test_blank_means_only_space_and_comments(sql, blank):
    assert sql_text.is_blank(sql) is blank
