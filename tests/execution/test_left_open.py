"""What a run that was killed leaves open, and what a person does then: nothing of it is forgotten or believed."""

import json
from dataclasses import dataclass, field
from datetime import timedelta

import google.auth.exceptions
import pytest

from bqmigrate import Project
from bqmigrate.errors import CredentialsError, RunError, UnsettledError
from bqmigrate.execution.events import MigrationStarted
from bqmigrate.execution.lease import Clocks
from tests.execution.stand import DATASET, FILL, TABLE, Killed, Recorder, value

STATEMENT = '"query": "UPDATE app.t SET n = n + 10'
AFTER_TTL = timedelta(minutes=10)
LONG = timedelta(days=200)


@dataclass
class Until(Recorder):
    """Dies after the first request of a method that says something."""

    method: str = "POST"
    words: str = ""
    after: bool = True
    unsent: tuple = ()

    def send(self, request, **kwargs):
        body = request.body or ""
        text = body if isinstance(body, str) else body.decode()
        if request.method == self.method and self.words in text and self.die_after is None:
            self.die_after = len(self.requests) + self.after
            self.unsent = request, kwargs
        return super().send(request, **kwargs)


def project_on(stand, wire):
    return Project.open(
        "local",
        start=stand.root,
        environ={"BIGQUERY_EMULATOR_HOST": "http://bq.local"},
        transport=lambda _: wire,
        clocks=Clocks(sleep=lambda _: None),
    )


def kill(stand, words, act, method="POST", *, after=True):
    """Run until a request was answered, or was to be sent, and die there; the lease runs out."""
    stand.recorder = wire = Until(stand.warehouse.adapter(), method=method, words=words, after=after)
    with pytest.raises(Killed):
        act(project_on(stand, wire))
    stand.clock.advance(AFTER_TTL)
    return wire.unsent


def upgrade(project):
    project.upgrade()


# -- a migration too long for the lock --------------------------------------------------------------------------


def wide(edit=""):
    """A migration of fifty tables: its steps do not fit into the lock."""
    made = "".join(
        f"  - create_table: {{table: app.t{n:02}, description: {'Long. ' * 8}"
        f", schema: [{{name: a, type: STRING}}{edit if n == 1 else ''}]}}\n"
        for n in range(50)
    )
    return f"upgrade:\n{made}"


def tables(stand):
    return {t.table_id for t in stand.client.list_tables("app")}


@pytest.fixture
def half_wide(stand):
    stand.write("0001_app.yaml", DATASET)
    stand.upgrade()
    stand.write("0002_wide.yaml", wide())
    kill(stand, '"t10"', upgrade)
    assert {"t00", "t10"} < tables(stand) < {f"t{n:02}" for n in range(50)}
    return stand


def test_the_steps_of_a_migration_too_long_for_the_lock_are_known_by_its_started_row(half_wide):
    half_wide.write("0002_wide.yaml", wide(edit=", {name: b, type: STRING}"))
    for act in (half_wide.upgrade, lambda: half_wide.downgrade("0001")):
        with pytest.raises(UnsettledError) as caught:
            act()
        assert caught.value.code == "BQM502"
    half_wide.write("0002_wide.yaml", wide())
    half_wide.upgrade()
    assert len(tables(half_wide)) == 50


def test_a_run_that_does_not_fit_leaves_the_steps_of_an_open_one_in_the_lock(stand):
    """The first run has no `started` row: its steps stand in the lock alone."""
    stand.write("0001_app.yaml", DATASET)
    stand.upgrade()
    stand.write("0002_t.yaml", TABLE)
    kill(stand, '"t"', upgrade)
    assert tables(stand) == {"t"}
    # Both at once do not fit: the open run of 0002 stays beside that of the second.
    stand.write("0002_t.yaml", TABLE + "".join(wide().splitlines(keepends=True)[1:]))
    kill(stand, "0002", upgrade, method="PATCH")
    stand.write("0002_t.yaml", TABLE.replace("INTEGER", "STRING"))
    with pytest.raises(UnsettledError) as caught:
        stand.upgrade()
    assert caught.value.code == "BQM502"


# -- a script that failed while nobody looked -------------------------------------------------------------------

SCRIPT = """-- migrate:up
INSERT INTO app.t (n) VALUES (7);
SELECT ERROR('no');
-- migrate:down
DELETE FROM app.t WHERE n = 7
"""


def sevens(stand):
    return stand.query("SELECT COUNT(*) FROM app.t WHERE n = 7")[0][0]


@pytest.mark.parametrize("how", ["downgrade", "revert"])
def test_what_a_script_left_before_it_failed_is_taken_back(counted, how):
    counted.write("0003_script.sql", SCRIPT)
    kill(counted, "VALUES (7)", upgrade)
    assert sevens(counted) == 1
    if how == "downgrade":
        counted.downgrade("0002")
    else:
        (counted.root / "migrations" / "0003_script.sql").unlink()
        with counted.open() as project:
            project.repair("revert", "0003", allow_data_loss=True)
    assert sevens(counted) == 0
    assert counted.history().current == "0002"


def test_it_is_taken_back_after_its_file_was_mended_too(counted):
    counted.write("0003_script.sql", SCRIPT)
    kill(counted, "VALUES (7)", upgrade)
    assert sevens(counted) == 1
    counted.write("0003_script.sql", SCRIPT.replace("SELECT ERROR('no')", "SELECT 1"))
    counted.downgrade("0002")
    assert sevens(counted) == 0


# -- a downgrade that gave an upgrade up ------------------------------------------------------------------------


@pytest.fixture
def given_up(counted):
    """An upgrade was killed, a downgrade sealed it and was killed after its statement."""
    counted.write("0003_fill.sql", FILL)
    kill(counted, '"query": "UPDATE app.t SET n = n + 10', upgrade)
    assert value(counted) == 11
    kill(counted, '"query": "UPDATE app.t SET n = n - 10', lambda project: project.downgrade("0002"))
    assert value(counted) == 1
    assert [event for _, event, *_ in counted.rows()][-1] == "sealed"
    return counted


def test_a_way_back_after_a_seal_is_open_until_its_own_row(given_up):
    given_up.clock.advance(LONG)
    for act in (given_up.upgrade, lambda: given_up.downgrade("0002")):
        with pytest.raises(UnsettledError) as caught:
            act()
        assert caught.value.code == "BQM535"
    assert value(given_up) == 1


def test_and_cannot_be_marked_as_applied(given_up):
    with given_up.open() as project, pytest.raises(UnsettledError) as caught:
        project.repair("mark-applied", "0003")
    assert caught.value.code == "BQM531"
    given_up.downgrade("0002")
    assert value(given_up) == 1


def test_a_downgrade_by_one_after_a_killed_upgrade_of_two(counted):
    more = "upgrade:\n  - add_columns: {{table: app.t, columns: [{{name: {}, type: STRING}}]}}\n"
    counted.write("0003_a.yaml", more.format("a"))
    counted.write("0004_b.yaml", more.format("b"))
    kill(counted, "ADD COLUMN `b`", upgrade)
    assert [s for v, s in counted.states().items() if v > "0002"] == ["half-applied", "half-applied"]
    assert counted.downgrade().reverted == ("0004",)
    assert "a" in counted.columns("app.t")
    counted.upgrade("0003")
    assert counted.states()["0003"] == "applied"


# -- a way back that was set out and not begun ------------------------------------------------------------------

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


def test_an_interrupted_way_back_of_what_was_adopted_leaves_it_too(stand):
    stand.write("0001_app.yaml", DATASET)
    stand.query("CREATE SCHEMA app")
    stand.query("CREATE TABLE app.legacy (n INT64)")
    stand.write(
        "0002_l.yaml", TABLE.replace("app.t", "app.legacy") + "downgrade:\n  - drop_table: {table: app.legacy}\n"
    )
    with stand.open() as project:
        project.adopt()
    kill(stand, "0002", lambda project: project.downgrade("0001"), method="PATCH")
    assert stand.downgrade("0001").left_in_place == ("app.legacy",)
    assert tables(stand) == {"legacy"}


def test_what_lies_above_one_that_has_begun_goes_down_with_it(counted):
    counted.write("0003_a.yaml", COLUMN.format("a"))
    counted.write("0004_more.yaml", "upgrade:\n  - sql: {statement: INSERT INTO app.t (n) VALUES (5)}\ndowngrade: []\n")
    counted.upgrade()
    kill(counted, "RENAME COLUMN `a`", lambda project: project.downgrade("0002"))
    kill(counted, '"query": "INSERT INTO app.t', upgrade)
    counted.upgrade()
    assert counted.query("SELECT COUNT(*) FROM app.t WHERE n = 5") == [(2,)]


def test_a_result_that_was_there_before_does_not_block_for_ever(counted):
    """The way back: a job that was not sent, and a patch whose result somebody made by hand."""
    counted.write(
        "0003_two.yaml",
        "upgrade:\n  - set_table_options: {table: app.t, labels: {a: b}}\n"
        "  - add_columns: {table: app.t, columns: [{name: a, type: STRING}]}\n",
    )
    counted.upgrade()
    kill(counted, "0003", lambda project: project.downgrade("0002"), method="PATCH")
    table = counted.client.get_table("app.t")
    table.labels = {"a": None}
    counted.client.update_table(table, ["labels"])
    counted.upgrade()
    assert counted.states()["0003"] == "applied"
    assert counted.table("app.t")["labels"]["a"] == "b"


def test_two_runs_that_set_out_different_steps_are_taken_back_together(counted):
    two = """
upgrade:
  - sql: {statement: UPDATE app.t SET n = n + 1 WHERE TRUE}
  - add_columns: {table: app.t, columns: [{name: a, type: STRING}]}
"""
    more = "  - add_columns: {table: app.t, columns: [{name: z, type: STRING}]}\n"
    down = "downgrade:\n  - drop_columns: {table: app.t, columns: [a]}\n"
    for how in ("downgrade", "revert"):
        counted.write("0003_two.yaml", two.replace("n + 1", "n") + down)
        kill(counted, "ADD COLUMN `a`", upgrade)
        counted.write("0003_two.yaml", two.replace("n + 1", "n") + more + down.replace("[a]", "[a, z]"))
        kill(counted, "ADD COLUMN `z`", upgrade)
        if how == "downgrade":
            counted.downgrade("0002")
        else:
            (counted.root / "migrations" / "0003_two.yaml").unlink()
            with counted.open() as project:
                project.repair("revert", "0003")
        assert {"a", "z"}.isdisjoint(counted.columns("app.t"))


# -- ids and texts that do not belong together ------------------------------------------------------------------


@dataclass
class Late(Recorder):
    """Keeps a request back while its sender dies, and lets it arrive right before another one."""

    words: str = ""
    kept: list = field(default_factory=list)
    before: str = ""

    def send(self, request, **kwargs):
        body = request.body or ""
        text = body if isinstance(body, str) else body.decode()
        if request.method == "POST" and self.words in text and not self.kept:
            self.kept.append((request, kwargs))
            raise Killed
        if request.method == "POST" and self.before and self.before in text:
            late, options = self.kept[0]
            assert self.inner.send(late, **options).status_code == 200
        return super().send(request, **kwargs)


def test_a_job_that_ran_another_text_is_not_a_failure(counted):
    """Its effect is there: a row that calls the step failed would leave it in place."""
    counted.write("0003_fill.sql", FILL)
    wire = Late(counted.warehouse.adapter(), words=STATEMENT)
    with pytest.raises(Killed):
        project_on(counted, wire).upgrade()
    counted.clock.advance(AFTER_TTL)
    counted.write("0003_fill.sql", FILL.replace("n + 10", "n + 20"))
    wire.before = STATEMENT.replace("n + 10", "n + 20")
    with pytest.raises(UnsettledError) as caught:
        project_on(counted, wire).upgrade()
    assert (caught.value.code, value(counted)) == ("BQM501", 11)
    counted.write("0003_fill.sql", FILL)
    counted.downgrade("0002")
    assert value(counted) == 1


class Expired(Recorder):
    """The login runs out right after a statement was sent, and is renewed for the request after the next."""

    def send(self, request, **kwargs):
        sent = [str(body) for method, _, body, _ in self.requests if method == "POST"]
        if sent and "n = n + 10" in sent[-1] and not hasattr(self, "told"):
            self.told = True
            raise google.auth.exceptions.RefreshError("the metadata server is busy")
        return super().send(request, **kwargs)


def test_a_login_that_ran_out_says_nothing_of_what_was_sent(counted):
    counted.write("0003_fill.sql", FILL)
    with pytest.raises(CredentialsError) as caught:
        project_on(counted, Expired(counted.warehouse.adapter())).upgrade()
    assert caught.value.state == "It is not known whether the step was done; the next run finds out."
    assert value(counted) == 11
    assert counted.states()["0003"] == "half-applied"
    counted.downgrade("0002")
    assert value(counted) == 1


# -- accepting a file that is half applied ----------------------------------------------------------------------

TWO = """
upgrade:
  - sql: {statement: UPDATE app.t SET n = n + 10 WHERE TRUE}
  - sql: {statement: SECOND}
downgrade:
  - sql: {statement: UPDATE app.t SET n = n - 10 WHERE TRUE}
"""


def test_a_step_that_counts_as_done_by_hand_is_not_sent(counted):
    counted.write("0003_two.yaml", TWO.replace("SECOND", "\"SELECT ERROR('no')\""))
    with pytest.raises(RunError):
        counted.upgrade()
    counted.write("0003_two.yaml", TWO.replace("n + 10", "n + 5 + 5").replace("SECOND", "SELECT 1"))
    with counted.open() as project:
        project.repair("accept-file", "0003", yes=True)
    counted.upgrade()
    assert (value(counted), counted.states()["0003"]) == (11, "applied")
    counted.downgrade("0002")
    assert value(counted) == 1


def test_what_was_found_stays_found_when_the_file_is_accepted(stand):
    stand.write("0001_app.yaml", DATASET)
    stand.upgrade()
    stand.query("CREATE TABLE app.t (n INT64)")
    two = (
        TABLE
        + "  - set_table_options: {table: app.t, friendly_name: A}\n  - sql: {statement: \"SELECT ERROR('no')\"}\n"
    )
    stand.write("0002_t.yaml", two)
    with pytest.raises(RunError):
        stand.upgrade()
    stand.write("0002_t.yaml", two.replace("friendly_name: A", "friendly_name: B"))
    with stand.open() as project:
        project.repair("accept-file", "0002", yes=True)
    assert stand.downgrade("0001").left_in_place == ("app.t",)
    assert tables(stand) == {"t"}
