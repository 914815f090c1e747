"""Query jobs: one statement in one transaction with its record, or a script."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bqmigrate.local.catalog.records import JobRecord
from bqmigrate.local.catalog.store import Transaction
from bqmigrate.local.errors import WarehouseError, unsupported
from bqmigrate.local.jobs.permitted import permitted
from bqmigrate.local.jobs.register import finish
from bqmigrate.local.jobs.script import ScriptRun
from bqmigrate.local.sql.nodes import Query, Script, Statement
from bqmigrate.local.sql.script import parse_script
from bqmigrate.local.statements.handlers import DDL, HANDLERS
from bqmigrate.local.statements.run import Outcome, Run
from bqmigrate.local.world import World

NOT_TAUGHT = ("createSession", "tableDefinitions", "userDefinedFunctionResources", "schemaUpdateOptions")


class _DryRunEndsError(Exception):
    """Roll a dry run's transaction back."""


def settings(job: JobRecord) -> Mapping[str, Any]:
    """Return configuration.query, which must ask for GoogleSQL."""
    found: Mapping[str, Any] = job.configuration["query"]
    if found.get("useLegacySql", True):
        raise unsupported("legacy SQL; set useLegacySql to false")
    for key in NOT_TAUGHT:
        if found.get(key):
            raise unsupported(f"query jobs with {key}")
    if not isinstance(found.get("query"), str):
        raise WarehouseError("invalid", "Required parameter is missing: query")
    return found


def run_of(world: World, job: JobRecord, tx: Transaction, *, dry: bool = False) -> Run:
    """Return what a job's statements run in."""
    query = job.configuration["query"]
    default = query.get("defaultDataset")
    return Run(
        tx=tx,
        project=job.project,
        location=job.location,
        switches=world.switches,
        user=job.user,
        default=(default.get("projectId") or job.project, default["datasetId"]) if default else None,
        parameters=query.get("queryParameters") or (),
        destination=query if query.get("destinationTable") else None,
        job=f"{job.project}:{f'{job.location}.' if job.local else ''}{job.job}",
        dry=dry,
    )


def run_query(world: World, job: JobRecord) -> JobRecord:
    """Run a query job to its end; raises what it failed with."""
    script = parse_script(settings(job)["query"])
    if not _single(script):
        _refuse_destination(job)
        return ScriptRun(world, job, lambda tx: run_of(world, job, tx)).run(script)
    if type(script.statements[0]) is Query and not job.configuration["query"].get("destinationTable"):
        return _read(world, job, script.statements[0])
    with world.store.write() as tx:
        return finish(tx, job, permitted(run_of(world, job, tx), script.statements[0], job.configuration["query"]))


def _refuse_destination(job: JobRecord) -> None:
    """Refuse what only the job of one statement can say."""
    for key in ("destinationTable", "timePartitioning", "rangePartitioning", "clustering", "schemaUpdateOptions"):
        if job.configuration["query"].get(key):
            raise WarehouseError("invalidQuery", f"configuration.query.{key} cannot be set for scripts")


def _read(world: World, job: JobRecord, node: Statement) -> JobRecord:
    """Run a query that only reads: for as long as it takes, others can write."""
    with world.store.aside() as aside:
        outcome = permitted(run_of(world, job, aside), node, job.configuration["query"])
    with world.store.write() as tx:
        tx.adopt(aside)
        return finish(tx, job, outcome)


def _single(script: Script) -> bool:
    return len(script.statements) == 1 and type(script.statements[0]) in HANDLERS


def dry_run(world: World, job: JobRecord) -> Outcome:
    """Say what a query job would do, changing nothing; of a script, as far as its first DDL.

    DDL is carried out and rolled back: then it is refused exactly when the real one would be.
    """
    script = parse_script(settings(job)["query"])
    outcome: Outcome | None = None
    try:
        with world.store.write() as tx:
            run = run_of(world, job, tx, dry=True)
            for node in script.statements:
                if type(node) not in HANDLERS:
                    break
                outcome = permitted(run, node)
                if type(node) in DDL:
                    break
            raise _DryRunEndsError  # noqa: TRY301  the exception is what rolls back
    except _DryRunEndsError:
        return outcome if outcome is not None and _single(script) else Outcome(script.kind)
