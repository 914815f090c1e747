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
        stop = _first_not_done(item, jobs, lineage) if item.direction == "upgrade" else None
        if stop is not None:
            number, is_partial = stop
            known = state.versions[item.version]
            left = (replace(known.steps[number - 1], outcome="partial"),) if is_partial else ()
            steps = (*known.steps[: number - 1], *left)
            state = state.with_version(replace(known, steps=steps, reached=len(steps)))
    return state


def _first_not_done(item: OpenVersion, jobs: Jobs, lineage: str) -> tuple[int, bool] | None:
    """Return the first job step that was not done, and whether it left something behind; None where all were."""
    for number, step in enumerate(item.steps, start=1):
        key = StepKey(item.version, item.generation, "upgrade", number)
        if step.kind != "job":
            continue
        known = jobs.look(lambda attempt, key=key: key.job_id(lineage, attempt))  # type: ignore[misc]
        if known.ran is None:
            return number, known.is_partial
    return None
