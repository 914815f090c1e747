"""set_table_options and set_clustering: what a table says about itself, and how its rows lie."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Self

from bqmigrate.model import schema_rules
from bqmigrate.model.catalog import Catalog, CatalogError, Table, labels_of
from bqmigrate.model.document import Fields, Node, Problem, any_text, flag, list_of, nullable, text
from bqmigrate.model.names import TableName, literal
from bqmigrate.operations import lookup, reading
from bqmigrate.operations.base import Composite, Impact, Operation, Primitive
from bqmigrate.operations.steps import JobStep, Mark, PatchStep, Scope, Step

# File key -> attribute of Table; the order is the order in the statement.
OPTIONS = {
    "description": "description",
    "friendly_name": "friendly_name",
    "expires_at": "expiration_ms",
    "partition_expiration_days": "partition_expiration_ms",
    "require_partition_filter": "require_partition_filter",
}
Changes = tuple[tuple[str, Any], ...]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class SetTableOptions(Composite):
    """Set description, friendly name, expirations, partition filter and labels; null clears one."""

    key: ClassVar[str] = "set_table_options"
    name: TableName
    options: Changes = ()
    labels: tuple[tuple[str, str | None], ...] = ()

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Build it from its keys."""
        name = fields.required("table", reading.table_name)
        readers = {
            "description": nullable(any_text),
            "friendly_name": nullable(text),
            "expires_at": nullable(_instant),
            "partition_expiration_days": nullable(reading.days),
            "require_partition_filter": flag,
        }
        options = tuple((key, fields.optional(key, read)) for key, read in readers.items() if fields.has(key))
        for key in readers:
            fields.optional(key, lambda node: node)
        labels = fields.optional("labels", reading.label_changes) or ()
        fields.close()
        if not options and not labels:
            raise Problem(
                "set_table_options changes nothing", fields.node, f"name one of: {', '.join(OPTIONS)}, labels"
            )
        return cls(name, options, labels)

    def data(self) -> dict[str, Any]:
        """Write it as a file would."""
        out: dict[str, Any] = {"table": str(self.name)}
        for key, value in self.options:
            out[key] = _SHOWN.get(key, lambda v: v)(value) if value is not None else None
        return out | reading.given(labels=dict(self.labels))

    def expand(self, before: Catalog, mark: Mark) -> tuple[Operation, ...]:  # noqa: ARG002
        """Split labels off: DDL would overwrite the whole set, a patch merges."""
        parts: list[Operation] = []
        if self.options:
            parts.append(SetOptions(self.name, self.options))
        if self.labels:
            parts.append(SetLabels(self.name, self.labels))
        return tuple(parts)


@dataclass(frozen=True)
class SetOptions(Primitive):
    """Set options by one ALTER TABLE SET OPTIONS."""

    key: ClassVar[str] = "set_options"
    name: TableName
    options: Changes

    def apply(self, before: Catalog) -> Catalog:
        """Change the options."""
        known = lookup.table(before, self.name)
        if known is None:
            return before
        for key, value in self.options:
            known = _with_option(known, key, value)
        reading.refuse(schema_rules.table_problem(known))
        return before.with_table(self.name, known)

    def inverse(self, before: Catalog, mark: Mark) -> tuple[Operation, ...] | None:  # noqa: ARG002
        """Set the old values."""
        known = before.tables.get(self.name)
        if known is None:
            return None
        stated = ((key, _option(known, key)) for key, _ in self.options)
        old = ((k, _inherited(before, self.name, k) if v is None else v) for k, v in stated)
        return (SetOptions(self.name, tuple(old)),)

    def step(self, before: Catalog, scope: Scope) -> Step:  # noqa: ARG002
        """Set them by one ALTER TABLE."""
        options = ", ".join(f"{_SQL_NAME.get(k, k)}={sql_value(k, v)}" for k, v in self.options)
        return JobStep("set options", str(self.name), f"ALTER TABLE {scope.path(self.name)}\n  SET OPTIONS ({options})")

    def impact(self, before: Catalog) -> Impact:
        """Say which options change; rows that expire sooner than before count as lost."""
        notes = tuple(_NOTES[k] for k, v in self.options if k in _NOTES and v)
        loses = any(_expires_sooner(before.tables.get(self.name), key, value) for key, value in self.options)
        summary = f"set {', '.join(k for k, _ in self.options)}"
        return Impact("in_place", str(self.name), summary, data_loss=loses, notes=notes)


@dataclass(frozen=True)
class SetLabels(Primitive):
    """Set labels, or take them away, leaving the others."""

    key: ClassVar[str] = "set_labels"
    name: TableName
    labels: tuple[tuple[str, str | None], ...]

    def apply(self, before: Catalog) -> Catalog:
        """Change the labels."""
        known = lookup.table(before, self.name)
        if known is None:
            return before
        merged = {**dict(known.labels), **dict(self.labels)}
        kept = labels_of({k: v for k, v in merged.items() if v is not None})
        return before.with_table(self.name, replace(known, labels=kept))

    def inverse(self, before: Catalog, mark: Mark) -> tuple[Operation, ...] | None:  # noqa: ARG002
        """Set the old values."""
        known = before.tables.get(self.name)
        if known is None:
            return None
        old = dict(known.labels)
        return (SetLabels(self.name, tuple((key, old.get(key)) for key, _ in self.labels)),)

    def step(self, before: Catalog, scope: Scope) -> Step:  # noqa: ARG002
        """Merge them by a patch."""
        fields = {"labels": dict(self.labels)}
        return PatchStep("set labels", str(self.name), scope.reference(self.name), fields)

    def impact(self, before: Catalog) -> Impact:  # noqa: ARG002
        """Say which labels change."""
        return Impact("in_place", str(self.name), f"set labels {', '.join(k for k, _ in self.labels)}")


@dataclass(frozen=True)
class SetClustering(Primitive):
    """Cluster a table by other columns, or, with none, no longer."""

    key: ClassVar[str] = "set_clustering"
    name: TableName
    columns: tuple[str, ...]

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Build it from its keys."""
        return cls(
            fields.required("table", reading.table_name),
            fields.required("columns", list_of(reading.column_name)),
        )

    def data(self) -> dict[str, Any]:
        """Write it as a file would."""
        return {"table": str(self.name), "columns": list(self.columns)}

    def apply(self, before: Catalog) -> Catalog:
        """Change the clustering."""
        known = lookup.table(before, self.name)
        if known is None:
            return before
        reading.refuse(schema_rules.clustering_problem(known.columns, self.columns))
        return before.with_table(self.name, replace(known, clustering=self.columns))

    def inverse(self, before: Catalog, mark: Mark) -> tuple[Operation, ...] | None:  # noqa: ARG002
        """Cluster as before."""
        known = before.tables.get(self.name)
        return None if known is None else (SetClustering(self.name, known.clustering),)

    def step(self, before: Catalog, scope: Scope) -> Step:  # noqa: ARG002
        """Change it by a patch: there is no DDL for it."""
        fields = {"clustering": {"fields": list(self.columns)} if self.columns else None}
        return PatchStep("set clustering", str(self.name), scope.reference(self.name), fields)

    def impact(self, before: Catalog) -> Impact:  # noqa: ARG002
        """Say by what the table is clustered from now on."""
        summary = f"cluster by {', '.join(self.columns)}" if self.columns else "stop clustering"
        return Impact("in_place", str(self.name), summary, notes=("rows already there stay as they lie",))


def _instant(node: Node) -> int:
    written = text(node)
    try:
        at = datetime.fromisoformat(written)
    except ValueError as error:
        raise Problem(f"not a time: {written!r}", node, "write it like 2027-01-31T00:00:00Z") from error
    if at.tzinfo is None:
        raise Problem(f"{written!r} has no time zone", node, "write it like 2027-01-31T00:00:00Z")
    try:
        return (at.astimezone(UTC) - _EPOCH) // timedelta(milliseconds=1)
    except OverflowError as error:  # the first or the last day of the calendar, moved to UTC
        raise Problem(f"{written!r} is out of range", node, "write it like 2027-01-31T00:00:00Z") from error


def _instant_text(milliseconds: Any) -> str:
    at = _EPOCH + timedelta(milliseconds=milliseconds)
    return at.isoformat(timespec="milliseconds" if milliseconds % 1000 else "seconds").replace("+00:00", "Z")


_SHOWN = {"expires_at": _instant_text, "partition_expiration_days": reading.as_days}
_SQL_NAME = {"expires_at": "expiration_timestamp"}
_NOTES = {
    "expires_at": "the table and its rows go at that time",
    "partition_expiration_days": "partitions that are older already go at once",
    "require_partition_filter": "queries without a partition filter fail from now on, also through views",
}


def sql_value(key: str, value: Any) -> str:
    """Write the value of an option as SQL."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if key == "expires_at":
        return f"TIMESTAMP {literal(_instant_text(value))}"
    if key == "partition_expiration_days":
        return str(reading.as_days(int(value)))
    return literal(str(value))


def _expires_sooner(table: Table | None, key: str, value: Any) -> bool:
    if key not in {"expires_at", "partition_expiration_days"} or value is None:
        return False
    before = _option(table, key) if table else None
    return before is None or value < before


def _option(table: Table, key: str) -> Any:
    if key == "partition_expiration_days":
        return table.partitioning.expiration_ms if table.partitioning else None
    return getattr(table, OPTIONS[key])


def _inherited(catalog: Catalog, name: TableName, key: str) -> Any:
    """Return what a table that states nothing has from its dataset; to clear the option would take that away too."""
    dataset = catalog.datasets.get(name.dataset)
    return dataset.default_partition_expiration_ms if dataset and key == "partition_expiration_days" else None


def _with_option(table: Table, key: str, value: Any) -> Table:
    if key != "partition_expiration_days":
        changes: dict[str, Any] = {OPTIONS[key]: value}
        return replace(table, **changes)
    spec = table.partitioning
    if spec is None or spec.type == "RANGE":
        raise CatalogError("partition_expiration_days is only for tables partitioned by time")
    return replace(table, partitioning=replace(spec, expiration_ms=value))
