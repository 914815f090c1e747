"""Asking how far an interrupted upgrade got, without changing anything: its jobs can be read.

What is set out may be half done, and must be planned for as if all of it were. Where that pessimism would refuse
what a person wants (a failing statement mended in the meantime, say), the jobs are asked: steps run in order, so
nothing after a job that never went well was begun. What is still on its way is caught by the ids themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bqmigrate.execution.jobs import Jobs
from bqmigrate.execution.lock import OpenVersion
from bqmigrate.execution.settle import assumed
from bqmigrate.model.history import HistoryState
from bqmigrate.planning.plan import StepKey


def can_tell(unsettled: Sequence[OpenVersion]) -> bool:
    """Tell whether asking may find out more: an interrupted upgrade has a step that is a job."""
    return any(v.direction == "upgrade" and any(s.kind == "job" for s in v.steps) for v in unsettled)


def asked(state: HistoryState, unsettled: Sequence[OpenVersion], jobs: Jobs, lineage: str) -> HistoryState:
    """Return the state as the jobs tell it; creates and patches that may have been sent still count as done."""
    state = assumed(state, unsettled)
    for item in unsettled:
        end = _first_not_done(item, jobs, lineage) if item.direction == "upgrade" else None
        if end is not None:
            known = state.versions[item.version]
            state = state.with_version(replace(known, steps=known.steps[: end - 1], reached=end - 1))
    return state


def _first_not_done(item: OpenVersion, jobs: Jobs, lineage: str) -> int | None:
    for number, step in enumerate(item.steps, start=1):
        key = StepKey(item.version, item.generation, "upgrade", number)
        if step.kind == "job" and jobs.find_done(lambda attempt, key=key: key.job_id(lineage, attempt)) is None:  # type: ignore[misc]
            return number
    return None
