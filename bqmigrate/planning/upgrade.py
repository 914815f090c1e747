"""Deciding what an upgrade does: a pure function of files, history and target."""

from __future__ import annotations

from collections.abc import Sequence

from bqmigrate.errors import Finding, UnsettledError
from bqmigrate.files.migration import Migration, MigrationSet
from bqmigrate.model.history import HistoryState, VersionState
from bqmigrate.operations.datasets import CreateDataset
from bqmigrate.operations.steps import Scope
from bqmigrate.planning import targets
from bqmigrate.planning.compile import steps_down, steps_up
from bqmigrate.planning.downgrade import finish_downgrades
from bqmigrate.planning.plan import DIGEST_KEPT, Plan, PlannedMigration, PlannedStep
from bqmigrate.planning.trace import Trace, TraceError, replay, walk
from bqmigrate.planning.verify import refuse_disagreement, refused


def check_files(files: MigrationSet, scope: Scope, history_dataset: str) -> None:
    """Walk all files from an empty catalog, compiled for an environment. Raises ValidationError; sends nothing."""
    traces, findings = replay(files.migrations, HistoryState())
    for migration, trace in zip(files.migrations, traces, strict=False):
        if findings:
            break
        findings = _datasets_apart(trace, scope, history_dataset)
        try:
            steps_up(trace.operations, trace.mark, scope, "")
            _check_way_back(migration, trace, scope)
        except TraceError as error:
            findings = [error.finding]
    if findings:
        raise refused(findings)


def _check_way_back(migration: Migration, trace: Trace, scope: Scope) -> None:
    """Walk a written downgrade, which has to fit what its upgrade leaves. Raises TraceError."""
    if migration.downgrade is not None:
        back = walk(migration.downgrade, trace.after, trace.mark)
        steps_down(back.operations, trace.mark, scope, trace.after, made_by=None)


def _datasets_apart(trace: Trace, scope: Scope, history_dataset: str) -> Sequence[Finding]:
    """Find datasets that would land on the history's own, or two on one: each must have a place of its own."""
    taken = {scope.dataset(name): name for name in trace.before.datasets}
    out = []
    for traced in trace.operations:
        if not isinstance(traced.operation, CreateDataset):
            continue
        name = traced.operation.name
        physical = scope.dataset(name)
        if physical.lower() == history_dataset.lower():
            message = f"dataset {name} would be the history's own dataset, {history_dataset}"
            help_ = "give it another name, or the history another history_dataset in migrations.toml"
            out.append(Finding("BQM140", message, traced.place, help_))
        elif taken.setdefault(physical, name) != name:
            message = f"datasets {taken[physical]} and {name} would both be {physical}"
            out.append(Finding("BQM140", message, traced.place, "map one of them elsewhere in migrations.toml"))
    return out


def plan_upgrade(files: MigrationSet, state: HistoryState, target: str, scope: Scope, lineage: str) -> Plan:
    """Return what brings the warehouse to the target.

    Raises ValidationError (files against history, or impossible at that point) and TargetError.
    A half-applied version comes first, as itself: its finished steps are adopted, not run again.
    An interrupted downgrade is finished before anything goes up again.
    """
    refuse_disagreement(files.migrations, state)
    first, state = finish_downgrades(files, state, scope, lineage)
    traces, findings = replay(files.migrations, state, lineage)
    if findings:
        raise refused(findings)
    known = [m.version for m in files.migrations]
    pending = [v for v in known if state.standing(v) != "applied"]
    chosen = set(targets.upgrade_stop(targets.parse(target), pending, known, state.current))
    pairs = zip(files.migrations, traces, strict=True)
    planned = [*first, *(_planned(m, t, state, scope, lineage) for m, t in pairs if m.version in chosen)]
    for migration in planned:
        if migration.direction == "upgrade":
            _refuse_changed(migration, state.versions.get(migration.version))
    last = planned[-1].version if planned else state.current
    return Plan("upgrade", state.current, last, tuple(planned))


def plan_again(
    files: MigrationSet, state: HistoryState, versions: Sequence[str], scope: Scope, lineage: str
) -> Sequence[PlannedMigration]:
    """Return what an interrupted upgrade set out to do with these versions, as the files say it now."""
    traces, findings = replay(files.migrations, state, lineage)
    if findings:
        raise refused(findings)
    pairs = zip(files.migrations, traces, strict=True)
    return [_planned(m, t, state, scope, lineage) for m, t in pairs if m.version in versions]


def _refuse_changed(migration: PlannedMigration, known: VersionState | None) -> None:
    """Refuse a half-applied migration whose finished steps now say something else."""
    if known is None or known.standing != "half-applied" or known.direction != "upgrade":
        return
    for done in known.steps:
        if done.outcome in {"failed", "partial"} or done.kind == "python":
            continue
        now = migration.steps[done.number - 1] if done.number <= len(migration.steps) else None
        if now is None or not now.digest.startswith(done.digest[:DIGEST_KEPT]):
            raise UnsettledError(
                "BQM502",
                f"step {done.number} of {migration.version}_{migration.name} was changed after it was done",
                where=str(now.place) if now else migration.file,
                details=(f"done     {done.verb or done.kind}  {done.target}", f"now      {_said(now)}"),
                state="Nothing was changed.",
                hint="put that step back as it was, then: bqmigrate upgrade",
            )


def _said(now: PlannedStep | None) -> str:
    return f"{now.step.verb}  {now.step.target}" if now else "there is no such step"


def _planned(migration: Migration, trace: Trace, state: HistoryState, scope: Scope, lineage: str) -> PlannedMigration:
    try:
        steps = steps_up(trace.operations, trace.mark, scope, lineage)
    except TraceError as error:
        raise refused([error.finding]) from error
    return PlannedMigration(
        migration.version,
        migration.name,
        migration.file,
        "upgrade",
        trace.mark.generation,
        migration.checksum,
        steps,
        resumes=state.standing(migration.version) == "half-applied",
    )
