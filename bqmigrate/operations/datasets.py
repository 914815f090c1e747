"""create_dataset and drop_dataset."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from bqmigrate.model.catalog import Catalog, CatalogError, Dataset
from bqmigrate.model.document import Fields, any_text, text
from bqmigrate.model.names import quote
from bqmigrate.operations import reading
from bqmigrate.operations.base import Impact, Operation, Primitive
from bqmigrate.operations.steps import CreateStep, JobStep, Mark, ObjectRef, Removal, Scope, Step


@dataclass(frozen=True)
class CreateDataset(Primitive):
    """Create a dataset in the environment's location unless it names another."""

    key: ClassVar[str] = "create_dataset"
    name: str
    dataset: Dataset = field(default_factory=Dataset)

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Build it from its keys."""
        return cls(
            fields.required("dataset", reading.dataset_name),
            Dataset(
                location=fields.optional("location", text),
                description=fields.optional("description", any_text),
                friendly_name=fields.optional("friendly_name", text),
                labels=fields.optional("labels", reading.labels) or (),
                default_table_expiration_ms=fields.optional("default_table_expiration_days", reading.days),
                default_partition_expiration_ms=fields.optional("default_partition_expiration_days", reading.days),
            ),
        )

    def data(self) -> dict[str, Any]:
        """Write it as a file would."""
        made = self.dataset
        return {"dataset": self.name} | reading.given(
            location=made.location,
            description=made.description,
            friendly_name=made.friendly_name,
            labels=dict(made.labels),
            default_table_expiration_days=_days(made.default_table_expiration_ms),
            default_partition_expiration_days=_days(made.default_partition_expiration_ms),
        )

    def apply(self, before: Catalog) -> Catalog:
        """Add the dataset."""
        if self.name in before.datasets:
            raise CatalogError(f"dataset {self.name} exists already at this point")
        return before.with_dataset(self.name, self.dataset)

    def inverse(self, before: Catalog, mark: Mark) -> tuple[Operation, ...]:  # noqa: ARG002
        """Drop it."""
        return (DropDataset(self.name),)

    def step(self, before: Catalog, scope: Scope) -> Step:  # noqa: ARG002
        """Create it by datasets.insert."""
        reference = ObjectRef(scope.project, scope.dataset(self.name))
        made = self.dataset
        if made.location is not None and made.location.upper() != scope.location.upper():
            raise CatalogError(
                f"dataset {self.name} would be in {made.location}, and this environment works in {scope.location}: "
                "no job of it would find the dataset"
            )
        body: dict[str, Any] = {
            "datasetReference": {"projectId": reference.project, "datasetId": reference.dataset},
            "location": made.location or scope.location,
        }
        body |= reading.given(
            description=made.description,
            friendlyName=made.friendly_name,
            labels=dict(made.labels),
            defaultTableExpirationMs=_number(made.default_table_expiration_ms),
            defaultPartitionExpirationMs=_number(made.default_partition_expiration_ms),
        )
        return CreateStep("create dataset", self.name, "dataset", reference, body)

    def impact(self, before: Catalog) -> Impact:  # noqa: ARG002
        """Say that a dataset appears."""
        return Impact("create", self.name, f"dataset {self.name}")


@dataclass(frozen=True)
class DropDataset(Primitive):
    """Drop a dataset; BigQuery refuses one that is not empty."""

    key: ClassVar[str] = "drop_dataset"
    name: str

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Build it from its keys."""
        return cls(fields.required("dataset", reading.dataset_name))

    def data(self) -> dict[str, Any]:
        """Write it as a file would."""
        return {"dataset": self.name}

    def apply(self, before: Catalog) -> Catalog:
        """Take the dataset away."""
        if self.name not in before.datasets and not before.opaque:
            raise CatalogError(f"dataset {self.name} does not exist at this point")
        left = before.objects_in(self.name)
        if left:
            shown = ", ".join(map(str, left[:3])) + (", ..." if len(left) > 3 else "")  # noqa: PLR2004
            raise CatalogError(f"dataset {self.name} is not empty at this point: {shown}")
        return before.without_dataset(self.name)

    def inverse(self, before: Catalog, mark: Mark) -> tuple[Operation, ...] | None:  # noqa: ARG002
        """Create it again as it was."""
        known = before.datasets.get(self.name)
        return None if known is None else (CreateDataset(self.name, known),)

    def step(self, before: Catalog, scope: Scope) -> Step:  # noqa: ARG002
        """Drop it by DROP SCHEMA, which keeps a dataset that is not empty."""
        reference = ObjectRef(scope.project, scope.dataset(self.name))
        sql = f"DROP SCHEMA {quote(reference.project, reference.dataset)}"
        return JobStep("drop dataset", self.name, sql, removes=Removal("dataset", reference))

    def impact(self, before: Catalog) -> Impact:  # noqa: ARG002
        """Say that a dataset goes."""
        return Impact("drop", self.name, f"dataset {self.name}")


def _days(milliseconds: int | None) -> int | float | None:
    return None if milliseconds is None else reading.as_days(milliseconds)


def _number(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else str(milliseconds)
