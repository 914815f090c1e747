"""jobs.insert and jobs.query: take the id, run, keep what came out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bqmigrate.local.catalog.clock import milliseconds
from bqmigrate.local.catalog.records import JobRecord, RequestRecord
from bqmigrate.local.errors import WarehouseError, unsupported
from bqmigrate.local.jobs.copying import run_copy
from bqmigrate.local.jobs.loading import run_load
from bqmigrate.local.jobs.query import dry_run, run_query
from bqmigrate.local.jobs.register import begin, fail, finish_dry, new_job
from bqmigrate.local.world import World

REQUEST_LENGTH = 36
# What can differ between two sendings of one request without making it another.
NOT_OF_THE_REQUEST = frozenset({"timeoutMs", "maxResults", "requestId", "formatOptions", "kind"})
QUERY_SETTINGS = (
    "query", "useLegacySql", "defaultDataset", "queryParameters", "parameterMode", "useQueryCache",
    "maximumBytesBilled", "createSession", "connectionProperties",
)  # fmt: skip


def run_job(world: World, job: JobRecord, media: bytes = b"") -> JobRecord:
    """Run a job whose id is taken; what it fails with is kept, not raised."""
    runners: Mapping[str, Callable[[], JobRecord]] = {
        "QUERY": lambda: run_query(world, job),
        "COPY": lambda: run_copy(world, job),
        "LOAD": lambda: run_load(world, job, media),
        "EXTRACT": _extract,
    }
    try:
        return runners[job.configuration["jobType"]]()
    except Exception as error:  # noqa: BLE001  whatever happens, the job must end; `fail` logs what is no refusal
        return fail(world, job, error, error.statistics if isinstance(error, WarehouseError) else None)


def start(world: World, job: JobRecord, media: bytes = b"") -> JobRecord:
    """Run a job whose id is taken, or hold it RUNNING for as long as the switches say."""
    if not world.switches.job_ms:
        return run_job(world, job, media)
    world.pending.hold(job, world.switches.job_ms, lambda: run_job(world, job, media))
    return job


def cancel(world: World, job: JobRecord) -> JobRecord:
    """Stop a job that waits, with no effect; copy jobs cannot be stopped, and ended ones stay as they are."""
    if job.configuration["jobType"] == "COPY" or not world.pending.withdraw(job.key):
        return job
    return fail(world, job, WarehouseError("stopped", "Job execution was cancelled: User requested cancellation"))


def _extract() -> JobRecord:
    raise unsupported("extract jobs")


def insert(world: World, user: str, project: str, body: Mapping[str, Any], media: bytes = b"") -> JobRecord:
    """Carry out jobs.insert; a dry run leaves no job behind and raises what it fails with."""
    job = new_job(world, user, project, body)
    if job.configuration.get("dryRun"):
        return _dry(world, job)
    return start(world, begin(world, job), media)


def _dry(world: World, job: JobRecord) -> JobRecord:
    if job.configuration["jobType"] != "QUERY":
        raise unsupported(f"a dry run of a {job.configuration['jobType'].lower()} job")
    return finish_dry(replace(job, created_ms=milliseconds(world.store.clock.now())), dry_run(world, job))


def query(world: World, user: str, project: str, body: Mapping[str, Any]) -> JobRecord:
    """Carry out jobs.query; the same requestId within 15 minutes finds the first job."""
    settings = {key: body[key] for key in QUERY_SETTINGS if key in body}
    configuration: dict[str, Any] = {"query": settings}
    if body.get("labels"):
        configuration["labels"] = body["labels"]
    asked = {"configuration": configuration, "jobReference": {"location": body.get("location")}}
    job = new_job(world, user, project, asked)
    if body.get("dryRun"):
        return _dry(world, job)
    request = _request(project, body, job)
    if request is None:
        return start(world, begin(world, job))
    with world.store.database.writing:
        found = _earlier(world, request)
        started = begin(world, job, request) if found is None else None
    if started is not None:
        return start(world, started)
    return found if found is not None else job


def _request(project: str, body: Mapping[str, Any], job: JobRecord) -> RequestRecord | None:
    given = body.get("requestId")
    if not given:
        return None
    if not isinstance(given, str) or not given.isascii() or len(given) > REQUEST_LENGTH:
        raise WarehouseError("invalid", f"Invalid requestId: at most {REQUEST_LENGTH} ASCII characters are allowed")
    same = {key: value for key, value in body.items() if key not in NOT_OF_THE_REQUEST}
    digest = hashlib.sha256(json.dumps(same, sort_keys=True).encode()).hexdigest()
    return RequestRecord(project, given, digest, job.job, 0, job.location)


def _earlier(world: World, request: RequestRecord) -> JobRecord | None:
    with world.store.read() as reader:
        found = reader.request(request.project, request.request)
        if found is None or found.digest != request.digest or found.expired(reader.now_ms):
            return None
        return reader.job(found.project, found.job, found.location)
