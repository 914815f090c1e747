"""create_table, drop_table, rename_table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from bqmigrate.model import schema_rules
from bqmigrate.model.catalog import Catalog, Table
from bqmigrate.model.document import Fields, any_text, flag, list_of, text
from bqmigrate.model.names import TableName, literal, quote
from bqmigrate.operations import lookup, reading
from bqmigrate.operations.base import Impact, Operation, Primitive
from bqmigrate.operations.steps import CreateStep, JobStep, Mark, Removal, Scope, Step


@dataclass(frozen=True)
class CreateTable(Primitive):
    """Create a table with its columns, partitioning, clustering and options."""

    key: ClassVar[str] = "create_table"
    name: TableName
    table: Table

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Build it from its keys."""
        return cls(
            fields.required("table", reading.table_name),
            Table(
                columns=fields.required("schema", reading.schema),
                description=fields.optional("description", any_text),
                friendly_name=fields.optional("friendly_name", text),
                labels=fields.optional("labels", reading.labels) or (),
                partitioning=fields.optional("partitioning", reading.partitioning),
                clustering=fields.optional("clustering", list_of(reading.column_name)) or (),
                require_partition_filter=fields.optional("require_partition_filter", flag) or False,
            ),
        )

    def data(self) -> dict[str, Any]:
        """Write it as a file would."""
        made = self.table
        return {"table": str(self.name)} | reading.given(
            description=made.description,
            friendly_name=made.friendly_name,
            schema=[reading.column_data(c) for c in made.columns],
            partitioning=reading.partitioning_data(made.partitioning) if made.partitioning else None,
            clustering=list(made.clustering),
            labels=dict(made.labels),
            require_partition_filter=made.require_partition_filter,
        )

    def apply(self, before: Catalog) -> Catalog:
        """Add the table."""
        lookup.free(before, self.name)
        reading.refuse(schema_rules.table_problem(self.table))
        return before.with_table(self.name, self.table)

    def inverse(self, before: Catalog, mark: Mark) -> tuple[Operation, ...]:  # noqa: ARG002
        """Drop it."""
        return (DropTable(self.name),)

    def step(self, before: Catalog, scope: Scope) -> Step:  # noqa: ARG002
        """Create it by tables.insert."""
        reference = scope.reference(self.name)
        ids = {"projectId": reference.project, "datasetId": reference.dataset, "tableId": reference.table}
        body = {"tableReference": ids, **self.table.to_rest()}
        return CreateStep("create table", str(self.name), "table", reference, body)

    def impact(self, before: Catalog) -> Impact:  # noqa: ARG002
        """Say that a table appears."""
        count = len(self.table.columns)
        return Impact("create", str(self.name), f"table {self.name} ({count} column{'s' if count > 1 else ''})")


@dataclass(frozen=True)
class DropTable(Primitive):
    """Drop a table; one with rows or a streaming buffer only where losing data is allowed."""

    key: ClassVar[str] = "drop_table"
    name: TableName

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Build it from its keys."""
        return cls(fields.required("table", reading.table_name))

    def data(self) -> dict[str, Any]:
        """Write it as a file would."""
        return {"table": str(self.name)}

    def apply(self, before: Catalog) -> Catalog:
        """Take the table away."""
        lookup.table(before, self.name)
        return before.without_table(self.name)

    def inverse(self, before: Catalog, mark: Mark) -> tuple[Operation, ...] | None:  # noqa: ARG002
        """Create it again as it was, without its rows."""
        known = before.tables.get(self.name)
        return None if known is None else (CreateTable(self.name, known),)

    def step(self, before: Catalog, scope: Scope) -> Step:
        """Drop it in one job that first asserts that it is empty."""
        path = scope.path(self.name)
        known = before.tables.get(self.name)
        message = literal(f"{self.name} has rows: nothing was dropped")
        guard = f"ASSERT (SELECT COUNT(*) = 0 FROM {path}{every_row(known)}) AS {message};\n"
        drop = f"DROP TABLE {path};"
        return JobStep(
            "drop table",
            str(self.name),
            guard + drop,
            removes=Removal("table", scope.reference(self.name)),
            unguarded_sql=drop,
        )

    def impact(self, before: Catalog) -> Impact:  # noqa: ARG002
        """Say that a table goes."""
        note = "refused while it has rows, unless --allow-data-loss"
        return Impact("drop", str(self.name), f"table {self.name}", notes=(note,))


@dataclass(frozen=True)
class RenameTable(Primitive):
    """Give a table another name in the same dataset."""

    key: ClassVar[str] = "rename_table"
    name: TableName
    to: str

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Build it from its keys."""
        return cls(fields.required("table", reading.table_name), fields.required("to", reading.bare_table_name))

    def data(self) -> dict[str, Any]:
        """Write it as a file would."""
        return {"table": str(self.name), "to": self.to}

    @property
    def new_name(self) -> TableName:
        """Return the full name afterwards."""
        return TableName(self.name.dataset, self.to)

    def apply(self, before: Catalog) -> Catalog:
        """Move the table."""
        known = lookup.table(before, self.name)
        lookup.free(before, self.new_name)
        if known is None:
            return before
        reading.refuse(schema_rules.rename_table(known))
        return before.without_table(self.name).with_table(self.new_name, known)

    def inverse(self, before: Catalog, mark: Mark) -> tuple[Operation, ...]:  # noqa: ARG002
        """Rename it back."""
        return (RenameTable(self.new_name, self.name.table),)

    def step(self, before: Catalog, scope: Scope) -> Step:
        """Rename it by ALTER TABLE RENAME TO."""
        sql = f"ALTER TABLE {scope.path(self.name)} RENAME TO {quote(self.to)}"
        known = before.tables.get(self.name)
        labels = dict(known.labels) if known else {}
        return JobStep("rename table", str(self.name), sql, of=scope.reference(self.new_name), keeps_labels=labels)

    def impact(self, before: Catalog) -> Impact:  # noqa: ARG002
        """Say what moves where."""
        notes = ("search and vector indexes are dropped by BigQuery", "blocked while the table is streamed to")
        return Impact("in_place", str(self.name), f"rename to {self.new_name}", notes=notes)


def every_row(table: Table | None) -> str:
    """Return a WHERE that keeps all rows, where the table demands a partition filter; else nothing."""
    spec = table.partitioning if table and table.require_partition_filter else None
    if spec is None:
        return ""
    column = quote(spec.field or "_PARTITIONTIME")
    return f" WHERE {column} IS NULL OR {column} IS NOT NULL"
