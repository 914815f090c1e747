"""Deciding what adopting means: which versions, and what must be there for it, as pure functions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bqmigrate.errors import Finding, Place, TargetError, UnsettledError, ValidationError
from bqmigrate.files.migration import MigrationSet
from bqmigrate.model.catalog import Catalog, Dataset
from bqmigrate.model.history import HistoryState, StepRecord
from bqmigrate.operations.datasets import CreateDataset
from bqmigrate.operations.raw import is_raw
from bqmigrate.operations.steps import CreateStep, ObjectRef, ResourceKind, Rest, Scope, Step
from bqmigrate.operations.tables import CreateTable, RenameTable
from bqmigrate.operations.views import CreateView
from bqmigrate.planning import targets
from bqmigrate.planning.compare import Difference, differences
from bqmigrate.planning.plan import PlannedMigration
from bqmigrate.planning.trace import LINEAGE_LABEL, MADE_LABEL, Trace, replay
from bqmigrate.planning.upgrade import plan_again
from bqmigrate.planning.verify import refuse_disagreement, refused


@dataclass(frozen=True)
class Stated:
    """An object as the migrations leave it; `body` None means that they leave none of that name.

    `inherited` names the attributes that BigQuery fills in from the dataset.
    """

    name: str
    kind: ResourceKind
    reference: ObjectRef
    body: Rest | None
    place: Place
    inherited: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ObjectDifference:
    """One attribute of one object that is not what the migrations say, and where they say it."""

    object: str
    difference: Difference
    place: Place

    def __str__(self) -> str:
        return f"{self.object}: {self.difference}"


@dataclass(frozen=True)
class Adoption:
    """What would be recorded, what must be there for it, and what nobody can compare.

    `opaque`: SQL or Python is among the migrations, so that an object may rightly have more than they state.
    """

    from_version: str | None
    to_version: str | None
    migrations: tuple[PlannedMigration, ...] = ()
    objects: tuple[Stated, ...] = ()
    not_compared: tuple[str, ...] = ()
    half_applied: tuple[str, ...] = ()
    opaque: bool = False


def plan_adopt(
    files: MigrationSet, state: HistoryState, lineage: str, *, version: str | None, scope: Scope
) -> Adoption:
    """Return what adopting up to a version (default: the last file) means.

    Raises TargetError for a version that no file has, ValidationError and UnsettledError where files and
    history disagree.
    """
    last = _last(files, version)
    refuse_disagreement(files.migrations, state)
    below = files.up_to(last or "")
    chosen = [m.version for m in below.migrations if state.standing(m.version) != "applied"]
    if not chosen:
        return Adoption(state.current, state.current)
    half = tuple(f"{s.version}_{s.name}" for s in state.unsettled)
    traces, findings = replay(below.migrations, state, lineage)
    if findings:
        raise refused(findings)
    planned = tuple(plan_again(below, state, chosen, scope, lineage))
    adopted = [t for t in traces if t.mark.version in chosen]
    places = _places(traces)
    objects = (*_stated(traces[-1].after, scope, places), *_gone(adopted, traces[-1].after, scope, places))
    return Adoption(
        state.current, last, planned, objects, tuple(_not_compared(planned)), half, opaque=traces[-1].after.opaque
    )


def compare(adoption: Adoption, stated: Stated, live: Rest | None) -> Sequence[ObjectDifference]:
    """Return what differs between what is stated of an object and the live one."""
    found = [d for d in _differences(stated, live) if d.attribute not in stated.inherited]
    if adoption.opaque:
        # What is there beyond what is stated may be the work of a step that nobody can compare.
        found = [replace(d, cosmetic=True) if d.stated in (None, (), "") else d for d in found]
    return [ObjectDifference(stated.name, d, stated.place) for d in found]


def refuse_foreign(stated: Stated, labels: Mapping[str, str], lineage: str, ours: Collection[str]) -> None:
    """Raise UnsettledError for an object that another history made; `ours` are the lineages this one had before."""
    owner = labels.get(LINEAGE_LABEL) or labels.get(MADE_LABEL, "").partition("-m")[0]
    if owner and owner != lineage and owner not in ours:
        raise UnsettledError(
            "BQM504",
            f"{stated.name} belongs to another history (lineage {owner}, this one is {lineage})",
            where=str(stated.reference),
            state="Nothing was changed. The history that made it was lost, or lives in another dataset.",
            hint="set history_dataset in migrations.toml to where that history is",
        )


def refuse_half_applied(names: Sequence[str]) -> None:
    """Raise UnsettledError where a run got only part of the way: what is there is not yet known."""
    if names:
        raise UnsettledError(
            "BQM525",
            f"{names[0]} is half-applied: it has to be settled before anything is adopted",
            details=names[1:],
            state="Nothing was changed.",
            hint="bqmigrate upgrade goes on with it, bqmigrate downgrade takes it back",
        )


def not_equal(adoption: Adoption, found: Sequence[ObjectDifference]) -> ValidationError:
    """Return the error that lists every difference."""
    serious = [d for d in found if not d.difference.cosmetic]
    objects = list(dict.fromkeys(d.object for d in serious))
    cosmetic = len(found) - len(serious)
    several = "1 object is" if len(objects) == 1 else f"{len(objects)} objects are"
    return ValidationError(
        "BQM160",
        f"{several} not what the migrations up to {adoption.to_version} say",
        # What does not matter has no place: a person reads of it below, a program finds it all.
        findings=[
            *(Finding("BQM160", str(d), d.place) for d in serious),
            *(Finding("BQM160", str(d), severity="warning") for d in found if d.difference.cosmetic),
        ],
        details=[f"{cosmetic} more that would not prevent it (descriptions, labels): --json lists them"][:cosmetic],
        state="Nothing was changed, nothing was recorded.",
        hint="make the migrations say what is there, or change what is there, then: bqmigrate adopt",
    )


def found_steps(migration: PlannedMigration) -> tuple[StepRecord, ...]:
    """Return the steps of an adopted migration: found, hence never taken back."""
    return tuple(
        StepRecord(s.key.number, s.step.kind, s.step.verb, s.step.target, s.digest, "found") for s in migration.steps
    )


def _last(files: MigrationSet, version: str | None) -> str | None:
    if version is None:
        return files.head
    target = targets.parse(version)
    last = files.head if target.kind == "head" else target.version
    if last is not None and files.get(last) is None:
        raise TargetError("BQM350", f"no such migration: {version}", hint="bqmigrate history")
    return last


def _differences(stated: Stated, live: Rest | None) -> Sequence[Difference]:
    if stated.body is None:
        return [] if live is None else [Difference(stated.kind, None, "one of this name")]
    if live is None:
        return [Difference(stated.kind, "it exists", None)]
    return differences(stated.kind, stated.body, live)


def _places(traces: Iterable[Trace]) -> Mapping[str, Place]:
    """Return where each object was last spoken of."""
    out: dict[str, Place] = {}
    for traced in (t for trace in traces for t in trace.operations):
        out[traced.operation.impact(traced.before).object] = traced.place
        if isinstance(traced.operation, RenameTable):
            out[str(traced.operation.new_name)] = traced.place
    return out


def _stated(catalog: Catalog, scope: Scope, places: Mapping[str, Place]) -> Iterator[Stated]:
    for dataset, known in catalog.datasets.items():
        yield _object(CreateDataset(dataset, known).step(catalog, scope), places)
    for name, table in catalog.tables.items():
        made = _object(CreateTable(name, table).step(catalog, scope), places)
        yield replace(made, inherited=_inherited(catalog, name.dataset, table.expiration_ms))
    for name, view in catalog.views.items():
        shown = _object(CreateView(name, view).step(catalog, scope), places)
        yield replace(shown, inherited=_inherited(catalog, name.dataset, view.expiration_ms))


def _inherited(catalog: Catalog, dataset: str, own_expiration_ms: int | None) -> frozenset[str]:
    """Return what BigQuery fills in from the dataset's defaults, where an object says nothing."""
    around = catalog.datasets.get(dataset, Dataset())
    out = set()
    if around.default_table_expiration_ms is not None and own_expiration_ms is None:
        out.add("expiration")
    if around.default_partition_expiration_ms is not None:
        out.add("partition expiration")
    return frozenset(out)


def _object(step: Step, places: Mapping[str, Place]) -> Stated:
    if not isinstance(step, CreateStep):
        raise TypeError(step)
    return Stated(step.target, step.resource, step.reference, step.body, places[step.target])


def _gone(traces: Sequence[Trace], after: Catalog, scope: Scope, places: Mapping[str, Place]) -> Iterator[Stated]:
    """Return what the migrations make and later drop or rename: it must not be there."""
    seen = [t.before for trace in traces for t in trace.operations]
    for dataset in dict.fromkeys(d for catalog in seen for d in catalog.datasets if d not in after.datasets):
        yield Stated(dataset, "dataset", ObjectRef(scope.project, scope.dataset(dataset)), None, places[dataset])
    kept = {*after.tables, *after.views}
    kinds: dict[str, ResourceKind] = {}
    names = {}
    for catalog in seen:
        for kind, group in (("table", catalog.tables), ("view", catalog.views)):
            for name in group:
                if name not in kept:
                    names[str(name)], kinds[str(name)] = name, "table" if kind == "table" else "view"
    for shown, name in names.items():
        yield Stated(shown, kinds[shown], scope.reference(name), None, places[shown])


def _not_compared(planned: Sequence[PlannedMigration]) -> Iterator[str]:
    for migration in planned:
        for step in migration.steps:
            if is_raw(step.operation):
                yield f"{migration.version}_{migration.name}: {step.step.verb} {step.step.target}"
