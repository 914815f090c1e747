"""A run that dies before or after any of its requests is finished by the next."""

import re
from datetime import timedelta

import pytest

from bqmigrate.errors import LeaseError
from tests.execution.stand import DATASET, Killed, Stand

AFTER_TTL = timedelta(minutes=10)
MUCH = """
upgrade:
  - create_table: {table: app.t, schema: [{name: a, type: STRING, mode: REQUIRED}, {name: b, type: INTEGER}]}
  - set_clustering: {table: app.t, columns: [a]}
  - rename_table: {table: app.t, to: u}
  - add_columns: {table: app.u, columns: [{name: c, type: DATE}]}
  - set_table_options: {table: app.u, description: Much., labels: {team: core}}
"""
LATER = """
upgrade:
  - alter_columns: {table: app.u, columns: [{name: a, mode: NULLABLE}, {name: b, type: NUMERIC}]}
  - set_clustering: {table: app.u, columns: []}
  - drop_columns: {table: app.u, columns: [c]}
"""


def prepare(stand):
    stand.write("0001_app.yaml", DATASET)
    stand.write("0002_much.yaml", MUCH)
    stand.write("0003_later.yaml", LATER)


def shape(stand):
    table = stand.table("app.u")
    kept = ("schema", "clustering", "description", "labels")
    out = {key: table.get(key) for key in kept}
    for column in out["schema"]["fields"]:
        # A second generation sets columns aside under a name of its own.
        column["name"] = re.sub(r"^_bqm_drop_(\d+)(g\d+)?_", r"_bqm_drop_\1_", column["name"])
    out["labels"] = {k: v for k, v in out["labels"].items() if not k.startswith("bqm_")}
    return out


@pytest.fixture(scope="module")
def expected(tmp_path_factory, shared):
    stand = Stand(*shared, tmp_path_factory.mktemp("expected"), "world-expected")
    prepare(stand)
    stand.upgrade()
    up = stand.recorder.writes
    found = shape(stand)
    stand.downgrade("base", allow_data_loss=True)
    return found, up, stand.recorder.writes


UPGRADE_WRITES, DOWNGRADE_WRITES = 18, 18


def test_the_sweeps_below_reach_every_write(expected):
    _, *writes = expected
    assert writes == [UPGRADE_WRITES, DOWNGRADE_WRITES]


@pytest.mark.parametrize("number", range(UPGRADE_WRITES + 1))
def test_an_upgrade_that_died_is_finished_by_the_next(stand, expected, number):
    found, *_ = expected
    prepare(stand)
    with pytest.raises(Killed), stand.open(die_after_write=number) as project:
        project.upgrade()
    stand.clock.advance(AFTER_TTL)
    stand.upgrade()
    assert shape(stand) == found
    assert set(stand.states().values()) == {"applied"}
    assert_exactly_once(stand)
    assert stand.upgrade().requests == 2


@pytest.mark.parametrize("number", range(UPGRADE_WRITES + 1))
def test_an_upgrade_that_died_can_be_taken_back(stand, number):
    prepare(stand)
    with pytest.raises(Killed), stand.open(die_after_write=number) as project:
        project.upgrade()
    stand.clock.advance(AFTER_TTL)
    stand.downgrade("base", allow_data_loss=True)
    assert [d.dataset_id for d in stand.client.list_datasets() if d.dataset_id == "app"] == []
    assert stand.history().current is None
    stand.upgrade()
    assert set(stand.states().values()) == {"applied"}


@pytest.mark.parametrize("way", ["down", "up"])
@pytest.mark.parametrize("number", range(DOWNGRADE_WRITES + 1))
def test_a_downgrade_that_died_is_finished_by_either_direction(stand, expected, number, way):
    found, *_ = expected
    prepare(stand)
    stand.upgrade()
    with pytest.raises(Killed), stand.open(die_after_write=number) as project:
        project.downgrade("base", allow_data_loss=True)
    stand.clock.advance(AFTER_TTL)
    if way == "down":
        stand.downgrade("base", allow_data_loss=True)
        assert stand.history().current is None
    stand.upgrade(allow_data_loss=True)
    assert shape(stand) == found
    assert set(stand.states().values()) == {"applied"}
    assert_exactly_once(stand)


def assert_exactly_once(stand):
    """No step has two successful jobs, and the rows of the history are dense."""
    done: dict[str, int] = {}
    for job in stand.client.list_jobs(max_results=1000):
        if job.error_result is None and job.job_id.startswith("bqm-"):
            step = job.job_id.rpartition("-a")[0]
            done[step] = done.get(step, 0) + 1
    assert [step for step, count in done.items() if count > 1] == []
    assert [seq for seq, *_ in stand.rows()] == list(range(1, len(stand.rows()) + 1))


def test_a_runner_that_lives_is_not_taken_over(stand):
    prepare(stand)
    with pytest.raises(Killed), stand.open(die_after=8) as project:
        project.upgrade()
    with pytest.raises(LeaseError) as caught:
        stand.upgrade()
    assert caught.value.exit_code == 4
    assert "another run holds the lease" in caught.value.message
