"""Finished steps of a half-applied migration against what its file says now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bqmigrate.errors import UnsettledError
from bqmigrate.model.history import StepRecord, VersionState
from bqmigrate.planning.plan import DIGEST_KEPT, PlannedMigration, PlannedStep


@dataclass(frozen=True)
class Changed:
    """A step that is recorded as done, and what stands in its place now; None: there is no such step any more."""

    done: StepRecord
    now: PlannedStep | None

    @property
    def lines(self) -> tuple[str, str]:
        """Return both, one line each."""
        now = f"{self.now.step.verb}  {self.now.step.target}" if self.now else "there is no such step"
        return f"done     {self.done.verb or self.done.kind}  {self.done.target}", f"now      {now}"


def changed_steps(steps: Sequence[PlannedStep], recorded: Sequence[StepRecord]) -> Iterator[Changed]:
    """Return the finished steps whose digest is another one now; what Python does is not compared."""
    for done in recorded:
        if done.outcome in {"failed", "partial"} or done.kind == "python":
            continue
        now = steps[done.number - 1] if done.number <= len(steps) else None
        if now is None or not now.digest.startswith(done.digest[:DIGEST_KEPT]):
            yield Changed(done, now)


def refuse_changed(migration: PlannedMigration, known: VersionState | None) -> None:
    """Raise UnsettledError for a half-applied migration whose finished steps now say something else.

    `migration` is its upgrade as the file has it now, whatever direction the run goes.
    """
    if known is None or known.standing != "half-applied":
        return
    changed = list(changed_steps(migration.steps, known.steps))
    if not changed:
        return
    first = changed[0]
    raise UnsettledError(
        "BQM502",
        f"step {first.done.number} of {migration.version}_{migration.name} was changed after it was done",
        where=str(first.now.place) if first.now else migration.file,
        details=first.lines,
        state="Nothing was changed.",
        hint=_ways_out(migration.version, known, is_shorter=any(c.now is None for c in changed)),
    )


def _ways_out(version: str, known: VersionState, *, is_shorter: bool) -> str:
    if known.direction == "upgrade" and is_shorter:
        return (
            "put that step back as it was, then: bqmigrate upgrade\n"
            f"or take back what was done: bqmigrate repair {version} --revert"
        )
    if known.direction == "upgrade":
        return (
            "put that step back as it was, then: bqmigrate upgrade\n"
            f"or, if the file is right as it is: bqmigrate repair {version} --accept-file"
        )
    return (
        "put that step back as it was, then: bqmigrate downgrade\n"
        f"or take it back without the file: bqmigrate repair {version} --revert"
    )
