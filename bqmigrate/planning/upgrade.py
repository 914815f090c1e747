"""Deciding what an upgrade does: a pure function of files, history and target."""

from __future__ import annotations

from collections.abc import Sequence

from bqmigrate.errors import Finding
from bqmigrate.files.migration import Migration, MigrationSet
from bqmigrate.model.history import HistoryState
from bqmigrate.operations.datasets import CreateDataset
from bqmigrate.operations.steps import Scope
from bqmigrate.planning import targets
from bqmigrate.planning.changed import refuse_changed
from bqmigrate.planning.compile import steps_down, steps_up, upgrade_of
from bqmigrate.planning.downgrade import finish_downgrades
from bqmigrate.planning.plan import Plan, PlannedMigration
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
    planned = [*first, *(upgrade_of(m, t, state, scope, lineage) for m, t in pairs if m.version in chosen)]
    for migration in planned:
        if migration.direction == "upgrade":
            refuse_changed(migration, state.versions.get(migration.version))
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
    return [upgrade_of(m, t, state, scope, lineage) for m, t in pairs if m.version in versions]
