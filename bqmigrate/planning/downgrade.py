"""Deciding what a downgrade does: the inverses, newest first, as a pure function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bqmigrate.errors import RefusedError
from bqmigrate.files.migration import Migration, MigrationSet
from bqmigrate.model.catalog import Catalog
from bqmigrate.model.history import HistoryState, VersionState
from bqmigrate.operations.raw import is_raw
from bqmigrate.operations.steps import Scope
from bqmigrate.planning import targets
from bqmigrate.planning.changed import refuse_changed
from bqmigrate.planning.compile import steps_down, upgrade_of
from bqmigrate.planning.plan import Plan, PlannedMigration, PlannedStep
from bqmigrate.planning.trace import Trace, Traced, TraceError, as_made, made_label, replay, undo, walk
from bqmigrate.planning.verify import refuse_disagreement, refused


@dataclass(frozen=True)
class _Applied:
    """What is to be taken back: the file, its walk, and what the history says of it."""

    migration: Migration
    trace: Trace
    known: VersionState


def plan_downgrade(files: MigrationSet, state: HistoryState, target: str, scope: Scope, lineage: str) -> Plan:
    """Return what takes the warehouse back to the target.

    Raises ValidationError, TargetError, and RefusedError where an operation has no way back.
    A half-applied version counts as one in -N.
    """
    refuse_disagreement(files.migrations, state)
    traces, findings = replay(files.migrations, state, lineage)
    if findings:
        raise refused(findings)
    there = _there(state)
    known = [m.version for m in files.migrations]
    chosen = targets.downgrade_stop(targets.parse(target), there, known, max(there, default=None))
    planned = _take_back(files, traces, chosen, state, scope, lineage)
    left = [v for v in there if v not in chosen]
    return Plan("downgrade", max(there, default=None), max(left, default=None), planned)


def finish_downgrades(
    files: MigrationSet, state: HistoryState, scope: Scope, lineage: str
) -> tuple[Sequence[PlannedMigration], HistoryState]:
    """Return what finishes interrupted downgrades, and the state once that is done."""
    open_ = [s.version for s in state.unsettled if s.direction == "downgrade"]
    if not open_:
        return (), state
    traces, findings = replay(files.migrations, state, lineage)
    if findings:
        raise refused(findings)
    chosen = [v for v in sorted(_there(state), reverse=True) if v >= min(open_)]
    return _take_back(files, traces, chosen, state, scope, lineage), state.as_if_reverted(chosen)


def _there(state: HistoryState) -> Sequence[str]:
    return sorted([*state.applied, *(s.version for s in state.unsettled)])


def _take_back(
    files: MigrationSet,
    traces: Sequence[Trace],
    chosen: Sequence[str],
    state: HistoryState,
    scope: Scope,
    lineage: str,
) -> tuple[PlannedMigration, ...]:
    applied = {
        m.version: _Applied(m, _reached(t, state.versions[m.version]), state.versions[m.version])
        for m, t in zip(files.migrations, traces, strict=True)
        if m.version in state.versions
    }
    planned: list[PlannedMigration] = []
    catalog = applied[max(_there(state))].trace.after if chosen else Catalog()
    for version in chosen:
        _refuse_changed(applied[version], state, scope, lineage)
        step, catalog = _planned(applied[version], catalog, scope, lineage)
        planned.append(step)
    return tuple(planned)


def _planned(item: _Applied, catalog: Catalog, scope: Scope, lineage: str) -> tuple[PlannedMigration, Catalog]:
    trace, known = item.trace, item.known
    found = [s.target for s in known.steps if s.outcome == "found"]
    left: Sequence[str] = ()
    steps: tuple[PlannedStep, ...] = ()
    try:
        if known.record.event == "adopted":
            # Others made it: all of it stays, and only the row says that it is no longer counted in.
            left = _objects(trace)
        elif item.migration.downgrade is not None and not _goes_by_inverses(item):
            written = walk(item.migration.downgrade, catalog, trace.mark)
            steps, catalog = steps_down(written.operations, trace.mark, scope, catalog, made_by=None)
            steps = tuple(replace(s, step=as_made(s.step, trace)) for s in steps)
        else:
            operations, left = _inverses(item, found)
            made_by = made_label(known.lineage or lineage, trace.mark)
            steps, catalog = steps_down(operations, trace.mark, scope, catalog, made_by=made_by)
    except TraceError as error:
        raise refused([error.finding]) from error
    planned = PlannedMigration(
        item.migration.version,
        item.migration.name,
        item.migration.file,
        "downgrade",
        trace.mark.generation,
        item.migration.checksum,
        steps,
        tuple(left),
        resumes=known.standing == "half-applied",
    )
    return planned, catalog


def _objects(trace: Trace) -> Sequence[str]:
    """Return what a migration touches, last first, as far as that is known."""
    touched = [t.operation.impact(t.before).object for t in trace.operations if not is_raw(t.operation)]
    return list(dict.fromkeys(reversed(touched)))


def _refuse_changed(item: _Applied, state: HistoryState, scope: Scope, lineage: str) -> None:
    """Refuse to take back what the file no longer says: its inverses would be those of other steps."""
    if item.known.standing == "half-applied":
        refuse_changed(upgrade_of(item.migration, item.trace, state, scope, lineage), item.known)


def _reached(trace: Trace, known: VersionState) -> Trace:
    # Only what was reached has to be taken back: a step is one primitive operation, in order.
    return trace if known.reached is None else trace.cut(known.reached)


def _goes_by_inverses(item: _Applied) -> bool:
    """Tell whether a half-applied migration is taken back step by step: its written way back is for all of it."""
    return item.known.reached is not None and undo(item.trace, ())[2] is None


def _inverses(item: _Applied, found: Sequence[str]) -> tuple[Sequence[Traced], Sequence[str]]:
    operations, left, stuck = undo(item.trace, found)
    if stuck is None:
        return operations, left
    key = stuck.operation.key
    raise RefusedError(
        "BQM320",
        f"{item.migration.slug} cannot be taken back: {key} has no inverse",
        where=str(stuck.place),
        state="Nothing was changed.",
        hint=_way_back(item),
    )


def _way_back(item: _Applied) -> str:
    added = {
        "sql": "write what takes it back below a line `-- migrate:down`",
        "py": "write what takes it back in `def downgrade(op)`",
        "yaml": "write what takes it back under `downgrade:`",
    }[item.migration.format]
    if item.known.reached is not None:
        return f"{added} of {item.migration.file}, or mend it, then: bqmigrate upgrade"
    return f"{added} (in a new migration, once this one is applied): bqmigrate new NAME"
