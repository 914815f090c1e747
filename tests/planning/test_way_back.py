"""What is stored to take a migration back is what a downgrade with its file would send."""

import pytest

from bqmigrate.model.columns import Column
from bqmigrate.model.history import HistoryState
from bqmigrate.operations.alter import AlterColumns, ColumnChange
from bqmigrate.operations.columns import AddColumns
from bqmigrate.operations.options import SetClustering, SetTableOptions
from bqmigrate.operations.raw import Sql
from bqmigrate.operations.steps import digest
from bqmigrate.operations.stored import NotStored, from_data, to_data
from bqmigrate.operations.tables import DropTable
from bqmigrate.planning.downgrade import plan_downgrade
from bqmigrate.planning.upgrade import plan_upgrade
from bqmigrate.planning.way_back import NoWayBack, WayBack
from tests.planning.builders import SCOPE, USERS, Folder, history, migration

CASES = {
    "a table and a dataset": ((), ("0001", "0002", "0003")),
    "columns": ([AddColumns(USERS, (Column("b", "INTEGER", default="1"),))], ()),
    "patches": ([SetClustering(USERS, ("id",)), SetTableOptions(USERS, (), (("team", "core"),))], ()),
    "a dropped table": ([DropTable(USERS)], ()),
    "a rebuild": ([AlterColumns(USERS, (ColumnChange("id", relax=True),))], ()),
    "a rebuild before added columns": (
        [AlterColumns(USERS, (ColumnChange("id", relax=True),)), AddColumns(USERS, (Column("later", "DATE"),))], ()),
}  # fmt: skip


def planned(folder, version):
    plan = plan_upgrade(folder.files(), HistoryState(), "head", SCOPE, "lin")
    return next(m for m in plan.migrations if m.version == version)


def down(folder, version):
    state = history(*[m.version for m in folder.migrations if m.version <= version])
    files = Folder()
    files.migrations = [m for m in folder.migrations if m.version <= version]
    return plan_downgrade(files.files(), state, "-1", SCOPE, "lin").migrations[0]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_what_is_stored_is_what_a_downgrade_sends(folder, case):
    operations, versions = case
    if operations:
        folder.migrations.append(migration("0004", *operations))
        versions = ("0004",)
    for version in versions:
        read = WayBack.from_data(planned(folder, version).way_back.data())
        steps = read.back_from(None, ())
        wanted = [s.step for s in down(folder, version).steps]
        assert [digest(s) for s in steps] == [digest(s) for s in wanted]
        assert list(steps) == wanted


def test_a_written_way_back_is_stored_too(folder):
    folder.migrations.append(migration("0004", Sql("SELECT 1"), downgrade=[DropTable(USERS)]))
    back = WayBack.from_data(planned(folder, "0004").way_back.data())
    assert [s.verb for s in back.back_from(None, ())] == ["drop table"]
    assert back.written[0].removes.made_by is None


def test_half_of_a_migration_is_taken_back_by_its_inverses_where_there_are_some(folder):
    folder.migrations.append(
        migration("0004", AddColumns(USERS, (Column("b", "DATE"),)), Sql("SELECT 1"), downgrade=[Sql("SELECT 2")])
    )
    back = planned(folder, "0004").way_back
    assert [s.verb for s in back.back_from(1, ())] == ["set aside column"]
    assert [s.verb for s in back.back_from(2, ())] == ["run sql"]


def test_a_step_without_an_inverse_is_named(folder):
    folder.migrations.append(migration("0004", AddColumns(USERS, (Column("b", "DATE"),)), Sql("SELECT 1")))
    back = WayBack.from_data(planned(folder, "0004").way_back.data())
    with pytest.raises(NoWayBack) as caught:
        back.back_from(None, ())
    assert caught.value.number == 2


def test_what_was_found_is_left_out(folder):
    assert planned(folder, "0002").way_back.back_from(None, {1}) == []


@pytest.mark.parametrize("data", [["DROP TABLE x"], [None], {"steps": [["DROP TABLE x"]]}, {}, "x", None])
def test_what_an_earlier_version_wrote_as_text_is_not_taken_for_steps(data):
    with pytest.raises(NotStored):
        WayBack.from_data(data)


def test_a_stored_step_has_the_digest_of_the_step(folder):
    for step in plan_upgrade(folder.files(), HistoryState(), "head", SCOPE, "lin").steps:
        assert digest(from_data(to_data(step.step))) == digest(step.step)
