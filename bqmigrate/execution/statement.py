"""A statement to run once, and whether a job ran just that."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bqmigrate.errors import UnsettledError
from bqmigrate.operations.steps import ObjectRef
from bqmigrate.warehouse.port import Job, Parameter


@dataclass(frozen=True)
class Statement:
    """What to run once: the text, its parameters, and other texts with the same effect."""

    sql: str
    parameters: Sequence[Parameter] = ()
    same_effect: Collection[str] = ()
    # What it changes, where that is known: BigQuery takes only so many changes of an object at a time.
    changes: Sequence[ObjectRef] = ()
    # A script of assertions and one change: where it failed it changed nothing.
    is_guarded: bool = False


def is_same(job: Job, statement: Statement) -> bool:
    """Tell whether a job ran a statement, in this text or another of the same effect."""
    return job.sql in {statement.sql, *statement.same_effect} and _same_parameters(job, statement)


def check_same(job: Job, job_id: str, statement: Statement) -> None:
    """Raise UnsettledError for a job that ran something else."""
    if is_same(job, statement):
        return
    raise UnsettledError(
        "BQM501",
        f"job {job_id} already ran another statement than the one to run now",
        details=(f"ran      {_short(job.sql)}", f"to run   {_short(statement.sql)}"),
        hint="put the file back as it was when it ran, then run the same command again",
    )


def _same_parameters(job: Job, statement: Statement) -> bool:
    kinds = {p.name: p.type for p in statement.parameters}
    ran = {p.get("name"): p.get("parameterValue", {}).get("value") for p in job.parameters}
    if ran.keys() != kinds.keys():
        return False
    return all(_meaning(p.type, ran[p.name]) == _meaning(p.type, p.value) for p in statement.parameters)


def _meaning(kind: str, value: object) -> object:
    """Return what a parameter says, however it is written: in Python, as the client sends it, as BigQuery echoes it."""
    if value is None or kind not in _MEANINGS:
        return None if value is None else str(value)
    try:
        return _MEANINGS[kind](str(value))
    except ValueError:
        return str(value)


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text.removesuffix(" UTC"))
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def _number(text: str) -> str:
    return repr(float(text))  # as text, since NaN is not what it is


_MEANINGS: Mapping[str, Callable[[str], object]] = {"BOOL": str.lower, "FLOAT64": _number, "TIMESTAMP": _instant}


def _short(sql: str) -> str:
    line = " ".join(sql.split())
    limit = 100
    return line if len(line) <= limit else f"{line[: limit - 1]}…"
