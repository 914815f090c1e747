import hashlib

import pytest

from bqmigrate.files import loader, names

ONE = "upgrade:\n  - drop_table: {table: a.b}\n"


def test_an_empty_folder_is_an_empty_set(read):
    found = read({})
    assert (found.folder, found.migrations, found.warnings, found.head) == ("migrations", (), (), None)


def test_files_come_in_the_order_of_their_numbers(read):
    found = read({"0003_c.yaml": ONE, "0001_a.yaml": ONE, "0002_b.sql": "-- migrate:up\nSELECT 1"})
    assert [m.version for m in found.migrations] == ["0001", "0002", "0003"]
    assert found.head == "0003"
    assert found.get("0002").name == "b"


def test_what_is_not_a_migration_may_lie_beside_them_if_it_says_so(read, tmp_path):
    found = read({"0001_a.yaml": ONE, "README.md": "x", ".gitkeep": "", ".hidden": "", "__pycache__": ""})
    (tmp_path / "migrations" / "schemas").mkdir()
    assert len(loader.load(tmp_path / "migrations", tmp_path).migrations) == len(found.migrations) == 1


@pytest.mark.parametrize(
    ("numbers", "holes"),
    [((1, 2, 3), []), ((2, 3), ["0001"]), ((1, 3, 7), ["0002", "0004 to 0006"])],
)
def test_a_hole_in_the_numbers_is_a_warning(read, numbers, holes):
    found = read({f"{number:04}_a.yaml": ONE for number in numbers})
    assert [w.message for w in found.warnings] == [f"no file is numbered {hole}" for hole in holes]
    assert {(w.code, w.severity) for w in found.warnings} <= {("BQM111", "warning")}


def test_the_checksum_is_of_the_bytes_of_the_file(read):
    (made,) = read({"0001_a.yaml": ONE}).migrations
    assert made.checksum == f"sha256:{hashlib.sha256(ONE.encode()).hexdigest()}"


def test_an_included_file_belongs_to_the_checksum(read):
    main = "upgrade:\n  - create_table: {table: a.t, schema: {include: schemas/t.json}}\n"
    included = '[{"name": "a", "type": "STRING"}]'
    (made,) = read({"0001_a.yaml": main, "schemas/t.json": included}).migrations
    inner = hashlib.sha256(included.encode()).hexdigest()
    whole = f"{main}\0migrations/schemas/t.json\0{inner}"
    assert made.checksum == f"sha256:{hashlib.sha256(whole.encode()).hexdigest()}"
    (changed,) = read({"schemas/t.json": included + "\n"}).migrations
    assert changed.checksum != made.checksum


def test_messages_name_files_relative_to_the_project(read, tmp_path):
    (made,) = read({"0001_a.yaml": ONE}).migrations
    assert made.file == "migrations/0001_a.yaml"
    assert made.path == tmp_path / "migrations" / "0001_a.yaml"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("0001_a.yaml", ("0001", "a", "yaml")),
        ("9999_a1_b.sql", ("9999", "a1_b", "sql")), ("0002_2fa.py", ("0002", "2fa", "py")),
        ("0001_A.yaml", None), ("0001_a__b.yaml", None), ("0001_a_.yaml", None), ("001_a.yaml", None),
        ("00001_a.yaml", None), ("0001-a.yaml", None), ("0001.yaml", None),
        ("0001_a.yaml\n", None), ("000\uff11_a.yaml", None),
    ],
)  # fmt: skip
def test_file_names_have_one_form(written, expected):
    found = names.parse(written)
    assert (found and (found.version, found.name, found.format)) == expected
