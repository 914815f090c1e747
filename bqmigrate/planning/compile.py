"""From walked operations to the steps of a plan: physical names, labels, numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bqmigrate.files.migration import Migration
from bqmigrate.model.catalog import Catalog, CatalogError
from bqmigrate.model.history import HistoryState
from bqmigrate.operations.steps import CreateStep, JobStep, Mark, Scope, Step
from bqmigrate.planning.plan import PlannedMigration, PlannedStep, StepKey
from bqmigrate.planning.trace import MADE_LABEL, Trace, Traced, TraceError, own_labels
from bqmigrate.planning.verify import refused
from bqmigrate.planning.way_back import way_back_of


def steps_up(traced: Sequence[Traced], mark: Mark, scope: Scope, lineage: str) -> tuple[PlannedStep, ...]:
    """Compile operations in the order written; creates carry the label of this run."""
    out = []
    for number, item in enumerate(traced, start=1):
        step = _compile(item, item.before, scope)
        if isinstance(step, CreateStep):
            step = _labelled(step, own_labels(lineage, mark))
        out.append(_planned(item, step, item.before, StepKey(mark.version, mark.generation, "upgrade", number)))
    return tuple(out)


def upgrade_of(migration: Migration, trace: Trace, state: HistoryState, scope: Scope, lineage: str) -> PlannedMigration:
    """Return the upgrade of one migration as its file says it now. Raises ValidationError."""
    lineage = state.lineage_of(migration.version, lineage)
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
        way_back=way_back_of(migration, trace, scope, lineage),
    )


def steps_down(
    traced: Sequence[Traced], mark: Mark, scope: Scope, catalog: Catalog, *, made_by: str | None
) -> tuple[tuple[PlannedStep, ...], Catalog]:
    """Compile inverses against the catalog as it is by then; returns the catalog after them.

    `made_by` is the label a removal must find on its object; None where the author wrote the removal.
    """
    out = []
    for number, item in enumerate(traced, start=1):
        step = _compile(item, catalog, scope)
        if isinstance(step, JobStep) and step.removes is not None and made_by is not None:
            step = replace(step, removes=replace(step.removes, made_by=made_by))
        out.append(_planned(item, step, catalog, StepKey(mark.version, mark.generation, "downgrade", number)))
        try:
            catalog = item.operation.apply(catalog)
        except CatalogError as error:
            raise TraceError.of(error, item.place) from error
    return tuple(out), catalog


def _compile(item: Traced, before: Catalog, scope: Scope) -> Step:
    try:
        return item.operation.step(before, scope)
    except CatalogError as error:
        raise TraceError.of(error, item.place) from error


def _labelled(step: CreateStep, own: Mapping[str, str]) -> CreateStep:
    added = own if step.resource == "dataset" else {MADE_LABEL: own[MADE_LABEL]}
    return replace(step, body={**step.body, "labels": {**step.body.get("labels", {}), **added}})


def _planned(item: Traced, step: Step, before: Catalog, key: StepKey) -> PlannedStep:
    return PlannedStep(key, item.operation, step, item.operation.impact(before), item.place)
