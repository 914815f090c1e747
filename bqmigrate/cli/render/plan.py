"""A plan as text: what happens to each object, what is lost, what it costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.text import Text

from bqmigrate.cli.render.events import header
from bqmigrate.cli.render.words import clean, count, one_line
from bqmigrate.config import Environment
from bqmigrate.operations.base import SYMBOLS, ChangeKind
from bqmigrate.planning.plan import Plan, PlannedMigration, PlannedStep

STYLES: dict[ChangeKind, str] = {"create": "green", "in_place": "yellow", "drop": "red", "rebuild": "magenta"}
KINDS: tuple[tuple[ChangeKind, str], ...] = (
    ("create", "to create"),
    ("in_place", "to change"),
    ("rebuild", "to rebuild"),
    ("drop", "to drop"),
)


def lines(plan: Plan, environment: Environment) -> Iterator[Text]:
    """Return a plan as lines."""
    yield header(environment, plan.from_version, plan.to_version)
    if plan.is_empty:
        yield from (Text(""), Text(f"Nothing to do: already at {plan.from_version or 'base'}."))
        return
    for migration in plan.migrations:
        yield Text("")
        yield from _migration(migration)
    yield from (Text(""), Text(summary(plan)))


def _migration(migration: PlannedMigration) -> Iterator[Text]:
    resumes = "  (goes on where an earlier run stopped)" if migration.resumes else ""
    yield Text.assemble((f"{migration.version} {migration.name}", "bold"), resumes)
    for step in migration.steps:
        yield from step_lines(step)
    for name in migration.left:
        yield Text(f"      {name} is left in place: it was found, not made")


def step_lines(step: PlannedStep) -> Iterator[Text]:
    """Return the line of one operation, its notes, and what it loses."""
    impact = step.impact
    shown = impact.summary if impact.object in impact.summary else f"{impact.object}: {impact.summary}"
    yield Text.assemble("  ", (SYMBOLS[impact.kind].ljust(3), STYLES[impact.kind]), f" {one_line(shown)}")
    if impact.data_loss:
        yield Text.assemble("      ", ("loses data", "bold red"))
    for note in impact.notes:
        yield Text(f"      {one_line(note)}")


def summary(plan: Plan) -> str:
    """Return a plan in one sentence."""
    kinds = Counter(step.impact.kind for step in plan.steps)
    parts = [f"{kinds[kind]} {words}" for kind, words in KINDS if kinds[kind]]
    what = ", ".join(parts) if parts else "nothing to change"
    migrations = count(len(plan.migrations), "migration")
    return f"Plan to {plan.direction} {migrations}: {what}."


def statements(plan: Plan) -> str:
    """Return exactly what each step sends, each below a line that says which step it is."""
    return "".join(_statement(m, s) for m in plan.migrations for s in m.steps)


def _statement(migration: PlannedMigration, planned: PlannedStep) -> str:
    total = len(migration.steps)
    title = f"-- {migration.version}_{migration.name} {planned.key.number}/{total}: {planned.step.verb}"
    shown = planned.step.show()
    parameters: Sequence[tuple[str, str]] = sorted(getattr(planned.step, "parameters", {}).items())
    values = "".join(f"-- @{name} = {clean(value)!r}\n" for name, value in parameters)
    return f"{title} {one_line(planned.step.target)}\n{values}{shown}{'' if shown.endswith(chr(10)) else chr(10)}\n"
