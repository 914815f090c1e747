"""Bad input: a clear error with place and next step, and nothing sent; one line of the list a case."""

import pytest

from bqmigrate import Project
from bqmigrate.errors import BqmigrateError
from tests.execution.stand import USERS, Stand

TABLE = "upgrade:\n  - create_table:\n      table: app.t\n      schema: [{schema}]\n{more}"


def table(schema="{name: a, type: STRING}", more=""):
    return TABLE.format(schema=schema, more=more)


def put(name, text):
    def write(stand: Stand):
        (stand.root / "migrations" / name).write_bytes(text if isinstance(text, bytes) else text.encode())

    return write


def configure(text):
    return lambda stand: stand.configure(text)


def break_toml(stand):
    (stand.root / "migrations.toml").write_text("[project\n")


def duplicate(stand):
    stand.write("0003_a.yaml", table())
    stand.write("0003_b.yaml", table())


def no_folder(stand):
    for file in (stand.root / "migrations").iterdir():
        file.unlink()
    (stand.root / "migrations").rmdir()


def link_out(stand):
    outside = stand.root / "outside.yaml"
    outside.write_text(table())
    (stand.root / "migrations" / "0003_link.yaml").symlink_to(outside)


def unreadable(stand):
    # Root reads everything; a folder in the file's place cannot be read by anybody.
    (stand.root / "migrations" / "0003_folder.yaml").mkdir()


def variable(stand):
    stand.configure('variables = {t = "users; DROP TABLE x"}')
    stand.write("0003_v.sql", "-- migrate:up\nSELECT 1 FROM app.${variables.t}\n")


FILE = "0003_bad.yaml"
CASES = {
    "malformed yaml": (put(FILE, "upgrade: [\n"), 3, f"migrations/{FILE}:"),
    "malformed toml": (break_toml, 2, "migrations.toml"),
    "unknown operation": (put(FILE, "upgrade:\n  - creat_table: {}\n"), 3, f"{FILE}:2:5 did you mean create_table"),
    "unknown key": (put(FILE, table(more="      clusterin: [a]\n")), 3, f"{FILE}:5:7 did you mean clustering"),
    "duplicate key": (put(FILE, "upgrade: []\nupgrade: []\n"), 3, f"{FILE}:2:1"),
    "duplicate number": (duplicate, 3, "0003_a.yaml"),
    "empty file": (put(FILE, ""), 3, FILE),
    "binary file": (put(FILE, b"\x00\x01\x02upgrade"), 3, FILE),
    "wrong encoding": (put(FILE, "description: café".encode("latin-1")), 3, FILE),
    "file over the stated size": (put(FILE, "#" * (1024 * 1024 + 1)), 3, FILE),
    "unknown type": (put(FILE, table("{name: a, type: STRIN}")), 3, f"{FILE}:4:32 did you mean STRING"),
    "unknown mode": (put(FILE, table("{name: a, type: STRING, mode: REQUIRD}")), 3, f"{FILE}:4:46 REQUIRED"),
    "name too long": (put(FILE, table(f"{{name: {'a' * 301}, type: STRING}}")), 3, f"{FILE}:4 300"),
    "reserved prefix": (put(FILE, table("{name: _PARTITION_x, type: STRING}")), 3, f"{FILE}:4 reserved"),
    "backtick in a name": (put(FILE, table("{name: 'a`b', type: STRING}")), 3, f"{FILE}:4"),
    "semicolon in a name": (put(FILE, table().replace("app.t", "app.t;x")), 3, f"{FILE}:3"),
    "semicolon in a variable": (variable, 3, "0003_v.sql cannot stand for a name"),
    "partitioned by a missing column": (
        put(FILE, table(more="      partitioning: {type: DAY, field: day}\n")), 3, f"{FILE}:2 cannot be found"),
    "partitioned by a type that cannot": (
        put(FILE, table(more="      partitioning: {type: DAY, field: a}\n")), 3, f"{FILE}:2 Cannot partition"),
    "five clustering columns": (
        put(FILE, table(more="      clustering: [a, b, c, d, e]\n")), 3, f"{FILE}:2 at most 4"),
    "a table that does not exist": (
        put(FILE, "upgrade:\n  - drop_table: {table: app.userz}\n"), 3, f"{FILE}:2 did you mean app.users"),
    "missing folder": (no_folder, 2, "migrations bqmigrate init"),
    "unreadable file": (unreadable, 3, "0003_folder.yaml"),
    "a link out of the folder": (link_out, 3, "0003_link.yaml"),
    "a dataset of the history": (
        put(FILE, "upgrade:\n  - create_dataset: {dataset: bqmigrate}\n"), 3, f"{FILE}:2 history"),
}  # fmt: skip


def told(error):
    places = [str(f.place) for f in getattr(error, "findings", ()) if f.place]
    helps = [f.help or "" for f in getattr(error, "findings", ())]
    parts = [error.message, error.where, error.hint, *error.details, *places, *helps]
    return " ".join(str(p) for p in parts if p)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_bad_input_names_place_and_next_step_and_sends_nothing(stand, case):
    spoil, exit_code, expected = case
    stand.users()
    spoil(stand)
    with pytest.raises(BqmigrateError) as caught:
        stand.upgrade()
    error = caught.value
    assert error.exit_code == exit_code
    first, _, rest = expected.partition(" ")
    assert first in told(error)
    assert rest in told(error)
    assert error.hint
    assert not stand.recorder or stand.recorder.requests == []


def edited(stand):
    stand.write("0002_users.yaml", USERS.replace("Who.", "Who else."))


def deleted(stand):
    stand.remove("0002_users.yaml")


AGAINST_HISTORY = {
    "edited": (edited, "BQM101", "migrations/0002_users.yaml", "put the file back"),
    "deleted": (deleted, "BQM102", "0002_users", "bring the file back"),
}


@pytest.mark.parametrize("case", AGAINST_HISTORY.values(), ids=AGAINST_HISTORY.keys())
def test_a_disagreement_with_the_history_is_told_after_two_reads_and_no_write(stand, case):
    spoil, code, place, hint = case
    stand.users().write("0003_more.yaml", table())
    stand.upgrade()
    spoil(stand)
    with pytest.raises(BqmigrateError) as caught:
        stand.upgrade()
    assert (caught.value.code, caught.value.exit_code) == (code, 3)
    assert place in told(caught.value)
    assert hint in caught.value.hint
    assert {method for method, *_ in stand.recorder.requests} == {"GET"}
    assert len(stand.recorder.requests) == 2


def test_a_late_lower_number_is_told_with_the_command_that_mends_it(stand):
    stand.users().upgrade("0001")
    stand.remove("0002_users.yaml")
    stand.write("0005_users.yaml", USERS)
    stand.upgrade()
    stand.write("0003_late.yaml", table())
    with pytest.raises(BqmigrateError) as caught:
        stand.upgrade()
    assert caught.value.code == "BQM103"
    assert caught.value.hint.endswith("mv migrations/0003_late.yaml migrations/0006_late.yaml")
    assert {method for method, *_ in stand.recorder.requests} == {"GET"}


@pytest.mark.parametrize("target", ["latest", "+9", "9999", "base", "-1", ""])
def test_a_target_that_is_none_exits_2_and_writes_nothing(stand, target):
    stand.users()
    with pytest.raises(BqmigrateError) as caught:
        stand.upgrade(target)
    assert caught.value.exit_code == 2
    assert caught.value.hint
    assert {method for method, *_ in stand.recorder.requests} <= {"GET"}


def test_an_unknown_environment_exits_2(stand):
    with pytest.raises(BqmigrateError, match="unknown environment: staging") as caught:
        Project.open("staging", start=stand.root, environ={})
    assert caught.value.exit_code == 2
