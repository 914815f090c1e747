"""What takes a migration back, written down when it goes up: a lost or edited file leaves no orphan."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bqmigrate.files.migration import Migration
from bqmigrate.model.catalog import Catalog, CatalogError
from bqmigrate.operations.base import Operation
from bqmigrate.operations.steps import JobStep, PythonStep, Scope, Step
from bqmigrate.operations.stored import NotStored, from_data, to_data
from bqmigrate.planning.trace import Trace, Traced, TraceError, as_made, made_label, walk

Inverse = tuple[Step, ...] | None


class NoWayBack(Exception):
    """A step that has no inverse: its number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"step {number} has no inverse")
        self.number = number


@dataclass(frozen=True)
class WayBack:
    """The inverse of each step, in the order of the steps; None where a step has none.

    `whole` holds those inverses that are others when all steps were done: a table that is written anew
    keeps the columns that later steps have set aside. `written` is the author's own way back, for all of it.
    """

    steps: tuple[Inverse, ...] = ()
    whole: Mapping[int, tuple[Step, ...]] = field(default_factory=dict)
    written: tuple[Step, ...] | None = None

    def back_from(self, reached: int | None, found: Collection[int]) -> Sequence[Step]:
        """Return what takes back the first `reached` steps (None: all), but what was found, not made.

        Raises NoWayBack. As a downgrade does: the written way back is for all of it, and for half of it
        only where a step has no inverse.
        """
        numbers = range(len(self.steps) if reached is None else reached, 0, -1)
        stuck = next((n for n in numbers if self.steps[n - 1] is None), None)
        if self.written is not None and (reached is None or stuck is not None):
            return self.written
        if stuck is not None:
            raise NoWayBack(stuck)
        is_whole = reached is None or reached >= len(self.steps)
        return [step for n in numbers if n not in found for step in self._inverse(n, is_whole=is_whole)]

    def _inverse(self, number: int, *, is_whole: bool) -> tuple[Step, ...]:
        own = self.steps[number - 1] or ()
        return self.whole.get(number, own) if is_whole else own

    def data(self) -> dict[str, Any]:
        """Return it as JSON data, for a row of the history."""
        return {"steps": [inverse_data(s) for s in self.steps], **self.more()}

    def more(self) -> dict[str, Any]:
        """Return what does not belong to one step as JSON data; mostly there is nothing."""
        out: dict[str, Any] = {}
        if self.whole:
            out["whole"] = {str(n): inverse_data(steps) for n, steps in self.whole.items()}
        if self.written is not None:
            out["written"] = inverse_data(self.written)
        return out

    @classmethod
    def from_data(cls, data: Any) -> WayBack:
        """Read it back. Raises NotStored for what an earlier version wrote, as text."""
        if not isinstance(data, Mapping) or not isinstance(data.get("steps"), list):
            raise NotStored("it was written down as text")
        written = data.get("written")
        return cls(
            tuple(None if s is None else _read(s) for s in data["steps"]),
            {int(n): _read(s) for n, s in (data.get("whole") or {}).items()},
            None if written is None else _read(written),
        )


def inverse_data(steps: Inverse) -> list[dict[str, Any]] | None:
    """Return an inverse as JSON data."""
    return None if steps is None else [to_data(s) for s in steps]


def _read(data: Any) -> tuple[Step, ...]:
    if not isinstance(data, list):
        raise NotStored("it was written down as text")
    return tuple(from_data(s) for s in data)


def way_back_of(migration: Migration, trace: Trace, scope: Scope, lineage: str) -> WayBack:
    """Write down what takes a migration back."""
    made_by = made_label(lineage, trace.mark)
    steps = tuple(_alone(item, trace, scope, made_by) for item in trace.operations)
    return WayBack(steps, _whole(trace, steps, scope, made_by), _written(migration, trace, scope))


def _alone(item: Traced, trace: Trace, scope: Scope, made_by: str) -> Inverse:
    inverse = item.operation.inverse(item.before, trace.mark)
    if inverse is None:
        return None
    try:
        return tuple(s for s, _ in _compiled(inverse, item.operation.apply(item.before), scope, made_by))
    except CatalogError:
        return None  # known only once the catalog is: after raw SQL, say


def _whole(trace: Trace, alone: Sequence[Inverse], scope: Scope, made_by: str) -> Mapping[int, tuple[Step, ...]]:
    """Return the inverses that are others when the later steps were done, and taken back, before."""
    catalog, out = trace.after, {}
    for number in range(len(alone), 0, -1):
        item = trace.operations[number - 1]
        inverse = item.operation.inverse(item.before, trace.mark)
        if inverse is None:
            break
        try:
            compiled = list(_compiled(inverse, catalog, scope, made_by))
        except CatalogError:
            break
        steps = tuple(s for s, _ in compiled)
        catalog = compiled[-1][1] if compiled else catalog
        if steps != alone[number - 1]:
            out[number] = steps
    return out


def _written(migration: Migration, trace: Trace, scope: Scope) -> tuple[Step, ...] | None:
    if migration.downgrade is None:
        return None
    try:
        back = walk(migration.downgrade, trace.after, trace.mark)
        written = [t.operation for t in back.operations]
        steps = tuple(as_made(s, trace) for s, _ in _compiled(written, trace.after, scope, None))
    except (TraceError, CatalogError):
        return None
    return None if any(isinstance(s, PythonStep) for s in steps) else steps


def _compiled(
    operations: Sequence[Operation], catalog: Catalog, scope: Scope, made_by: str | None
) -> Iterator[tuple[Step, Catalog]]:
    """Compile operations one after the other, each with the catalog after it."""
    for operation in operations:
        step = operation.step(catalog, scope)
        if isinstance(step, JobStep) and step.removes is not None and made_by is not None:
            step = replace(step, removes=replace(step.removes, made_by=made_by))
        catalog = operation.apply(catalog)
        yield step, catalog
