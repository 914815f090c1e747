"""The JSON documents: one builder per command, from the same values as the text."""

from __future__ import annotations

from typing import Any

from bqmigrate.cli.render import halfway, running
from bqmigrate.cli.render.findings import findings_json
from bqmigrate.cli.render.words import timestamp
from bqmigrate.config import Environment
from bqmigrate.execution.repairs.report import RepairReport
from bqmigrate.execution.report import Report
from bqmigrate.model.history import VersionState
from bqmigrate.planning.plan import Plan, PlannedStep
from bqmigrate.planning.views import HistoryLine, HistoryView, MigrationDetail

FORMAT = 1
Json = dict[str, Any]


def document(command: str, environment: Environment | None, body: Json) -> Json:
    """Return a whole document; an environment that is not known is null."""
    return {
        "version": FORMAT,
        "command": command,
        "environment": environment.name if environment else None,
        "project": environment.project if environment else None,
        "location": environment.location if environment else None,
        **body,
    }


def report(done: Report) -> Json:
    """Return what an upgrade or a downgrade came to."""
    body: dict[str, Any] = {}
    if done.direction == "upgrade" or done.applied:
        body["applied"] = list(done.applied)
    if done.direction == "downgrade" or done.reverted:
        body["reverted"] = list(done.reverted)
    return body | {
        "from": done.from_version,
        "to": done.to_version,
        "datasets_created": list(done.datasets_created),
        "tables_created": list(done.tables_created),
        "tables_existed": list(done.tables_existed),
        "total_tables": done.total_tables,
        "left_in_place": list(done.left_in_place),
        "requests": done.requests,
        "bytes_billed": done.bytes_billed,
        "duration_ms": done.duration_ms,
    }


def repair(done: RepairReport) -> Json:
    """Return what a repair came to; what it is not about is null or empty."""
    about = {"version": done.version, "name": done.name, "state": done.standing} if done.version else None
    return {
        "repair": done.repair,
        "migration": about,
        "steps": [halfway.recorded(s) for s in done.steps],
        "differences": list(done.differences),
        "left_in_place": list(done.left_in_place),
        "rows_rebuilt": list(done.rows_rebuilt),
        "rows_unchecked": list(done.rows_unchecked),
        "rows_lost": list(done.rows_lost),
        "lineage": {"from": done.lineage[0], "to": done.lineage[1]} if done.lineage else None,
        "requests": done.requests,
        "bytes_billed": done.bytes_billed,
        "duration_ms": done.duration_ms,
    }


def plan(made: Plan, *, statements: bool = False) -> Json:
    """Return what would happen; with `statements`, what each operation sends."""
    return {
        "direction": made.direction,
        "from": made.from_version,
        "to": made.to_version,
        "migrations": [
            {
                "version": m.version,
                "name": m.name,
                "operations": [operation(s, statements=statements) for s in m.steps],
            }
            for m in made.migrations
        ],
    }


def operation(step: PlannedStep, *, statements: bool = False) -> Json:
    """Return one operation of a plan; bytes are null, because nothing measured them."""
    impact = step.impact
    body: dict[str, Any] = {
        "operation": step.operation.key,
        "object": impact.object,
        "kind": impact.kind,
        "data_loss": impact.data_loss,
        "bytes": None,
        "notes": list(impact.notes),
    }
    return body | ({"statement": step.step.show()} if statements else {})


def history(view: HistoryView, where: str | None = None) -> Json:
    """Return every migration, oldest first; `where` are the options that said on what is worked."""
    return {
        "current": view.current,
        "migrations": [line(each) for each in view.migrations],
        "running": running.document(view.running) if view.running else None,
        "half_applied": [halfway.document(each, where) for each in view.halfway],
        "findings": findings_json(view.findings),
    }


def line(each: HistoryLine) -> Json:
    """Return one migration of the history."""
    return {
        "version": each.version,
        "name": each.name,
        "state": each.state,
        "applied_at": timestamp(each.applied_at),
        "duration_ms": each.duration_ms,
        "actor": each.actor,
        "checksum": each.checksum,
        "steps": [halfway.recorded(s) for s in each.steps],
    }


def current(state: VersionState | None) -> Json:
    """Return where the warehouse is."""
    return {"current": state.version if state else None, "name": state.name if state else None}


def detail(shown: MigrationDetail, where: str | None = None) -> Json:
    """Return one migration with all that it does; `where` are the options that said on what is worked."""
    down = shown.downgrade
    return {
        "migration": {
            **line(shown.line),
            "file": str(shown.file),
            "format": shown.format,
            "description": shown.description,
            "upgrade": [operation(s, statements=True) for s in shown.upgrade],
            "downgrade": None if down is None else [operation(s, statements=True) for s in down],
            "downgrade_problem": shown.downgrade_problem,
            "job_ids": list(shown.job_ids),
            "adopted": shown.line.adopted,
            "half_applied": halfway.document(shown.halfway, where) if shown.halfway else None,
        }
    }
