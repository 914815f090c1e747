"""Which permissions statements and copy jobs need: rows of one table, each with the condition it holds under.

https://cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language ("Required permissions"),
table-snapshots-intro, table-clones-create and information-schema-intro beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bqmigrate.local.permissions import require
from bqmigrate.local.sql import nodes
from bqmigrate.local.statements.information.views import SCHEMA
from bqmigrate.local.statements.run import Outcome, Run

EXPIRING = frozenset({"expiration_timestamp", "partition_expiration_days"})
DML = ("INSERT", "UPDATE", "DELETE", "MERGE")


def _always(_run: Run, _node: Any) -> bool:
    return True


def _replaces(_run: Run, node: Any) -> bool:
    return bool(node.or_replace)


def _sets_expiration(given: nodes.Options) -> bool:
    return any(name.lower() in EXPIRING and value is not None for name, value in given.items())


def _expires(_run: Run, node: Any) -> bool:
    return _sets_expiration(node.options)


def _alters_expiration(_run: Run, node: nodes.AlterTable) -> bool:
    return any(isinstance(a, nodes.SetOptions) and _sets_expiration(a.options) for a in node.actions)


def _reads_source(_run: Run, node: nodes.CreateTable) -> bool:
    return node.source is not None


def _clones(_run: Run, node: nodes.CreateTable) -> bool:
    return node.source is not None and node.source.how == "CLONE"


def _clones_a_snapshot(run: Run, node: nodes.CreateTable) -> bool:
    found = None if node.source is None else run.tx.table(*run.table_id(node.source.path))
    return _clones(run, node) and found is not None and found.type == "SNAPSHOT"


def _cascades(_run: Run, node: nodes.DropSchema) -> bool:
    return node.cascade


def _drops_all(_run: Run, node: nodes.DropPolicies) -> bool:
    return node.name is None


def _is(*words: str) -> Callable[[Run, Any], bool]:
    return lambda _run, node: node.kind.startswith(words)


@dataclass(frozen=True)
class Rule:
    """A kind of statement, what it needs (without "bigquery."), and when."""

    node: type[nodes.Statement]
    needed: Sequence[str]
    when: Callable[[Run, Any], bool] = _always


RULES: Sequence[Rule] = (
    Rule(nodes.Dml, ("tables.updateData",)),
    Rule(nodes.Dml, ("tables.getData",), _is("UPDATE", "DELETE", "MERGE")),
    Rule(nodes.TruncateTable, ("tables.updateData",)),
    Rule(nodes.CreateSchema, ("datasets.create",)),
    Rule(nodes.AlterSchema, ("datasets.get", "datasets.update")),
    Rule(nodes.DropSchema, ("datasets.delete",)),
    Rule(nodes.DropSchema, ("tables.delete",), _cascades),
    Rule(nodes.CreateTable, ("tables.create",)),
    Rule(nodes.CreateTable, ("tables.update", "tables.updateData"), _replaces),
    Rule(nodes.CreateTable, ("tables.delete",), _expires),
    Rule(nodes.CreateTable, ("tables.get", "tables.getData"), _reads_source),
    Rule(nodes.CreateTable, ("tables.updateData",), _clones),
    Rule(nodes.CreateTable, ("tables.restoreSnapshot",), _clones_a_snapshot),
    Rule(nodes.DropTable, ("tables.delete", "tables.get")),
    Rule(nodes.AlterTable, ("tables.get", "tables.update")),
    Rule(nodes.AlterTable, ("tables.delete",), _alters_expiration),
    Rule(nodes.CreateSnapshot, ("tables.createSnapshot", "tables.get", "tables.getData", "datasets.get")),
    Rule(nodes.CreateSnapshot, ("tables.create", "tables.updateData")),
    Rule(nodes.CreateSnapshot, ("tables.deleteSnapshot",), _expires),
    Rule(nodes.DropSnapshot, ("tables.deleteSnapshot",)),
    Rule(nodes.CreateView, ("tables.create",)),
    Rule(nodes.CreateView, ("tables.update",), _replaces),
    Rule(nodes.AlterView, ("tables.get", "tables.update")),
    Rule(nodes.DropView, ("tables.delete", "tables.get")),
    Rule(nodes.CreateMaterializedView, ("tables.create",)),
    Rule(nodes.CreateMaterializedView, ("tables.update",), _replaces),
    Rule(nodes.AlterMaterializedView, ("tables.get", "tables.update")),
    Rule(nodes.DropMaterializedView, ("tables.delete", "tables.get")),
    Rule(nodes.CreateRoutine, ("routines.create",)),
    Rule(nodes.CreateRoutine, ("routines.update",), _replaces),
    Rule(nodes.DropRoutine, ("routines.delete",)),
    Rule(nodes.CreatePolicy, ("rowAccessPolicies.create", "rowAccessPolicies.setIamPolicy", "tables.getData")),
    Rule(nodes.DropPolicies, ("rowAccessPolicies.delete", "rowAccessPolicies.setIamPolicy")),
    Rule(nodes.DropPolicies, ("rowAccessPolicies.list",), _drops_all),
)
COPIES: Mapping[str, Sequence[str]] = {
    "COPY": (),
    "CLONE": (),
    "SNAPSHOT": ("tables.createSnapshot", "datasets.get"),
    "RESTORE": ("tables.restoreSnapshot",),
}
METADATA = ("tables.get", "tables.list")
OF_ROUTINES_TOO = ("routines.get", "routines.list")
WITH_ROUTINES = frozenset({f"{SCHEMA}.TABLES", f"{SCHEMA}.ROUTINES"})


def require_rights(run: Run, node: nodes.Statement) -> None:
    """Refuse, with 403, a statement that the caller has no right to."""
    denied = run.switches.denied_to(run.user)
    for rule in RULES if denied else ():
        if isinstance(node, rule.node) and rule.when(run, node):
            require(denied, rule.needed, run.job or run.project)


def require_reading(run: Run, outcome: Outcome) -> None:
    """Refuse, with 403, what a statement read without the right to: known once it is bound.

    A dry run reads no rows: whether it needs the right to them is what `dry_run_reads_data` says.
    """
    denied = run.switches.denied_to(run.user)
    if denied and outcome.kind not in DML[1:]:
        require(denied, list(dict.fromkeys(_reading(run, outcome))), run.job or run.project)


def _reading(run: Run, outcome: Outcome) -> Iterator[str]:
    for name in outcome.referenced:
        if name.table.startswith(f"{SCHEMA}."):
            yield from METADATA
            yield from OF_ROUTINES_TOO if name.table in WITH_ROUTINES else ()
        elif name != outcome.target and (run.switches.dry_run_reads_data or not run.dry):
            yield "tables.getData"
            yield from ("tables.get",) if outcome.kind == "CREATE_TABLE_AS_SELECT" else ()


def require_copying(run: Run, operation: str, settings: Mapping[str, Any], *, exists: bool) -> None:
    """Refuse, with 403, a copy job that the caller has no right to."""
    denied: Collection[str] = run.switches.denied_to(run.user)
    target = ("tables.updateData",) if exists else ("tables.create",)
    expiring = operation == "SNAPSHOT" and settings.get("destinationExpirationTime")
    needed = ("tables.get", "tables.getData", *COPIES[operation], *target)
    require(denied, (*needed, *(("tables.deleteSnapshot",) if expiring else ())), run.job or run.project)


def require_writing(run: Run, *, exists: bool) -> None:
    """Refuse, with 403, a load or query job that may not write its destination."""
    target = () if exists else ("tables.create",)
    require(run.switches.denied_to(run.user), (*target, "tables.updateData"), run.job or run.project)
