import sys

import pytest

from bqmigrate.errors import ValidationError
from bqmigrate.operations.raw import RunPython, Sql

GOOD = '''\
"""Add a region.

More words.
"""

TABLE = "tenants.profiles"


def columns():
    return [{"name": "region", "type": "STRING"}]


def fill(session):
    pass


def shared(op):
    op.sql("SELECT 1")


def upgrade(op):
    print("hello")
    op.add_columns(table=TABLE, columns=columns())
    shared(op)
    op.run(fill)
    op.run(lambda session: None, name="nothing")


def downgrade(op):
    op.drop_columns(table=TABLE, columns=("region",))
'''


def refused(read, text):
    with pytest.raises(ValidationError) as caught:
        read({"0001_a.py": text})
    return caught.value.findings


def test_the_operations_are_those_of_yaml(read):
    yaml = "upgrade:\n  - add_columns: {table: tenants.profiles, columns: [{name: region, type: STRING}]}\n"
    made = read({"0001_a.py": GOOD, "0002_b.yaml": yaml}).migrations
    assert made[0].upgrade[0].operation == made[1].upgrade[0].operation
    assert [p.operation.key for p in made[0].upgrade] == ["add_columns", "sql", "python", "python"]
    assert [p.operation.key for p in made[0].downgrade] == ["drop_columns"]
    assert made[0].description == "Add a region."


def test_an_operation_stands_on_the_authors_line(read):
    made = read({"0001_a.py": GOOD}).migrations[0]
    lines = GOOD.splitlines()
    words = [lines[p.place.line - 1].strip() for p in made.upgrade]
    assert [word[:10] for word in words] == ["op.add_col", 'op.sql("SE', "op.run(fil", "op.run(lam"]


def test_what_it_prints_does_not_reach_the_result(read, capsys):
    read({"0001_a.py": GOOD})
    out, err = capsys.readouterr()
    assert (out, err) == ("", "hello\n")


def test_a_function_keeps_its_name_and_the_files_digest(read):
    made = read({"0001_a.py": GOOD}).migrations[0]
    run = made.upgrade[2].operation
    assert isinstance(run, RunPython)
    assert (run.name, f"sha256:{run.source_digest}") == ("fill", made.checksum)
    assert made.upgrade[3].operation.name == "nothing"
    assert isinstance(made.upgrade[1].operation, Sql)


def test_loading_leaves_nothing_behind(read, tmp_path):
    before = set(sys.modules)
    read({"0001_a.py": GOOD})
    assert {name for name in set(sys.modules) - before if "0001" in name} == set()
    assert [path.name for path in (tmp_path / "migrations").iterdir()] == ["0001_a.py"]


def test_two_files_share_no_names(read):
    read({"0001_a.py": GOOD, "0002_b.py": "def upgrade(op):\n    op.drop_table(table='a.b')\n"})
    with pytest.raises(ValidationError) as caught:
        read({"0002_b.py": "def upgrade(op):\n    op.drop_table(table=TABLE)\n"})
    assert "NameError" in caught.value.message


def test_without_downgrade_the_way_back_is_computed(read):
    text = "def upgrade(op):\n    op.drop_table(table='a.b')\n"
    assert read({"0001_a.py": text}).migrations[0].downgrade is None
    text += "def downgrade(op):\n    pass\n"
    assert read({"0001_a.py": text}).migrations[0].downgrade == ()


@pytest.mark.parametrize(
    ("text", "code", "line", "words"),
    [
        ("def upgrade(op):\n    pass\n", "BQM127", 1, "no operations"),
        ("def upgrade():\n    pass\n", "BQM131", 1, "one argument"),
        ("upgrade = 1\n", "BQM131", 1, "not a function"),
        ("async def upgrade(op):\n    op.sql('SELECT 1')\n", "BQM131", 1, "async"),
        ("def upgrade(op):\n    yield op.sql('SELECT 1')\n", "BQM131", 1, "yield"),
        ("def upgrade(op):\n    return op\n", "BQM131", 1, "return nothing"),
        ("def upgrade(op):\n    op.drop_table('a.b')\n", "BQM125", 2, "keyword arguments"),
        ("def upgrade(op):\n\n    op.run(print())\n", "BQM125", 3, "needs a function"),
        ("def upgrade(op):\n    op.run(lambda s: 1)\n", "BQM125", 2, "needs a name"),
        ("def upgrade(op):\n    op.run(print, name=1)\n", "BQM125", 2, "must be text"),
        ("def upgrade(op):\n    op.sql('')\n", "BQM125", 2, "found nothing"),
        ("def upgrade(op):\n    op.sql('\\ud83d')\n", "BQM125", 2, "surrogate"),
        ("def upgrade(op):\n    op.sql(b'x')\n", "BQM125", 2, "bytes"),
        (
            "def upgrade(op):\n    x = []\n    x.append(x)\n    op.drop_columns(table='a.b', columns=x)\n",
            "BQM126",
            4,
            "deep",
        ),
        ("def upgrade(op):\n    raise ValueError('a\\nb\\x1b')\n", "BQM132", 2, "ValueError: a"),
        ("import nothing_of_this_name\n", "BQM132", 1, "ModuleNotFoundError"),
        ("x = " + "(" * 5000 + "\n", "BQM130", 1, "not Python"),
        ("x = " + "-" * 200_000 + "1\n", "BQM130", 1, "not Python"),
    ],
)
def test_a_bad_migration_is_told_at_the_authors_line(read, text, code, line, words):
    (finding,) = refused(read, text)
    assert (finding.code, finding.place.line) == (code, line)
    assert words in finding.message
    assert finding.help
    assert "Traceback" not in finding.message


def test_ctrl_c_is_not_an_error_of_the_file(read):
    with pytest.raises(KeyboardInterrupt):
        read({"0001_a.py": "raise KeyboardInterrupt\n"})


def test_op_is_of_no_use_later(read):
    text = "def upgrade(op):\n    op.run(lambda s: op.drop_table(table='a.b'), name='late')\n"
    made = read({"0001_a.py": text}).migrations[0]
    with pytest.raises(RuntimeError, match="after upgrade"):
        made.upgrade[0].operation.function(None)
    assert len(made.upgrade) == 1
