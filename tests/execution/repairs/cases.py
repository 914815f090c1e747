"""What is broken, and the oracle of what holds after every repair."""

from datetime import timedelta

import pytest

from bqmigrate.errors import BqmigrateError, RefusedError, RunError
from tests.execution.stand import DATASET, Killed

AFTER_TTL = timedelta(minutes=10)
HALF = """
upgrade:
  - create_table: {table: app.t, schema: [{name: a, type: STRING}, {name: b, type: INTEGER}]}
  - set_clustering: {table: app.t, columns: [a]}
  - rename_columns: {table: app.t, columns: {b: c}}
  - sql: {statement: "SELECT ERROR('no')"}
  - add_columns: {table: app.t, columns: [{name: d, type: DATE}]}
"""
MENDED = HALF.replace("SELECT ERROR('no')", "SELECT 1")
WHOLE = """
upgrade:
  - create_table: {table: app.t, schema: [{name: a, type: STRING}, {name: b, type: INTEGER}]}
  - set_clustering: {table: app.t, columns: [a]}
  - rename_columns: {table: app.t, columns: {b: c}}
  - add_columns: {table: app.t, columns: [{name: d, type: DATE}]}
"""


def half(stand, text=HALF):
    """A migration that failed at its fourth step of five."""
    stand.write("0001_app.yaml", DATASET)
    stand.write("0002_half.yaml", text)
    with pytest.raises(RunError):
        stand.upgrade()
    return stand


DIED_WRITES = 8  # of the run that died, had it lived


def died(stand, writes, text=WHOLE):
    """A run that died after so many writes, long ago."""
    stand.write("0001_app.yaml", DATASET)
    stand.upgrade()
    stand.write("0002_half.yaml", text)
    with pytest.raises(Killed), stand.open(die_after_write=writes) as project:
        project.upgrade()
    stand.clock.advance(AFTER_TTL)
    return stand


def repair(stand, how, version=None, **options):
    with stand.open() as project:
        return project.repair(how, version, **options)


def refused(stand, how, version=None, **options):
    """The error of a repair that writes nothing."""
    with pytest.raises(BqmigrateError) as caught:
        repair(stand, how, version, **options)
    writes = [r for r in stand.recorder.requests if r[0] != "GET"]
    assert writes == []
    return caught.value


def repair_killed(stand, number, how, version=None, **options):
    """A repair that dies after one of its writes, and the next one, which finishes it."""
    with pytest.raises(Killed), stand.open(die_after_write=number) as project:
        project.repair(how, version, **options)
    stand.clock.advance(AFTER_TTL)
    try:
        repair(stand, how, version, **options)
    except RefusedError as error:
        if error.code != "BQM363":  # the first one had done it all
            raise


def is_sound(stand):
    """The history is read as ever: dense, chained, nothing half-way; and nothing ran twice."""
    seqs = [seq for seq, *_ in stand.rows()]
    assert seqs == list(range(1, len(seqs) + 1))
    stand.upgrade()
    assert stand.upgrade().requests == 2
    assert set(stand.states().values()) == {"applied"}
    done: dict[str, int] = {}
    for job in stand.client.list_jobs(max_results=1000):
        if job.error_result is None and job.job_id.startswith("bqm-") and "sealed by bqmigrate" not in job.query:
            step = job.job_id.rpartition("-a")[0]
            done[step] = done.get(step, 0) + 1
    assert [step for step, count in done.items() if count > 1] == []


def events(stand):
    return [event for _, event, *_ in stand.rows()]
