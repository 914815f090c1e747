"""What a run that was killed leaves open, and what a person does then: nothing of it is forgotten or believed."""

from dataclasses import dataclass, field
from datetime import timedelta

import google.auth.exceptions
import pytest

from bqmigrate import Project
from bqmigrate.errors import CredentialsError, RunError, UnsettledError
from bqmigrate.execution.lease import Clocks
from tests.execution.stand import DATASET, Killed, Recorder

STATEMENT = '"query": "UPDATE app.t SET n = n + 10'
AFTER_TTL = timedelta(minutes=10)
LONG = timedelta(days=200)
TABLE = "upgrade:\n  - create_table: {table: app.t, schema: [{name: n, type: INTEGER}]}\n"
FILL = (
    "-- migrate:up\nUPDATE app.t SET n = n + 10 WHERE TRUE\n-- migrate:down\nUPDATE app.t SET n = n - 10 WHERE TRUE\n"
)


@pytest.fixture
def filled(stand):
    """A table with one row, and a statement that must run once."""
    stand.write("0001_app.yaml", DATASET)
    stand.write("0002_t.yaml", TABLE)
    stand.upgrade()
    stand.query("INSERT INTO app.t (n) VALUES (1)")
    return stand


def value(stand):
    return stand.query("SELECT n FROM app.t")[0][0]


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
def test_what_a_script_left_before_it_failed_is_taken_back(filled, how):
    filled.write("0003_script.sql", SCRIPT)
    kill(filled, "VALUES (7)", upgrade)
    assert sevens(filled) == 1
    if how == "downgrade":
        filled.downgrade("0002")
    else:
        (filled.root / "migrations" / "0003_script.sql").unlink()
        with filled.open() as project:
            project.repair("revert", "0003", allow_data_loss=True)
    assert sevens(filled) == 0
    assert filled.history().current == "0002"


def test_it_is_taken_back_after_its_file_was_mended_too(filled):
    filled.write("0003_script.sql", SCRIPT)
    kill(filled, "VALUES (7)", upgrade)
    assert sevens(filled) == 1
    filled.write("0003_script.sql", SCRIPT.replace("SELECT ERROR('no')", "SELECT 1"))
    filled.downgrade("0002")
    assert sevens(filled) == 0


# -- a downgrade that gave an upgrade up ------------------------------------------------------------------------


@pytest.fixture
def given_up(filled):
    """An upgrade was killed, a downgrade sealed it and was killed after its statement."""
    filled.write("0003_fill.sql", FILL)
    kill(filled, '"query": "UPDATE app.t SET n = n + 10', upgrade)
    assert value(filled) == 11
    kill(filled, '"query": "UPDATE app.t SET n = n - 10', lambda project: project.downgrade("0002"))
    assert value(filled) == 1
    assert [event for _, event, *_ in filled.rows()][-1] == "sealed"
    return filled


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


def test_a_downgrade_by_one_after_a_killed_upgrade_of_two(filled):
    more = "upgrade:\n  - add_columns: {{table: app.t, columns: [{{name: {}, type: STRING}}]}}\n"
    filled.write("0003_a.yaml", more.format("a"))
    filled.write("0004_b.yaml", more.format("b"))
    kill(filled, "ADD COLUMN `b`", upgrade)
    assert [s for v, s in filled.states().items() if v > "0002"] == ["half-applied", "half-applied"]
    assert filled.downgrade().reverted == ("0004",)
    assert "a" in filled.columns("app.t")
    filled.upgrade("0003")
    assert filled.states()["0003"] == "applied"


# -- a way back that was set out and not begun ------------------------------------------------------------------

COLUMN = "upgrade:\n  - add_columns: {{table: app.t, columns: [{{name: {}, type: STRING}}]}}\n"


@pytest.fixture
def two_more(filled):
    """Two columns with values."""
    filled.write("0003_a.yaml", COLUMN.format("a"))
    filled.write("0004_b.yaml", COLUMN.format("b"))
    filled.upgrade()
    filled.query("UPDATE app.t SET a = 'kept', b = 'gone' WHERE TRUE")
    return filled


def kept(stand):
    return stand.query("SELECT n, a FROM app.t")


def test_of_a_downgrade_that_died_only_what_had_begun_is_finished(two_more):
    kill(two_more, "RENAME COLUMN `b`", lambda project: project.downgrade("base", allow_data_loss=True))
    assert two_more.upgrade().applied == ("0004",)
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


def test_what_had_begun_is_finished_by_either(two_more):
    kill(two_more, "RENAME COLUMN `a`", lambda project: project.downgrade("0002"))
    assert two_more.downgrade("0002").reverted[-1] == "0003"
    assert two_more.states()["0003"] == two_more.states()["0004"] == "reverted"


def test_what_was_given_up_goes_down_later_by_the_names_that_it_has(filled):
    """The column waits under a name that has the generation in it."""
    filled.write("0003_a.yaml", COLUMN.format("a"))
    filled.write("0004_drop.yaml", "upgrade:\n  - drop_columns: {table: app.t, columns: [a]}\n")
    filled.write("0005_b.yaml", COLUMN.format("b"))
    filled.upgrade()
    for _ in range(2):
        kill(filled, "RENAME COLUMN `b`", lambda project: project.downgrade("0003"))
        filled.upgrade()
    assert "a" not in filled.columns("app.t")
    kill(filled, "RENAME COLUMN `b`", lambda project: project.downgrade("0003"))
    assert filled.downgrade("0003").reverted[-1] == "0004"
    assert "a" in filled.columns("app.t")
    filled.upgrade()
    assert filled.downgrade("0002").reverted == ("0005", "0004", "0003")


def test_what_is_too_old_is_not_taken_for_not_begun(two_more):
    kill(two_more, "RENAME COLUMN `a`", lambda project: project.downgrade("0002"))
    two_more.clock.advance(LONG)
    with pytest.raises(UnsettledError) as caught:
        two_more.upgrade()
    assert caught.value.code == "BQM535"


def test_an_upgrade_after_a_downgrade_that_died_before_its_seals_takes_back_only_what_was_done(filled):
    filled.write("0003_fill.sql", FILL)
    late, options = kill(filled, STATEMENT, upgrade, after=False)
    kill(filled, '"query": "INSERT INTO', lambda project: project.downgrade("0002"), after=False)
    filled.upgrade()
    assert value(filled) == 11
    assert filled.warehouse.adapter().send(late, **options).status_code == 409
    assert value(filled) == 11


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


def test_what_lies_above_one_that_has_begun_goes_down_with_it(filled):
    filled.write("0003_a.yaml", COLUMN.format("a"))
    filled.write("0004_more.yaml", "upgrade:\n  - sql: {statement: INSERT INTO app.t (n) VALUES (5)}\ndowngrade: []\n")
    filled.upgrade()
    kill(filled, "RENAME COLUMN `a`", lambda project: project.downgrade("0002"))
    kill(filled, '"query": "INSERT INTO app.t', upgrade)
    filled.upgrade()
    assert filled.query("SELECT COUNT(*) FROM app.t WHERE n = 5") == [(2,)]


def test_a_result_that_was_there_before_does_not_block_for_ever(filled):
    """The way back: a job that was not sent, and a patch whose result somebody made by hand."""
    filled.write(
        "0003_two.yaml",
        "upgrade:\n  - set_table_options: {table: app.t, labels: {a: b}}\n"
        "  - add_columns: {table: app.t, columns: [{name: a, type: STRING}]}\n",
    )
    filled.upgrade()
    kill(filled, "0003", lambda project: project.downgrade("0002"), method="PATCH")
    table = filled.client.get_table("app.t")
    table.labels = {"a": None}
    filled.client.update_table(table, ["labels"])
    filled.upgrade()
    assert filled.states()["0003"] == "applied"
    assert filled.table("app.t")["labels"]["a"] == "b"


def test_two_runs_that_set_out_different_steps_are_taken_back_together(filled):
    two = """
upgrade:
  - sql: {statement: UPDATE app.t SET n = n + 1 WHERE TRUE}
  - add_columns: {table: app.t, columns: [{name: a, type: STRING}]}
"""
    more = "  - add_columns: {table: app.t, columns: [{name: z, type: STRING}]}\n"
    down = "downgrade:\n  - drop_columns: {table: app.t, columns: [a]}\n"
    for how in ("downgrade", "revert"):
        filled.write("0003_two.yaml", two.replace("n + 1", "n") + down)
        kill(filled, "ADD COLUMN `a`", upgrade)
        filled.write("0003_two.yaml", two.replace("n + 1", "n") + more + down.replace("[a]", "[a, z]"))
        kill(filled, "ADD COLUMN `z`", upgrade)
        if how == "downgrade":
            filled.downgrade("0002")
        else:
            (filled.root / "migrations" / "0003_two.yaml").unlink()
            with filled.open() as project:
                project.repair("revert", "0003")
        assert {"a", "z"}.isdisjoint(filled.columns("app.t"))


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


def test_a_job_that_ran_another_text_is_not_a_failure(filled):
    """Its effect is there: a row that calls the step failed would leave it in place."""
    filled.write("0003_fill.sql", FILL)
    wire = Late(filled.warehouse.adapter(), words=STATEMENT)
    with pytest.raises(Killed):
        project_on(filled, wire).upgrade()
    filled.clock.advance(AFTER_TTL)
    filled.write("0003_fill.sql", FILL.replace("n + 10", "n + 20"))
    wire.before = STATEMENT.replace("n + 10", "n + 20")
    with pytest.raises(UnsettledError) as caught:
        project_on(filled, wire).upgrade()
    assert (caught.value.code, value(filled)) == ("BQM501", 11)
    filled.write("0003_fill.sql", FILL)
    filled.downgrade("0002")
    assert value(filled) == 1


class Expired(Recorder):
    """The login runs out right after a statement was sent, and is renewed for the request after the next."""

    def send(self, request, **kwargs):
        sent = [str(body) for method, _, body, _ in self.requests if method == "POST"]
        if sent and "n = n + 10" in sent[-1] and not hasattr(self, "told"):
            self.told = True
            raise google.auth.exceptions.RefreshError("the metadata server is busy")
        return super().send(request, **kwargs)


def test_a_login_that_ran_out_says_nothing_of_what_was_sent(filled):
    filled.write("0003_fill.sql", FILL)
    with pytest.raises(CredentialsError) as caught:
        project_on(filled, Expired(filled.warehouse.adapter())).upgrade()
    assert caught.value.state == "It is not known whether the step was done; the next run finds out."
    assert value(filled) == 11
    assert filled.states()["0003"] == "half-applied"
    filled.downgrade("0002")
    assert value(filled) == 1


# -- accepting a file that is half applied ----------------------------------------------------------------------

TWO = """
upgrade:
  - sql: {statement: UPDATE app.t SET n = n + 10 WHERE TRUE}
  - sql: {statement: SECOND}
downgrade:
  - sql: {statement: UPDATE app.t SET n = n - 10 WHERE TRUE}
"""


def test_a_step_that_counts_as_done_by_hand_is_not_sent(filled):
    filled.write("0003_two.yaml", TWO.replace("SECOND", "\"SELECT ERROR('no')\""))
    with pytest.raises(RunError):
        filled.upgrade()
    filled.write("0003_two.yaml", TWO.replace("n + 10", "n + 5 + 5").replace("SECOND", "SELECT 1"))
    with filled.open() as project:
        project.repair("accept-file", "0003", yes=True)
    filled.upgrade()
    assert (value(filled), filled.states()["0003"]) == (11, "applied")
    filled.downgrade("0002")
    assert value(filled) == 1


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
