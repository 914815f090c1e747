"""What COPY, CLONE and CREATE SNAPSHOT TABLE take from a table, as it is or as it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from bqmigrate.local.catalog import tables
from bqmigrate.local.catalog.datasets import require_dataset
from bqmigrate.local.catalog.records import TableRecord
from bqmigrate.local.catalog.streamed import settled_rows
from bqmigrate.local.sql.binding import bind_expression
from bqmigrate.local.sql.defaults import default_sql
from bqmigrate.local.sql.nodes import CreateSnapshot, DropSnapshot, Source
from bqmigrate.local.sql.types import quoted
from bqmigrate.local.statements import options, policies
from bqmigrate.local.statements.run import Outcome, Run, need_type
from bqmigrate.local.storage import physical
from bqmigrate.model.columns import Column

PARTITIONED = frozenset({"timePartitioning", "rangePartitioning", "requirePartitionFilter", "clustering"})


@dataclass(frozen=True)
class Original:
    """A table to copy: its record, a SELECT of its rows, and the time that both are of."""

    record: TableRecord
    rows: str
    at_ms: int


def original(run: Run, source: Source) -> Original:
    """Return the table that a statement names, at the time it names; rows that are still streaming are left out."""
    name = run.table_id(source.path)
    if source.as_of is None:
        record = run.need(name)
        need_type(record, "TABLE", "SNAPSHOT")
        return Original(record, settled_rows(run.tx, record), run.tx.now_ms)
    moment = bind_expression(source.as_of, run.tables, run.scope, Column("as_of", "TIMESTAMP"))
    at_ms = run.tables.moment(f"({moment.sql})")
    found = run.tables.version(name, at_ms)
    return Original(found.table, settled_rows(run.tx, found.table, found.rows), at_ms)


def inherited(run: Run, found: Original, *, how: str) -> dict[str, Any]:
    """Return the metadata that a copy starts with: its own expiration, and a snapshot's or clone's of partitions."""
    kept = {k: v for k, v in found.record.resource.items() if k != "expirationTime"}
    if how in {"CLONE", "SNAPSHOT"} and "timePartitioning" in kept:
        by_time = {k: v for k, v in kept["timePartitioning"].items() if k != "expirationMs"}
        kept["timePartitioning"] = by_time
    if how in {"CLONE", "SNAPSHOT"} and run.switches.clones_keep_partitioning in _losing(run, found):
        kept = {k: v for k, v in kept.items() if k not in PARTITIONED}
    return kept


def _losing(run: Run, found: Original) -> tuple[str, ...]:
    """Return the answers under which a clone or snapshot of that time loses its partitioning."""
    return ("never",) if found.at_ms == run.tx.now_ms else ("never", "now")


def definition(found: Original, which: str) -> dict[str, Any]:
    """Return the REST snapshotDefinition or cloneDefinition."""
    base = found.record
    reference = {"projectId": base.project, "datasetId": base.dataset, "tableId": base.table}
    at = datetime.fromtimestamp(found.at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {f"{which}Definition": {"baseTableReference": reference, f"{which}Time": at}}


def fill(run: Run, record: TableRecord, found: Original) -> None:
    """Put the rows and the row access policies of the original into its copy."""
    listed = ", ".join(quoted(c.name) for c in record.columns) or "NULL"
    append(run, record, found, listed)
    policies.take_over(run.tx, found.record, record)


def append(run: Run, record: TableRecord, found: Original, listed: str) -> int:
    """Append the rows of the original, whose columns are listed as DuckDB texts, partition by partition.

    What comes from a table that is not partitioned by ingestion time goes to the partition of the current time.
    """
    own = {c.name for c in found.record.hidden}
    hidden = (quoted(c.name) if c.name in own else default_sql(c, run.scope) for c in record.hidden)
    cells = ", ".join((listed, *hidden))
    return physical.fill(run.tx.connection, record.rows_in, f"SELECT {cells} FROM ({found.rows})")


def create_snapshot(run: Run, node: CreateSnapshot) -> Outcome:
    """Make a snapshot: a table whose rows never change."""
    name = run.table_id(node.path)
    require_dataset(run.tx, name.project, name.dataset)
    if node.if_not_exists and run.tx.table(*name) is not None:
        return Outcome(node.kind, "SKIP", name)
    found = original(run, node.source)
    changes = options.read(run, node.options, options.SNAPSHOT_OPTIONS)
    made = tables.create_table(run.tx, *name, options.apply(inherited(run, found, how="SNAPSHOT"), changes))
    record = run.tx.put(replace(made, type="SNAPSHOT", definition=definition(found, "snapshot")))
    fill(run, record, found)
    return Outcome(node.kind, "CREATE", name)


def drop_snapshot(run: Run, node: DropSnapshot) -> Outcome:
    """Remove a snapshot."""
    name = run.table_id(node.path)
    if node.if_exists and run.tx.table(*name) is None:
        return Outcome(node.kind, "SKIP", name)
    record = run.need(name)
    need_type(record, "SNAPSHOT")
    run.tx.remove(record.key)
    return Outcome(node.kind, "DROP", name)


def made_by(how: str, found: Original) -> Mapping[str, Any]:
    """Return the definition of a new table: only a clone remembers where it comes from."""
    return definition(found, "clone") if how == "CLONE" else {}
