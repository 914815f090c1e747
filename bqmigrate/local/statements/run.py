"""What a statement runs in, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import duckdb

from bqmigrate.local.catalog.partitions import PARTITION_DATE, PARTITION_TIME
from bqmigrate.local.catalog.records import Key, RoutineRecord, TableRecord, VersionRecord
from bqmigrate.local.catalog.store import Reader, Transaction
from bqmigrate.local.catalog.streamed import Spans, waiting, within
from bqmigrate.local.catalog.versions import rows_as_of, table_as_of
from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql.bound import Function, Pseudo, Scope, TableId, TableInfo, Variable
from bqmigrate.local.sql.errors import runtime_error
from bqmigrate.local.sql.nodes import Path, Sql
from bqmigrate.local.sql.types import quoted
from bqmigrate.local.statements.functions import function_of
from bqmigrate.local.statements.information.views import information, is_information
from bqmigrate.local.statements.readable import filtered, policies_of
from bqmigrate.local.switches import Switches
from bqmigrate.model.columns import Column


@dataclass(frozen=True)
class Outcome:
    """What a statement did: the numbers that go into its job's statistics, and where its rows are."""

    kind: str
    operation: str | None = None
    target: tuple[str, ...] | None = None
    destination: TableId | None = None
    inserted: int | None = None
    updated: int | None = None
    deleted: int | None = None
    columns: tuple[Column, ...] | None = None
    result: Key | None = None
    referenced: tuple[TableId, ...] = ()
    processed: int = 0

    @property
    def affected(self) -> int | None:
        """Return the number of changed rows; None for what is no DML."""
        counts = [n for n in (self.inserted, self.updated, self.deleted) if n is not None]
        return sum(counts) if counts else None


@dataclass(frozen=True)
class CatalogTables:
    """The catalog as the SQL room sees it: paths resolved in a project and a default dataset.

    `extra` are names that only one statement knows, `before` tables as they were before it.
    """

    reader: Reader
    project: str
    location: str
    default: tuple[str, str] | None = None
    extra: Mapping[Path, TableInfo] = field(default_factory=dict)
    before: Mapping[TableId, TableInfo] = field(default_factory=dict)
    user: str = ""
    switches: Switches = field(default_factory=Switches)

    def resolve(self, path: Path) -> TableId:
        """Return the full name of a path of one to three parts."""
        if len(path) == 1 and self.default is None:
            name = path[0]
            raise WarehouseError("invalid", f'Table "{name}" must be qualified with a dataset (e.g. dataset.table).')
        head = (self.default or ()) if len(path) == 1 else (self.project,) if len(path) == 2 else ()  # noqa: PLR2004
        full = (*head, *path)
        if len(full) != 3:  # noqa: PLR2004  project, dataset, table
            raise WarehouseError("invalid", f'Invalid table name "{".".join(path)}"')
        return TableId(*full)

    def table(self, path: Path) -> TableInfo:
        """Return what a path names; 404 when there is nothing."""
        if path in self.extra:
            return self.extra[path]
        if is_information(path):
            return information(self.reader, path, self.project, self.default, self.location)
        name = self.resolve(path)
        if name in self.before:
            return self.before[name]
        record = self.need(name)
        self._check_bases(record)
        return filtered(
            unplaced(table_info(record), waiting(self.reader, record)),
            policies_of(self.reader, record),
            Scope(self.reader.now, self.user),
        )

    def _check_bases(self, record: TableRecord) -> None:
        """Refuse to read a materialized view whose base was dropped, be it made again since."""
        for project, dataset, table, *was in record.definition.get("bases", ()):
            what = self._happened(self.reader.table(project, dataset, table), *was)
            if what is not None:
                message = f"Materialized view {record.shown} must be recreated: its base table {table} was {what}"
                raise WarehouseError("invalidQuery", message)

    def _happened(
        self, base: TableRecord | None, created_ms: int, overwritten_ms: int, schema: Mapping[str, Any]
    ) -> str | None:
        """Return what became of a materialized view's base that the view does not outlive."""
        if base is None or base.created_ms != created_ms:
            return "deleted" if base is None else "recreated"
        if self.switches.copy_breaks_views and base.overwritten_ms != overwritten_ms:
            return "overwritten"
        return "changed" if self.switches.base_change_breaks_views and base.resource["schema"] != schema else None

    def table_as_of(self, path: Path, moment: str) -> TableInfo:
        """Return a table as it was at a moment, which DuckDB works out."""
        found = self.version(self.resolve(path), self.moment(moment))
        info = replace(table_info(found.table), physical=f"({rows_as_of(found)})", kind="SNAPSHOT")
        return filtered(info, policies_of(self.reader, self.need(info.id)), Scope(self.reader.now, self.user))

    def moment(self, sql: str) -> int:
        """Return the milliseconds since 1970 of a TIMESTAMP in DuckDB's text."""
        try:
            found = self.reader.connection.execute(f"SELECT epoch_ms({sql})").fetchone()
        except duckdb.Error as error:
            raise runtime_error(error) from error
        if found is None or found[0] is None:
            raise WarehouseError("invalidQuery", "FOR SYSTEM_TIME AS OF expression must not be NULL")
        return int(found[0])

    def version(self, name: TableId, at_ms: int) -> VersionRecord:
        """Return a table that exists as it was at a time; a dropped one must be restored first."""
        need_type(self.need(name), "TABLE", "SNAPSHOT")
        return table_as_of(self.reader, *name, at_ms)

    def need(self, name: TableId) -> TableRecord:
        """Return a table or view; 404 in the words of query jobs."""
        found = self.reader.table(*name)
        if found is not None:
            return found
        shown = f"Table {name.project}:{name.dataset}.{name.table}"
        if self.reader.dataset(name.project, name.dataset) is None:
            shown = f"Dataset {name.project}:{name.dataset}"
        raise WarehouseError("notFound", f"Not found: {shown} was not found in location {self.location}")


def table_info(record: TableRecord) -> TableInfo:
    """Return a table as the SQL room wants it."""
    name = TableId(record.project, record.dataset, record.table)
    for kind in ("view", "materializedView"):
        if kind in record.resource:
            return TableInfo(name, "", record.columns, "VIEW", str(record.resource[kind]["query"]))
    spec = record.model.partitioning
    pseudo = pseudo_columns(record)
    pinned = record.resource.get("requirePartitionFilter") and spec is not None
    by = (spec.field,) if spec is not None and spec.field is not None else tuple(p.name for p in pseudo)
    return TableInfo(
        name,
        record.rows_in,
        record.columns,
        "SNAPSHOT" if record.type == "SNAPSHOT" else "TABLE",
        partition_filter=by if pinned else (),
        partitioning=spec,
        hidden=record.hidden,
        pseudo=pseudo,
        stored=True,
    )


def unplaced(info: TableInfo, spans: Spans) -> TableInfo:
    """Return a table as queries read it: rows that wait in the streaming buffer have no partition time yet."""
    if not spans or not info.hidden:
        return info
    name = quoted(PARTITION_TIME)
    kept = f"CASE WHEN {' OR '.join(map(within, spans))} THEN NULL ELSE {name} END AS {name}"
    return replace(info, physical=f"(SELECT * REPLACE ({kept}) FROM {info.physical})")


def pseudo_columns(record: TableRecord) -> tuple[Pseudo, ...]:
    """Return what is read of a table only by its name: the partition time, and of daily partitions the date."""
    spec = record.model.partitioning
    if not record.hidden or spec is None:
        return ()
    time = f"{{}}.{quoted(PARTITION_TIME)}"
    found = Pseudo(PARTITION_TIME, Column(PARTITION_TIME, "TIMESTAMP"), time)
    if spec.type != "DAY":
        return (found,)
    date = f"CAST(CAST({time} AS TIMESTAMP) AS DATE)"
    return (found, Pseudo(PARTITION_DATE, Column(PARTITION_DATE, "DATE"), date))


@dataclass(frozen=True)
class Run:
    """One statement's surroundings: its transaction, its project, its parameters."""

    tx: Transaction
    project: str
    location: str
    switches: Switches
    user: str
    default: tuple[str, str] | None = None
    parameters: Sequence[Mapping[str, Any]] = ()
    variables: Mapping[str, Variable] = field(default_factory=dict)
    functions: Mapping[str, Function] = field(default_factory=dict)
    destination: Mapping[str, Any] | None = None
    job: str = ""
    dry: bool = False

    @property
    def tables(self) -> CatalogTables:
        """Return the catalog for binding."""
        return CatalogTables(self.tx, self.project, self.location, self.default, user=self.user, switches=self.switches)

    @property
    def scope(self) -> Scope:
        """Return what expressions may refer to."""
        return Scope(
            self.tx.now,
            self.user,
            self.parameters,
            self.variables,
            functions=self._function,
            is_table_function=self._is_table_function,
        )

    def _function(self, path: Path) -> Function | None:
        """Return the function at a path: a temporary one of the script, else one of a dataset."""
        if len(path) == 1 and path[0].lower() in self.functions:
            return self.functions[path[0].lower()]
        found = self._routine(path)
        if found is None or found.resource["routineType"] != "SCALAR_FUNCTION":
            return None
        return function_of(".".join(path), found.resource)

    def _is_table_function(self, path: Path) -> bool:
        found = self._routine(path)
        return found is not None and found.resource["routineType"] == "TABLE_VALUED_FUNCTION"

    def _routine(self, path: Path) -> RoutineRecord | None:
        if len(path) == 1 and self.default is None:
            return None
        return self.tx.routine(*self.table_id(path))

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        """Run DuckDB SQL that came out of binding; its errors leave in BigQuery's words."""
        try:
            return self.tx.connection.execute(sql).fetchall()
        except duckdb.Error as error:
            raise runtime_error(error) from error

    def table_id(self, path: Path) -> TableId:
        """Return the full name of a path."""
        return self.tables.resolve(path)

    def dataset_id(self, path: Path) -> tuple[str, str]:
        """Return the full name of a dataset's path."""
        if len(path) > 2:  # noqa: PLR2004  project and dataset
            raise WarehouseError("invalid", f'Invalid dataset name "{".".join(path)}"')
        return (path[0], path[1]) if len(path) > 1 else (self.project, path[0])

    def need(self, name: TableId) -> TableRecord:
        """Return a table or view a statement names; 404 in the words of query jobs."""
        return self.tables.need(name)


def need_type(record: TableRecord, *wanted: str) -> None:
    """Refuse a statement for tables on a view, or the other way round."""
    if record.type not in wanted:
        message = f"{record.shown} is not allowed for this operation because it is currently a {record.type}."
        raise WarehouseError("invalidQuery", message)


def nullable(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Return a result's columns as a table takes them: NOT NULL does not flow through a SELECT."""
    return tuple(c if c.mode == "REPEATED" else replace(c, mode="NULLABLE") for c in columns)


def as_sql(text: str, of: Sql) -> Sql:
    """Put text before a slice without moving the slice: errors inside it keep their line and column."""
    line, column = of.position
    padding = " " * (column - 1)
    return Sql(f"{text}\n{padding}{of.text}", type(of.position)(line - 1, 1))
