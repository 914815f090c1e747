import pytest
import yaml

from bqmigrate.errors import ValidationError
from bqmigrate.files import yaml_text
from bqmigrate.operations.datasets import CreateDataset
from bqmigrate.operations.tables import CreateTable, DropTable


@pytest.mark.parametrize(
    ("plain", "value"),
    [
        ("", None), ("~", None), ("null", None), ("true", True), ("false", False),
        ("0", 0), ("-12", -12), ("+3", 3), ("1.5", 1.5), ("-0.25e-3", -0.00025), ("9" * 18, 10**18 - 1),
        *((word, word) for word in (
            "on", "off", "yes", "no", "y", "n", "True", "TRUE", "NULL", "Null", "007", "0o17", "0x1F", "0b1",
            "1_000", "12:30", "12:30:45", "2024-01-01", "2024-01-01T00:00:00Z", "1e3", ".5", "1.", ".inf", ".nan",
            "1.2.3", "=", "9" * 19, "1.0e999", "STRING",
        )),
    ],
)  # fmt: skip
def test_plain_scalars_follow_our_own_table(plain, value):
    found = yaml_text.resolve(plain)
    assert found == value
    assert type(found) is type(value)


def test_country_codes_and_times_stay_text(read):
    text = "upgrade:\n  - create_dataset:\n      dataset: no\n      description: 12:30\n"
    (placed,) = read({"0001_a.yaml": text}).migrations[0].upgrade
    assert placed.operation.name == "no"
    assert placed.operation.dataset.description == "12:30"


def test_a_migration_carries_what_the_file_says(read):
    text = (
        "description: Two things\nupgrade:\n  - create_dataset: {dataset: a}\n  - drop_table:\n      table: a.t\n"
        "downgrade:\n  - drop_dataset: {dataset: a}\n"
    )
    (made,) = read({"0001_two_things.yaml": text}).migrations
    assert (made.version, made.name, made.slug, made.format) == ("0001", "two_things", "0001_two_things", "yaml")
    assert (made.file, made.description) == ("migrations/0001_two_things.yaml", "Two things")
    assert [type(p.operation) for p in made.upgrade] == [CreateDataset, DropTable]
    assert [str(p.place) for p in made.upgrade] == [f"{made.file}:3:5", f"{made.file}:4:5"]
    assert [p.operation.key for p in made.downgrade] == ["drop_dataset"]


@pytest.mark.parametrize(
    ("tail", "expected"), [("", None), ("downgrade:\n", None), ("downgrade: []\n", ())], ids=["absent", "null", "empty"]
)
def test_an_empty_downgrade_differs_from_none(read, tail, expected):
    made = read({"0001_a.yaml": "upgrade:\n  - drop_table: {table: a.t}\n" + tail}).migrations[0]
    assert made.downgrade == expected


@pytest.mark.parametrize(
    ("statement", "place"),
    [("|\n          SELECT\n            1\n", "4:11"), (">-\n\n        SELECT 1\n", "4:9"), ("SELECT 1\n", "3:18")],
)
def test_sql_stands_where_its_text_begins(read, statement, place):
    made = read({"0001_a.yaml": "upgrade:\n  - sql:\n      statement: " + statement}).migrations[0]
    assert str(made.upgrade[0].place) == f"migrations/0001_a.yaml:{place}"


def test_a_file_with_windows_line_ends_reads_the_same(read):
    text = "upgrade:\n  - sql:\n      statement: |\n        SELECT 1;\n        SELECT 2;\n"
    made = read({"0001_a.yaml": text, "0002_b.yaml": text.replace("\n", "\r\n")}).migrations
    assert made[0].upgrade[0].operation == made[1].upgrade[0].operation
    assert made[0].checksum != made[1].checksum


INCLUDING = "upgrade:\n  - create_table:\n      table: a.t\n      schema: {include: schemas/t.json}\n"


def test_an_included_schema_is_the_tables(read):
    columns = '[\n  {"name": "a", "type": "STRING", "mode": "REQUIRED"},\n\t{"name": "b", "type": "INT64"}\n]\n'
    (placed,) = read({"0001_a.yaml": INCLUDING, "schemas/t.json": columns}).migrations[0].upgrade
    assert isinstance(placed.operation, CreateTable)
    assert [(c.name, c.type, c.mode) for c in placed.operation.table.columns] == [
        ("a", "STRING", "REQUIRED"), ("b", "INTEGER", "NULLABLE"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "code", "place"),
    [
        ('[{"name": "a",\n  "tipe": "STRING"}]', "BQM121", "2:3"),
        ('[{"name": "a",\n  "name": "b"}]', "BQM120", "2:3"),
        ('[{"name": "a;"}]', "BQM124", "1:11"),
        ('[{"name": "a"},]', "BQM133", "1:16"),
        ('[{"name" "a"}]', "BQM133", "1:10"),
        ("[1] 2", "BQM133", "1:5"),
        ("[NaN]", "BQM133", "1:2"),
        ('["\\ud83d"]', "BQM133", "1:10"),
        ("[" * 100_000, "BQM126", "1:62"),
        ("[" + "9" * 10_000 + "]", "BQM133", "1:2"),
        ("{", "BQM133", "1:2"),
    ],
)
def test_an_error_in_an_included_file_stands_there(read, columns, code, place):
    with pytest.raises(ValidationError) as caught:
        read({"0001_a.yaml": INCLUDING, "schemas/t.json": columns})
    (finding,) = caught.value.findings
    assert (finding.code, str(finding.place)) == (code, f"migrations/schemas/t.json:{place}")


@pytest.mark.parametrize("include", ["/etc/hostname", "../x.json", "a/../../x.json", "x.yaml", "a\\b.json"])
def test_an_include_names_a_json_file_below_the_folder(read, include):
    with pytest.raises(ValidationError) as caught:
        read({"0001_a.yaml": INCLUDING.replace("schemas/t.json", f"'{include}'")})
    assert caught.value.code in {"BQM117", "BQM133"}
    assert caught.value.hint


def test_half_a_surrogate_pair_is_no_text(read):
    with pytest.raises(ValidationError) as caught:
        read({"0001_a.yaml": 'upgrade:\n  - sql:\n      statement: "\\ud83d"\n'})
    assert caught.value.where == "migrations/0001_a.yaml:3:18" or caught.value.code == "BQM118"


@pytest.mark.parametrize("loader", ["CSafeLoader", "SafeLoader"])
def test_both_yaml_parsers_read_the_same(read, monkeypatch, loader):
    monkeypatch.setattr(yaml_text, "_LOADER", getattr(yaml, loader))
    text = "upgrade:\n  - sql:\n      statement: |\n          SELECT 1\n  - drop_table: {table: a.b} # x\n"
    made = read({"0001_a.yaml": text}).migrations[0]
    assert [str(p.place).partition(":")[2] for p in made.upgrade] == ["4:11", "5:5"]
    for bad, code in (
        ("a: [", "BQM118"),
        ("upgrade: &x 1", "BQM119"),
        ("upgrade: \x07", "BQM118"),
        ("--- 1\n--- 2", "BQM119"),
    ):
        with pytest.raises(ValidationError) as caught:
            read({"0001_a.yaml": bad})
        assert caught.value.code == code
