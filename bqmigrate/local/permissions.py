"""Which permissions each request needs; the switches say which of them its caller lacks.

https://cloud.google.com/bigquery/docs/access-control. What statements and jobs need is in `jobs.rights`.
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
    ("POST", "{table}:getIamPolicy"): ("tables.getIamPolicy",),
    ("POST", "{table}:setIamPolicy"): ("tables.setIamPolicy",),
    ("GET", "data"): ("tables.getData",),
    ("POST", "insertAll"): ("tables.updateData",),
    ("POST", "jobs"): ("jobs.create",),
    ("PUT", "jobs"): ("jobs.create",),
    ("POST", "queries"): ("jobs.create",),
    ("DELETE", "delete"): ("jobs.delete",),
    ("GET", "routines"): ("routines.list",),
    ("POST", "routines"): ("routines.create",),
    ("GET", "{routine}"): ("routines.get",),
    ("PUT", "{routine}"): ("routines.update",),
    ("DELETE", "{routine}"): ("routines.delete",),
    ("GET", "rowAccessPolicies"): ("rowAccessPolicies.list",),
}


def require(denied: Collection[str], needed: Sequence[str], where: str) -> None:
    """Refuse, with 403, what the caller has no right to."""
    for permission in needed:
        full = f"bigquery.{permission}"
        if full in denied:
            message = f"Access Denied: {where}: Permission {full} denied on {where} (or it may not exist)."
            raise WarehouseError("accessDenied", message)
