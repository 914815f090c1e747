"""What the steps of an interrupted run prove: they run in order, so one done for certain speaks for all before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bqmigrate.model.history import StepRecord

DONE = frozenset({"made", "found", "done", "by_hand", "partial"})


def last_certain(records: Sequence[StepRecord]) -> int:
    """Return the number of the last step that was done for certain; 0 for none.

    A job that went well is certain, and an object with our label. A patch may find its result already there, an
    object without our label may be anybody's, and of Python nothing is known.
    """
    return max((r.number for r in records if r.outcome == "made" or (r.kind == "job" and r.outcome in DONE)), default=0)


def reached(records: Sequence[StepRecord]) -> tuple[StepRecord, ...]:
    """Return the steps that may have been done: up to the first after the certain ones that was not.

    What cannot be told counts as done: taking it back once more does no harm.
    """
    certain = last_certain(records)
    end = next((r.number - 1 for r in records if r.number > certain and r.outcome == "failed"), len(records))
    return tuple(proven(r) for r in records if r.number <= end)


def proven(record: StepRecord) -> StepRecord:
    """Return a step as done, on the evidence of a later one."""
    if record.outcome != "failed":
        return record
    return replace(record, outcome="made" if record.kind == "create" else "done")
