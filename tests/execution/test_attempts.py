"""A step that failed many times, over days perhaps: its next attempt is found in a few reads, and never refused."""

from __future__ import annotations

import itertools
import json
from datetime import timedelta

import pytest
from google.api_core.exceptions import BadRequest, Conflict

from bqmigrate.errors import RunError
from tests.execution.stand import Killed

LOCK = "bqmigrate._schema_migrations_lock"
STEP = 'upgrade:\n  - sql: {{statement: "{}"}}\n'


def job_ids(stand):
    lineage = json.loads(stand.client.get_table(LOCK).description)["lineage"]
    return (f"bqm-{lineage}-m0003-g1-up1-a{n}" for n in itertools.count(1))


def failed_before(stand, times):
    """As many runs of 0003 that failed."""
    stand.users().upgrade()
    stand.write("0003_no.yaml", STEP.format("SELECT ERROR('no')"))
    for job_id in itertools.islice(job_ids(stand), times):
        with pytest.raises(BadRequest):
            stand.client.query("SELECT ERROR('no')", job_id=job_id, job_retry=None).result()


@pytest.mark.parametrize("times", [1, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 20, 150])
def test_the_next_attempt_is_the_one_after_the_last(stand, times):
    failed_before(stand, times)
    with pytest.raises(RunError, match="0003 no failed"):
        stand.upgrade()
    stand.write("0003_no.yaml", STEP.format("UPDATE app.users SET email = 'x' WHERE TRUE"))
    stand.upgrade()
    ids = [r[2]["jobReference"]["jobId"] for r in stand.recorder.requests if r[0] == "POST" and r[1].endswith("/jobs")]
    assert [i for i in ids if "-m0003-" in i][-1].endswith(f"-a{times + 2}")
    assert stand.states()["0003"] == "applied"


def test_a_hundred_and_fifty_failed_attempts_cost_no_more_requests_than_fifteen(stand):
    failed_before(stand, 150)
    with pytest.raises(RunError):
        stand.upgrade()
    assert len(stand.recorder.requests) < 40


def test_a_seal_takes_the_id_after_the_last(stand):
    failed_before(stand, 70)
    with pytest.raises(Killed), stand.open(die_before=4) as project:
        project.upgrade()
    stand.clock.advance(timedelta(minutes=10))
    stand.downgrade("0002")
    *_, after = itertools.islice(job_ids(stand), 71)
    with pytest.raises(Conflict):
        stand.client.query("SELECT 1", job_id=after, job_retry=None)
    assert stand.states() == {"0001": "applied", "0002": "applied", "0003": "reverted"}
