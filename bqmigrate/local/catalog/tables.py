"""Tables as resources: canonical form, checks, create, patch, delete. Rows are moved by `storage`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bqmigrate.local.catalog.canonical import canonical, read_columns
from bqmigrate.local.catalog.datasets import require_dataset
from bqmigrate.local.catalog.fresh import with_table_defaults
from bqmigrate.local.catalog.materialized import check_materialized
from bqmigrate.local.catalog.readings import judged, refuse_reserved, with_descriptions
from bqmigrate.local.catalog.records import DatasetRecord, TableRecord
from bqmigrate.local.catalog.resources import check_match, merge, settable
from bqmigrate.local.catalog.store import Reader, Transaction
from bqmigrate.local.errors import WarehouseError, unsupported
from bqmigrate.local.storage import physical
from bqmigrate.local.switches import Switches
from bqmigrate.model import key_rules, names, patch_rules, schema_rules
from bqmigrate.model.catalog import Partitioning, Table
from bqmigrate.model.columns import Column, find
from bqmigrate.model.schema_rules import Refusal

SETTABLE = frozenset({
    "friendlyName", "description", "labels", "schema", "timePartitioning", "rangePartitioning", "clustering",
    "requirePartitionFilter", "expirationTime", "view", "encryptionConfiguration", "defaultCollation",
    "defaultRoundingMode", "maxStaleness", "tableConstraints", "resourceTags", "materializedView",
})  # fmt: skip
OUTPUT = frozenset({
    "kind", "etag", "id", "selfLink", "tableReference", "creationTime", "lastModifiedTime", "location", "type",
    "numBytes", "numRows", "numLongTermBytes", "numPhysicalBytes", "numActivePhysicalBytes",
    "numLongTermPhysicalBytes", "numTimeTravelPhysicalBytes", "numTotalLogicalBytes", "numActiveLogicalBytes",
    "numLongTermLogicalBytes", "numTotalPhysicalBytes", "numCurrentPhysicalBytes", "numPartitions",
    "streamingBuffer", "cloneDefinition", "snapshotDefinition", "restrictions", "replicas",
})  # fmt: skip
INHERITED = ("defaultCollation", "defaultRoundingMode")
DOCUMENTED = Switches()
# What only an option of SQL sets, and no reply shows.
SQL_ONLY = frozenset({"enableChangeHistory"})
STAYING = ("schema", "encryptionConfiguration", *SQL_ONLY)
NOT_TAUGHT = {
    "externalDataConfiguration": "external tables",
    "biglakeConfiguration": "BigLake tables",
    "tableReplicationInfo": "table replication",
    "model": "models",
}


def require_table(reader: Reader, project: str, dataset: str, table: str) -> TableRecord:
    """Return a table or view; 404 when it, or its dataset, is not there."""
    found = reader.table(project, dataset, table)
    if found is None:
        if "$" in table:
            raise unsupported(f"partition decorators where a table is changed or streamed into ({table})")
        if not dataset.startswith("_"):
            require_dataset(reader, project, dataset)
        raise WarehouseError("notFound", f"Not found: Table {project}:{dataset}.{table}")
    return found


def refuse(problem: Refusal | None) -> None:
    """Raise what a schema rule has against a change."""
    if problem is not None:
        raise WarehouseError(problem.reason, problem.message)


def create_table(tx: Transaction, project: str, dataset: str, table: str, body: Mapping[str, Any]) -> TableRecord:
    """Make an empty table with the dataset's defaults; 409 when the name is taken."""
    parent = require_unused(tx, project, dataset, table)
    resource = _with_defaults(tx, canonical(_with_sql_only(body)), parent)
    check_table(resource)
    _check_own_key(resource, (project, dataset, table))
    record = TableRecord(
        project, dataset, table, parent.location, "TABLE", resource, tx.new_physical(), tx.new_etag(), tx.now_ms,
        tx.now_ms,
    )  # fmt: skip
    physical.create(tx.connection, record.rows_in, record.stored)
    return tx.put(record)


def create_view(
    tx: Transaction, project: str, dataset: str, table: str, body: Mapping[str, Any], columns: Sequence[Column]
) -> TableRecord:
    """Make a view whose columns are already known; 409 when the name is taken."""
    parent = require_unused(tx, project, dataset, table)
    chosen = {**chosen_of(body), "schema": {"fields": [c.to_rest() for c in columns]}}
    resource = canonical(chosen)
    if "expirationTime" not in resource and "defaultTableExpirationMs" in parent.resource:
        resource["expirationTime"] = str(tx.now_ms + int(parent.resource["defaultTableExpirationMs"]))
    refuse(schema_rules.columns_problem(columns))
    record = TableRecord(
        project, dataset, table, parent.location, "VIEW", resource, None, tx.new_etag(), tx.now_ms, tx.now_ms
    )
    return tx.put(record)


def require_unused(tx: Transaction, project: str, dataset: str, table: str) -> DatasetRecord:
    """Return the dataset in which a name can be used; 404, 400 or 409 when it cannot."""
    parent = require_dataset(tx, project, dataset)
    problem = names.table_problem(table)
    if problem is not None:
        raise WarehouseError("invalid", f'Invalid table ID "{table}": {problem}')
    if tx.table(project, dataset, table) is not None:
        raise WarehouseError("duplicate", f"Already Exists: Table {project}:{dataset}.{table}")
    return parent


def _with_sql_only(resource: Mapping[str, Any]) -> dict[str, Any]:
    own = {key: value for key, value in resource.items() if key in SQL_ONLY}
    return {**chosen_of({key: value for key, value in resource.items() if key not in SQL_ONLY}), **own}


def chosen_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a client sets of a table; 400 for what no table has, 501 for what this warehouse has not."""
    for key, what in NOT_TAUGHT.items():
        if body.get(key) is not None:
            raise unsupported(what)
    return settable({k: v for k, v in body.items() if k not in NOT_TAUGHT}, SETTABLE, OUTPUT)


def _with_defaults(tx: Transaction, resource: dict[str, Any], parent: DatasetRecord) -> dict[str, Any]:
    """Add what the dataset gives to new tables: a partition expiration rules out a table expiration."""
    inherited = {key: parent.resource[key] for key in INHERITED if key in parent.resource}
    resource = with_table_defaults({**inherited, **resource}, ())
    key = parent.resource.get("defaultEncryptionConfiguration")
    if key and not encrypted(resource):
        resource = {**resource, "encryptionConfiguration": key}
    partitions = parent.resource.get("defaultPartitionExpirationMs")
    tables = parent.resource.get("defaultTableExpirationMs")
    by_time = resource.get("timePartitioning")
    if by_time is not None and partitions is not None:
        return {**resource, "timePartitioning": {"expirationMs": partitions, **by_time}}
    if "expirationTime" not in resource and tables is not None:
        return {**resource, "expirationTime": str(tx.now_ms + int(tables))}
    return resource


def check_table(resource: Mapping[str, Any]) -> None:
    """Refuse a table that BigQuery would refuse to make."""
    for column in read_columns(resource):
        _check_name(column)
    refuse(schema_rules.table_problem(Table.from_rest(resource)))
    refuse(key_rules.keys_problem(Table.from_rest(resource)))


def _check_name(column: Column, where: str = "") -> None:
    problem = names.column_problem(column.name)
    if problem is not None:
        raise WarehouseError("invalid", f'Invalid field name "{where}{column.name}": {problem}')
    for nested in column.fields:
        _check_name(nested, f"{where}{column.name}.")


def _check_own_key(resource: Mapping[str, Any], own: tuple[str, ...]) -> None:
    for key in (resource.get("tableConstraints") or {}).get("foreignKeys") or ():
        to = key.get("referencedTable") or {}
        if (to.get("projectId", own[0]), to.get("datasetId"), to.get("tableId")) == own:
            raise WarehouseError("invalid", f"A foreign key of {own[2]} cannot reference {own[2]} itself")


def patch_table(
    tx: Transaction, record: TableRecord, body: Mapping[str, Any], if_match: str | None = None,
    switches: Switches = DOCUMENTED,
) -> TableRecord:  # fmt: skip
    """Merge changes into a table: only what BigQuery lets one change in place."""
    check_match(if_match, record.etag)
    chosen = chosen_of(body)
    merged = merge(record.resource, chosen)
    if chosen.get("schema") is not None:
        merged["schema"] = _kept_tags(record, chosen["schema"])
        if switches.patch_keeps_descriptions:
            merged["schema"] = {"fields": with_descriptions(merged["schema"]["fields"], record.columns)}
    return exchange(tx, record, merged, switches)


def replace_table(
    tx: Transaction, record: TableRecord, body: Mapping[str, Any], if_match: str | None = None,
    switches: Switches = DOCUMENTED,
) -> TableRecord:  # fmt: skip
    """Exchange all that can be set of a table; a schema that is not sent stays."""
    check_match(if_match, record.etag)
    chosen = chosen_of(body)
    kept = {k: record.resource[k] for k in STAYING if chosen.get(k) is None and k in record.resource}
    return exchange(tx, record, {**chosen, **kept}, switches)


def exchange(
    tx: Transaction, record: TableRecord, resource: Mapping[str, Any], switches: Switches = DOCUMENTED
) -> TableRecord:
    """Check a table's new resource against its old one, move the rows if need be, and keep it."""
    new = canonical(resource)
    for key in ("view", "materializedView"):
        if (key in new) != (key in record.resource):
            raise WarehouseError("invalid", f"Cannot change the type of {record.shown}, which is a {record.type}")
    if record.type == "MATERIALIZED_VIEW":
        check_materialized(record, new)
    if record.type == "TABLE":
        columns = read_columns(new)
        refuse(patch_rules.patch_columns(record.columns, judged(record.columns, columns, switches)))
        if switches.dropped_names_reserved:
            refuse_reserved(tx, record, [c.name for c in columns if find(record.columns, c.name) is None])
        new["schema"] = {"fields": [c.to_rest() for c in in_old_order(record.columns, columns)]}
        refuse(patch_rules.patch_partitioning(record.model, Partitioning.from_rest(new)))
        refuse(patch_rules.patch_key(encrypted(record.resource), encrypted(new)))
        new = with_table_defaults(new, record.columns)
        check_table(new)
        _check_own_key(new, record.key[1:])
    return keep(tx, record, new)


def encrypted(resource: Mapping[str, Any]) -> bool:
    """Tell whether a table has a key of the customer's."""
    return bool((resource.get("encryptionConfiguration") or {}).get("kmsKeyName"))


def in_old_order(old: Sequence[Column], new: Sequence[Column]) -> tuple[Column, ...]:
    """Return the new columns with the existing ones where they were: a patch does not move columns."""
    kept = [found for c in old if (found := find(new, c.name)) is not None]
    moved = [replace(c, name=o.name, fields=in_old_order(o.fields, c.fields)) for o, c in zip(old, kept, strict=True)]
    return (*moved, *(c for c in new if find(old, c.name) is None))


def keep(
    tx: Transaction, record: TableRecord, resource: Mapping[str, Any], origin: Mapping[str, str | None] | None = None
) -> TableRecord:
    """Keep a checked resource: same contents keep the etag, another shape of rows rewrites them.

    `origin` maps new columns to old ones; without it, columns of the same name are the same.
    """
    if resource == record.resource and origin is None:
        return record
    new = replace(record, resource=resource, etag=tx.new_etag(), modified_ms=tx.now_ms)
    sources = origin or {c.name: o.name if (o := find(record.columns, c.name)) else None for c in new.columns}
    moved = any(name != source for name, source in sources.items())
    if record.physical is not None and (moved or _shape(new.columns) != _shape(record.columns)):
        new = replace(new, physical=tx.new_physical())
        sources = {**sources, **{c.name: c.name for c in new.hidden}}
        physical.rewrite(tx.connection, record.physical, record.stored, new.rows_in, new.stored, sources)
    return tx.put(new)


def _shape(columns: Sequence[Column]) -> tuple[object, ...]:
    return tuple((c.name, c.sql_type()) for c in columns)


def _kept_tags(record: TableRecord, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Give fields that say nothing of policyTags the ones they have: only an empty list clears them."""

    def keep_in(fields: Sequence[Mapping[str, Any]], old: Sequence[Column]) -> list[dict[str, Any]]:
        out = []
        for field in fields:
            before = find(old, str(field.get("name", "")))
            kept = dict(field)
            if field.get("fields"):
                kept["fields"] = keep_in(field["fields"], before.fields if before else ())
            if before is not None and before.policy_tags and "policyTags" not in field:
                kept["policyTags"] = {"names": list(before.policy_tags)}
            if before is not None and before.data_policies and "dataPolicies" not in field:
                kept["dataPolicies"] = [{"name": name} for name in before.data_policies]
            out.append(kept)
        return out

    return {"fields": keep_in(schema.get("fields") or (), record.columns)}


def touch(tx: Transaction, record: TableRecord, *, moves_etag: bool) -> TableRecord:
    """Note that a table's rows changed."""
    etag = tx.new_etag() if moves_etag else record.etag
    return tx.put(replace(record, modified_ms=tx.now_ms, etag=etag))
