"""`repair --rebuild-history`: rows come back as their jobs had them."""

import pytest

from bqmigrate.errors import UnsettledError
from tests.execution.repairs.cases import AFTER_TTL, WHOLE, events, is_sound, refused, repair, repair_killed
from tests.execution.stand import Recorder

ROWS = "bqmigrate._schema_migrations"
CONTENT = f"SELECT * EXCEPT (`at`) FROM {ROWS} ORDER BY seq"


def full(stand):
    """Five rows: genesis and two migrations at once, then one that starts and ends on its own."""
    stand.users().upgrade()
    stand.write("0003_more.yaml", WHOLE)
    stand.upgrade()
    return stand.query(CONTENT)


def drop(stand):
    stand.query(f"DROP TABLE {ROWS}")


def broken_by(sql):
    return lambda stand: stand.query(sql)


BREAKS = {
    "a row deleted": broken_by(f"DELETE FROM {ROWS} WHERE seq = 4"),
    "the first row deleted": broken_by(f"DELETE FROM {ROWS} WHERE seq = 1"),
    "the last row deleted": broken_by(f"DELETE FROM {ROWS} WHERE seq = 5"),
    "a row of a batch deleted": broken_by(f"DELETE FROM {ROWS} WHERE seq = 2"),
    "a row edited": broken_by(f"UPDATE {ROWS} SET checksum = 'sha256:0' WHERE seq = 2"),
    "a row twice": broken_by(f"INSERT INTO {ROWS} SELECT * FROM {ROWS} WHERE seq = 4"),
    "a row of nobody": broken_by(
        f"INSERT INTO {ROWS} (seq, batch, `rows`, event, chain, `at`, run_id) "
        "VALUES (6, 6, 1, 'note', 'x', CURRENT_TIMESTAMP(), 'me')"
    ),
    "truncated": broken_by(f"DELETE FROM {ROWS} WHERE true"),
    "the table is gone": drop,
}


@pytest.mark.parametrize("spoil", BREAKS.values(), ids=BREAKS.keys())
def test_rows_come_back_as_they_were(stand, spoil):
    before = full(stand)
    spoil(stand)
    with pytest.raises(UnsettledError) as caught:
        stand.history()
    assert "bqmigrate repair --rebuild-history" in caught.value.hint
    done = repair(stand, "rebuild-history")
    assert done.rows_lost == done.rows_unchecked == ()
    assert stand.query(CONTENT)[:5] == before
    assert events(stand)[5:] == ["repaired"]
    assert set(stand.states().values()) == {"applied"}
    is_sound(stand)


def test_a_rebuilt_row_says_when_its_job_ended_and_who_ran_it(stand):
    full(stand)
    before = stand.query(f"SELECT `at`, actor FROM {ROWS} WHERE seq <= 3 ORDER BY seq")
    drop(stand)
    stand.clock.advance(AFTER_TTL)
    repair(stand, "rebuild-history")
    after = stand.query(f"SELECT `at`, actor FROM {ROWS} WHERE seq <= 3 ORDER BY seq")
    assert [actor for _, actor in after] == [actor for _, actor in before]
    assert all(abs((new - old).total_seconds()) < 60 for (new, _), (old, _) in zip(after, before, strict=True))


def test_the_good_rows_are_not_touched(stand):
    full(stand)
    stand.query(f"DELETE FROM {ROWS} WHERE seq = 5")
    done = repair(stand, "rebuild-history")
    assert done.rows_rebuilt == (5,)


def test_a_history_behind_its_own_jobs_is_told_as_such_and_mended(stand):
    before = full(stand)
    stand.query(f"DELETE FROM {ROWS} WHERE seq = 5")
    lock = stand.client.get_table(f"{stand.project}.bqmigrate._schema_migrations_lock")
    lock.description = lock.description.replace('"seq":5', '"seq":4')
    stand.client.update_table(lock, ["description"])
    with pytest.raises(UnsettledError) as caught:
        stand.upgrade()
    assert (caught.value.code, caught.value.exit_code) == ("BQM515", 5)
    assert "bqmigrate repair --rebuild-history" in caught.value.hint
    repair(stand, "rebuild-history")
    assert stand.query(CONTENT)[:5] == before
    assert set(stand.states().values()) == {"applied"}
    is_sound(stand)


def forget_jobs(monkeypatch, stand, upto):
    """BigQuery forgets jobs after about 180 days: those of the first rows are not found any more."""
    send = Recorder.send

    def without(self, request, **kwargs):
        for seq in range(1, upto + 1):
            if request.method == "GET" and f"-e{seq}-a" in request.url:
                request.url = request.url.replace("/jobs/", "/jobs/forgotten-")
        return send(self, request, **kwargs)

    monkeypatch.setattr(Recorder, "send", without)


def test_what_cannot_be_found_again_is_said_and_needs_a_yes(stand, monkeypatch):
    full(stand)
    stand.query(f"DELETE FROM {ROWS} WHERE seq = 4")
    forget_jobs(monkeypatch, stand, 4)
    error = refused(stand, "rebuild-history")
    assert (error.code, error.exit_code) == ("BQM364", 2)
    assert error.details == ("row 4  lost: its job cannot be found any more",)
    done = repair(stand, "rebuild-history", yes=True)
    assert (done.rows_rebuilt, done.rows_lost) == ((5,), (4,))
    assert events(stand)[3:] == ["note", "applied", "repaired"]
    is_sound(stand)


def test_a_changed_row_that_no_job_vouches_for_is_kept_only_with_a_yes(stand, monkeypatch):
    full(stand)
    stand.query(f"UPDATE {ROWS} SET tool_version = '9' WHERE seq = 4")
    forget_jobs(monkeypatch, stand, 5)
    error = refused(stand, "rebuild-history")
    assert error.details[0] == "row 4  kept as it stands: no job vouches for it any more"
    done = repair(stand, "rebuild-history", yes=True)
    assert 4 in done.rows_unchecked
    is_sound(stand)


def test_nothing_at_all_to_go_by_is_told(stand, monkeypatch):
    full(stand)
    drop(stand)
    forget_jobs(monkeypatch, stand, 9)
    error = refused(stand, "rebuild-history", yes=True)
    assert (error.code, error.exit_code) == ("BQM516", 5)


def test_a_whole_history_is_left_alone(stand):
    full(stand)
    error = refused(stand, "rebuild-history")
    assert (error.code, error.exit_code) == ("BQM363", 2)
    assert refused(stand, "rebuild-history", "2").code == "BQM350"


def test_where_there_is_no_history_there_is_none_to_rebuild(stand):
    stand.users()
    assert refused(stand, "rebuild-history").code == "BQM363"


WRITES = 5


def spoiled(stand):
    before = full(stand)
    drop(stand)
    return before


def test_the_sweep_below_reaches_every_write(stand):
    spoiled(stand)
    repair(stand, "rebuild-history")
    assert stand.recorder.writes == WRITES


@pytest.mark.parametrize("number", range(WRITES + 1))
def test_a_repair_that_died_is_finished_by_the_next(stand, number):
    before = spoiled(stand)
    repair_killed(stand, number, "rebuild-history")
    assert stand.query(CONTENT)[:5] == before
    assert set(stand.states().values()) == {"applied"}
    is_sound(stand)
