"""Which permission each request and each statement needs; the switches say which of them the caller lacks.

https://cloud.google.com/bigquery/docs/access-control and the pages of the statements.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from bqmigrate.local.errors import WarehouseError

# method and last part of the route's path -> permissions, without "bigquery."
REQUESTS: Mapping[tuple[str, str], Sequence[str]] = {
    ("POST", "datasets"): ("datasets.create",),
    ("GET", "{dataset}"): ("datasets.get",),
    ("PATCH", "{dataset}"): ("datasets.get", "datasets.update"),
    ("PUT", "{dataset}"): ("datasets.get", "datasets.update"),
    ("DELETE", "{dataset}"): ("datasets.delete",),
    ("POST", "tables"): ("tables.create",),
    ("GET", "tables"): ("tables.list",),
    ("GET", "{table}"): ("tables.get",),
    ("PATCH", "{table}"): ("tables.get", "tables.update"),
    ("PUT", "{table}"): ("tables.get", "tables.update"),
    ("DELETE", "{table}"): ("tables.delete", "tables.get"),
    ("POST", "{table}:getIamPolicy"): ("tables.getIamPolicy",),
    ("POST", "{table}:setIamPolicy"): ("tables.setIamPolicy",),
    ("GET", "data"): ("tables.getData",),
    ("POST", "insertAll"): ("tables.updateData",),
    ("POST", "jobs"): ("jobs.create",),
    ("PUT", "jobs"): ("jobs.create",),
    ("POST", "queries"): ("jobs.create",),
    ("GET", "routines"): ("routines.list",),
    ("POST", "routines"): ("routines.create",),
    ("GET", "{routine}"): ("routines.get",),
    ("PUT", "{routine}"): ("routines.update",),
    ("DELETE", "{routine}"): ("routines.delete",),
    ("GET", "rowAccessPolicies"): ("rowAccessPolicies.list",),
}
STATEMENTS: Mapping[str, Sequence[str]] = {
    "SELECT": ("tables.getData",),
    "INSERT": ("tables.updateData",),
    "UPDATE": ("tables.updateData", "tables.getData"),
    "DELETE": ("tables.updateData", "tables.getData"),
    "MERGE": ("tables.updateData", "tables.getData"),
    "TRUNCATE_TABLE": ("tables.updateData",),
    "CREATE_SCHEMA": ("datasets.create",),
    "ALTER_SCHEMA": ("datasets.get", "datasets.update"),
    "DROP_SCHEMA": ("datasets.delete",),
    "CREATE_TABLE": ("tables.create",),
    "CREATE_TABLE_AS_SELECT": ("tables.create", "tables.getData"),
    "CREATE_VIEW": ("tables.create",),
    "CREATE_MATERIALIZED_VIEW": ("tables.create",),
    "CREATE_SNAPSHOT_TABLE": ("tables.createSnapshot", "tables.getData", "tables.create"),
    "ALTER_TABLE": ("tables.get", "tables.update"),
    "ALTER_VIEW": ("tables.get", "tables.update"),
    "DROP_TABLE": ("tables.delete", "tables.get"),
    "DROP_VIEW": ("tables.delete", "tables.get"),
    "DROP_MATERIALIZED_VIEW": ("tables.delete", "tables.get"),
    "DROP_SNAPSHOT_TABLE": ("tables.deleteSnapshot",),
    "CREATE_FUNCTION": ("routines.create",),
    "CREATE_PROCEDURE": ("routines.create",),
    "DROP_FUNCTION": ("routines.delete",),
    "DROP_PROCEDURE": ("routines.delete",),
    "CREATE_ROW_ACCESS_POLICY": ("rowAccessPolicies.create", "tables.getData"),
    "DROP_ROW_ACCESS_POLICY": ("rowAccessPolicies.delete",),
}


def require(denied: Collection[str], needed: Sequence[str], where: str) -> None:
    """Refuse, with 403, what the caller has no right to."""
    for permission in needed:
        full = f"bigquery.{permission}"
        if full in denied:
            message = f"Access Denied: {where}: Permission {full} denied on {where} (or it may not exist)."
            raise WarehouseError("accessDenied", message)
