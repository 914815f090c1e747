"""What history tells of a migration that stopped on its way, up or down."""

import pytest

from bqmigrate import Project
from bqmigrate.cli.render import halfway
from bqmigrate.cli.render.marks import UNICODE
from bqmigrate.errors import RunError
from tests.execution.limited import limited

TWO = """
upgrade:
  - add_columns: {table: app.users, columns: [{name: a, type: STRING}]}
  - set_table_options: {table: app.users, labels: {a: b}}
"""
SECOND = "ALTER TABLE `limited-project.app.users`\n  RENAME"


@pytest.fixture
def stand(tmp_path):
    with limited(tmp_path) as found:
        found.users().write("0003_two.yaml", TWO)
        yield found


def refusing(words):
    """Refuse a job whose statement begins so."""

    def refuse(asked):
        query = asked.asked["configuration"]["query"]["query"] if asked.path == "jobs" and asked.asked else ""
        return (403, "accessDenied", "injected: not allowed") if query.startswith(words) else None

    return refuse


def unanswered(asked):
    """Do not say what came of a patch of the table."""
    is_patch = asked.method == "PATCH" and asked.path.endswith("tables/users")
    return (503, "backendError", "injected: try again") if is_patch else None


def told(stand):
    project = Project.open(start=stand.root, environ={}, transport=lambda _: stand.warehouse.adapter())
    (found,) = project.history().halfway
    return found, [line.plain.rstrip() for line in halfway.lines(found, UNICODE, None, None)]


def test_a_downgrade_that_stopped_tells_its_own_steps(stand):
    stand.upgrade()
    stand.refuse = refusing(SECOND)
    with pytest.raises(RunError):
        stand.downgrade()
    found, lines = told(stand)
    assert [(s.number, s.verb) for s in found.steps] == [(1, "set labels"), (2, "set aside column")]
    assert lines[0] == "0003 two is on its way back: it stopped after step 1, at step 2"
    assert lines[2:4] == ["  ✓ 1  set labels  app.users", "  ✗ 2  set aside column  app.users"]
    assert lines[-1] == "hint: go on with taking it back   bqmigrate downgrade 0002"


def test_an_upgrade_that_was_given_up_tells_what_it_did(stand):
    stand.refuse = unanswered
    with pytest.raises(RunError):
        stand.upgrade()
    stand.refuse = refusing(SECOND)
    with pytest.raises(RunError):
        stand.downgrade("0002")
    found, lines = told(stand)
    assert found.is_given_up
    assert lines[0] == "0003 two was given up; what it did is not taken back yet"
    assert lines[2] == "  ✓ 1  add column  app.users"
    assert not [line for line in lines if "✗" in line]


DENIED = ("accessDenied", "injected: Permission bigquery.tables.update denied")


@pytest.mark.parametrize(
    ("job", "code", "way_on"),
    [
        (
            "m0003-g1-up1-a1",
            "BQM201",
            "grant the roles in docs/real-bigquery.md, or mend migrations/0003_two.yaml, then",
        ),
        ("e{}-a1", "BQM214", "grant the roles in docs/real-bigquery.md, then run the same command again"),
    ],
)
def test_a_right_that_is_missing_in_a_job_is_told_as_one(stand, job, code, way_on):
    """DDL is refused in its job, not when that is sent."""
    stand.upgrade("0002")
    sent = next(iter(stand.watch.sent("POST", "jobs"))).asked
    lineage, rows = sent["jobReference"]["jobId"].split("-")[1], 3
    stand.write("0003_two.yaml", TWO.partition("  - set_table_options")[0])
    stand.doom = {f"bqm-{lineage}-{job.format(rows + 1)}": DENIED}
    with pytest.raises(RunError) as caught:
        stand.upgrade()
    assert caught.value.code == code
    assert caught.value.hint.startswith(way_on)


def test_a_file_that_is_gone_is_brought_back_or_done_without(stand):
    stand.refuse = unanswered
    with pytest.raises(RunError):
        stand.upgrade()
    stand.refuse = None
    (stand.root / "migrations" / "0003_two.yaml").unlink()
    found, lines = told(stand)
    assert lines[-2:] == [
        "hint: bring its file back, then go on with it   bqmigrate upgrade",
        "      or take it back without the file          bqmigrate repair 0003 --revert",
    ]
    with stand.open() as project:
        project.repair("revert", found.version)
        assert project.history().halfway == ()


def test_an_upgrade_whose_file_was_accepted_waits_and_has_not_failed(stand):
    stand.refuse = unanswered
    with pytest.raises(RunError):
        stand.upgrade()
    stand.refuse = None
    stand.write("0003_two.yaml", TWO.replace("a: b", "a: c"))
    with stand.open() as project:
        project.repair("accept-file", "0003", yes=True)
    found, lines = told(stand)
    assert found.error is None
    assert lines == [
        "0003 two waits at step 2: its file was accepted as it is now",
        "",
        "  ✓ 1  add column  app.users",
        "",
        "hint: go on with step 2     bqmigrate upgrade",
        "      or take step 1 back   bqmigrate downgrade 0002",
    ]
