"""The way back from relax and widen: BigQuery has none in place, so the table is written anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from bqmigrate.model.catalog import Catalog, CatalogError, Partitioning, Table
from bqmigrate.model.columns import SQL_NAMES, Column, replace_path
from bqmigrate.model.names import TableName, literal, quote
from bqmigrate.operations import ddl, lookup
from bqmigrate.operations.alter import RelaxColumn, WidenColumn
from bqmigrate.operations.base import Impact, Operation, Primitive
from bqmigrate.operations.options import sql_value
from bqmigrate.operations.reading import as_days
from bqmigrate.operations.steps import Check, JobStep, Mark, Scope, Step
from bqmigrate.operations.tables import every_row

GRANULARITY = {"TIMESTAMP": "TIMESTAMP_TRUNC", "DATETIME": "DATETIME_TRUNC", "DATE": "DATE_TRUNC"}

# Digits before the point that a NUMERIC may have.
NUMERIC_DIGITS = 29
# What an element of an array is called in a statement.
ELEMENT = "element"


@dataclass(frozen=True)
class RebuildColumn(Primitive):
    """Make a column narrower or REQUIRED again: one job that asserts that every value fits, then replaces.

    Rows appended while the job runs would be lost, hence it needs --allow-data-loss.
    """

    key: ClassVar[str] = "rebuild_column"
    name: TableName
    target: Column

    def apply(self, before: Catalog) -> Catalog:
        """Exchange type and mode."""
        known = self._known(before)
        column = known.column(self.target.name)
        if column is None:
            raise CatalogError(f"column not found: {self.name}.{self.target.name}")
        changed = replace(self.target, description=column.description, default=column.default)
        return before.with_table(self.name, replace(known, columns=replace_path(known.columns, changed.name, changed)))

    def inverse(self, before: Catalog, mark: Mark) -> tuple[Operation, ...] | None:  # noqa: ARG002
        """Relax or widen again."""
        old = self._known(before).column(self.target.name)
        if old is None:
            return None
        if old.mode != self.target.mode:
            return (RelaxColumn(self.name, old.name),)
        return (WidenColumn(self.name, old),)

    def step(self, before: Catalog, scope: Scope) -> Step:
        """Write the table anew, in place, in one guarded job."""
        known = self._known(before)
        after = self.apply(before).tables[self.name]
        path = scope.path(self.name)
        rows = f"{path}{every_row(known)}"
        check = self._check(known, rows)
        select = ", ".join(self._value(c, known) for c in after.columns)
        sql = f"{check.sql}CREATE OR REPLACE TABLE {path}\n{definition(after)}\nAS SELECT {select} FROM {rows};"
        return JobStep(
            "rebuild for column",
            f"{self.name}.{self.target.name}",
            sql,
            loses_data=True,
            check=check,
            rewrites=tuple(c.name for c in after.columns),
            of=scope.reference(self.name),
        )

    def impact(self, before: Catalog) -> Impact:  # noqa: ARG002
        """Say that the whole table is written anew."""
        shown = f"{self.target.sql_type()}{' REQUIRED' if self.target.mode == 'REQUIRED' else ''}"
        notes = ("scans and rewrites the whole table", "rows that arrive while it runs are lost: stop writers first")
        summary = f"rebuild to make column {self.target.name} {shown} again"
        return Impact("rebuild", str(self.name), summary, data_loss=True, notes=notes)

    def _known(self, before: Catalog) -> Table:
        known = lookup.table(before, self.name)
        if known is None:
            raise CatalogError(f"{self.name} cannot be rebuilt: its columns are not known from the migrations")
        if known.partitioning and known.partitioning.field is None and known.partitioning.type != "RANGE":
            raise CatalogError(f"{self.name} cannot be rebuilt: it is partitioned by ingestion time")
        return known

    def _check(self, known: Table, rows: str) -> Check:
        old, column = known.column(self.target.name), quote(self.target.name)
        if old is None:
            raise CatalogError(f"column not found: {self.name}.{self.target.name}")
        where = "AND" if " WHERE " in rows else "WHERE"
        opened = rows.replace(" WHERE ", " WHERE (") + ")" if " WHERE " in rows else rows
        checks = []
        if self.target.mode == "REQUIRED" and old.mode != "REQUIRED":
            checks.append((f"{column} IS NULL", f"column {old.name} holds NULLs"))
        if not old.same_type(replace(self.target, mode=old.mode)):
            checks.append((self._misfit(old), f"column {old.name} holds values that {self.target.sql_type()} cannot"))
        messages = tuple(f"{self.name}: {why}" for _, why in checks)
        asserts = [
            f"ASSERT NOT EXISTS (SELECT 1 FROM {opened} {where} {test}) AS {literal(message)};\n"
            for (test, _), message in zip(checks, messages, strict=True)
        ]
        return Check("".join(asserts), messages)

    def _misfit(self, old: Column) -> str:
        """Return the condition of a value that the narrower type would change."""
        if old.mode == "REPEATED":
            return f"EXISTS (SELECT 1 FROM UNNEST({quote(old.name)}) AS {ELEMENT} WHERE {self._unfit(old, ELEMENT)})"
        return self._unfit(old, quote(old.name))

    def _unfit(self, old: Column, column: str) -> str:
        target = self.target
        if old.type in {"STRING", "BYTES"}:
            return f"LENGTH({column}) > {target.max_length}"
        checks = []
        if old.type != target.type:
            there, back = _plain(target), _plain(old)
            changed = f"CAST(SAFE_CAST({column} AS {there}) AS {back})"
            checks.append(f"({column} IS NOT NULL AND ({changed} IS NULL OR {changed} != {column}))")
        if target.precision is not None:
            scale = target.scale or 0
            checks.append(f"ROUND({column}, {scale}) != {column}")
            checks += self._too_large(old, column, target.precision - scale)
        return f"({' OR '.join(checks)})"

    def _too_large(self, old: Column, column: str, digits: int) -> list[str]:
        """Return the condition of a number with more digits before the point; none where no value has as many."""
        kind = "NUMERIC"
        if digits >= NUMERIC_DIGITS:
            if old.type != "BIGNUMERIC":
                return []
            kind = "BIGNUMERIC"
        return [f"ABS({column}) >= {kind} '1{'0' * digits}'"]

    def _value(self, column: Column, known: Table) -> str:
        name = quote(column.name)
        old = known.column(column.name)
        # Parameters such as (10, 2) are enforced by the column's definition.
        if old is None or old.type == column.type:
            return name
        if column.mode != "REPEATED":
            return f"CAST({name} AS {_plain(column)}) AS {name}"
        cast = f"SELECT CAST({ELEMENT} AS {_plain(column)}) FROM UNNEST({name}) AS {ELEMENT}"
        return f"ARRAY({cast} WITH OFFSET AS place ORDER BY place) AS {name}"


def _plain(column: Column) -> str:
    return SQL_NAMES.get(column.type, column.type)


def definition(table: Table) -> str:
    """Write a table's columns, partitioning, clustering and options for CREATE TABLE."""
    parts = ["(\n" + ",\n".join(f"  {ddl.column(c)}" for c in table.columns) + "\n)"]
    if table.partitioning:
        parts.append(f"PARTITION BY {_partition(table, table.partitioning)}")
    if table.clustering:
        parts.append(f"CLUSTER BY {', '.join(quote(c) for c in table.clustering)}")
    if options := _options(table):
        parts.append(f"OPTIONS ({', '.join(options)})")
    return "\n".join(parts)


def _partition(table: Table, spec: Partitioning) -> str:
    column = quote(spec.field or "")
    if spec.type == "RANGE":
        return f"RANGE_BUCKET({column}, GENERATE_ARRAY({spec.start}, {spec.end}, {spec.interval}))"
    kind = next((c.type for c in table.columns if c.name.lower() == (spec.field or "").lower()), "DATE")
    if kind == "DATE" and spec.type == "DAY":
        return column
    return f"{GRANULARITY[kind]}({column}, {spec.type})"


def _options(table: Table) -> list[str]:
    out = []
    if table.description is not None:
        out.append(f"description={literal(table.description)}")
    if table.friendly_name is not None:
        out.append(f"friendly_name={literal(table.friendly_name)}")
    if table.labels:
        pairs = ", ".join(f"({literal(k)}, {literal(v)})" for k, v in table.labels)
        out.append(f"labels=[{pairs}]")
    if table.expiration_ms is not None:
        out.append(f"expiration_timestamp={sql_value('expires_at', table.expiration_ms)}")
    if table.partitioning and table.partitioning.expiration_ms is not None:
        out.append(f"partition_expiration_days={as_days(table.partitioning.expiration_ms)}")
    if table.require_partition_filter:
        out.append("require_partition_filter=true")
    return out
