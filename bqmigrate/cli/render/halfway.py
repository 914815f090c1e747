"""A half-applied migration: what is done, what failed and why, and the ways on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.text import Text

from bqmigrate.cli.hints import as_addressed
from bqmigrate.cli.render.layout import cut
from bqmigrate.cli.render.marks import Marks
from bqmigrate.cli.render.words import one_line
from bqmigrate.model.history import StepRecord
from bqmigrate.planning.halfway import Halfway, told


def lines(found: Halfway, marks: Marks, where: str | None, limit: int | None) -> Iterator[Text]:
    """Return all that helps to go on."""
    yield Text.assemble((f"{found.version} {found.name}", "bold"), f" {_stopped(found)}")
    yield Text("")
    for step in found.done:
        yield _step((marks.done, "green"), step, marks, limit)
    if found.failed is not None:
        yield _step((marks.failed, "red"), found.failed, marks, limit)
    if found.error and found.is_known:
        yield Text(f"     {one_line(found.error)}")
    if found.steps or (found.error and found.is_known):
        yield Text("")
    first, *rest = (as_addressed(told(found.ways), where) or "").splitlines()
    yield Text.assemble(("hint:", "bold"), f" {first}")
    yield from (Text(f"      {line}") for line in rest)


def document(found: Halfway, where: str | None) -> dict[str, Any]:
    """Return it as JSON data; the steps are null where nobody knows yet how far it got."""
    return {
        "version": found.version,
        "name": found.name,
        "direction": found.direction,
        "steps": [recorded(s) for s in found.steps] if found.is_known else None,
        "error": found.error,
        "ways_on": [{"what": way.what, "command": as_addressed(way.command, where)} for way in found.ways],
    }


def recorded(step: StepRecord) -> dict[str, Any]:
    """Return what became of a step as JSON data; null where a fact is not known."""
    return {"job_id": None, "bytes": None, "rows": None} | step.to_json()


def _stopped(found: Halfway) -> str:
    if found.too_old is not None:
        when = f"{found.too_old:%Y-%m-%d}"
        return f"was interrupted in its {found.direction} on {when}, too long ago to tell how far it got"
    if not found.is_known:
        return f"was interrupted in its {found.direction}; the next run finds out how far it got"
    if found.is_given_up:
        return "was given up; what it did is not taken back yet"
    if found.is_accepted:
        return f"waits at step {len(found.done) + 1}: its file was accepted as it is now"
    after = f" after step {len(found.done)}" if found.done else ""
    stopped = f"stopped{after}" + (f", at step {found.failed.number}" if found.failed else ", between two steps")
    return f"is on its way back: it {stopped}" if found.direction == "downgrade" else stopped


def _step(sign: tuple[str, str], step: StepRecord, marks: Marks, limit: int | None) -> Text:
    what = f"{step.number}  {step.verb or step.kind}  {one_line(step.target)}"
    shown = what if limit is None else cut(what, limit - marks.width - 3, marks.cut)
    return Text.assemble("  ", (sign[0].ljust(marks.width), sign[1]), f" {shown}")
