"""What is sent, never answered and not to be seen either: not known, so never recorded as not done."""

from __future__ import annotations

import pytest
import requests

from bqmigrate.errors import RunError
from tests.exactly_once.timeline import clients_retry_in
from tests.execution.limited import limited

FROM_BEFORE = "What an earlier run sent of it may have been done, or still arrive; the next run finds out."
ROLES = "grant the roles in docs/real-bigquery.md, then: bqmigrate upgrade"


@pytest.fixture
def stand(tmp_path):
    with limited(tmp_path) as found:
        yield found.users()


def unanswered(stand, method, path, words=""):
    """Answer 503 to what is sent there, and keep it: it is under way."""
    under_way = []

    def refuse(asked):
        if (asked.method, asked.path) != (method, path) or words not in str(asked.asked):
            return None
        under_way.append(asked.asked)
        return 503, "backendError", "injected: try again"

    stand.refuse = refuse
    return under_way


def deliver(stand, path, body, method="POST"):
    """What was under way arrives after all."""
    session = requests.Session()
    session.mount("http://", stand.warehouse.adapter())
    url = f"http://bq.local/bigquery/v2/projects/limited-project/{path}"
    return session.request(method, url, json=body).status_code


def stopped(stand):
    with pytest.raises(RunError) as caught:
        stand.upgrade()
    stand.refuse = None
    return caught.value


def test_a_job_that_does_not_appear_cannot_arrive_after_the_downgrade(stand):
    stand.upgrade()
    stand.columns(3, 3)
    under_way = unanswered(stand, "POST", "jobs", "'query': 'ALTER TABLE")
    error = stopped(stand)
    assert error.code == "BQM211"
    assert error.hint == "bqmigrate upgrade"
    assert error.state == "It is not known whether the step was done; the next run finds out."
    stand.downgrade("0002")
    assert deliver(stand, "jobs", under_way[0]) == 409
    assert stand.names() == ["id"]


def test_a_job_that_does_not_appear_and_arrives_later_is_done_once(stand):
    stand.upgrade()
    stand.columns(3, 3)
    under_way = unanswered(stand, "POST", "jobs", "'query': 'ALTER TABLE")
    stopped(stand)
    assert deliver(stand, "jobs", under_way[0]) == 200
    assert stand.upgrade().applied == ("0003",)
    assert stand.names() == ["id", "c0003"]


@pytest.fixture(params=["the client itself", "the run, which looked"])
def again(request):
    """Who sends again what was not answered."""
    return request.param


def refused_after_an_unanswered_send(stand, again, method, path, words=""):
    """Answer 503, and once it is sent again, that it may not."""
    under_way = []

    def refuse(asked):
        if (asked.method, asked.path) != (method, path) or words not in str(asked.asked):
            return None
        refused = len(under_way) > 0 and (again == "the client itself" or stand.watch.answers[-1].method == "GET")
        under_way.append(asked.asked)
        return (403, "accessDenied", "injected: no") if refused else (503, "backendError", "injected: try again")

    stand.refuse = refuse
    return under_way


def is_not_known(error):
    assert (error.code, error.hint) == ("BQM201", ROLES)
    assert error.details[-1].endswith("injected: no")
    return error.state == "It is not known whether the step was done; the next run finds out."


def test_a_job_that_is_refused_after_an_unanswered_send_cannot_arrive_later(stand, again):
    stand.upgrade()
    stand.columns(3, 3)
    under_way = refused_after_an_unanswered_send(stand, again, "POST", "jobs", "'query': 'ALTER TABLE")
    assert is_not_known(stopped(stand))
    stand.downgrade("0002")
    assert deliver(stand, "jobs", under_way[0]) == 409
    assert stand.names() == ["id"]


def test_a_seal_that_is_refused_after_an_unanswered_send_stops_the_downgrade_and_the_next_one_seals(stand, again):
    stand.upgrade()
    stand.columns(3, 3)
    under_way = unanswered(stand, "POST", "jobs", "'query': 'ALTER TABLE")
    stopped(stand)
    refused_after_an_unanswered_send(stand, again, "POST", "jobs", "sealed by bqmigrate")
    with pytest.raises(RunError) as caught:
        stand.downgrade("0002")
    assert caught.value.code == "BQM202"
    assert caught.value.hint.startswith("grant the roles")
    stand.refuse = None
    stand.downgrade("0002")
    assert deliver(stand, "jobs", under_way[0]) == 409


def test_a_create_that_is_refused_after_an_unanswered_send_and_arrives_later_is_taken_back(stand, again):
    stand.upgrade("0001")
    under_way = refused_after_an_unanswered_send(stand, again, "POST", "datasets/app/tables")
    assert is_not_known(stopped(stand))
    assert deliver(stand, "datasets/app/tables", under_way[0]) == 200
    stand.downgrade("0001")
    assert deliver(stand, "datasets/app/tables", under_way[0]) == 200  # its name was free


def test_a_patch_that_is_refused_after_an_unanswered_send_and_arrives_later_is_taken_back(stand, again):
    stand.upgrade()
    stand.write("0003_about.yaml", "upgrade:\n  - set_table_options: {table: app.users, labels: {team: core}}\n")
    under_way = refused_after_an_unanswered_send(stand, again, "PATCH", "datasets/app/tables/users")
    assert is_not_known(stopped(stand))
    assert deliver(stand, "datasets/app/tables/users", under_way[0], "PATCH") == 200
    assert "team" in stand.labels()
    stand.downgrade("0002")
    assert "team" not in stand.labels()


def test_a_create_that_is_not_to_be_seen_and_arrives_later_is_taken_back(stand):
    stand.upgrade("0001")
    under_way = unanswered(stand, "POST", "datasets/app/tables")
    error = stopped(stand)
    assert (error.code, error.hint) == ("BQM216", "bqmigrate upgrade")
    assert "injected: try again" in error.message
    assert deliver(stand, "datasets/app/tables", under_way[0]) == 200
    stand.downgrade("0001")
    assert deliver(stand, "datasets/app/tables", under_way[0]) == 200  # its name was free


def test_a_step_that_may_not_be_done_asks_for_roles_not_for_another_file(stand):
    stand.upgrade()
    stand.columns(3, 3)
    stand.refuse = lambda asked: (
        (403, "accessDenied", "injected: no") if "'query': 'ALTER TABLE" in str(asked.asked) else None
    )
    error = stopped(stand)
    assert error.state == "No step of it was done. Later migrations wait."
    assert error.hint == ROLES
    assert stand.upgrade().applied == ("0003",)


SET_OUT = """
upgrade:
  - add_columns: {table: app.users, columns: [{name: c, type: STRING}]}
  - set_table_options: {table: app.users, description: All of them.}
  - add_columns: {table: app.users, columns: [{name: d, type: STRING}]}
"""
LAST = "ADD COLUMN `d`"


def refused(stand, words, status=403, reason="accessDenied"):
    """Refuse what is sent with these words."""
    stand.refuse = lambda asked: (status, reason, "injected: no") if words in str(asked.asked) else None


def half_under_way(stand):
    """Steps 1 and 2 are done, and nobody knows what comes of step 3."""
    stand.upgrade()
    stand.write("0003_three.yaml", SET_OUT)
    under_way = unanswered(stand, "POST", "jobs", LAST)
    assert stopped(stand).code == "BQM211"
    return under_way[0]


@pytest.mark.parametrize("refusal", [(403, "accessDenied"), (400, "invalidQuery")])
def test_what_an_earlier_run_sent_cannot_arrive_after_a_refusal_and_a_downgrade(stand, refusal):
    sent = half_under_way(stand)
    refused(stand, LAST, *refusal)
    error = stopped(stand)
    assert error.state == FROM_BEFORE
    assert error.hint == (ROLES if refusal[0] == 403 else "remove the cause, then: bqmigrate upgrade")
    stand.downgrade("0002")
    assert deliver(stand, "jobs", sent) == 409
    assert "d" not in stand.names()


def test_what_an_earlier_run_sent_and_arrives_after_a_refusal_is_done_once(stand):
    sent = half_under_way(stand)
    refused(stand, LAST)
    stopped(stand)
    assert deliver(stand, "jobs", sent) == 200
    assert stand.upgrade().applied == ("0003",)
    assert stand.names() == ["id", "c", "d"]


def test_a_step_that_no_earlier_run_can_have_sent_is_known_not_to_be_done(stand):
    stand.upgrade()
    stand.write("0003_three.yaml", SET_OUT)
    unanswered(stand, "POST", "jobs", "ADD COLUMN `c`")
    assert stopped(stand).code == "BQM211"
    refused(stand, LAST)
    error = stopped(stand)
    assert error.state == "Steps 1 to 2 stay done, and are not run again. Later migrations wait."
    assert stand.upgrade().applied == ("0003",)


def test_runs_that_learn_nothing_new_do_not_fill_the_lock(stand):
    half_under_way(stand)
    lengths = set()
    for _ in range(40):
        refused(stand, LAST)
        stopped(stand)
        locks = [a.asked["description"] for a in stand.watch.answers if "migrations_lock" in a.path and a.asked]
        lengths.add(len(locks[-1]))
    assert max(lengths) - min(lengths) < 5
    assert stand.upgrade().applied == ("0003",)


def test_what_an_earlier_run_sent_cannot_arrive_after_the_file_was_accepted_and_taken_back(stand):
    sent = half_under_way(stand)
    stand.write("0003_three.yaml", SET_OUT.replace("All of them", "Each"))
    with stand.open() as project:
        project.repair("accept-file", "0003", yes=True)
    stand.downgrade("0002")
    assert deliver(stand, "jobs", sent) == 409
    assert "d" not in stand.names()


def test_what_an_earlier_downgrade_sent_cannot_arrive_after_a_refusal_and_an_upgrade(stand):
    stand.upgrade()
    stand.write("0003_three.yaml", SET_OUT)
    stand.upgrade()
    last = "RENAME COLUMN `c`"
    under_way = unanswered(stand, "POST", "jobs", last)
    with pytest.raises(RunError) as caught:
        stand.downgrade("0002")
    assert caught.value.code == "BQM211"
    refused(stand, last)
    with pytest.raises(RunError) as caught:
        stand.downgrade("0002")
    assert caught.value.state == FROM_BEFORE
    assert caught.value.hint == ROLES.replace("upgrade", "downgrade")
    stand.refuse = None
    assert stand.upgrade().applied == ("0003",)
    assert deliver(stand, "jobs", under_way[0]) == 409
    assert {"c", "d"} < set(stand.names())


def test_a_patch_that_an_earlier_run_made_is_taken_back_after_the_file_was_accepted(stand):
    stand.upgrade()
    patched = SET_OUT.replace("description: All of them.", "labels: {team: core}")
    stand.write("0003_three.yaml", patched)
    unanswered(stand, "POST", "jobs", LAST)
    stopped(stand)
    assert "team" in stand.labels()
    stand.write("0003_three.yaml", patched.replace("team: core", "team: edge"))
    with stand.open() as project:
        project.repair("accept-file", "0003", yes=True)
    stand.downgrade("0002")
    assert "team" not in stand.labels()


def test_a_half_applied_step_that_may_not_be_done_asks_for_roles_first(stand):
    stand.upgrade()
    stand.write("0003_three.yaml", SET_OUT)
    refused(stand, LAST)
    first, *others = stopped(stand).hint.splitlines()
    assert " ".join(first.split()) == "grant the roles in docs/real-bigquery.md, then bqmigrate upgrade"
    assert [line.split("   ")[0].strip() for line in others] == [
        "or take steps 1 to 2 back",
        "or, if you did step 3 by hand",
    ]


PYTHON = """
import pathlib


def once(session):
    mark = pathlib.Path(__file__).parents[1] / "done.txt"
    if mark.exists():
        raise ValueError("done already")
    mark.write_text("")


def upgrade(op):
    op.add_columns(table="app.users", columns=[{"name": "c", "type": "STRING"}])
    op.run(once)
    op.add_columns(table="app.users", columns=[{"name": "d", "type": "STRING"}])


def downgrade(op):
    op.drop_columns(table="app.users", columns=["d", "c"])
"""


def test_a_python_step_that_fails_the_second_time_does_not_hide_what_was_sent_after_it(stand):
    stand.upgrade()
    stand.write("0003_python.py", PYTHON)
    under_way = unanswered(stand, "POST", "jobs", LAST)
    assert stopped(stand).code == "BQM211"
    error = stopped(stand)
    assert "ValueError: done already" in error.details[-1]
    assert error.state == FROM_BEFORE
    assert error.hint == "remove the cause, then: bqmigrate upgrade"
    assert deliver(stand, "jobs", under_way[0]) == 200
    with stand.open() as project:
        assert [h.is_known for h in project.history().halfway] == [False]
    (stand.root / "done.txt").unlink()
    assert stand.upgrade().applied == ("0003",)
    assert stand.names() == ["id", "c", "d"]


def test_what_an_earlier_revert_sent_is_not_forgotten_by_one_that_is_refused(stand):
    stand.upgrade()
    stand.write("0003_three.yaml", SET_OUT)
    stand.upgrade()
    stand.write("0003_three.yaml", SET_OUT.replace("name: d", "name: e"))
    last = "RENAME COLUMN `c`"
    under_way = unanswered(stand, "POST", "jobs", last)
    assert reverted(stand).code == "BQM211"
    refused(stand, last)
    assert reverted(stand).state == FROM_BEFORE
    assert reverted(stand) is None
    assert deliver(stand, "jobs", under_way[0]) == 409
    assert stand.names() == ["id", "_bqm_drop_0003_c", "_bqm_drop_0003_d"]


def reverted(stand):
    """Take it back by what the history kept, and return what stopped that."""
    with stand.open() as project, clients_retry_in(stand.timeline):
        try:
            project.repair("revert", "0003", yes=True)
        except RunError as error:
            return error
        finally:
            stand.refuse = None
    return None
