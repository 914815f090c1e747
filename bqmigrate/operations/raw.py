"""sql and python: what the author wrote, sent or called as it stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

from bqmigrate.model.catalog import Catalog
from bqmigrate.model.document import Fields, text
from bqmigrate.operations.base import Impact, Operation, Primitive
from bqmigrate.operations.placeholders import fill, parameters
from bqmigrate.operations.steps import JobStep, Mark, PythonStep, Scope, Step


@dataclass(frozen=True)
class Sql(Primitive):
    """Run the author's text as one job, never split, never changed but for its placeholders."""

    key: ClassVar[str] = "sql"
    statement: str

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Build it from its keys."""
        return cls(fields.required("statement", text))

    def data(self) -> dict[str, Any]:
        """Write it as a file would."""
        return {"statement": self.statement}

    def apply(self, before: Catalog) -> Catalog:
        """Make the catalog opaque: what SQL does to it is not known."""
        return replace(before, opaque=True)

    def inverse(self, before: Catalog, mark: Mark) -> None:
        """Nothing takes it back but the author's own downgrade."""

    def step(self, before: Catalog, scope: Scope) -> Step:  # noqa: ARG002
        """Send it as one job."""
        sql = fill(self.statement, scope)
        return JobStep("run sql", _first_line(self.statement), sql, parameters=parameters(sql, scope))

    def impact(self, before: Catalog) -> Impact:  # noqa: ARG002
        """Show how it begins."""
        return Impact("in_place", "sql", f"run sql: {_first_line(self.statement)}", notes=("no inverse of its own",))


@dataclass(frozen=True)
class RunPython(Primitive):
    """Call the author's function with a session; at least once."""

    key: ClassVar[str] = "python"
    name: str
    function: Callable[..., Any] = field(compare=False)
    source_digest: str = ""

    def apply(self, before: Catalog) -> Catalog:
        """Make the catalog opaque: what the code does to it is not known."""
        return replace(before, opaque=True)

    def inverse(self, before: Catalog, mark: Mark) -> None:
        """Nothing takes it back but the author's own downgrade."""

    def step(self, before: Catalog, scope: Scope) -> Step:  # noqa: ARG002
        """Call it."""
        return PythonStep("run python", self.name, self.function, self.source_digest)

    def impact(self, before: Catalog) -> Impact:  # noqa: ARG002
        """Name the function."""
        notes = ("runs at least once: after a crash it runs again", "no inverse of its own")
        return Impact("in_place", "python", f"run {self.name}()", notes=notes)


def _first_line(statement: str) -> str:
    lines = (line.strip() for line in statement.splitlines())
    first = next((line for line in lines if line and not line.startswith(("--", "#"))), "(empty)")
    limit = 60
    return first if len(first) <= limit else first[: limit - 1] + "…"


def is_raw(operation: Operation) -> bool:
    """Tell whether an operation's effect on the catalog is unknown."""
    return isinstance(operation, Sql | RunPython)
