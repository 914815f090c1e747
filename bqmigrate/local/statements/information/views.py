"""The list of views, and how a path such as `d.INFORMATION_SCHEMA.TABLES` finds one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bqmigrate.local.catalog.datasets import require_dataset
from bqmigrate.local.catalog.records import DatasetRecord, RoutineRecord, TableRecord
from bqmigrate.local.catalog.store import Reader
from bqmigrate.local.errors import WarehouseError, unsupported
from bqmigrate.local.sql.bound import TableId, TableInfo
from bqmigrate.local.sql.nodes import Path
from bqmigrate.local.statements.information import columns, constraints, datasets, tables
from bqmigrate.local.statements.information.relation import Row, Shape, relation

SCHEMA = "INFORMATION_SCHEMA"
OF_TABLES: Mapping[str, tuple[Shape, Callable[[Reader, Sequence[TableRecord]], Iterable[Row]]]] = {
    "TABLES": (tables.TABLES, tables.tables),
    "TABLE_OPTIONS": (tables.TABLE_OPTIONS, tables.table_options),
    "VIEWS": (tables.VIEWS, tables.views),
    "PARTITIONS": (tables.PARTITIONS, tables.partitions),
    "COLUMNS": (columns.COLUMNS, columns.columns),
    "COLUMN_FIELD_PATHS": (columns.COLUMN_FIELD_PATHS, columns.field_paths),
    "TABLE_CONSTRAINTS": (constraints.TABLE_CONSTRAINTS, constraints.table_constraints),
    "KEY_COLUMN_USAGE": (constraints.KEY_COLUMN_USAGE, constraints.key_column_usage),
    "CONSTRAINT_COLUMN_USAGE": (constraints.CONSTRAINT_COLUMN_USAGE, constraints.constraint_column_usage),
}
OF_ROUTINES: Mapping[str, tuple[Shape, Callable[[Sequence[RoutineRecord]], Iterable[Row]]]] = {
    "ROUTINES": (datasets.ROUTINES, datasets.routines),
}
OF_DATASETS: Mapping[str, tuple[Shape, Callable[[Sequence[DatasetRecord]], Iterable[Row]]]] = {
    "SCHEMATA": (datasets.SCHEMATA, datasets.schemata),
    "SCHEMATA_OPTIONS": (datasets.SCHEMATA_OPTIONS, datasets.schemata_options),
}
# There is none of a whole region.
OF_ONE_DATASET = frozenset({"PARTITIONS", "TABLE_CONSTRAINTS", "KEY_COLUMN_USAGE", "CONSTRAINT_COLUMN_USAGE"})
# BigQuery has them; what they tell, this warehouse does not keep.
UNTAUGHT = ("JOBS", "TABLE_STORAGE", "SESSIONS", "STREAMING", "PARAMETERS", "SEARCH_INDEX", "VECTOR_INDEX", "OBJECT",
            "RESERVATION", "ASSIGNMENT", "CAPACITY", "BI_", "WRITE_API", "SHARED_DATASET", "RECOMMENDATIONS",
            "INSIGHTS", "LOCATIONS", "PROJECT_OPTIONS", "ORGANIZATION", "EFFECTIVE", "TABLE_SNAPSHOTS",
            "MATERIALIZED_VIEWS", "ROUTINE_OPTIONS", "SCHEMATA_")  # fmt: skip


def is_information(path: Path) -> bool:
    """Tell whether a path goes through INFORMATION_SCHEMA, whose name and whose views' names have a case."""
    return SCHEMA in path


def reads_information(tables: Iterable[TableId]) -> bool:
    """Tell whether one of some tables is a view of INFORMATION_SCHEMA."""
    return any(table.table.startswith(f"{SCHEMA}.") for table in tables)


def information(reader: Reader, path: Path, project: str, default: tuple[str, str] | None, location: str) -> TableInfo:
    """Return a view of INFORMATION_SCHEMA as a relation of the catalog as it is now."""
    at = path.index(SCHEMA)
    name = path[-1]
    if at != len(path) - 2:
        raise WarehouseError("invalid", f'Invalid table name "{".".join(path)}"')
    # The default dataset is for views of what is in a dataset.
    scope = _scope(reader, path[:at], project, None if name in OF_DATASETS else default, location)
    identity = TableId(scope.project, scope.dataset or scope.region, f"{SCHEMA}.{name}")
    if name in OF_DATASETS:
        shape, rows_of_datasets = OF_DATASETS[name]
        return relation(identity, shape, list(rows_of_datasets(scope.datasets)))
    if name in OF_ROUTINES:
        shape, rows_of_routines = OF_ROUTINES[name]
        found = [r for d in scope.datasets for r in reader.routines(d.project, d.dataset)]
        return relation(identity, shape, list(rows_of_routines(found)))
    if name in OF_TABLES and (scope.dataset or name not in OF_ONE_DATASET):
        shape, rows_of_tables = OF_TABLES[name]
        records = [t for d in scope.datasets for t in reader.tables(d.project, d.dataset)]
        return relation(identity, shape, list(rows_of_tables(reader, records)))
    if name.startswith(UNTAUGHT):
        raise unsupported(f"{SCHEMA}.{name}")
    raise WarehouseError("notFound", f"Not found: Table {'.'.join(path)} was not found in location {location}")


@dataclass(frozen=True)
class _Scope:
    """What a view shows: one dataset, or all of a region."""

    project: str
    dataset: str
    region: str
    datasets: Sequence[DatasetRecord]


def _scope(reader: Reader, before: Path, project: str, default: tuple[str, str] | None, location: str) -> _Scope:
    parts = list(before)
    region = location
    if parts and parts[-1].lower().startswith("region-"):
        region = parts.pop()[len("region-") :]
    elif parts:
        owner = parts[0] if len(parts) > 1 else project
        return _Scope(owner, parts[-1], region, [require_dataset(reader, owner, parts[-1])])
    elif default is not None:
        return _Scope(*default, region, [require_dataset(reader, *default)])
    owner = parts[0] if parts else project
    here = [d for d in reader.datasets(owner) if d.location.lower() == region.lower()]
    return _Scope(owner, "", region, [d for d in here if not d.dataset.startswith("_")])
