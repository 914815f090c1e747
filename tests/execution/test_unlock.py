"""unlock: the slot is claimed first, the holder goes, what was open stays; and stopping between two steps."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from bqmigrate.errors import InterruptedRun, LeaseError, RefusedError, UnsettledError
from bqmigrate.execution.stop import Stop
from tests.execution.stand import Killed

ADD = "upgrade:\n  - add_columns: {table: app.users, columns: [{name: n, type: INTEGER}]}\n"
LOCK = "bqmigrate._schema_migrations_lock"


def lock(stand):
    return stand.client.get_table(LOCK).description


def dead(stand, **when):
    """A run of 0003 that died; its process is this one, so that nothing but silence shows it."""
    stand.users().upgrade()
    stand.write("0003_n.yaml", ADD)
    with pytest.raises(Killed), stand.open(**when) as project:
        project.upgrade()
    return stand.history().running.id


def test_the_row_comes_first_and_the_list_of_open_runs_stays(stand):
    run = dead(stand, die_after=4)
    before = json.loads(lock(stand))["runs"]
    assert [v["version"] for r in before for v in r["versions"]] == ["0003"]
    with stand.open() as project:
        done = project.unlock(run)
    assert [r[0] for r in stand.recorder.requests] == ["GET", "GET", "POST", "GET", "PATCH"]
    assert json.loads(lock(stand))["runs"] == before
    assert '"holder":null' in lock(stand)
    assert stand.rows()[-1][1] == "taken_over"
    assert (done.holder.id, [v.version for v in done.open], done.next) == (run, ["0003"], "bqmigrate upgrade")
    assert stand.upgrade().applied == ("0003",)


def test_a_run_that_lives_after_all_stops_at_its_next_write(stand):
    stand.users().upgrade()
    stand.write("0003_n.yaml", ADD)
    seen = []

    def unlock(event):
        # From within the run, just before its first step: whoever unlocks believes it dead.
        if type(event).__name__ == "StepStarted" and not seen:
            seen.append(event)
            with stand.open_for_real() as other:
                other.unlock(other.history().running.id)

    with pytest.raises(LeaseError) as caught, stand.open() as project:
        project.upgrade(emit=unlock)
    assert caught.value.code == "BQM402"
    assert caught.value.hint.endswith("then run the same command again")
    assert [event for _, event, *_ in stand.rows()][-1] == "taken_over"
    assert stand.upgrade().applied == ("0003",)
    assert stand.columns("app.users").count("n") == 1


def test_a_run_that_has_to_renew_what_it_lost_stops_before_its_next_step(stand):
    stand.users().upgrade()
    stand.write("0003_n.yaml", ADD)
    passed = [0.0]

    def unlock(event):
        if type(event).__name__ == "MigrationStarted":
            with stand.open_for_real() as other:
                other.unlock(other.history().running.id)
            passed[0] += 45.0

    with pytest.raises(LeaseError) as caught, stand.open(monotonic=lambda: passed[0]) as project:
        project.upgrade(emit=unlock)
    assert (caught.value.code, caught.value.exit_code) == ("BQM403", 4)
    assert "nobody holds it" in caught.value.message
    assert caught.value.state.endswith("the next run finishes what was started.")
    assert "n" not in stand.columns("app.users")
    assert stand.upgrade().applied == ("0003",)


def test_where_nobody_holds_the_lease_or_nobody_ever_ran_it_is_refused(stand):
    for _ in range(2):
        with pytest.raises(RefusedError) as caught, stand.open() as project:
            project.unlock("abc")
        assert (caught.value.code, caught.value.exit_code) == ("BQM360", 2)
        assert {r[0] for r in stand.recorder.requests} == {"GET"}
        stand.users().upgrade()


def test_the_id_of_another_run_is_refused_and_the_holder_named(stand):
    run = dead(stand, die_after=4)
    with pytest.raises(RefusedError) as caught, stand.open() as project:
        project.unlock("abc")
    assert caught.value.code == "BQM361"
    assert run in caught.value.message
    assert caught.value.details[0] == "runs               upgrade of 0003_n"
    assert caught.value.hint.endswith(f"bqmigrate unlock {run}")
    assert {r[0] for r in stand.recorder.requests} == {"GET"}


def test_an_interrupted_downgrade_is_finished_by_the_command_that_is_named(stand):
    stand.users().upgrade()
    with pytest.raises(Killed), stand.open(die_after=6) as project:
        project.downgrade("base")
    with stand.open() as project:
        done = project.unlock(project.history().running.id)
    assert [v.direction for v in done.open] == ["downgrade", "downgrade"]
    assert done.next == "bqmigrate downgrade base"
    assert stand.downgrade("base").reverted == ("0002", "0001")


def test_what_two_dead_runs_had_set_out_is_told_once(stand):
    dead(stand, die_after=4)
    stand.clock.advance(timedelta(hours=1))
    with pytest.raises(Killed), stand.open(die_after=4) as project:
        project.upgrade()
    assert len(json.loads(lock(stand))["runs"]) == 2
    with stand.open() as project:
        done = project.unlock(project.history().running.id)
    assert [v.version for v in done.open] == ["0003"]


@pytest.mark.parametrize("number", range(6))
def test_an_unlock_that_dies_can_be_done_again(stand, number):
    run = dead(stand, die_after=4)
    with pytest.raises(Killed), stand.open(die_after=number) as project:
        project.unlock(run)
    stand.clock.advance(timedelta(hours=1))
    assert stand.upgrade().applied == ("0003",)
    assert stand.states()["0003"] == "applied"


def test_genesis_that_died_is_unlocked_too(stand):
    with pytest.raises(Killed), stand.users().open(die_after=3) as project:
        project.upgrade()
    with stand.open() as project:
        project.unlock(project.history().running.id)
    assert [event for _, event, *_ in stand.rows()] == ["genesis", "taken_over"]
    assert stand.upgrade().applied == ("0001", "0002")


PYTHON = """def upgrade(op):
    op.run(later)


def later(session):
    session.query("SELECT 1")
"""


@pytest.mark.parametrize(
    "spoil", ["DELETE FROM {} WHERE seq = 2", "UPDATE {} SET name = 'x' WHERE seq = 2", "DROP TABLE {}"]
)
def test_beside_rows_that_are_damaged_a_dead_python_run_is_unlocked_first(stand, spoil):
    stand.users().upgrade()
    stand.write("0003_python.py", PYTHON)
    with pytest.raises(Killed), stand.open(die_after=6) as project:
        project.upgrade()
    stand.clock.advance(timedelta(hours=1))
    stand.query(spoil.format("bqmigrate._schema_migrations"))
    with pytest.raises(UnsettledError) as caught:
        stand.upgrade()
    assert caught.value.hint.endswith("bqmigrate repair --rebuild-history")
    with pytest.raises(LeaseError) as held, stand.open() as project:
        project.repair("rebuild-history")
    run = held.value.hint.rpartition("bqmigrate unlock ")[2]
    with stand.open() as project:
        done = project.unlock(run)
    assert ([v.version for v in done.open], done.next) == (["0003"], "bqmigrate repair --rebuild-history")
    with stand.open() as project:
        project.repair("rebuild-history")
    assert stand.upgrade().applied == ("0003",)
    assert stand.upgrade().requests == 2


def test_a_last_row_that_is_gone_does_not_stop_it_either(stand):
    """The lock of a run that died does not know of its rows: it shows where the next is to be written."""
    stand.users().upgrade()
    stand.write("0003_python.py", PYTHON)
    with pytest.raises(Killed), stand.open(die_after=6) as project:
        project.upgrade()
    stand.clock.advance(timedelta(hours=1))
    run = stand.history().running.id
    stand.query("DELETE FROM bqmigrate._schema_migrations WHERE version = '0003'")
    with stand.open() as project:
        assert project.unlock(run).next == "bqmigrate repair --rebuild-history"
    with stand.open() as project:
        project.repair("rebuild-history")
    assert stand.upgrade().applied == ("0003",)


TWO = ADD + "  - add_columns: {table: app.users, columns: [{name: m, type: INTEGER}]}\n"


def stopping(stand, version, number):
    """Run an upgrade that is asked to stop while a step runs."""
    stop = Stop()

    def ask(event):
        if type(event).__name__ == "StepStarted" and (event.version, event.number) == (version, number):
            stop.ask()

    with stand.open() as project:
        return project.upgrade(emit=ask, stop=stop)


def test_asked_to_stop_it_finishes_the_step_records_it_and_lets_go(stand):
    stand.users().upgrade()
    stand.write("0003_two.yaml", TWO)
    with pytest.raises(InterruptedRun, match="interrupted in 0003_two, after step 1 of 2"):
        stopping(stand, "0003", 1)
    assert '"holder":null' in lock(stand)
    assert '"runs":[]' in lock(stand)
    assert stand.states()["0003"] == "half-applied"
    assert "m" not in stand.columns("app.users")
    half = stand.history().halfway[0]
    assert ([s.outcome for s in half.done], half.failed) == (["done"], None)
    assert [way.command for way in half.ways] == ["bqmigrate upgrade", "bqmigrate downgrade 0002"]
    assert stand.upgrade().applied == ("0003",)
    assert stand.columns("app.users")[-2:] == ["n", "m"]


def test_asked_to_stop_between_migrations_the_next_is_not_begun(stand):
    stand.users()
    with pytest.raises(InterruptedRun, match="interrupted before 0002_users"):
        stopping(stand, "0001", 1)
    assert stand.states() == {"0001": "applied", "0002": "pending"}
    assert '"runs":[]' in lock(stand)
    assert stand.upgrade().applied == ("0002",)


def test_asked_to_stop_in_the_last_step_all_is_done(stand):
    stand.users()
    assert stopping(stand, "0002", 1).applied == ("0001", "0002")


def test_a_resumed_migration_that_is_stopped_forgets_nothing_that_an_earlier_run_did(stand):
    stand.users().upgrade()
    stand.write("0003_two.yaml", TWO)
    with pytest.raises(Killed), stand.open(die_after=6) as project:
        project.upgrade()
    stand.clock.advance(timedelta(hours=1))
    assert stand.columns("app.users")[-2:] == ["n", "m"]
    with pytest.raises(InterruptedRun):
        stopping(stand, "0003", 1)
    assert stand.states()["0003"] == "half-applied"
    assert stand.downgrade("0002").reverted == ("0003",)
    assert [c for c in stand.columns("app.users") if not c.startswith("_bqm")] == ["id", "email"]


def test_asked_twice_it_stops_now():
    stop = Stop()
    stop.ask()
    stop.check_now()
    stop.ask()
    with pytest.raises(KeyboardInterrupt):
        stop.check_now()
