"""Routes of jobs and their results."""

from __future__ import annotations

from bqmigrate.local.catalog.records import JobRecord
from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.http import shapes
from bqmigrate.local.http.call import Call
from bqmigrate.local.http.message import Request, Response, json_response
from bqmigrate.local.http.uploads import Upload
from bqmigrate.local.jobs import replies, results, submit
from bqmigrate.local.jobs.register import delete, require_job

LIST_SIZE = 50
STATES = {"done": "DONE", "running": "RUNNING", "pending": "PENDING"}


def insert_job(call: Call) -> Response:
    """jobs.insert: the work is done, the answer is RUNNING, as production's is."""
    return _answer(call, submit.insert(call.world, call.user, call["project"], call.body(shapes.JOB)))


def _submit(call: Call, upload: Upload) -> JobRecord:
    shapes.check(upload.body, shapes.JOB)
    return submit.insert(call.world, call.user, upload.project, upload.body, upload.media)


def _answer(call: Call, job: JobRecord) -> Response:
    if job.configuration.get("dryRun"):
        return json_response(replies.dry(job))
    running = call.world.switches.insert_answers == "RUNNING"
    return json_response(replies.started(job) if running else replies.job_resource(job))


def upload_job(call: Call) -> Response:
    """jobs.insert with data: multipart, or the start of a resumable upload."""
    begun = call.uploads.begin(call.request, call["project"])
    if isinstance(begun, Response):
        return begun
    return _answer(call, _submit(call, begun))


def resume_upload(call: Call) -> Response:
    """Take a part of a resumable upload; the last one starts the job."""
    done = call.uploads.resume(call.request)
    if isinstance(done, Response):
        return done
    return _answer(call, _submit(call, done))


def get_job(call: Call) -> Response:
    """jobs.get."""
    with call.world.store.read() as reader:
        job = require_job(reader, call["project"], call["job"], call.request.query.get("location"))
    return json_response(replies.job_resource(job))


def cancel_job(call: Call) -> Response:
    """jobs.cancel: best effort; answers with the job as it then is."""
    with call.world.store.read() as reader:
        job = require_job(reader, call["project"], call["job"], call.request.query.get("location"))
    job = submit.cancel(call.world, job)
    return json_response({"kind": "bigquery#jobCancelResponse", "job": replies.job_resource(job)})


def delete_job(call: Call) -> Response:
    """jobs.delete: the metadata of a job and of its children."""
    with call.world.store.write() as tx:
        delete(tx, require_job(tx, call["project"], call["job"], call.request.query.get("location")))
    return json_response(None)


def list_jobs(call: Call) -> Response:
    """jobs.list: latest first; children only of the parent that is named."""
    query = call.request.query
    state = query.get("stateFilter", "").lower()
    if state and state not in STATES:
        raise WarehouseError("invalid", f"Invalid value for stateFilter: {state}")
    with call.world.store.read() as reader:
        found = [j for j in reader.jobs(call["project"]) if _wanted(call.request, j)]
    kept = [j for j in found if not state or j.state == STATES[state]]
    items, more = call.page(kept, LIST_SIZE)
    return json_response({"kind": "bigquery#jobList", "jobs": [replies.job_item(j) for j in items], **more})


def _wanted(request: Request, job: JobRecord) -> bool:
    earliest, latest = (request.query.get(key) for key in ("minCreationTime", "maxCreationTime"))
    return (
        job.parent == (request.query.get("parentJobId") or None)
        and (not earliest or not earliest.isdecimal() or job.created_ms >= int(earliest))
        and (not latest or not latest.isdecimal() or job.created_ms <= int(latest))
    )


def query(call: Call) -> Response:
    """jobs.query: runs to the end; what it fails with is the answer."""
    body = call.body(shapes.QUERY)
    job = submit.query(call.world, call.user, call["project"], body)
    if body.get("dryRun"):
        return json_response(_dry_query(job))
    given = {key: str(body[key]) for key in ("maxResults",) if body.get(key) is not None}
    form = body.get("formatOptions") or {}
    given["formatOptions.useInt64Timestamp"] = str(form.get("useInt64Timestamp", False))
    return _results(call, job, given, "bigquery#queryResponse")


def _dry_query(job: JobRecord) -> dict[str, object]:
    statistics = job.statistics["query"]
    schema = {"schema": statistics["schema"]} if "schema" in statistics else {}
    reference = {"projectId": job.project, "location": job.location}
    return {
        "kind": "bigquery#queryResponse", "jobReference": reference, "jobComplete": True, **schema,
        "totalBytesProcessed": job.statistics["totalBytesProcessed"], "cacheHit": False,
    }  # fmt: skip


def get_query_results(call: Call) -> Response:
    """jobs.getQueryResults."""
    with call.world.store.read() as reader:
        job = require_job(reader, call["project"], call["job"], call.request.query.get("location"))
    return _results(call, job, dict(call.request.query), "bigquery#getQueryResultsResponse")


def _results(call: Call, job: JobRecord, parameters: dict[str, str], kind: str) -> Response:
    wanted = results.read_wanted(parameters, call.world.switches.page_size)
    with call.world.store.read() as reader:
        return json_response(results.query_results(reader, job, wanted, kind))
