"""The DDL that would make an object again: column `ddl` of INFORMATION_SCHEMA.TABLES and others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bqmigrate.local.catalog.records import DatasetRecord, RoutineRecord, TableRecord
from bqmigrate.model.catalog import Partitioning
from bqmigrate.model.columns import SQL_NAMES, Column, find
from bqmigrate.model.names import quote

DAY_MS = 86_400_000
Option = tuple[str, str, str]


def text(value: str) -> str:
    """Write a string in double quotes, as INFORMATION_SCHEMA does."""
    out = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + out.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"'


def _pairs(value: Mapping[str, str]) -> str:
    return "[" + ", ".join(f"STRUCT({text(k)}, {text(v)})" for k, v in sorted(value.items())) + "]"


def _ddl_pairs(value: Mapping[str, str]) -> str:
    return "[" + ", ".join(f"({text(k)}, {text(v)})" for k, v in sorted(value.items())) + "]"


def _moment(value: str) -> str:
    at = datetime.fromtimestamp(int(value) / 1000, UTC)
    return f'TIMESTAMP "{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"'


def _days(value: str) -> str:
    return str(int(value) / DAY_MS)


def _flag(value: object) -> str:
    return str(value).lower()


# Path in the REST resource, name of the option, its type, how its value is written.
OPTIONS = (
    ("expirationTime", "expiration_timestamp", "TIMESTAMP", _moment),
    ("timePartitioning.expirationMs", "partition_expiration_days", "FLOAT64", _days),
    ("requirePartitionFilter", "require_partition_filter", "BOOL", _flag),
    ("friendlyName", "friendly_name", "STRING", text),
    ("description", "description", "STRING", text),
    ("labels", "labels", "ARRAY<STRUCT<STRING, STRING>>", _pairs),
    ("resourceTags", "tags", "ARRAY<STRUCT<STRING, STRING>>", _pairs),
    ("encryptionConfiguration.kmsKeyName", "kms_key_name", "STRING", text),
    ("defaultRoundingMode", "default_rounding_mode", "STRING", text),
    ("maxStaleness", "max_staleness", "INTERVAL", lambda v: f"INTERVAL {text(v)} YEAR TO SECOND"),
    ("enableChangeHistory", "enable_change_history", "BOOL", _flag),
    ("materializedView.enableRefresh", "enable_refresh", "BOOL", _flag),
    ("materializedView.refreshIntervalMs", "refresh_interval_minutes", "FLOAT64", lambda v: str(int(v) / 60_000)),
    ("defaultTableExpirationMs", "default_table_expiration_days", "FLOAT64", _days),
    ("defaultPartitionExpirationMs", "default_partition_expiration_days", "FLOAT64", _days),
    ("maxTimeTravelHours", "max_time_travel_hours", "INT64", str),
    ("storageBillingModel", "storage_billing_model", "STRING", text),
    ("isCaseInsensitive", "is_case_insensitive", "BOOL", _flag),
)


def options_of(resource: Mapping[str, Any]) -> list[Option]:
    """Return the options of a table, view or dataset: (name, type, value)."""
    return [
        (name, kind, write(v)) for path, name, kind, write in OPTIONS if (v := _at(resource, path)) not in (None, {})
    ]


def _at(resource: Mapping[str, Any], path: str) -> Any:
    head, _, rest = path.partition(".")
    found = resource.get(head)
    return _at(found or {}, rest) if rest else found


def _options(resource: Mapping[str, Any]) -> str:
    found = {name: value for name, _, value in options_of(resource)}
    for name, key in (("labels", "labels"), ("tags", "resourceTags")):
        if name in found:
            found[name] = _ddl_pairs(resource[key])
    lines = ",\n".join(f"  {name}={value}" for name, value in found.items())
    return f"\nOPTIONS(\n{lines}\n)" if lines else ""


def table_ddl(record: TableRecord) -> str:
    """Return the statement that would make a table, view or snapshot again."""
    return WRITERS[record.type](record) + ";"


def _name(record: TableRecord) -> str:
    return quote(record.project, record.dataset, record.table)


def _table(record: TableRecord) -> str:
    columns = ",\n".join((*(f"  {_column(c)}" for c in record.columns), *_keys(record.resource)))
    partitioning = Partitioning.from_rest(record.resource)
    cut = "" if partitioning is None else f"\nPARTITION BY {_partition_by(record.columns, partitioning)}"
    clustered = record.model.clustering
    by = f"\nCLUSTER BY {', '.join(clustered)}" if clustered else ""
    collate = record.resource.get("defaultCollation")
    collated = f"\nDEFAULT COLLATE {text(collate)}" if collate else ""
    return f"CREATE TABLE {_name(record)}\n(\n{columns}\n){collated}{cut}{by}{_options(record.resource)}"


def _column(column: Column) -> str:
    words = [_plain(column.name), _type(column)]
    if column.collation and column.type == "STRING":
        words.append(f"COLLATE {text(column.collation)}")
    if column.default is not None:
        words.append(f"DEFAULT {column.default}")
    if column.mode == "REQUIRED":
        words.append("NOT NULL")
    return " ".join((*words, *_column_options(column)))


def _column_options(column: Column) -> Iterator[str]:
    found = [("description", column.description), ("rounding_mode", column.rounding_mode)]
    given = ", ".join(f"{key}={text(value)}" for key, value in found if value is not None)
    if given:
        yield f"OPTIONS({given})"


def _type(column: Column) -> str:
    if column.type != "RECORD":
        return column.sql_type()
    inner = f"STRUCT<{', '.join(_column(f) for f in column.fields)}>"
    return f"ARRAY<{inner}>" if column.mode == "REPEATED" else inner


def _plain(name: str) -> str:
    return name if name.isidentifier() and name.isascii() and name.upper() not in SQL_NAMES else f"`{name}`"


def _keys(resource: Mapping[str, Any]) -> Iterator[str]:
    keys = resource.get("tableConstraints") or {}
    if "primaryKey" in keys:
        yield f"  PRIMARY KEY({', '.join(keys['primaryKey']['columns'])}) NOT ENFORCED"
    for key in keys.get("foreignKeys", ()):
        table = key["referencedTable"]
        pairs = key["columnReferences"]
        here, there = (", ".join(p[side] for p in pairs) for side in ("referencingColumn", "referencedColumn"))
        other = quote(table["projectId"], table["datasetId"], table["tableId"])
        yield f"  CONSTRAINT {_plain(key['name'])} FOREIGN KEY({here}) REFERENCES {other}({there}) NOT ENFORCED"


def _partition_by(columns: Sequence[Column], spec: Partitioning) -> str:
    if spec.type == "RANGE":
        return f"RANGE_BUCKET({spec.field}, GENERATE_ARRAY({spec.start}, {spec.end}, {spec.interval}))"
    column = find(columns, spec.field or "")
    if column is None:
        return "DATE(_PARTITIONTIME)" if spec.type == "DAY" else f"TIMESTAMP_TRUNC(_PARTITIONTIME, {spec.type})"
    if spec.type == "DAY":
        return column.name if column.type == "DATE" else f"DATE({column.name})"
    return f"{column.type}_TRUNC({column.name}, {spec.type})"


def _view(record: TableRecord) -> str:
    return f"CREATE VIEW {_name(record)}{_options(record.resource)}\nAS {record.resource['view']['query']}"


def _materialized(record: TableRecord) -> str:
    query = record.resource["materializedView"]["query"]
    return f"CREATE MATERIALIZED VIEW {_name(record)}{_options(record.resource)}\nAS {query}"


def _snapshot(record: TableRecord) -> str:
    base = record.definition["snapshotDefinition"]["baseTableReference"]
    source = quote(base["projectId"], base["datasetId"], base["tableId"])
    at = record.definition["snapshotDefinition"]["snapshotTime"]
    moment = f'FOR SYSTEM_TIME AS OF TIMESTAMP "{at}"'
    return f"CREATE SNAPSHOT TABLE {_name(record)}\nCLONE {source}\n{moment}{_options(record.resource)}"


WRITERS = {"TABLE": _table, "VIEW": _view, "MATERIALIZED_VIEW": _materialized, "SNAPSHOT": _snapshot}


def dataset_ddl(record: DatasetRecord) -> str:
    """Return the statement that would make a dataset again."""
    found = [f"  {name}={value}" for name, _, value in options_of(record.resource)]
    lines = ",\n".join((*found, f"  location={text(record.location)}"))
    return f"CREATE SCHEMA {quote(record.project, record.dataset)}\nOPTIONS(\n{lines}\n);"


def routine_ddl(record: RoutineRecord) -> str:
    """Return the statement that would make a routine again."""
    r = record.resource
    name = quote(record.project, record.dataset, record.routine)
    arguments = ", ".join(_argument(a) for a in r.get("arguments", ()))
    if r["routineType"] == "PROCEDURE":
        return f"CREATE PROCEDURE {name}({arguments})\n{r['definitionBody']};"
    if r["routineType"] == "TABLE_VALUED_FUNCTION":
        return f"CREATE TABLE FUNCTION {name}({arguments}) AS (\n{r['definitionBody']}\n);"
    returns = f" RETURNS {type_text(r['returnType'])}" if "returnType" in r else ""
    if r["language"] == "JAVASCRIPT":
        return f"CREATE FUNCTION {name}({arguments}){returns} LANGUAGE js AS {text(r['definitionBody'])};"
    return f"CREATE FUNCTION {name}({arguments}){returns} AS (\n{r['definitionBody']}\n);"


def _argument(given: Mapping[str, Any]) -> str:
    kind = "ANY TYPE" if "dataType" not in given else type_text(given["dataType"])
    return f"{given['mode']} {given['name']} {kind}" if "mode" in given else f"{given['name']} {kind}"


def type_text(kind: Mapping[str, Any]) -> str:
    """Spell a StandardSqlDataType."""
    if kind["typeKind"] == "ARRAY":
        return f"ARRAY<{type_text(kind['arrayElementType'])}>"
    if kind["typeKind"] == "STRUCT":
        fields = (f"{f['name']} {type_text(f['type'])}" for f in kind["structType"]["fields"])
        return f"STRUCT<{', '.join(fields)}>"
    if kind["typeKind"] == "RANGE":
        return f"RANGE<{kind['rangeElementType']['typeKind']}>"
    return str(kind["typeKind"])
