"""Every kind of bad migration file is refused with a code, a place and a next step."""

import os

import pytest

from bqmigrate.errors import ConfigError, ValidationError
from bqmigrate.files import codes, loader, source

YAML, SQL, PY = "0001_a.yaml", "0001_a.sql", "0001_a.py"
GOOD = b"upgrade:\n  - create_dataset:\n      dataset: tenants\n"


def folder_with(tmp_path, files):
    folder = tmp_path / "migrations"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def findings_of(tmp_path, files):
    folder = folder_with(tmp_path, files)
    with pytest.raises(ValidationError) as caught:
        loader.load(folder, tmp_path)
    assert caught.value.exit_code == 3
    assert caught.value.where
    assert caught.value.hint
    return caught.value.findings


def one_op(body):
    return "upgrade:\n" + body


CREATE = (
    "  - create_table:\n      table: {table}\n      schema:\n        - {{name: {name}, type: {type}, mode: {mode}}}\n"
)


def create(table="tenants.t", name="a", type="STRING", mode="NULLABLE"):  # noqa: A002
    return one_op(CREATE.format(table=table, name=name, type=type, mode=mode))


CASES = {
    # what: (file name, content, code, place after the folder, words of the message, words of the help)
    "malformed yaml": (YAML, "upgrade: [\n", codes.NOT_YAML, "0001_a.yaml:2:1", "not YAML", "indentation"),
    "a tab in yaml": (YAML, "upgrade:\n\t- x\n", codes.NOT_YAML, "0001_a.yaml:2:1", "not YAML", "not tabs"),
    "a control character": (YAML, "upgrade:\n  \x07", codes.NOT_YAML, "0001_a.yaml:2", "not YAML", "quotes"),
    "unknown operation": (
        YAML, "upgrade:\n  - create_tabel:\n      table: a.b\n", codes.UNKNOWN_OPERATION,
        "0001_a.yaml:2:5", "create_tabel", "did you mean create_table?",
    ),
    "unknown top-level key": (
        YAML, "upgrades: []\n", codes.UNKNOWN_KEY, "0001_a.yaml:1:1", "upgrades", "did you mean upgrade?",
    ),
    "unknown key of an operation": (
        YAML, create() + "      clusterng: [a]\n", codes.UNKNOWN_KEY,
        "0001_a.yaml:6:7", "clusterng", "did you mean clustering?",
    ),
    "unknown key of a column": (
        YAML, create(type="STRING, descripton: x"), codes.UNKNOWN_KEY,
        "0001_a.yaml:5:35", "descripton", "did you mean description?",
    ),
    "duplicate key": (
        YAML, GOOD + b"upgrade: []\n", codes.DUPLICATE_KEY, "0001_a.yaml:4:1", "duplicate key upgrade", "keep",
    ),
    "an anchor": (YAML, "upgrade: &x []\n", codes.YAML_FEATURE, "0001_a.yaml:1:10", "&x", "write it out"),
    "an alias": (YAML, "upgrade: *x\n", codes.YAML_FEATURE, "0001_a.yaml:1:10", "*x", "write it out"),
    "a tag": (YAML, "upgrade: !!python/none []\n", codes.YAML_FEATURE, "0001_a.yaml:1:10", "tags", "quotes"),
    "a merge key": (YAML, "<<: {a: 1}\n", codes.YAML_FEATURE, "0001_a.yaml:1:1", "merge", "write the keys"),
    "several documents": (
        YAML, GOOD + b"---\nupgrade: []\n", codes.YAML_FEATURE, "0001_a.yaml:4:1", "documents", "one file",
    ),
    "a YAML directive": (
        YAML, b"%YAML 1.1\n---\n" + GOOD, codes.YAML_FEATURE, "0001_a.yaml:1:1", "directives", "remove",
    ),
    "a bomb of brackets": (
        YAML, "upgrade: " + "[" * 100_000, codes.TOO_DEEP, "0001_a.yaml:1:69", "deep", "15 levels",
    ),
    "only comments": (YAML, "# later\n", codes.EMPTY, "0001_a.yaml", "nothing", "upgrade:"),
    "a list at the top": (YAML, "- a\n", codes.BAD_VALUE, "0001_a.yaml:1:1", "expected a map", "file-formats"),
    "no upgrade": (YAML, "description: x\n", codes.BAD_VALUE, "0001_a.yaml:1:1", "needs upgrade", "file-for"),
    "an empty upgrade": (YAML, "upgrade: []\n", codes.NO_OPERATIONS, "0001_a.yaml:1:10", "no op", "dash"),
    "an operation that is text": (
        YAML, "upgrade: [drop]\n", codes.BAD_VALUE, "0001_a.yaml:1:11", "expected an operation", "create_table",
    ),
    "two operations in one": (
        YAML, "upgrade:\n  - drop_table: {table: a.b}\n    drop_view: {view: a.c}\n", codes.BAD_VALUE,
        "0001_a.yaml:3:5", "found drop_table, drop_view", "own dash",
    ),
    "a missing key of an operation": (
        YAML, "upgrade:\n  - drop_table: {}\n", codes.BAD_VALUE, "0001_a.yaml:2:17", "needs table", "file-f",
    ),
    "an endless number": (
        YAML, create(type=f'STRING, maxLength: "{"9" * 5000}"'), codes.BAD_VALUE,
        "0001_a.yaml:5:46", "expected a whole number", "file-formats",
    ),
    "an empty file": (YAML, b"", codes.EMPTY, "0001_a.yaml", "empty", "write an upgrade"),
    "a file of spaces": (SQL, b" \n\n", codes.EMPTY, "0001_a.sql", "empty", "remove the file"),
    "a binary file": (YAML, b"\x89PNG\r\n\x00x", codes.BINARY, "0001_a.yaml:2:1", "NUL", "right file"),
    "latin-1": (
        YAML, "description: Zürich\n".encode("latin-1"), codes.ENCODING, "0001_a.yaml:1:15", "0xfc", "UTF-8",
    ),
    "a byte order mark": (YAML, b"\xef\xbb\xbf" + GOOD, codes.ENCODING, "0001_a.yaml:1:1", "order mark", "UTF-8"),
    "utf-16": (YAML, GOOD.decode().encode("utf-16"), codes.ENCODING, "0001_a.yaml:1:1", "UTF-16", "UTF-8"),
    "a file over the limit": (
        YAML, b"#" * (source.SIZE_LIMIT + 1), codes.TOO_LARGE, "0001_a.yaml", "1024 KiB", "load data",
    ),
    "an unknown type": (
        YAML, create(type="STRNG"), codes.UNKNOWN_WORD, "0001_a.yaml:5:27", "STRNG", "did you mean STRING?",
    ),
    "an unknown mode": (
        YAML, create(mode="REQIRED"), codes.UNKNOWN_WORD, "0001_a.yaml:5:41", "REQIRED", "did you mean REQ",
    ),
    "a column name that is too long": (
        YAML, create(name="c" * 301), codes.BAD_NAME, "0001_a.yaml:5:18", "at most 300", "file-formats",
    ),
    "a reserved prefix": (
        YAML, create(name="_PARTITIONx"), codes.BAD_NAME, "0001_a.yaml:5:18", "reserved", "file-formats",
    ),
    "a backtick in a table name": (
        YAML, create(table='"tenants.t`x"'), codes.BAD_NAME, "0001_a.yaml:3:14", "'`'", "file-formats",
    ),
    "a semicolon in a dataset name": (
        YAML, create(table="tenants;x.t"), codes.BAD_NAME, "0001_a.yaml:3:14", "only letters", "file-formats",
    ),
    "a semicolon in a column name": (
        YAML, create(name="a;b"), codes.BAD_NAME, "0001_a.yaml:5:18", "';'", "file-formats",
    ),
    "a table without its dataset": (
        YAML, create(table="t"), codes.BAD_VALUE, "0001_a.yaml:3:14", "dataset.table", "write the dataset",
    ),
    "an include that leaves the folder": (
        YAML, "upgrade:\n  - create_table:\n      table: a.b\n      schema: {include: ../x.json}\n",
        codes.LEAVES_FOLDER, "0001_a.yaml:4:25", "leads out", "below the folder",
    ),
    "an include that is not there": (
        YAML, "upgrade:\n  - create_table:\n      table: a.b\n      schema: {include: x.json}\n",
        codes.UNREADABLE, "x.json", "cannot be read", "check the file",
    ),
    ".yml": ("0001_a.yml", GOOD, codes.FILE_NAME, "0001_a.yml", "not the name", "did you mean 0001_a.yaml?"),
    "capitals and hyphens": (
        "1-AddRegion.yaml", GOOD, codes.FILE_NAME, "1-AddRegion.yaml", "not the name", "mean 0001_add_region.yaml?",
    ),
    "another kind of file": ("notes.txt", b"x", codes.FILE_NAME, "notes.txt", "not the name", "sub-folder"),
    "number zero": ("0000_a.yaml", GOOD, codes.FILE_NAME, "0000_a.yaml", "outside 0001", "begin with 0001"),
    "a name that is too long": (
        f"0001_{'a' * 101}.yaml", GOOD, codes.FILE_NAME, f"0001_{'a' * 101}.yaml", "more than 100", "shorten",
    ),
    "sql without markers": (SQL, "SELECT 1;\n", codes.SQL_MARKERS, "0001_a.sql:1:1", "no -- migrate:up", "write"),
    "sql with an empty up": (
        SQL, "-- migrate:up\n-- later\n", codes.NO_OPERATIONS, "0001_a.sql:1:1", "no operations", "below",
    ),
    "a marker that is nearly one": (
        SQL, "--migrate:up\nSELECT 1;\n", codes.SQL_MARKERS, "0001_a.sql:1:1", "not a marker", "-- migrate:up,",
    ),
    "an indented marker": (
        SQL, "-- migrate:up\nSELECT 1;\n  -- migrate:down\n", codes.SQL_MARKERS, "0001_a.sql:3:3",
        "not a marker", "-- migrate:down, alone",
    ),
    "a marker twice": (
        SQL, "-- migrate:up\nSELECT 1;\n-- migrate:up\n", codes.SQL_MARKERS, "0001_a.sql:3:1", "second", "one",
    ),
    "down before up": (
        SQL, "-- migrate:down\n-- migrate:up\nSELECT 1\n", codes.SQL_MARKERS, "0001_a.sql:1:1", "before", "first",
    ),
    "sql before the first marker": (
        SQL, "-- x\nSELECT 1;\n-- migrate:up\nSELECT 2;\n", codes.SQL_MARKERS, "0001_a.sql:2:1", "never", "move",
    ),
    "a string that is never closed": (
        SQL, "-- migrate:up\nSELECT 'it;\n", codes.SQL_TEXT, "0001_a.sql:2:8", "never closed", "quote",
    ),
    "a comment that is never closed": (
        SQL, "-- migrate:up\nSELECT 1 /* x\n", codes.SQL_TEXT, "0001_a.sql:2:10", "never closed", "*/",
    ),
    "python that is none": (PY, "def upgrade(op)\n", codes.NOT_PYTHON, "0001_a.py:1:16", "not Python", "mend"),
    "python without upgrade": (PY, "x = 1\n", codes.PYTHON_SHAPE, "0001_a.py:1:1", "no function", "def upgrade"),
    "python that fails": (
        PY, "def upgrade(op):\n    1 / 0\n", codes.PYTHON_ERROR, "0001_a.py:2", "ZeroDivisionError", "mend",
    ),
    "python that exits": (
        PY, "import sys\nsys.exit(3)\n", codes.PYTHON_ERROR, "0001_a.py:2", "SystemExit: 3", "mend",
    ),
    "python that recurses for ever": (
        PY, "def upgrade(op):\n    upgrade(op)\n", codes.PYTHON_ERROR, "0001_a.py:2", "RecursionError", "mend",
    ),
    "python with an unknown operation": (
        PY, "def upgrade(op):\n    op.create_tabel(table='a.b')\n", codes.PYTHON_ERROR, "0001_a.py:2",
        "did you mean op.create_table", "mend",
    ),
    "python with a bad value": (
        PY, "def upgrade(op):\n    op.drop_table(table='a.b;')\n", codes.BAD_NAME, "0001_a.py:2", "';'", "file",
    ),
    "a relative import": (
        PY, "from . import x\n", codes.PYTHON_SHAPE, "0001_a.py:1:1", "relative", "into this file",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_bad_input_has_a_code_a_place_and_a_next_step(case, tmp_path):
    name, content, code, place, message, help_ = case
    (finding,) = findings_of(tmp_path, {name: content})
    assert finding.code == code
    assert str(finding.place) == f"migrations/{place}"
    assert message in finding.message
    assert help_ in finding.help
    assert finding.severity == "error"


def test_each_code_of_a_finding_is_in_the_table():
    assert {case[2] for case in CASES.values()} <= set(codes.CODES)


def test_all_errors_of_all_files_are_told_at_once(tmp_path):
    found = findings_of(
        tmp_path,
        {
            "0001_a.yaml": "upgrade:\n  - drop_tabel: {}\n  - drop_table: {}\n",
            "0002_b.sql": "SELECT 1",
            "0003_c.py": "def upgrade(op):\n    op.drop_table()\n    op.drop_view()\n",
            "x.txt": "",
        },
    )
    assert [(f.code, f.place.line) for f in found] == [
        (codes.UNKNOWN_OPERATION, 2), (codes.BAD_VALUE, 3), (codes.SQL_MARKERS, 1),
        (codes.BAD_VALUE, 2), (codes.BAD_VALUE, 3), (codes.FILE_NAME, None),
    ]  # fmt: skip


def test_a_duplicate_number_names_both_files(tmp_path):
    (finding,) = findings_of(tmp_path, {"0001_a.yaml": GOOD, "0001_b.yaml": GOOD})
    assert finding.code == codes.DUPLICATE_NUMBER == "BQM104"
    assert finding.place.file == "migrations/0001_b.yaml"
    assert "0001_a.yaml" in finding.message
    assert "rename" in finding.help


def test_a_missing_folder_is_a_configuration_error(tmp_path):
    with pytest.raises(ConfigError) as caught:
        loader.load(tmp_path / "migrations", tmp_path)
    assert (caught.value.code, caught.value.exit_code) == ("BQM313", 2)
    assert "migrations" in caught.value.message
    assert "bqmigrate init" in caught.value.hint


def test_a_folder_that_is_a_file_is_a_configuration_error(tmp_path):
    (tmp_path / "migrations").write_text("x")
    with pytest.raises(ConfigError, match="cannot be read"):
        loader.load(tmp_path / "migrations", tmp_path)


def test_a_file_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    folder = folder_with(tmp_path, {"0001_a.yaml": GOOD})

    def refuse(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", refuse)
    with pytest.raises(ValidationError) as caught:
        loader.load(folder, tmp_path)
    assert caught.value.code == codes.UNREADABLE
    assert caught.value.where == "migrations/0001_a.yaml"
    assert "Permission denied" in caught.value.message
    assert "permissions" in caught.value.hint


def test_a_folder_called_like_a_migration_is_refused(tmp_path):
    folder = folder_with(tmp_path, {})
    (folder / "0001_a.yaml").mkdir()
    with pytest.raises(ValidationError) as caught:
        loader.load(folder, tmp_path)
    assert caught.value.code == codes.UNREADABLE


def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    folder = folder_with(tmp_path, {})
    os.mkfifo(folder / "0001_a.yaml")
    with pytest.raises(ValidationError) as caught:
        loader.load(folder, tmp_path)
    assert caught.value.code == codes.UNREADABLE


@pytest.mark.parametrize("target", ["../secret.yaml", "/etc/hostname", "/dev/zero"])
def test_a_link_out_of_the_folder_is_refused(tmp_path, target):
    folder = folder_with(tmp_path, {})
    (tmp_path / "secret.yaml").write_bytes(GOOD)
    (folder / "0001_a.yaml").symlink_to(target)
    with pytest.raises(ValidationError) as caught:
        loader.load(folder, tmp_path)
    assert caught.value.code == codes.LEAVES_FOLDER
    assert caught.value.where == "migrations/0001_a.yaml"
    assert "put the file itself here" in caught.value.hint


def test_a_link_to_itself_is_refused(tmp_path):
    folder = folder_with(tmp_path, {})
    (folder / "0001_a.yaml").symlink_to("0001_a.yaml")
    with pytest.raises(ValidationError) as caught:
        loader.load(folder, tmp_path)
    assert caught.value.code == codes.UNREADABLE


def test_an_include_through_a_linked_folder_is_refused(tmp_path):
    text = "upgrade:\n  - create_table:\n      table: a.b\n      schema: {include: schemas/x.json}\n"
    folder = folder_with(tmp_path, {"0001_a.yaml": text})
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x.json").write_text("[]")
    (folder / "schemas").symlink_to("../elsewhere")
    with pytest.raises(ValidationError) as caught:
        loader.load(folder, tmp_path)
    assert caught.value.code == codes.LEAVES_FOLDER


def test_a_file_name_that_no_terminal_can_print_is_told_printably(tmp_path):
    folder = folder_with(tmp_path, {})
    (folder / "0001_a\n\x1b.yaml").write_bytes(GOOD)
    os.close(os.open(os.fsencode(folder) + b"/0002_\xff.yaml", os.O_CREAT))
    with pytest.raises(ValidationError) as caught:
        loader.load(folder, tmp_path)
    for finding in caught.value.findings:
        assert (finding.message + str(finding.place) + finding.help).isprintable()


@pytest.mark.parametrize(
    "content",
    [
        "upgrade:\n" + "  - drop_tabel: {}\n" * 40_000,
        "upgrade: [" + "a," * 400_000 + "]",
        "upgrade:\n" + "".join(f"  k{i}: {i}\n" for i in range(50_000)),
    ],
    ids=["many errors", "a long list", "a long map"],
)
def test_a_big_wrong_file_is_told_about_quickly(tmp_path, content):
    found = findings_of(tmp_path, {"0001_a.yaml": content})
    assert 1 <= len(found) <= source.FINDINGS_LIMIT


@pytest.mark.parametrize("line", ["#\n", "--migrate:up\n", "'a'\n", "/**/"])
def test_a_big_sql_file_is_read_quickly(tmp_path, line):
    findings_of(tmp_path, {"0001_a.sql": line * (source.SIZE_LIMIT // len(line))})
