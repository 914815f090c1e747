"""How replies show jobs."""

from __future__ import annotations

from typing import Any

from bqmigrate.local.catalog.records import JobRecord
from bqmigrate.local.statements.rows import ANONYMOUS

ROOT = "https://bigquery.googleapis.com/bigquery/v2"


def job_reference(job: JobRecord) -> dict[str, str]:
    """Return the REST JobReference."""
    return {"projectId": job.project, "jobId": job.job, "location": job.location}


def job_resource(job: JobRecord) -> dict[str, Any]:
    """Return the REST Job."""
    return {
        "kind": "bigquery#job",
        "etag": f"{job.state}{job.ended_ms or ''}",
        "id": f"{job.project}:{job.location}.{job.job}",
        "selfLink": f"{ROOT}/projects/{job.project}/jobs/{job.job}?location={job.location}",
        "user_email": job.user,
        "jobReference": job_reference(job),
        "configuration": _configuration(job),
        "statistics": _statistics(job),
        "status": job_status(job),
    }


def started(job: JobRecord) -> dict[str, Any]:
    """Return the REST Job as production answers an insert: under way, whatever came of it since."""
    out = job_resource(job)
    times = {key: out["statistics"][key] for key in ("creationTime", "startTime")}
    return {**out, "etag": "RUNNING", "statistics": times, "status": {"state": "RUNNING"}}


def dry(job: JobRecord) -> dict[str, Any]:
    """Return a dry run: a job without an id."""
    out = job_resource(job)
    reference = {"projectId": job.project, "location": job.location}
    return {**{k: v for k, v in out.items() if k not in {"id", "selfLink"}}, "jobReference": reference}


def job_item(job: JobRecord) -> dict[str, Any]:
    """Return the entry of a job in a list."""
    out = job_resource(job)
    error = {"errorResult": job.error} if job.error is not None else {}
    return {**out, "state": job.state, **error}


def job_status(job: JobRecord) -> dict[str, Any]:
    """Return the REST JobStatus."""
    if job.error is None:
        return {"state": job.state}
    return {"state": job.state, "errorResult": dict(job.error), "errors": [dict(job.error)]}


def _configuration(job: JobRecord) -> dict[str, Any]:
    """Return the configuration as sent; a query without a destination shows where its rows went."""
    out = dict(job.configuration)
    if job.result is not None and job.result[2] == ANONYMOUS and "query" in out:
        reference = dict(zip(("projectId", "datasetId", "tableId"), job.result[1:], strict=True))
        out["query"] = {**out["query"], "destinationTable": reference}
    return out


def _statistics(job: JobRecord) -> dict[str, Any]:
    times = {"creationTime": str(job.created_ms), "startTime": str(job.created_ms)}
    if job.ended_ms is not None:
        times["endTime"] = str(job.ended_ms)
        times["finalExecutionDurationMs"] = str(job.ended_ms - job.created_ms)
    parent = {"parentJobId": job.parent} if job.parent is not None else {}
    return {**times, **parent, **job.statistics}
