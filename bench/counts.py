"""Requests to BigQuery, counted below the official client; polls and retries excluded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.project import add_two_columns, copy, open_project
from bqmigrate import Project


@dataclass(frozen=True)
class Count:
    """A walk, the requests it took, and how many it may take."""

    walk: str
    requests: int
    limit: int


def measure(folder: Path) -> Iterator[Count]:
    """Walk the nine migrations of a copy of the project; the folder is empty before."""
    copy(folder)
    yield Count("`upgrade`: nine migrations, nothing there before", _requests(folder, Project.upgrade), 17)
    yield Count("`upgrade`: nothing to do", _requests(folder, Project.upgrade), 2)
    yield Count("`history`", _requests(folder, Project.history), 2)
    yield Count("`downgrade`: one table", _requests(folder, Project.downgrade), 10)
    _requests(folder, Project.upgrade)
    add_two_columns(folder)
    yield Count("`upgrade`: one migration that adds two nullable columns", _requests(folder, Project.upgrade), 9)
    yield Count("`downgrade`: the two columns", _requests(folder, Project.downgrade), 10)


def _requests(folder: Path, act: Callable[[Project], object]) -> int:
    with open_project(folder) as project:
        act(project)
        return project.requests
