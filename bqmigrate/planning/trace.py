"""Walking a migration through the catalog: its primitive operations, each with the catalog before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from bqmigrate.errors import Finding, Place
from bqmigrate.files.migration import Migration, Placed
from bqmigrate.model.catalog import Catalog, CatalogError, labels_of
from bqmigrate.model.document import printable
from bqmigrate.model.history import HistoryState
from bqmigrate.operations.base import Operation
from bqmigrate.operations.datasets import CreateDataset
from bqmigrate.operations.steps import CreateStep, Mark, Step
from bqmigrate.operations.tables import CreateTable
from bqmigrate.operations.views import CreateView

MADE_LABEL = "bqm_made"
LINEAGE_LABEL = "bqm_lineage"
CREATES = (CreateDataset, CreateTable, CreateView)


@dataclass(frozen=True)
class Traced:
    """A primitive operation, where it was written, and the catalog before it."""

    operation: Operation
    place: Place
    before: Catalog


@dataclass(frozen=True)
class Trace:
    """A whole migration, walked."""

    mark: Mark
    operations: tuple[Traced, ...]
    before: Catalog
    after: Catalog

    def cut(self, reached: int) -> Trace:
        """Return the walk of only the first steps: what a half-applied migration got to."""
        if reached >= len(self.operations):
            return self
        return Trace(self.mark, self.operations[:reached], self.before, self.operations[reached].before)


class TraceError(Exception):
    """An operation that the catalog at that point cannot take."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding

    @classmethod
    def of(cls, error: CatalogError, place: Place) -> Self:
        """Put what the catalog says at the place of the operation."""
        return cls(Finding("BQM140", printable(str(error)), place))


def made_label(lineage: str, mark: Mark) -> str:
    """Return the value of the label that says which run of which migration made an object."""
    return f"{lineage}-m{mark.version}-g{mark.generation}"


def own_labels(lineage: str, mark: Mark) -> dict[str, str]:
    """Return the labels of a dataset that this run of this migration makes; tables and views carry the first."""
    return {MADE_LABEL: made_label(lineage, mark), LINEAGE_LABEL: lineage}


def walk(
    placed: Iterable[Placed], before: Catalog, mark: Mark, *, lineage: str = "", found: Sequence[str] = ()
) -> Trace:
    """Walk operations through the catalog. Raises TraceError at the first that cannot be.

    What they create carries their label in the catalog too (except what was `found`, not made), so
    that a later rebuild restates it.
    """
    catalog, out = before, []
    for item in placed:
        try:
            for operation in item.operation.expand(catalog, mark):
                out.append(Traced(operation, item.place, catalog))
                catalog = _labelled(operation, operation.apply(catalog), own_labels(lineage, mark), found)
        except CatalogError as error:
            raise TraceError.of(error, item.place) from error
    return Trace(mark, tuple(out), before, catalog)


def _labelled(operation: Operation, after: Catalog, labels: Mapping[str, str], found: Sequence[str]) -> Catalog:
    """Write on what an operation made who made it, so that a rebuild, or making it again, restates it."""
    if not isinstance(operation, CREATES) or str(operation.name) in found:
        return after
    if isinstance(operation, CreateDataset):
        dataset = after.datasets[operation.name]
        return after.with_dataset(operation.name, replace(dataset, labels=_with(dataset.labels, labels)))
    own = {MADE_LABEL: labels[MADE_LABEL]}
    if isinstance(operation, CreateTable):
        table = after.tables[operation.name]
        return after.with_table(operation.name, replace(table, labels=_with(table.labels, own)))
    view = after.views[operation.name]
    return after.with_view(operation.name, replace(view, labels=_with(view.labels, own)))


def _with(labels: Iterable[tuple[str, str]], own: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return labels_of({**dict(labels), **own})


def replay(
    migrations: Sequence[Migration], state: HistoryState, lineage: str = ""
) -> tuple[Sequence[Trace], Sequence[Finding]]:
    """Walk all files from an empty catalog: a trace each, or what is wrong with the first that cannot be.

    After an error the rest is not walked: what follows would only repeat it.
    """
    catalog = Catalog()
    traces: list[Trace] = []
    for migration in migrations:
        known = state.versions.get(migration.version)
        settled = known is not None and known.standing in {"applied", "half-applied"}
        generation = known.generation if known and settled else state.next_generation(migration.version)
        found = [s.target for s in known.steps if s.outcome == "found"] if known and settled else []
        try:
            own = state.lineage_of(migration.version, lineage)
            trace = walk(migration.upgrade, catalog, Mark(migration.version, generation), lineage=own, found=found)
        except TraceError as error:
            return traces, [error.finding]
        traces.append(trace)
        catalog = trace.after
    return traces, []


def as_made(step: Step, trace: Trace) -> Step:
    """Return a create of a written way back with the label that its object had before: it is ours, as it was."""
    if not isinstance(step, CreateStep) or step.resource == "dataset":
        return step
    before = trace.before
    known = {str(name): table.labels for name, table in before.tables.items()}
    known |= {str(name): view.labels for name, view in before.views.items()}
    label = dict(known.get(step.target, ())).get(MADE_LABEL)
    if label is None or MADE_LABEL in step.body.get("labels", {}):
        return step
    return replace(step, body={**step.body, "labels": {**step.body.get("labels", {}), MADE_LABEL: label}})


def undo(trace: Trace, found: Sequence[str]) -> tuple[Sequence[Traced], Sequence[str], Traced | None]:
    """Return the inverses of a trace, last first; what is left because it was found; what has no inverse."""
    out: list[Traced] = []
    left: list[str] = []
    for traced in reversed(trace.operations):
        operation = traced.operation
        if isinstance(operation, CREATES) and str(operation.name) in found:
            left.append(str(operation.name))
            continue
        inverse = operation.inverse(traced.before, trace.mark)
        if inverse is None:
            return out, left, traced
        out.extend(Traced(o, traced.place, traced.before) for o in inverse)
    return out, left, None
