"""What every operation answers: its effect on a Catalog, the way back, and the step it becomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol, Self, runtime_checkable

from bqmigrate.model.catalog import Catalog
from bqmigrate.model.document import Fields
from bqmigrate.operations.steps import Mark, Scope, Step

ChangeKind = Literal["in_place", "rebuild", "create", "drop"]
SYMBOLS: dict[ChangeKind, str] = {"create": "+", "in_place": "~", "drop": "-", "rebuild": "-/+"}


@dataclass(frozen=True)
class Impact:
    """What an operation means for the person who is asked: the line of a plan."""

    kind: ChangeKind
    object: str
    summary: str
    data_loss: bool = False
    notes: tuple[str, ...] = ()


@runtime_checkable
class Operation(Protocol):
    """One typed change.

    A composite operation expands into primitive ones; a primitive one (it expands into itself) has
    exactly one step, so that what was done of a half-applied migration is always a prefix.
    """

    key: ClassVar[str]

    def expand(self, before: Catalog, mark: Mark) -> tuple[Operation, ...]:
        """Return the primitive operations this one consists of."""

    def apply(self, before: Catalog) -> Catalog:
        """Return the catalog after a primitive operation. Raises CatalogError when it cannot be."""

    def inverse(self, before: Catalog, mark: Mark) -> tuple[Operation, ...] | None:
        """Return what takes a primitive operation back, given the catalog before it; None: nothing does."""

    def step(self, before: Catalog, scope: Scope) -> Step:
        """Return the one effect a primitive operation has."""

    def impact(self, before: Catalog) -> Impact:
        """Say what a primitive operation does, for a plan."""


class Primitive:
    """The share of a primitive operation that is the same for all."""

    def expand(self, before: Catalog, mark: Mark) -> tuple[Operation, ...]:  # noqa: ARG002
        """Return itself: a primitive operation is one step."""
        if not isinstance(self, Operation):
            raise TypeError(type(self).__name__)
        return (self,)


class Composite:
    """The share of an operation that only ever runs as its primitive parts."""

    key: ClassVar[str]

    def apply(self, before: Catalog) -> Catalog:  # noqa: ARG002
        """Raise TypeError: it is expanded first."""
        raise TypeError(f"{self.key} is expanded first")

    def inverse(self, before: Catalog, mark: Mark) -> tuple[Operation, ...] | None:  # noqa: ARG002
        """Raise TypeError: it is expanded first."""
        raise TypeError(f"{self.key} is expanded first")

    def step(self, before: Catalog, scope: Scope) -> Step:  # noqa: ARG002
        """Raise TypeError: it is expanded first."""
        raise TypeError(f"{self.key} is expanded first")

    def impact(self, before: Catalog) -> Impact:  # noqa: ARG002
        """Raise TypeError: it is expanded first."""
        raise TypeError(f"{self.key} is expanded first")


class FileOperation(Operation, Protocol):
    """An operation that a file can name."""

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Build it from its keys. Raises Problem; the caller closes `fields`."""

    def data(self) -> dict[str, Any]:
        """Return its keys as a file would have them: what `read` reads back into the same value."""
