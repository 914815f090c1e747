"""What a run that was killed leaves open, and what a person does then: nothing of it is forgotten or believed."""

from dataclasses import dataclass, field

import google.auth.exceptions
import pytest

from bqmigrate.errors import CredentialsError, RunError, UnsettledError
from tests.execution.dying import AFTER_TTL, LONG, STATEMENT, kill, project_on, upgrade
from tests.execution.stand import DATASET, FILL, TABLE, Killed, Recorder, value

# -- a migration too long for the lock ---------------------------------------------------------------------------


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


# -- a script that failed while nobody looked --------------------------------------------------------------------

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


# -- a downgrade that gave an upgrade up -------------------------------------------------------------------------


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


# -- steps and names that changed in between ---------------------------------------------------------------------


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


# -- ids and texts that do not belong together -------------------------------------------------------------------


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


# -- accepting a file that is half applied -----------------------------------------------------------------------

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
