import threading

import pytest

from bqmigrate import config
from bqmigrate.config import Overrides
from bqmigrate.errors import RefusedError, UsageError, ValidationError
from bqmigrate.files import loader, writer
from bqmigrate.model.names import TableName
from bqmigrate.operations.tables import DropTable


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "migrations").mkdir()
    return tmp_path / "migrations"


@pytest.mark.parametrize("form", ["yaml", "sql", "py"])
def test_an_untouched_template_does_not_load(folder, form):
    made = writer.new_template(folder, "add_region", form)
    assert made.path.name == f"0001_add_region.{form}"
    with pytest.raises(ValidationError) as caught:
        loader.load(folder, folder.parent)
    assert caught.value.code == "BQM127"
    assert "no operations yet" in caught.value.message


@pytest.mark.parametrize("form", ["yaml", "sql", "py"])
def test_a_template_loads_once_its_example_is_uncommented(folder, form):
    path = writer.new_template(folder, "add_region", form).path
    prefix = {"yaml": "#  ", "sql": "-- UPDATE", "py": "    # op."}[form]
    plain = {"yaml": "  ", "sql": "UPDATE", "py": "    op."}[form]
    lines = [
        line.replace(prefix, plain, 1) if line.startswith(prefix) else line for line in path.read_text().splitlines()
    ]
    path.write_text("\n".join(lines) + "\n")
    (made,) = loader.load(folder, folder.parent).migrations
    assert [p.operation.key for p in made.upgrade] == ["sql" if form == "sql" else "add_columns"]
    assert made.downgrade is None
    assert made.description == "Add region"


def test_the_next_number_follows_the_highest(folder):
    (folder / "0007_a.yaml").write_text("")
    (folder / "README.md").write_text("")
    made = writer.new_template(folder, "b")
    assert (made.version, made.name, made.path) == ("0008", "b", folder / "0008_b.yaml")


@pytest.mark.parametrize(
    ("name", "expected"), [("Add Region", "add_region"), ("addRegion", "add_region"), ("a-b.c", "a_b_c"), ("_x_", "x")]
)
def test_a_name_is_brought_into_form(name, expected):
    assert writer.check_name(name) == expected


@pytest.mark.parametrize("name", ["", "   ", "___", "../x", "a/b", "a;b", "größe", "a" * 101, "a\nb", "a\0b"])
def test_a_name_that_cannot_be_is_refused(folder, name):
    with pytest.raises(UsageError) as caught:
        writer.new_template(folder, name)
    assert caught.value.exit_code == 2
    assert "letters, digits and _, at most 100" in caught.value.hint
    assert list(folder.iterdir()) == []


def test_a_missing_folder_is_told(tmp_path):
    with pytest.raises(RefusedError) as caught:
        writer.new_template(tmp_path / "migrations", "a")
    assert caught.value.hint == "bqmigrate init"


def test_after_the_last_number_there_is_none(folder):
    (folder / "9999_a.yaml").write_text("")
    with pytest.raises(RefusedError, match="after 9999"):
        writer.new_template(folder, "b")


def test_writers_at_the_same_moment_get_numbers_of_their_own(folder):
    start = threading.Barrier(8)

    def write(index):
        start.wait()
        writer.new_template(folder, f"n{index % 4}")

    threads = [threading.Thread(target=write, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = sorted(path.name[:4] for path in folder.iterdir())
    assert numbers == [f"{number:04}" for number in range(1, 9)]


def test_written_operations_are_read_back(folder):
    made = writer.new_migration(folder, "drop_old", "Away: with it", [DropTable(TableName("a", "old"))], [])
    (found,) = loader.load(folder, folder.parent).migrations
    assert [p.operation for p in found.upgrade] == [DropTable(TableName("a", "old"))]
    assert (found.path, found.description, found.downgrade) == (made.path, "Away: with it", ())


def test_init_makes_a_project_that_loads(tmp_path):
    report = writer.init(tmp_path, "My Shop")
    assert [p.name for p in report.written] == ["migrations.toml", ".gitkeep", ".gitignore"]
    assert report.kept == ()
    found = config.load(tmp_path, Overrides(), {})
    assert (found.name, found.environment.name) == ("my_shop", "local")
    assert loader.load(found.folder, found.root).migrations == ()


def test_init_overwrites_nothing(tmp_path):
    (tmp_path / "migrations.toml").write_text("# mine")
    (tmp_path / ".gitignore").write_text("dist/")
    report = writer.init(tmp_path)
    assert (tmp_path / "migrations.toml").read_text() == "# mine"
    assert (tmp_path / ".gitignore").read_text() == "dist/\n.bqmigrate/\n"
    assert [p.name for p in report.kept] == ["migrations.toml"]
    again = writer.init(tmp_path)
    assert again.written == ()
    assert [p.name for p in again.kept] == ["migrations.toml", ".gitkeep", ".gitignore"]


def test_init_where_nothing_can_be_written_is_told(tmp_path):
    (tmp_path / "x").write_text("")
    with pytest.raises(RefusedError) as caught:
        writer.init(tmp_path / "x")
    assert caught.value.where == str(tmp_path / "x")
