"""Row access policies: kept with their table, and applied to those who read it."""

from __future__ import annotations

from dataclasses import replace

from bqmigrate.local.catalog.records import PolicyRecord, TableRecord
from bqmigrate.local.catalog.store import Transaction
from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql.binding import bind_expression, bind_query
from bqmigrate.local.sql.nodes import CreatePolicy, DropPolicies
from bqmigrate.local.statements.readable import policies_of
from bqmigrate.local.statements.run import Outcome, Run, need_type
from bqmigrate.model.columns import Column
from bqmigrate.model.names import quote


def take_over(tx: Transaction, source: TableRecord, target: TableRecord) -> None:
    """Give a table the policies of another one, instead of its own."""
    forget(tx, target)
    for policy in policies_of(tx, source):
        moved = replace(policy, project=target.project, dataset=target.dataset, table=target.table)
        tx.put(replace(moved, created_ms=tx.now_ms, modified_ms=tx.now_ms, etag=tx.new_etag()))


def move(tx: Transaction, old: TableRecord, new: TableRecord) -> None:
    """Keep the policies of a table that gets another name."""
    for policy in policies_of(tx, old):
        tx.remove(policy.key)
        tx.put(replace(policy, table=new.table))


def forget(tx: Transaction, record: TableRecord) -> None:
    """Remove all policies of a table's name."""
    for policy in tx.policies(record.project, record.dataset, record.table):
        tx.remove(policy.key)


def create_policy(run: Run, node: CreatePolicy) -> Outcome:
    """Make a policy, or exchange one."""
    name = run.table_id(node.path)
    record = run.need(name)
    need_type(record, "TABLE")
    known = {p.policy.lower(): p for p in policies_of(run.tx, record)}
    old = known.get(node.name.lower())
    if old is not None and node.if_not_exists:
        return Outcome(node.kind, "SKIP", name)
    if old is not None and not node.or_replace:
        raise WarehouseError("duplicate", f"Already Exists: Row access policy {node.name} on table {record.shown}")
    _check(run, node, record)
    resource = {"filterPredicate": node.predicate.text, "grantees": list(node.grantees)}
    now = run.tx.now_ms
    created = now if old is None else old.created_ms
    run.tx.put(PolicyRecord(*name, node.name, resource, run.tx.new_etag(), created, now))
    return Outcome(node.kind, "CREATE" if old is None else "REPLACE", name)


def _check(run: Run, node: CreatePolicy, record: TableRecord) -> None:
    """Refuse a filter that is no condition on the table's rows, and grantees that name nobody."""
    for grantee in node.grantees:
        kind, _, who = grantee.partition(":")
        if kind not in {"allAuthenticatedUsers", "allUsers"} and not who:
            raise WarehouseError("invalid", f"Invalid grantee '{grantee}'")
    text = f"SELECT 1 AS one FROM {quote(record.project, record.dataset, record.table)} WHERE {node.predicate.text}"
    bind_query(text, run.tables, run.scope)


def drop_policies(run: Run, node: DropPolicies) -> Outcome:
    """Remove one policy, or all; the last one goes only with all."""
    name = run.table_id(node.path)
    if node.if_exists and run.tx.table(*name) is None:
        return Outcome(node.kind, "SKIP", name)
    record = run.need(name)
    found = policies_of(run.tx, record)
    wanted = [p for p in found if node.name is None or p.policy.lower() == node.name.lower()]
    if node.name is not None and not wanted:
        if node.if_exists:
            return Outcome(node.kind, "SKIP", name)
        raise WarehouseError("notFound", f"Not found: Row access policy {node.name} on table {record.shown}")
    if node.name is not None and len(found) == 1:
        message = f"Cannot drop the last row access policy of table {record.shown}: use DROP ALL ROW ACCESS POLICIES"
        raise WarehouseError("invalidQuery", message)
    for policy in wanted:
        run.tx.remove(policy.key)
    return Outcome(node.kind, "DROP", name)


def refuse_uses(run: Run, record: TableRecord, column: Column, verb: str) -> None:
    """Refuse to drop or rename a column of a table with policies: all columns, or those that a filter reads.

    The documentation says both; `policies_pin_columns` chooses.
    """
    found = policies_of(run.tx, record)
    if run.switches.policies_pin_columns == "filtered":
        found = [p for p in found if _reads(run, record, p, column)]
    if found:
        message = f"Cannot {verb} column {column.name}: table {record.shown} has row access policy {found[0].policy}"
        raise WarehouseError("invalidQuery", message)


def _reads(run: Run, record: TableRecord, policy: PolicyRecord, column: Column) -> bool:
    """Tell whether a filter can no longer be read once a column is gone."""
    left = [c for c in record.columns if c.name != column.name]
    source = ", ".join(f"CAST(NULL AS {c.sql_type()}) AS {quote(c.name)}" for c in left)
    text = f"(SELECT {policy.resource['filterPredicate']} FROM (SELECT {source}))"
    try:
        bind_expression(text, run.tables, run.scope)
    except WarehouseError:
        return True
    return False
