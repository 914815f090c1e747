"""A table that somebody changes under every look of a run: it stops, loses nothing, and goes on once that ends."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest
from requests.adapters import BaseAdapter

from bqmigrate.errors import RunError, UnsettledError
from tests.execution.stand import Killed

LABELLED = "upgrade:\n  - set_table_options: {table: app.users, labels: {team: core}}\n"
TABLE = "datasets/app/tables/users"
AFTER_TTL = timedelta(minutes=10)


@dataclass
class Before(BaseAdapter):
    """Calls a function just before each patch of the table arrives, and counts them."""

    inner: BaseAdapter
    then: Callable[[], object]
    patches: int = 0

    def send(self, request, **kwargs):
        if request.method == "PATCH" and request.url.partition("?")[0].endswith(TABLE):
            self.patches += 1
            self.then()
        return self.inner.send(request, **kwargs)

    def close(self):
        self.inner.close()


@contextmanager
def before_each_patch(stand, then):
    with stand.open() as project:
        stand.recorder.inner = found = Before(stand.recorder.inner, then)
        yield project, found


def meddler(stand, most=1000):
    """Somebody who changes the table, so many times."""
    left = iter(range(most))

    def meddle():
        number = next(left, None)
        if number is not None:
            stand.query(f"ALTER TABLE app.users SET OPTIONS (description = 'no. {number}')")

    return meddle


def died_before_its_patch(stand):
    """A run of 0003 that died with its patch under way, which never arrived."""
    stand.users().upgrade()
    stand.write("0003_labelled.yaml", LABELLED)

    def die():
        stand.recorder.die_before = 0
        raise Killed

    with pytest.raises(Killed), before_each_patch(stand, die) as (project, _):
        project.upgrade()
    stand.clock.advance(AFTER_TTL)


def test_a_patch_that_always_comes_too_late_stops_the_run_and_the_next_one_makes_it(stand):
    stand.users().upgrade()
    stand.write("0003_labelled.yaml", LABELLED)
    with pytest.raises(RunError, match="keeps changing"), before_each_patch(stand, meddler(stand)) as (project, met):
        project.upgrade()
    assert met.patches > 1
    assert "team" not in stand.table("app.users").get("labels", {})
    assert stand.upgrade().applied == ("0003",)
    assert stand.table("app.users")["labels"]["team"] == "core"


def test_a_fence_that_always_comes_too_late_stops_the_downgrade_and_the_next_one_settles(stand):
    died_before_its_patch(stand)
    rows = stand.rows()
    with pytest.raises(UnsettledError) as caught, before_each_patch(stand, meddler(stand)) as (project, met):
        project.downgrade()
    assert (caught.value.code, met.patches) == ("BQM506", 5)
    assert "app.users keeps changing" in str(caught.value)
    assert caught.value.hint.endswith("then: bqmigrate downgrade")
    assert [event for _, event, *_ in stand.rows()[len(rows) :]] == ["taken_over"]
    stand.downgrade()
    assert stand.states()["0003"] == "reverted"


def test_a_fence_that_comes_too_late_four_times_settles(stand):
    died_before_its_patch(stand)
    with before_each_patch(stand, meddler(stand, 4)) as (project, met):
        project.downgrade()
    assert met.patches == 5
    assert stand.states()["0003"] == "reverted"


def test_a_fence_that_always_comes_too_late_stops_the_revert_and_the_next_one_settles(stand):
    died_before_its_patch(stand)
    with pytest.raises(UnsettledError) as caught, before_each_patch(stand, meddler(stand)) as (project, _):
        project.repair("revert", "3")
    assert caught.value.code == "BQM506"
    assert caught.value.hint.endswith("then: bqmigrate repair 0003 --revert")
    with stand.open() as project:
        assert project.repair("revert", "3").standing == "reverted"
