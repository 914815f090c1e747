"""The register of jobs: ids are write-once, a job ends exactly once.

RUNNING is committed by itself, then the effect together with DONE: whatever kills the process, a
job found RUNNING at the next open had no effect and is failed there.
"""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bqmigrate.local.catalog.records import JobRecord, Json, RequestRecord
from bqmigrate.local.catalog.resources import check_texts
from bqmigrate.local.catalog.store import Reader, Transaction
from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.jobs.statistics import query_statistics
from bqmigrate.local.statements.run import Outcome
from bqmigrate.local.world import World

_ID = re.compile(r"[A-Za-z0-9_-]{1,1024}\Z")
KINDS = ("query", "copy", "load", "extract")
log = logging.getLogger(__name__)


def new_job(world: World, user: str, project: str, body: Mapping[str, Any]) -> JobRecord:
    """Read what jobs.insert was sent; 400 when it cannot be a job."""
    reference = body.get("jobReference") or {}
    job = str(reference.get("jobId") or f"job_{uuid.uuid4().hex}")
    if not _ID.match(job):
        raise WarehouseError("invalid", f'Invalid job ID "{job}": 1 to 1024 letters, digits, _ and -')
    configuration = body.get("configuration")
    if not isinstance(configuration, Mapping) or len(_kinds(configuration)) != 1:
        raise WarehouseError("invalid", "Required parameter is missing: configuration of exactly one kind of job")
    check_texts({"labels": configuration.get("labels")})
    location = str(reference.get("location") or _own_location(world, project, configuration))
    # Production answers with the kind of job beside its configuration.
    kind = _kinds(configuration)[0]
    full = {"jobType": kind.upper(), **configuration}
    return JobRecord(project, job, location, full, user, local=world.switches.job_ids_of == "location")


def _kinds(configuration: Mapping[str, Any]) -> list[str]:
    return [kind for kind in KINDS if configuration.get(kind) is not None]


def _own_location(world: World, project: str, configuration: Mapping[str, Any]) -> str:
    """Take the location from the dataset a job names, as BigQuery infers it."""
    for settings in (configuration.get(kind) or {} for kind in KINDS):
        for reference in (settings.get("destinationTable"), settings.get("defaultDataset")):
            with world.store.read() as reader:
                found = reference and reader.dataset(reference.get("projectId") or project, reference["datasetId"])
            if found:
                return found.location
    return world.switches.location


def begin(world: World, job: JobRecord, request: RequestRecord | None = None) -> JobRecord:
    """Take the id; 409 when it was used in the last 180 days, whatever came of it."""
    with world.store.write() as tx:
        used = tx.job(job.project, job.job, job.location)
        if used is not None and not used.expired(tx.now_ms):
            raise WarehouseError("duplicate", f"Already Exists: Job {job.shown}")
        if request is not None:
            tx.put(replace(request, created_ms=tx.now_ms))
        return tx.put(replace(job, created_ms=tx.now_ms))


def finish(tx: Transaction, job: JobRecord, outcome: Outcome, extra: Mapping[str, Any] | None = None) -> JobRecord:
    """End a job well, in the transaction of its effect; `extra` goes beside its statistics."""
    statistics = {**_statistics(outcome), **(extra or {})}
    columns: list[Json] | None = (
        None if outcome.result is None or outcome.columns is None else [c.to_rest() for c in outcome.columns]
    )
    return tx.put(
        replace(
            job, state="DONE", statistics=statistics, columns=columns, result=outcome.result, ended_ms=tx.now_ms
        )
    )  # fmt: skip


def finish_dry(job: JobRecord, outcome: Outcome) -> JobRecord:
    """Return a dry run as a job that nobody will find."""
    return replace(job, state="DONE", statistics=_statistics(outcome), ended_ms=job.created_ms)


def _statistics(outcome: Outcome) -> dict[str, Any]:
    return {"totalBytesProcessed": str(outcome.processed), "query": query_statistics(outcome)}


def end(tx: Transaction, job: JobRecord, statistics: Mapping[str, Any]) -> JobRecord:
    """End a job that is no query well, in the transaction of its effect."""
    return tx.put(replace(job, state="DONE", statistics=statistics, ended_ms=tx.now_ms))


def error_body(error: WarehouseError) -> dict[str, str]:
    """Return a REST ErrorProto."""
    location = {} if error.location is None else {"location": error.location}
    return {"reason": error.reason, **location, "message": error.message}


def fail(world: World, job: JobRecord, error: Exception, extra: Mapping[str, Any] | None = None) -> JobRecord:
    """End a job badly, in a transaction of its own: that of its effect is rolled back."""
    if isinstance(error, WarehouseError):
        body = error_body(error)
        if error.reason == "rateLimitExceeded":
            body["reason"] = world.switches.rate_limit_of_jobs
    else:
        log.error("job %s failed inside the local warehouse", job.job, exc_info=error)
        fault = f"The local warehouse has a fault: {type(error).__name__}: {error}"
        body = {"reason": "internalError", "message": fault}
    with world.store.write() as tx:
        return tx.put(replace(job, state="DONE", error=body, statistics=dict(extra or {}), ended_ms=tx.now_ms))


def require_job(reader: Reader, project: str, job: str, location: str | None = None) -> JobRecord:
    """Return a job; 404 when there is none, or none in that location."""
    found = reader.job(project, job, location)
    if found is None or found.deleted or (location is not None and location.lower() != found.location.lower()):
        raise WarehouseError("notFound", f"Not found: Job {project}:{location or 'US'}.{job}")
    return found


def delete(tx: Transaction, job: JobRecord) -> None:
    """Delete the metadata of a job that ended, and of its children; the ids stay taken."""
    if job.parent is not None or job.state != "DONE":
        raise WarehouseError("invalid", f"Job {job.shown} is {job.state if job.parent is None else 'a child job'}")
    for found in (job, *(j for j in tx.jobs(job.project) if j.parent == job.job)):
        tx.put(replace(found, deleted=True))


def raised(job: JobRecord) -> WarehouseError | None:
    """Return a failed job's error as it is raised where a job's outcome is the answer."""
    if job.error is None:
        return None
    reason = str(job.error["reason"])
    return WarehouseError("invalid" if reason == "stopped" else reason, str(job.error["message"]))
