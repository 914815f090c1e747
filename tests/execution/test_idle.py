"""A way back that a dead run had set out: what had begun is finished, what had not is given up."""

import json
from dataclasses import dataclass

import pytest

from bqmigrate.errors import RunError, UnsettledError
from bqmigrate.execution.events import MigrationStarted
from tests.execution.dying import LONG, STATEMENT, kill, project_on, upgrade
from tests.execution.stand import FILL, Recorder, value

COLUMN = "upgrade:\n  - add_columns: {{table: app.t, columns: [{{name: {}, type: STRING}}]}}\n"


@pytest.fixture
def two_more(counted):
    """Two columns with values."""
    counted.write("0003_a.yaml", COLUMN.format("a"))
    counted.write("0004_b.yaml", COLUMN.format("b"))
    counted.upgrade()
    counted.query("UPDATE app.t SET a = 'kept', b = 'gone' WHERE TRUE")
    return counted


def kept(stand):
    return stand.query("SELECT n, a FROM app.t")


def test_of_a_downgrade_that_died_only_what_had_begun_is_finished(two_more):
    since = [line.applied_at for line in two_more.history().migrations]
    kill(two_more, "RENAME COLUMN `b`", lambda project: project.downgrade("base", allow_data_loss=True))
    told = [way.command for way in two_more.history().halfway[0].ways]
    assert told == ["bqmigrate downgrade base", "bqmigrate upgrade"]
    events = []
    assert two_more.upgrade(emit=events.append).applied == ("0004",)
    assert [line.applied_at for line in two_more.history().migrations][:3] == since[:3]
    begun = [(e.direction, e.resumes) for e in events if isinstance(e, MigrationStarted)]
    assert begun == [("downgrade", True), ("upgrade", False)]
    assert kept(two_more) == [(1, "kept")]
    assert set(two_more.states().values()) == {"applied"}
    assert two_more.upgrade().requests == 2
    assert two_more.downgrade("0002").reverted == ("0004", "0003")
    two_more.upgrade()
    assert [line.state for line in two_more.history().migrations] == ["applied"] * 4


def test_a_downgrade_keeps_what_it_was_told_to_keep(two_more):
    kill(two_more, "RENAME COLUMN `b`", lambda project: project.downgrade("0002"))
    assert two_more.downgrade("0003").reverted == ("0004",)
    assert two_more.states()["0003"] == "applied"
    two_more.upgrade()
    assert kept(two_more) == [(1, "kept")]


def test_one_that_had_not_begun_at_all_leaves_nothing_to_do(two_more):
    late, options = kill(two_more, "RENAME COLUMN `b`", lambda project: project.downgrade("0002"), after=False)
    assert two_more.upgrade().nothing_to_do
    assert two_more.query("SELECT a, b FROM app.t") == [("kept", "gone")]
    assert two_more.upgrade().requests == 2
    assert two_more.warehouse.adapter().send(late, **options).status_code == 409
    assert two_more.downgrade("0002").reverted == ("0004", "0003")


@dataclass
class Overtaken(Recorder):
    """Lets what was under way arrive just before the first other request that would use its job id."""

    late: tuple = ()

    def send(self, request, **kwargs):
        late, options = self.late or (None, None)
        if late is not None and request.method == "POST" and job_id(request) == job_id(late):
            self.late = ()
            assert self.inner.send(late, **options).status_code == 200
        return super().send(request, **kwargs)


def job_id(request):
    return json.loads(request.body).get("jobReference", {}).get("jobId")


def test_one_that_begins_while_it_is_given_up_is_finished_by_the_next_run(two_more):
    late = kill(two_more, "RENAME COLUMN `b`", lambda project: project.downgrade("0002"), after=False)
    wire = Overtaken(two_more.warehouse.adapter(), late=late)
    with pytest.raises(RunError) as caught:
        upgrade(project_on(two_more, wire))
    assert wire.late == ()
    assert (caught.value.code, caught.value.exit_code) == ("BQM220", 1)
    assert caught.value.message == "the way back of 0004_b has begun: step 1 came late"
    assert caught.value.hint == "run the same command again"
    assert two_more.upgrade().applied == ("0004",)
    assert kept(two_more) == [(1, "kept")]
    assert set(two_more.states().values()) == {"applied"}


def test_what_had_begun_is_finished_by_either(two_more):
    kill(two_more, "RENAME COLUMN `a`", lambda project: project.downgrade("0002"))
    assert two_more.downgrade("0002").reverted[-1] == "0003"
    assert two_more.states()["0003"] == two_more.states()["0004"] == "reverted"


def test_what_was_given_up_goes_down_later_by_the_names_that_it_has(counted):
    """The column waits under a name that has the generation in it."""
    counted.write("0003_a.yaml", COLUMN.format("a"))
    counted.write("0004_drop.yaml", "upgrade:\n  - drop_columns: {table: app.t, columns: [a]}\n")
    counted.write("0005_b.yaml", COLUMN.format("b"))
    counted.upgrade()
    for _ in range(2):
        kill(counted, "RENAME COLUMN `b`", lambda project: project.downgrade("0003"))
        counted.upgrade()
    assert "a" not in counted.columns("app.t")
    kill(counted, "RENAME COLUMN `b`", lambda project: project.downgrade("0003"))
    assert counted.downgrade("0003").reverted[-1] == "0004"
    assert "a" in counted.columns("app.t")
    counted.upgrade()
    assert counted.downgrade("0002").reverted == ("0005", "0004", "0003")


def test_what_is_too_old_is_not_taken_for_not_begun(two_more):
    kill(two_more, "RENAME COLUMN `a`", lambda project: project.downgrade("0002"))
    two_more.clock.advance(LONG)
    with pytest.raises(UnsettledError) as caught:
        two_more.upgrade()
    assert caught.value.code == "BQM535"


def test_an_upgrade_after_a_downgrade_that_died_before_its_seals_takes_back_only_what_was_done(counted):
    counted.write("0003_fill.sql", FILL)
    late, options = kill(counted, STATEMENT, upgrade, after=False)
    kill(counted, '"query": "INSERT INTO', lambda project: project.downgrade("0002"), after=False)
    counted.upgrade()
    assert value(counted) == 11
    assert counted.warehouse.adapter().send(late, **options).status_code == 409
    assert value(counted) == 11


def test_a_way_back_that_was_finished_is_not_open_again_when_the_next_upgrade_is_given_up(counted):
    """A patch goes up with it, so that the row of the way back is written before the upgrade begins."""
    counted.write("0003_a.yaml", COLUMN.format("a") + "  - set_table_options: {table: app.t, labels: {team: core}}\n")
    counted.upgrade()
    kill(counted, "RENAME COLUMN `a`", lambda project: project.downgrade("0002"))
    kill(counted, " ADD COLUMN", upgrade)
    assert counted.states()["0003"] == "half-applied"
    assert counted.downgrade("0002").reverted == ("0003",)
    assert counted.states()["0003"] == "reverted"
    assert counted.upgrade().applied == ("0003",)
    assert counted.upgrade().requests == 2


def test_what_lies_above_one_that_has_begun_goes_down_with_it(counted):
    counted.write("0003_a.yaml", COLUMN.format("a"))
    counted.write("0004_more.yaml", "upgrade:\n  - sql: {statement: INSERT INTO app.t (n) VALUES (5)}\ndowngrade: []\n")
    counted.upgrade()
    kill(counted, "RENAME COLUMN `a`", lambda project: project.downgrade("0002"))
    kill(counted, '"query": "INSERT INTO app.t', upgrade)
    counted.upgrade()
    assert counted.query("SELECT COUNT(*) FROM app.t WHERE n = 5") == [(2,)]
