"""BigQuery's rates, kept to before it refuses, and waited out where it does; in virtual time, with them enforced."""

from __future__ import annotations

import itertools

import pytest

from bqmigrate.errors import RunError
from bqmigrate.execution.pace import TRIES, Pace
from bqmigrate.local import Switches
from tests.exactly_once.timeline import CALL_S, clients_retry_in
from tests.execution.limited import LOCK, Limited, limited

BOTH = pytest.mark.parametrize("reason", ["jobRateLimitExceeded", "rateLimitExceeded"])
TTL_S = 60.0
SERIALIZE = ("invalidQuery", "Could not serialize access to table app.users due to concurrent update")
LABELS = "upgrade:\n  - set_table_options: {{table: app.users, labels: {{number: n{n}}}}}\n"


@pytest.fixture
def stand(tmp_path):
    with limited(tmp_path) as found:
        yield found


def gaps(times):
    return [later - earlier for earlier, later in itertools.pairwise(times)]


def most_in(seconds, times):
    """Return how many of the times fall into the fullest window of that length."""
    return max(sum(1 for t in times if begin <= t < begin + seconds) for begin in times)


def failed(stand):
    return [a for a in stand.watch.answers if a.method == "GET" and "/bqm-" in a.path and a.reason]


def test_two_hundred_migrations_on_one_table_run_without_one_refusal(stand):
    stand.users().columns(3, 202)
    assert len(stand.upgrade().applied) == 202
    assert stand.names() == ["id", *(f"c{n:04d}" for n in range(3, 203))]
    assert stand.watch.limited == []
    # 201 changes of the table, five in ten seconds; and the lease lived all the time.
    assert 390 < stand.timeline.seconds < 480
    assert max(gaps(stand.watch.changes(LOCK))) < TTL_S / 2
    assert len(stand.waits) >= 39
    assert {(w.target, w.reason) for w in stand.waits} == {("app.users", "BigQuery takes 5 changes in 10 s")}
    assert stand.upgrade().nothing_to_do


@BOTH
def test_a_run_that_does_not_know_what_the_one_before_did_gets_through_by_waiting(tmp_path, reason):
    with limited(tmp_path, Switches(metadata_updates=5, rate_limit_of_jobs=reason)) as stand:
        stand.users().columns(3, 6).upgrade()
        assert stand.watch.limited == []
        stand.columns(7, 18)
        assert len(stand.upgrade().applied) == 12
        assert len(stand.names()) == 17
        refused = {a.path.rpartition("/")[2] for a in failed(stand)}
        assert len(refused) >= 1
        # Only a known failure takes the next id, and each id is sent once.
        assert {i for i in stand.watch.job_ids if not i.endswith("-a1")} <= {_next(i) for i in refused}
        assert len(stand.watch.job_ids) == len(set(stand.watch.job_ids)) == 12 + len(refused)


def _next(job_id):
    stem, _, number = job_id.rpartition("-a")
    return f"{stem}-a{int(number) + 1}"


def test_patches_wait_for_room_and_where_they_are_blind_for_the_next_try(stand):
    stand.users()
    for n in range(3, 15):
        stand.write(f"{n:04d}_labels.yaml", LABELS.format(n=n))
    stand.upgrade("0006")
    assert stand.watch.limited == []
    assert len(stand.upgrade().applied) == 8
    assert {(a.method, a.status, a.reason) for a in stand.watch.limited} == {("PATCH", 403, "rateLimitExceeded")}


def test_a_table_that_is_dropped_and_made_again_keeps_its_count(stand):
    stand.users()
    for n in range(3, 17, 2):
        stand.write(f"{n:04d}_drop.yaml", "upgrade:\n  - drop_table: {table: app.users}\n")
        table = "table: app.users, schema: [{name: id, type: STRING}]"
        stand.write(f"{n + 1:04d}_again.yaml", f"upgrade:\n  - create_table: {{{table}}}\n")
    assert len(stand.upgrade(allow_data_loss=True).applied) == 16
    assert stand.watch.limited == []


def test_a_dataset_is_made_and_dropped_no_faster_than_it_may_be(stand):
    for n in range(1, 13, 2):
        stand.write(f"{n:04d}_make.yaml", "upgrade:\n  - create_dataset: {dataset: app}\n")
        stand.write(f"{n + 1:04d}_drop.yaml", "upgrade:\n  - drop_dataset: {dataset: app}\n")
    assert len(stand.upgrade(allow_data_loss=True).applied) == 12
    assert stand.watch.limited == []
    assert {w.target for w in stand.waits} == {"app"}


def test_sql_of_the_author_is_paced_by_the_tables_it_names(stand):
    stand.users()
    for n in range(3, 15):
        up = f"ALTER TABLE app.users ADD COLUMN c{n} STRING"
        down = f"ALTER TABLE app.users DROP COLUMN c{n}"
        stand.write(f"{n:04d}_c.sql", f"-- migrate:up\n{up}\n-- migrate:down\n{down}\n")
    assert len(stand.upgrade().applied) == 14
    assert stand.watch.limited == []


def test_short_runs_one_after_the_other_wait_for_the_lock_to_take_a_patch(stand):
    stand.users()
    for n in range(3, 9):
        stand.write(f"{n:04d}_d.yaml", f"upgrade:\n  - create_dataset: {{dataset: d{n}}}\n")
    refused = []
    for n in range(1, 9):
        assert stand.upgrade(f"{n:04d}").applied == (f"{n:04d}",)
        refused += stand.watch.limited
    assert {a.path for a in refused} == {f"datasets/bqmigrate/{LOCK}"}


def test_no_more_than_ten_tables_are_made_in_a_second(stand):
    stand.users()
    for n in range(3, 33):
        stand.write(f"{n:04d}_t.yaml", f"upgrade:\n  - create_table: {{table: app.t{n}, schema: [{_ID}]}}\n")
    stand.upgrade()
    made = [a.at for a in stand.watch.sent("POST", "tables")]
    assert len(made) == 33
    assert most_in(1.0, made) == 10


_ID = "{name: id, type: STRING}"


def test_nine_migrations_of_nine_objects_wait_for_nothing(stand):
    stand.write("0001_app.yaml", "upgrade:\n  - create_dataset: {dataset: app}\n")
    for n in range(2, 10):
        stand.write(f"{n:04d}_t.yaml", f"upgrade:\n  - create_table: {{table: app.t{n}, schema: [{_ID}]}}\n")
    assert stand.upgrade().requests == 16
    assert stand.waits == []
    assert stand.timeline.seconds == pytest.approx(CALL_S * len(stand.watch.answers))


def test_the_embedded_warehouse_has_no_rates_to_keep_to(tmp_path):
    with limited(tmp_path, Switches()) as stand:
        stand.toml = (tmp_path / "migrations.toml").read_text().replace("embedded = false", "embedded = true")
        (tmp_path / "migrations.toml").write_text(stand.toml)
        stand.users().columns(3, 14).upgrade()
        assert stand.timeline.seconds == pytest.approx(CALL_S * len(stand.watch.answers))


def refuse(times, reason, *, status=403, end="tables", method="POST"):
    """Return what refuses that many requests of a kind, and the list of those it refused."""
    refused = []

    def decide(asked):
        if asked.method != method or not asked.path.endswith(end) or len(refused) >= times:
            return None
        if "bqmigrate" in asked.path:
            return None
        refused.append(asked)
        return status, reason, f"injected: {reason}"

    return decide, refused


def test_a_create_that_is_refused_for_its_rate_is_sent_again_and_is_one_request(stand):
    stand.users().refuse, refused = refuse(3, "rateLimitExceeded")
    assert stand.upgrade().requests == 9
    assert len(refused) == 3
    assert all(later > earlier for earlier, later in itertools.pairwise(gaps([a.at for a in refused])))


def test_where_nothing_is_answered_reading_says_that_nothing_changed_and_running_that_it_is_found(stand):
    stand.users().upgrade()
    stand.refuse = lambda _: (503, "backendError", "injected: try again")
    project = stand.open()
    for act, state in ((project.history, "Nothing was changed."), (project.upgrade, "is found by the next run.")):
        with clients_retry_in(stand.timeline), pytest.raises(RunError, match="no answer from BigQuery") as stopped:
            act()
        assert (stopped.value.code, "reached" in stopped.value.hint) == ("BQM202", True)
        assert stopped.value.state.endswith(state)


def test_a_rate_that_never_has_room_ends_the_run_and_the_next_one_goes_on(stand):
    stand.users().refuse, refused = refuse(10**6, "rateLimitExceeded")
    with pytest.raises(RunError) as stopped:
        stand.upgrade()
    assert (stopped.value.code, len(refused)) == ("BQM222", TRIES)
    assert "bqmigrate upgrade" in stopped.value.hint
    assert "next run finds out" in stopped.value.state
    assert max(gaps(stand.watch.changes(LOCK))) < TTL_S / 2
    stand.refuse = None
    assert stand.upgrade().applied == ("0002",)
    assert stand.upgrade().nothing_to_do


def _lineage(stand):
    return next(a for a in stand.watch.sent("POST", "jobs")).asked["jobReference"]["jobId"].split("-")[1]


def test_a_writer_that_came_between_is_met_by_trying_again_under_the_next_id(stand):
    stand.users().upgrade()
    stem = f"bqm-{_lineage(stand)}-m0003-g1-up1"
    stand.columns(3, 3).doom = {f"{stem}-a{n}": SERIALIZE for n in (1, 2, 3)}
    before = stand.timeline.seconds
    assert stand.upgrade().applied == ("0003",)
    assert stand.watch.job_ids == [f"{stem}-a{n}" for n in (1, 2, 3, 4)]
    assert 3.5 <= stand.timeline.seconds - before <= 9


@pytest.mark.parametrize("allowed", [False, True], ids=["guarded", "allowed"])
@BOTH
def test_a_drop_that_came_too_soon_after_other_runs_is_tried_again(tmp_path, reason, allowed):
    with limited(tmp_path, Switches(metadata_updates=5, rate_limit_of_jobs=reason)) as stand:
        stand.users().columns(3, 4).upgrade()
        assert stand.downgrade("base", allow_data_loss=allowed).reverted[-2:] == ("0002", "0001")
        assert any("-m0002-g1-dn1-a1" in a.path for a in failed(stand))


ADD_X = "ALTER TABLE app.users ADD COLUMN x STRING;"
INSERT_ROW = "INSERT INTO app.users (id) VALUES ('a');"


def after_five_changes(stand, script):
    """Let another run use up what the table takes in ten seconds, and write the script."""
    stand.users().columns(3, 6).upgrade()
    stand.write("0007_script.sql", f"-- migrate:up\n{script}\n-- migrate:down\nSELECT 1\n")


def test_a_script_whose_first_statement_came_too_soon_is_tried_again(stand):
    after_five_changes(stand, f"{ADD_X}\n{INSERT_ROW}")
    assert stand.upgrade().applied == ("0007",)
    assert len(failed(stand)) >= 1
    assert "x" in stand.names()


def test_a_script_that_did_something_before_is_not(stand):
    after_five_changes(stand, f"{INSERT_ROW}\n{ADD_X}")
    with pytest.raises(RunError) as stopped:
        stand.upgrade()
    assert stopped.value.code == "BQM222"
    assert len(failed(stand)) == 1


def test_a_writer_that_never_ends_stops_the_run_after_two_minutes(stand):
    stand.users().upgrade()
    stem = f"bqm-{_lineage(stand)}-m0003-g1-up1"
    stand.columns(3, 3).doom = {f"{stem}-a{n}": SERIALIZE for n in range(1, 30)}
    before = stand.timeline.seconds
    with pytest.raises(RunError) as stopped:
        stand.upgrade()
    assert stopped.value.code == "BQM222"
    assert len(stand.watch.job_ids) == TRIES
    assert 60 < stand.timeline.seconds - before < 140
    assert max(gaps(stand.watch.changes(LOCK))) < TTL_S / 2


def quota_ends(stand, count):
    """Run into a quota: one try, told as what it is, and the next upgrade goes on."""
    with pytest.raises(RunError) as stopped:
        stand.upgrade()
    error = stopped.value
    assert (error.code, error.exit_code) == ("BQM221", 1)
    assert error.details[-1].endswith("injected: quotaExceeded")
    assert "bqmigrate upgrade" in error.hint
    assert count() == 1
    stand.refuse, stand.doom = None, {}
    assert stand.upgrade().applied == ("0002", "0003")
    return error


def test_a_quota_that_is_used_up_stops_a_create_at_once(stand):
    stand.users().columns(3, 3).refuse, refused = refuse(10**6, "quotaExceeded")
    error = quota_ends(stand, lambda: len(refused))
    assert error.where == "migrations/0002_users.yaml:2:5"
    assert "No step of it was done" in error.state


def _query(asked):
    return asked.asked["configuration"]["query"]["query"]


def _only(stand, statement):
    def decide(asked):
        if asked.method == "POST" and asked.path.endswith("jobs") and statement in _query(asked):
            stand.seen += 1
            return 403, "quotaExceeded", "injected: quotaExceeded"
        return None

    stand.seen = 0
    return decide


def test_a_quota_that_is_used_up_stops_a_job_that_is_refused_and_one_that_fails(stand):
    stand.users().upgrade()
    stand.columns(3, 4).refuse = _only(stand, "ALTER")
    with pytest.raises(RunError) as stopped:
        stand.upgrade()
    assert (stopped.value.code, stand.seen) == ("BQM221", 1)
    stem = f"bqm-{_lineage(stand)}-m0003-g1-up1"
    stand.refuse, stand.doom = None, {f"{stem}-a1": ("quotaExceeded", "injected: too many table modifications")}
    with pytest.raises(RunError, match="a quota of BigQuery is used up") as stopped:
        stand.upgrade()
    assert stopped.value.details[-1].endswith("injected: too many table modifications")
    assert (stopped.value.code, stand.watch.job_ids) == ("BQM221", [f"{stem}-a1"])
    stand.doom = {}
    assert stand.upgrade().applied == ("0003", "0004")


def test_a_quota_that_keeps_the_history_from_being_written_is_told_and_the_next_run_writes_it(stand):
    stand.users().refuse = _only(stand, "INSERT INTO")
    with pytest.raises(RunError) as stopped:
        stand.upgrade()
    assert (stopped.value.code, stand.seen) == ("BQM221", 1)
    assert "next run finds it" in stopped.value.state
    stand.refuse = None
    assert stand.upgrade().applied == ("0001", "0002")


def test_a_quota_outside_of_a_step_is_told_too(stand):
    stand.users().refuse = lambda asked: (403, "quotaExceeded", "injected: quota") if asked.method == "GET" else None
    with pytest.raises(RunError) as stopped:
        stand.upgrade()
    assert (stopped.value.code, len(stand.watch.answers)) == ("BQM221", 1)


def test_pauses_grow_to_a_minute_and_are_never_quite_the_same():
    def pauses(jitter):
        slept = []
        pace = Pace(jitter=jitter)
        pace.pause = lambda seconds, *_, **__: slept.append(seconds)
        for failures in range(1, 10):
            pace.back_off(failures, "", "")
        return slept

    assert pauses(lambda: 1.0) == [1, 2, 4, 8, 16, 32, 64, 64, 64]
    assert pauses(lambda: 0.0) == [0.5, 1, 2, 4, 8, 16, 32, 32, 32]
    assert len({*pauses(Pace().jitter), *pauses(Pace().jitter)}) == 18


JOB_MS = 600_000


def slow(tmp_path, more):
    stand = Limited(tmp_path, Switches(job_ms=JOB_MS))
    stand.configure(more)
    return stand


def test_a_job_is_waited_for_no_longer_than_was_said_and_the_next_run_finds_it(tmp_path):
    with limited(tmp_path) as stand:
        stand.users().upgrade()
    stand = slow(tmp_path, "")
    stand.users()
    try:
        stand.upgrade()
        stand.columns(3, 3).configure("job_timeout_s = 90")
        before = stand.timeline.seconds
        with pytest.raises(RunError) as stopped:
            stand.upgrade()
        error, (job_id,) = stopped.value, stand.watch.job_ids
        assert (error.code, error.exit_code) == ("BQM223", 1)
        assert error.details[-1].endswith(f"job {job_id} still runs after 90 s")
        assert "goes on in BigQuery" in error.state
        assert 90 <= stand.timeline.seconds - before < 100
        assert "c0003" not in stand.names()
        stand.configure()
        assert stand.upgrade().applied == ("0003",)
        assert stand.watch.job_ids == [job_id]
        assert stand.names() == ["id", "c0003"]
    finally:
        stand.warehouse.close()


def test_the_time_outs_of_requests_are_those_of_the_configuration(stand):
    stand.users().configure("request_timeout_s = 7.5\nretry_timeout_s = 5")
    stand.upgrade()
    assert stand.watch.timeouts == {7.5}
    stand.refuse = lambda _: (503, "backendError", "injected")
    before = stand.timeline.seconds
    with pytest.raises(RunError, match="no answer from BigQuery"):
        stand.upgrade()
    assert stand.timeline.seconds - before < 6
