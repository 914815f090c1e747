"""The predicates see what they are there for."""

import pytest
import requests

from bqmigrate.errors import ValidationError
from tests.exactly_once import watch
from tests.exactly_once.case import Bench, Command, End
from tests.exactly_once.material import BASE, ROWS
from tests.exactly_once.story import folder
from tests.exactly_once.timeline import clients_retry_in


@pytest.fixture
def case():
    bench = Bench()
    with clients_retry_in(bench.timeline):
        case = bench.case(1)
        assert case.run(Command("upgrade", "head", folder(BASE)), case.wire()).kind == "done"
        case.sql(ROWS)
        yield case
    bench.close()


def send(case, sql, *, careful):
    """Send a statement as a run of the tool would."""
    wire = case.wire()
    if careful:
        case.watch.careful.add(wire.runner)
    session = requests.Session()
    session.mount("http://", wire)
    query = {"query": sql, "useLegacySql": False}
    body = {"configuration": {"query": query}, "jobReference": {"projectId": case.project, "jobId": "some-job"}}
    answer = session.post(f"http://bq.local/bigquery/v2/projects/{case.project}/jobs", json=body)
    assert answer.status_code == 200
    return list(watch.findings(case))


def test_an_ordinary_run_has_no_findings(case):
    assert list(watch.findings(case)) == []


TAKING = ["DROP TABLE app.users", "ALTER TABLE app.users DROP COLUMN n", "TRUNCATE TABLE app.users"]


@pytest.mark.parametrize("sql", TAKING)
def test_what_takes_values_away_is_seen_where_nobody_allowed_it(case, sql):
    assert [f[:2] for f in send(case, sql, careful=True)] == ["7:"]


def test_what_was_allowed_is_not_a_finding(case):
    assert send(case, "DROP TABLE app.users", careful=False) == []


def test_what_takes_nothing_away_is_not_a_finding(case):
    assert send(case, "ALTER TABLE app.users RENAME COLUMN n TO m", careful=True) == []


@pytest.mark.parametrize(("where", "expected"), [("id = 'a'", ["9:"]), ("TRUE", [])])
def test_a_rebuild_that_loses_a_row_is_seen_whatever_was_allowed(case, where, expected):
    sql = f"CREATE OR REPLACE TABLE app.users AS SELECT * FROM app.users WHERE {where}"
    assert [f[:2] for f in send(case, sql, careful=False)] == expected


def test_a_secret_is_seen_in_a_job_a_row_an_event_and_an_error(case):
    assert send(case, f"SELECT '{watch.CANARY}'", careful=False) == ["12: a secret is told in a job"]
    case.sql(f"UPDATE bqmigrate._schema_migrations SET name = '{watch.CANARY}' WHERE seq = 2")
    case.told.append(f"Event(name='{watch.CANARY}')")
    case.ends.append(End("stopped", 1, 0, ValidationError("BQM103", "m", hint="h", details=[watch.CANARY])))
    assert {f.rpartition(" in ")[2] for f in watch.findings(case)} == {"a job", "a row", "an event", "an error"}


@pytest.mark.parametrize(
    ("end", "number"),
    [
        (End("stopped", 3, 1, ValidationError("BQM101", "edited", hint="put it back")), "10:"),
        (End("stopped", 3, 0, ValidationError("BQM103", "no hint")), "13:"),
        (End("done", watch.CALLS_MOST + 1, 0), "14:"),
    ],
)
def test_a_run_that_ends_otherwise_than_it_should_is_seen(case, end, number):
    case.ends.append(end)
    assert [f.partition(" ")[0] for f in watch.findings(case)] == [number]
