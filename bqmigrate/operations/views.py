"""create_view, replace_view, drop_view."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from bqmigrate.model.catalog import Catalog, View
from bqmigrate.model.document import Fields, any_text, text
from bqmigrate.model.names import TableName
from bqmigrate.operations import lookup, reading
from bqmigrate.operations.base import Impact, Operation, Primitive
from bqmigrate.operations.placeholders import fill
from bqmigrate.operations.steps import CreateStep, JobStep, Mark, PatchStep, Removal, Scope, Step


@dataclass(frozen=True)
class CreateView(Primitive):
    """Create a view; its query is kept as written."""

    key: ClassVar[str] = "create_view"
    name: TableName
    view: View

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Build it from its keys."""
        return cls(
            fields.required("view", reading.table_name),
            View(
                query=fields.required("query", text),
                description=fields.optional("description", any_text),
                friendly_name=fields.optional("friendly_name", text),
                labels=fields.optional("labels", reading.labels) or (),
            ),
        )

    def data(self) -> dict[str, Any]:
        """Write it as a file would."""
        made = self.view
        return {"view": str(self.name)} | reading.given(
            description=made.description, friendly_name=made.friendly_name, labels=dict(made.labels), query=made.query
        )

    def apply(self, before: Catalog) -> Catalog:
        """Add the view."""
        lookup.free(before, self.name)
        return before.with_view(self.name, self.view)

    def inverse(self, before: Catalog, mark: Mark) -> tuple[Operation, ...]:  # noqa: ARG002
        """Drop it."""
        return (DropView(self.name),)

    def step(self, before: Catalog, scope: Scope) -> Step:  # noqa: ARG002
        """Create it by tables.insert."""
        reference, made = scope.reference(self.name), self.view
        body: dict[str, Any] = {
            "tableReference": {
                "projectId": reference.project,
                "datasetId": reference.dataset,
                "tableId": reference.table,
            },
            "view": {"query": fill(made.query, scope), "useLegacySql": False},
        }
        body |= reading.given(description=made.description, friendlyName=made.friendly_name, labels=dict(made.labels))
        return CreateStep("create view", str(self.name), "view", reference, body)

    def impact(self, before: Catalog) -> Impact:  # noqa: ARG002
        """Say that a view appears."""
        return Impact("create", str(self.name), f"view {self.name}")


@dataclass(frozen=True)
class ReplaceView(Primitive):
    """Give an existing view another query (and description); its labels and grants stay."""

    key: ClassVar[str] = "replace_view"
    name: TableName
    query: str
    description: tuple[str | None] | None = None

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Build it from its keys."""
        description = fields.optional("description", any_text)
        return cls(
            fields.required("view", reading.table_name),
            fields.required("query", text),
            (description,) if description is not None else None,
        )

    def data(self) -> dict[str, Any]:
        """Write it as a file would."""
        out = {"view": str(self.name), "query": self.query}
        return out | ({"description": self.description[0]} if self.description else {})

    def apply(self, before: Catalog) -> Catalog:
        """Exchange the query."""
        known = lookup.view(before, self.name)
        if known is None:
            return before
        changed = replace(known, query=self.query)
        if self.description is not None:
            changed = replace(changed, description=self.description[0])
        return before.with_view(self.name, changed)

    def inverse(self, before: Catalog, mark: Mark) -> tuple[Operation, ...] | None:  # noqa: ARG002
        """Put the old query back."""
        known = before.views.get(self.name)
        if known is None:
            return None
        old = (known.description,) if self.description is not None else None
        return (ReplaceView(self.name, known.query, old),)

    def step(self, before: Catalog, scope: Scope) -> Step:  # noqa: ARG002
        """Change it by a patch, which keeps labels and grants where OR REPLACE would not."""
        fields: dict[str, Any] = {"view": {"query": fill(self.query, scope), "useLegacySql": False}}
        if self.description is not None:
            fields["description"] = self.description[0]
        return PatchStep("replace view", str(self.name), scope.reference(self.name), fields)

    def impact(self, before: Catalog) -> Impact:  # noqa: ARG002
        """Say that a view changes."""
        return Impact("in_place", str(self.name), f"replace the query of view {self.name}")


@dataclass(frozen=True)
class DropView(Primitive):
    """Drop a view."""

    key: ClassVar[str] = "drop_view"
    name: TableName

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Build it from its keys."""
        return cls(fields.required("view", reading.table_name))

    def data(self) -> dict[str, Any]:
        """Write it as a file would."""
        return {"view": str(self.name)}

    def apply(self, before: Catalog) -> Catalog:
        """Take the view away."""
        lookup.view(before, self.name)
        return before.without_view(self.name)

    def inverse(self, before: Catalog, mark: Mark) -> tuple[Operation, ...] | None:  # noqa: ARG002
        """Create it again as it was."""
        known = before.views.get(self.name)
        return None if known is None else (CreateView(self.name, known),)

    def step(self, before: Catalog, scope: Scope) -> Step:  # noqa: ARG002
        """Drop it by DROP VIEW."""
        sql = f"DROP VIEW {scope.path(self.name)}"
        return JobStep("drop view", str(self.name), sql, removes=Removal("view", scope.reference(self.name)))

    def impact(self, before: Catalog) -> Impact:  # noqa: ARG002
        """Say that a view goes."""
        return Impact("drop", str(self.name), f"view {self.name}")
