"""One migration as text: where it stands, what it does, the way back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.text import Text

from bqmigrate.cli.render import halfway
from bqmigrate.cli.render.marks import Marks
from bqmigrate.cli.render.plan import step_lines
from bqmigrate.cli.render.words import clean, duration, minute, one_line
from bqmigrate.model.history import StepRecord
from bqmigrate.operations.raw import is_raw
from bqmigrate.planning.plan import PlannedStep
from bqmigrate.planning.views import HistoryLine, MigrationDetail


def lines(shown: MigrationDetail, marks: Marks, where: str | None = None, limit: int | None = None) -> Iterator[Text]:
    """Return all there is to say about one migration."""
    each = shown.line
    yield Text.assemble((f"{each.version} {each.name}", "bold"), f"  {standing(each)}")
    if shown.description:
        yield Text(clean(shown.description).rstrip())
    yield Text("")
    yield Text(f"file      {shown.file} ({shown.format})")
    yield Text(f"checksum  {each.checksum or '(none)'}")
    if shown.halfway is not None:
        yield Text("")
        yield from halfway.lines(shown.halfway, marks, where, limit)
    elif each.error:
        yield Text(f"stopped   {one_line(each.error)}")
    records = {step.number: step for step in each.steps}
    yield from _steps("upgrade", shown.upgrade, records, adopted=each.adopted)
    if shown.downgrade is None:
        yield from (Text(""), Text("downgrade", "bold"), Text(f"  {shown.downgrade_problem or 'there is no way back'}"))
    elif each.adopted:
        yield from (Text(""), Text("downgrade", "bold"), Text("  nothing: what was adopted is left in place"))
    else:
        yield from _steps("downgrade", shown.downgrade, {})


def standing(each: HistoryLine) -> str:
    """Say where a migration stands, since when, and by whom."""
    parts: list[str] = [each.state]
    if each.adopted:
        parts.append("(adopted)")
    if each.applied_at is not None:
        parts.append(f"{minute(each.applied_at)} UTC")
    if each.actor:
        parts.append(f"by {one_line(each.actor)}")
    if each.duration_ms is not None:
        parts.append(f"in {duration(each.duration_ms)}")
    return " ".join(parts)


def _steps(
    title: str, steps: tuple[PlannedStep, ...], records: Mapping[int, StepRecord], *, adopted: bool = False
) -> Iterator[Text]:
    yield from (Text(""), Text(title, "bold"))
    if not steps:
        yield Text("  nothing")
    for step in steps:
        yield from step_lines(step)
        record = records.get(step.key.number)
        if record is not None:
            yield Text(f"      {_adopted(step) if adopted else _ran(record)}")
        yield from (Text(f"      | {line}") for line in clean(step.step.show()).splitlines())


def _adopted(step: PlannedStep) -> str:
    return "not compared, not run" if is_raw(step.operation) else "found as it should be, not run"


def _ran(record: StepRecord) -> str:
    return f"{record.outcome} in {duration(record.ms)}{_job(record)}"


def _job(record: StepRecord) -> str:
    return f", job {record.job_id}" if record.job_id else ""
