"""The lock has a description's length: what dies again and again at the same place must not fill it."""

from __future__ import annotations

import pytest

from tests.execution.limited import limited

LOCK = "tables/_schema_migrations_lock"
AFTER_TTL_S = 90.0
KILLS = 16


class Dead(BaseException):
    """The process is gone."""


def dies(stand, words):
    """Run an upgrade that dies before it sends what has these words; return how long the lock was then."""
    dead = []

    def kill(asked):
        if dead or words in str(asked.asked):
            dead.append(asked)
            raise Dead

    stand.refuse = kill
    with pytest.raises(Dead):
        stand.upgrade()
    stand.refuse = None
    stand.timeline.sleep(AFTER_TTL_S)
    return len([a for a in stand.watch.sent("PATCH", LOCK) if a.status == 200][-1].asked["description"])


def test_runs_that_die_at_the_same_place_do_not_fill_the_lock(tmp_path):
    with limited(tmp_path) as stand:
        stand.users().upgrade()
        stand.columns(3, 3)
        lengths = [dies(stand, "ADD COLUMN") for _ in range(KILLS)]
        assert max(lengths[-3:]) < max(lengths[:4]) + 10
        assert stand.upgrade().applied == ("0003",)
