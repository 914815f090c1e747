"""What was interrupted so long ago that its job ids tell nothing any more.

BigQuery keeps jobs for about 180 days, then an id is free again: a step that was done would look as if it never
was, and be done twice. Creates and patches are known by what is there, at any age; rows stay true at any age.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

from bqmigrate.errors import UnsettledError
from bqmigrate.execution.history import View
from bqmigrate.execution.lock import OpenVersion

# Well within the 180 days, so that nothing expires while it is asked about.
RESUMABLE = timedelta(days=150)


def interrupted_long_ago(view: View, now: datetime | None) -> Sequence[tuple[OpenVersion, datetime]]:
    """Return what only job ids could settle, and is too old for that, with when it was begun."""
    if view.lock is None or now is None:
        return ()
    out = []
    for run in view.lock.without_settled(view.state).runs:
        # A version of this tool that did not note the time: nobody touched the lock since, at least.
        began = datetime.fromtimestamp((run.at_ms or view.lock_changed_ms) / 1000, UTC)
        if now - began > RESUMABLE:
            out += [(v, began) for v in run.versions if _only_ids_tell(v)]
    return out


def _only_ids_tell(item: OpenVersion) -> bool:
    """Tell whether a step is a job, or may be one: the lock does not hold the steps of a long run."""
    return not item.steps or any(step.kind == "job" for step in item.steps)


def refuse_old(view: View, now: datetime | None, versions: Collection[str] | None = None) -> None:
    """Raise UnsettledError when one of some versions (default: any) was interrupted too long ago to be resumed."""
    for item, began in interrupted_long_ago(view, now):
        if versions is not None and item.version not in versions:
            continue
        raise UnsettledError(
            "BQM535",
            f"{item.version}_{item.name}: its {item.direction} was interrupted on {began:%Y-%m-%d}. BigQuery "
            "forgets jobs after 180 days, and nothing else tells how far it got",
            details=[f"{number}  {s.kind}  {s.target}" for number, s in enumerate(item.steps, start=1)],
            state="Nothing was changed.",
            hint="compare these objects with the file, and do by hand what is missing\n"
            f"then record it: bqmigrate repair {item.version} --mark-applied",
        )
