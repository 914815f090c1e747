from dataclasses import replace

import pytest

from bqmigrate.errors import RefusedError, UnsettledError, ValidationError
from bqmigrate.model.catalog import Table
from bqmigrate.model.columns import Column
from bqmigrate.model.history import Record, StepRecord, fold
from bqmigrate.operations.alter import WidenColumn
from bqmigrate.operations.columns import AddColumns, DropColumns
from bqmigrate.operations.raw import Sql
from bqmigrate.operations.tables import CreateTable, DropTable
from bqmigrate.planning.downgrade import plan_downgrade
from bqmigrate.planning.upgrade import check_files, plan_upgrade
from tests.planning.builders import ID, SCOPE, USERS, Folder, applied, history, migration


def up(folder, state, target="head"):
    return plan_upgrade(folder.files(), state, target, SCOPE, "lin")


def down(folder, state, target="-1"):
    return plan_downgrade(folder.files(), state, target, SCOPE, "lin")


def test_an_upgrade_of_an_empty_warehouse_does_everything_in_order(folder):
    plan = up(folder, history())
    assert [m.version for m in plan.migrations] == ["0001", "0002", "0003"]
    assert [s.step.kind for s in plan.steps] == ["create", "create", "job"]
    assert plan.from_version is None
    assert plan.to_version == "0003"


def test_nothing_pending_is_an_empty_plan(folder):
    assert up(folder, history("0001", "0002", "0003")).is_empty


def test_a_step_id_is_a_function_of_what_the_step_is(folder):
    first = up(folder, history()).steps[1].key
    assert first.job_id("lin", 1) == "bqm-lin-m0002-g1-up1-a1"


def test_what_a_create_makes_carries_the_label_of_its_run(folder):
    created = up(folder, history()).steps[1].step
    assert created.body["labels"] == {"bqm_made": "lin-m0002-g1"}


def test_two_columns_are_one_statement(folder):
    sql = up(folder, history("0001", "0002")).steps[0].step.sql
    assert sql == ("ALTER TABLE `some-project.app.users`\n  ADD COLUMN `email` STRING,\n  ADD COLUMN `age` INT64")


def test_a_plan_is_within_one_that_was_shown_where_it_does_no_more(folder):
    shown = up(folder, history())
    assert up(folder, history("0001")).is_within(shown)
    assert up(folder, history("0001", "0002", "0003")).is_within(shown)
    assert not shown.is_within(up(folder, history("0001")))
    folder.migrations[2] = migration("0003", AddColumns(USERS, (Column("email", "BYTES"),)))
    assert not up(folder, history()).is_within(shown)


def test_an_edited_applied_file_is_refused(folder):
    folder.migrations[1] = replace(folder.migrations[1], checksum="sha256:other")
    with pytest.raises(ValidationError) as caught:
        up(folder, history("0001", "0002"))
    assert caught.value.code == "BQM101"
    assert caught.value.where == "migrations/0002_step_2.yaml"


def test_a_deleted_applied_file_is_refused(folder):
    del folder.migrations[1]
    folder.migrations[1] = migration("0003", Sql("SELECT 1"))
    with pytest.raises(ValidationError, match="0002_step_2") as caught:
        up(folder, history("0001", "0002"))
    assert caught.value.code == "BQM102"


def test_a_late_lower_number_is_refused_with_the_command_that_mends_it(folder):
    with pytest.raises(ValidationError) as caught:
        up(folder, history("0001", "0003"))
    assert caught.value.code == "BQM103"
    assert caught.value.hint == ("give it the next number: mv migrations/0002_step_2.yaml migrations/0004_step_2.yaml")


def test_a_reference_to_a_missing_table_names_its_place(folder):
    folder.migrations[1:] = [migration("0002", AddColumns(replace(USERS, table="usres"), (Column("a", "STRING"),)))]
    with pytest.raises(ValidationError, match=r"table app\.usres does not exist at this point") as caught:
        check_files(folder.files(), SCOPE, "bqmigrate")
    assert str(caught.value.findings[0].place) == "migrations/0002_step_2.yaml:1"


def test_a_clustering_column_does_not_become_what_nothing_clusters_by(folder):
    table = Table((ID, Column("n", "INTEGER")), clustering=("n",))
    folder.migrations[1:] = [
        migration("0002", CreateTable(USERS, table)),
        migration("0003", WidenColumn(USERS, Column("n", "FLOAT"))),
    ]
    with pytest.raises(ValidationError, match="Cannot cluster by field n") as caught:
        check_files(folder.files(), SCOPE, "bqmigrate")
    assert str(caught.value.findings[0].place) == "migrations/0003_step_3.yaml:1"


def test_after_raw_sql_an_unknown_table_may_exist(folder):
    folder.migrations.append(migration("0004", Sql("CREATE TABLE app.x (a INT64)")))
    folder.migrations.append(migration("0005", AddColumns(replace(USERS, table="x"), (Column("b", "STRING"),))))
    assert len(up(folder, history()).migrations) == 5


def test_a_downgrade_runs_the_inverse_newest_first(folder):
    plan = down(folder, history("0001", "0002", "0003"), "0001")
    assert [m.version for m in plan.migrations] == ["0003", "0002"]
    assert "RENAME COLUMN `email` TO `_bqm_drop_0003_email`" in plan.steps[0].step.sql
    assert plan.steps[1].step.removes.made_by == "lin-m0002-g1"
    assert plan.to_version == "0001"


def test_a_second_generation_sets_columns_aside_under_another_name(folder):
    rows = [applied("0001", 2), applied("0002", 3), applied("0003", 4)]
    reverted = replace(applied("0003", 5), event="reverted", direction="downgrade")
    again = replace(applied("0003", 6), generation=2)
    state = fold([Record(1, 1, 1, "genesis", "run", name="lin"), *rows, reverted, again])
    assert "`_bqm_drop_0003g2_email`" in down(folder, state).steps[0].step.sql


def test_what_was_found_is_left_in_place(folder):
    state = history("0001", "0002", outcome="found")
    plan = down(folder, state)
    assert plan.migrations[0].steps == ()
    assert plan.migrations[0].left == ("app.users",)


def test_sql_without_a_downgrade_cannot_be_taken_back(folder):
    folder.migrations.append(migration("0004", Sql("SELECT 1")))
    with pytest.raises(RefusedError, match="sql has no inverse") as caught:
        down(folder, history("0001", "0002", "0003", "0004"))
    assert caught.value.exit_code == 2


def test_a_hard_drop_cannot_be_taken_back(folder):
    folder.migrations.append(migration("0004", DropColumns(USERS, ("age",), hard=True)))
    with pytest.raises(RefusedError, match="drop_columns has no inverse"):
        down(folder, history("0001", "0002", "0003", "0004"))


def test_a_written_downgrade_is_used_as_written(folder):
    folder.migrations.append(migration("0004", Sql("SELECT 1"), downgrade=[DropTable(USERS)]))
    plan = down(folder, history("0001", "0002", "0003", "0004"))
    assert plan.steps[0].step.removes.made_by is None


def half(digest="0" * 64):
    done = StepRecord(1, "job", "add columns", "app.users", digest, "done")
    failed = StepRecord(2, "job", "set default", "app.users.b", "0" * 64, "failed")
    rows = [applied("0001", 2), applied("0002", 3), applied("0003", 4)]
    stop = Record(5, 5, 1, "failed", "run", "0004", "step_4", "upgrade", 1, "sha256:0004", steps=(done, failed))
    return fold([Record(1, 1, 1, "genesis", "run", name="lin"), *rows, stop])


def with_default(folder):
    columns = (Column("b", "INTEGER", default="1"), Column("c", "INTEGER", default="2"))
    folder.migrations.append(migration("0004", AddColumns(USERS, columns)))
    return folder


def test_a_half_applied_version_is_resumed_by_an_upgrade(folder):
    first = up(with_default(folder), history("0001", "0002", "0003")).steps[0]
    plan = up(folder, half(first.digest))
    assert [(m.version, m.resumes, len(m.steps)) for m in plan.migrations] == [("0004", True, 3)]


def test_a_step_that_was_done_and_says_something_else_now_is_refused(folder):
    with pytest.raises(UnsettledError, match="step 1 of 0004_step_4 was changed after it was done") as caught:
        up(with_default(folder), half())
    assert caught.value.exit_code == 5
    assert caught.value.details == ("done     add columns  app.users", "now      add columns  app.users")


def test_only_what_was_reached_of_a_half_applied_version_is_taken_back(folder):
    first = up(with_default(folder), history("0001", "0002", "0003")).steps[0]
    plan = down(folder, half(first.digest))
    assert [m.version for m in plan.migrations] == ["0004"]
    assert [s.step.verb for s in plan.steps] == ["set aside columns"]


def test_a_downgrade_compares_the_finished_steps_as_an_upgrade_does(folder):
    with pytest.raises(UnsettledError, match="step 1 of 0004_step_4 was changed after it was done"):
        down(with_default(folder), half())


def interrupted_downgrade(folder):
    done = StepRecord(1, "job", "drop default", "app.users.c", "0" * 64, "done")
    planned = up(folder, history("0001", "0002", "0003")).steps
    steps = tuple(StepRecord(s.key.number, "job", "", "app.users", s.digest, "done") for s in planned)
    rows = [applied("0001", 2), applied("0002", 3), applied("0003", 4), replace(applied("0004", 5), steps=steps)]
    stop = replace(applied("0004", 6), event="failed", direction="downgrade", steps=(done,))
    return fold([Record(1, 1, 1, "genesis", "run", name="lin"), *rows, stop])


def test_an_interrupted_downgrade_is_finished_before_anything_goes_up(folder):
    plan = up(with_default(folder), interrupted_downgrade(folder))
    assert [(m.version, m.direction) for m in plan.migrations] == [("0004", "downgrade"), ("0004", "upgrade")]
    assert plan.migrations[1].generation == 2


def test_a_half_applied_version_without_its_file_must_be_settled_first(folder):
    with pytest.raises(UnsettledError, match="its file is gone") as caught:
        up(folder, half())
    assert caught.value.exit_code == 5
    assert "add columns  app.users" in caught.value.details[0]


def test_planning_does_not_look_at_the_object_it_was_made_from(folder):
    assert up(folder, history()) == up(Folder(), history())
