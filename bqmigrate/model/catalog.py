"""Datasets, tables and views as one immutable value.

BigQuery uses "schema" for columns, so the whole is a Catalog. Dataset names in a Catalog are
whatever its maker uses: logical ones in plans, physical ones in the embedded warehouse.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

from bqmigrate.model.columns import Column, find
from bqmigrate.model.names import TableName

Labels = tuple[tuple[str, str], ...]


class CatalogError(Exception):
    """A change that the catalog cannot take: the object is missing, exists, or forbids it."""


def labels_of(mapping: Mapping[str, str] | None) -> Labels:
    """Return labels as a hashable, sorted value."""
    return tuple(sorted((mapping or {}).items()))


@dataclass(frozen=True)
class Partitioning:
    """How a table is cut: by time (column or ingestion) or by ranges of an integer."""

    type: Literal["DAY", "HOUR", "MONTH", "YEAR", "RANGE"]
    field: str | None = None
    expiration_ms: int | None = None
    start: int | None = None
    end: int | None = None
    interval: int | None = None

    def spec(self) -> tuple[object, ...]:
        """Return what only a rebuild can change; the expiration can change in place."""
        name = self.field.lower() if self.field else None
        return (self.type, name, self.start, self.end, self.interval)

    def to_rest(self) -> dict[str, Any]:
        """Return {"timePartitioning": ...} or {"rangePartitioning": ...}."""
        if self.type == "RANGE":
            numbers = {"start": str(self.start), "end": str(self.end), "interval": str(self.interval)}
            return {"rangePartitioning": {"field": self.field, "range": numbers}}
        out: dict[str, Any] = {"type": self.type}
        if self.field is not None:
            out["field"] = self.field
        if self.expiration_ms is not None:
            out["expirationMs"] = str(self.expiration_ms)
        return {"timePartitioning": out}

    @classmethod
    def from_rest(cls, resource: Mapping[str, Any]) -> Partitioning | None:
        """Read the partitioning of a REST Table resource; None when it has none."""
        if by_range := resource.get("rangePartitioning"):
            numbers = by_range["range"]
            start, end, step = (int(numbers[k]) for k in ("start", "end", "interval"))
            return cls("RANGE", by_range["field"], None, start, end, step)
        if by_time := resource.get("timePartitioning"):
            expiration = by_time.get("expirationMs")
            return cls(
                by_time.get("type", "DAY"),
                by_time.get("field"),
                int(expiration) if expiration is not None else None,
            )
        return None


@dataclass(frozen=True)
class Table:
    """A native table."""

    columns: tuple[Column, ...] = ()
    description: str | None = None
    friendly_name: str | None = None
    labels: Labels = ()
    partitioning: Partitioning | None = None
    clustering: tuple[str, ...] = ()
    expiration_ms: int | None = None
    require_partition_filter: bool = False
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[tuple[str, ...], ...] = ()

    def column(self, name: str) -> Column | None:
        """Return the top-level column of that name, compared without case."""
        return find(self.columns, name)

    def to_rest(self) -> dict[str, Any]:
        """Return the REST Table resource without its reference."""
        out: dict[str, Any] = {"schema": {"fields": [c.to_rest() for c in self.columns]}}
        if self.description is not None:
            out["description"] = self.description
        if self.friendly_name is not None:
            out["friendlyName"] = self.friendly_name
        if self.labels:
            out["labels"] = dict(self.labels)
        if self.partitioning is not None:
            out.update(self.partitioning.to_rest())
        if self.clustering:
            out["clustering"] = {"fields": list(self.clustering)}
        if self.expiration_ms is not None:
            out["expirationTime"] = str(self.expiration_ms)
        if self.require_partition_filter:
            out["requirePartitionFilter"] = True
        return out

    @classmethod
    def from_rest(cls, resource: Mapping[str, Any]) -> Table:
        """Read a REST Table resource."""
        expiration = resource.get("expirationTime")
        by_time = resource.get("timePartitioning") or {}
        constraints = resource.get("tableConstraints") or {}
        return cls(
            columns=tuple(Column.from_rest(f) for f in (resource.get("schema") or {}).get("fields") or ()),
            description=resource.get("description"),
            friendly_name=resource.get("friendlyName"),
            labels=labels_of(resource.get("labels")),
            partitioning=Partitioning.from_rest(resource),
            clustering=tuple((resource.get("clustering") or {}).get("fields") or ()),
            expiration_ms=int(expiration) if expiration is not None else None,
            require_partition_filter=bool(
                resource.get("requirePartitionFilter") or by_time.get("requirePartitionFilter")
            ),
            primary_key=tuple((constraints.get("primaryKey") or {}).get("columns") or ()),
            foreign_keys=tuple(
                tuple(pair["referencingColumn"] for pair in key.get("columnReferences") or ())
                for key in constraints.get("foreignKeys") or ()
            ),
        )


@dataclass(frozen=True)
class View:
    """A logical view; its text is kept exactly as written."""

    query: str
    description: str | None = None
    friendly_name: str | None = None
    labels: Labels = ()
    expiration_ms: int | None = None


@dataclass(frozen=True)
class Dataset:
    """A dataset's own properties; `location` None means the environment's."""

    location: str | None = None
    description: str | None = None
    friendly_name: str | None = None
    labels: Labels = ()
    default_table_expiration_ms: int | None = None
    default_partition_expiration_ms: int | None = None


@dataclass(frozen=True)
class Catalog:
    """All datasets, tables and views at one point of the history.

    `opaque` is set once SQL or Python has run whose effect on the catalog is unknown: from then on
    an object that is not listed may exist all the same.
    """

    datasets: Mapping[str, Dataset] = field(default_factory=lambda: MappingProxyType({}))
    tables: Mapping[TableName, Table] = field(default_factory=lambda: MappingProxyType({}))
    views: Mapping[TableName, View] = field(default_factory=lambda: MappingProxyType({}))
    opaque: bool = False

    def with_dataset(self, name: str, dataset: Dataset) -> Catalog:
        """Return the catalog with a dataset added or exchanged."""
        return replace(self, datasets=MappingProxyType({**self.datasets, name: dataset}))

    def without_dataset(self, name: str) -> Catalog:
        """Return the catalog without a dataset."""
        rest = {k: v for k, v in self.datasets.items() if k != name}
        return replace(self, datasets=MappingProxyType(rest))

    def with_table(self, name: TableName, table: Table) -> Catalog:
        """Return the catalog with a table added or exchanged."""
        return replace(self, tables=MappingProxyType({**self.tables, name: table}))

    def without_table(self, name: TableName) -> Catalog:
        """Return the catalog without a table."""
        return replace(self, tables=MappingProxyType({k: v for k, v in self.tables.items() if k != name}))

    def with_view(self, name: TableName, view: View) -> Catalog:
        """Return the catalog with a view added or exchanged."""
        return replace(self, views=MappingProxyType({**self.views, name: view}))

    def without_view(self, name: TableName) -> Catalog:
        """Return the catalog without a view."""
        return replace(self, views=MappingProxyType({k: v for k, v in self.views.items() if k != name}))

    def objects_in(self, dataset: str) -> Sequence[TableName]:
        """Return the tables and views of a dataset, sorted."""
        return sorted(name for name in (*self.tables, *self.views) if name.dataset == dataset)
