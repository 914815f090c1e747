"""The table of routes: method, path below /bigquery/v2, handler."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from bqmigrate.local.http import access, datasets, jobs, routines, tables
from bqmigrate.local.http.call import Call
from bqmigrate.local.http.message import Response
from bqmigrate.local.permissions import REQUESTS

Handler = Callable[[Call], Response]

PROJECT = "/projects/{project}"
DATASET = f"{PROJECT}/datasets/{{dataset}}"
TABLE = f"{DATASET}/tables/{{table}}"
ROUTINE = f"{DATASET}/routines/{{routine}}"
JOB = f"{PROJECT}/jobs/{{job}}"

TABLE_OF_ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/projects", datasets.list_projects),
    ("GET", f"{PROJECT}/serviceAccount", datasets.service_account),
    ("GET", f"{PROJECT}/datasets", datasets.list_datasets),
    ("POST", f"{PROJECT}/datasets", datasets.insert_dataset),
    ("GET", DATASET, datasets.get_dataset),
    ("PATCH", DATASET, datasets.patch_dataset),
    ("PUT", DATASET, datasets.update_dataset),
    ("DELETE", DATASET, datasets.delete_dataset),
    ("GET", f"{DATASET}/tables", tables.list_tables),
    ("POST", f"{DATASET}/tables", tables.insert_table),
    ("GET", TABLE, tables.get_table),
    ("PATCH", TABLE, tables.patch_table),
    ("PUT", TABLE, tables.update_table),
    ("DELETE", TABLE, tables.delete_table),
    ("POST", f"{TABLE}:getIamPolicy", access.get_policy),
    ("POST", f"{TABLE}:setIamPolicy", access.set_policy),
    ("POST", f"{TABLE}:testIamPermissions", access.test_permissions),
    ("GET", f"{TABLE}/data", tables.list_rows),
    ("POST", f"{TABLE}/insertAll", tables.insert_rows),
    ("GET", f"{TABLE}/rowAccessPolicies", routines.list_policies),
    ("GET", f"{DATASET}/routines", routines.list_routines),
    ("POST", f"{DATASET}/routines", routines.insert_routine),
    ("GET", ROUTINE, routines.get_routine),
    ("PUT", ROUTINE, routines.update_routine),
    ("DELETE", ROUTINE, routines.delete_routine),
    ("GET", f"{PROJECT}/jobs", jobs.list_jobs),
    ("POST", f"{PROJECT}/jobs", jobs.insert_job),
    ("GET", JOB, jobs.get_job),
    ("POST", f"{JOB}/cancel", jobs.cancel_job),
    ("DELETE", f"{JOB}/delete", jobs.delete_job),
    ("POST", f"{PROJECT}/queries", jobs.query),
    ("GET", f"{PROJECT}/queries/{{job}}", jobs.get_query_results),
)
UPLOADS: tuple[tuple[str, str, Handler], ...] = (
    ("POST", f"{PROJECT}/jobs", jobs.upload_job),
    ("PUT", f"{PROJECT}/jobs", jobs.resume_upload),
)
Route = tuple[str, re.Pattern[str], Handler, Sequence[str]]


def compiled(table: tuple[tuple[str, str, Handler], ...]) -> tuple[Route, ...]:
    """Return the routes with their paths as patterns, and the permissions they need."""
    return tuple((m, _pattern(path), h, REQUESTS.get((m, path.rsplit("/", 1)[-1]), ())) for m, path, h in table)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))
