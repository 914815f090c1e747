"""Runs that die at a certain request."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from bqmigrate import Project
from bqmigrate.execution.lease import Clocks
from tests.execution.stand import Killed, Recorder

AFTER_TTL = timedelta(minutes=10)
LONG = timedelta(days=200)
STATEMENT = '"query": "UPDATE app.t SET n = n + 10'


@dataclass
class Until(Recorder):
    """Dies after the first request of a method that says something."""

    method: str = "POST"
    words: str = ""
    after: bool = True
    unsent: tuple = ()

    def send(self, request, **kwargs):
        body = request.body or ""
        text = body if isinstance(body, str) else body.decode()
        if request.method == self.method and self.words in text and self.die_after is None:
            self.die_after = len(self.requests) + self.after
            self.unsent = request, kwargs
        return super().send(request, **kwargs)


def project_on(stand, wire):
    return Project.open(
        "local",
        start=stand.root,
        environ={"BIGQUERY_EMULATOR_HOST": "http://bq.local"},
        transport=lambda _: wire,
        clocks=Clocks(sleep=lambda _: None),
    )


def kill(stand, words, act, method="POST", *, after=True):
    """Run until a request was answered, or was to be sent, and die there; the lease runs out."""
    stand.recorder = wire = Until(stand.warehouse.adapter(), method=method, words=words, after=after)
    with pytest.raises(Killed):
        act(project_on(stand, wire))
    stand.clock.advance(AFTER_TTL)
    return wire.unsent


def upgrade(project):
    project.upgrade()
