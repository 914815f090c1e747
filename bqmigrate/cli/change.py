"""What upgrade and downgrade share: show, ask, run what was shown, render."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bqmigrate.cli import codes
from bqmigrate.cli.errors import interrupted
from bqmigrate.cli.interrupts import Interrupts
from bqmigrate.cli.invocation import Invocation
from bqmigrate.cli.options import flag
from bqmigrate.cli.progress import Progress
from bqmigrate.cli.render import documents
from bqmigrate.cli.render import plan as plans
from bqmigrate.cli.render import report as reports
from bqmigrate.errors import BqmigrateError, InterruptedRun, RefusedError
from bqmigrate.execution.report import Report
from bqmigrate.execution.stop import Stop
from bqmigrate.model.history import Direction

if TYPE_CHECKING:
    from bqmigrate.execution.prepared import Prepared
    from bqmigrate.project import Project

UNCHANGED = "Nothing was changed."
DEFAULTS: dict[Direction, str] = {"upgrade": "head", "downgrade": "-1"}


@dataclass(frozen=True)
class Consent:
    """What was said in advance: flags, or their variables."""

    yes: bool
    allow_data_loss: bool
    dry_run: bool


def consent(*, yes: bool | None, allow_data_loss: bool | None, dry_run: bool | None) -> Consent:
    """Settle flags and variables. Raises UsageError for a variable that is neither 1 nor 0."""
    return Consent(
        yes=bool(yes or flag(os.environ, "BQMIGRATE_YES")),
        allow_data_loss=bool(allow_data_loss or flag(os.environ, "BQMIGRATE_ALLOW_DATA_LOSS")),
        dry_run=bool(dry_run or flag(os.environ, "BQMIGRATE_DRY_RUN")),
    )


def run(invocation: Invocation, direction: Direction, target: str, said: Consent, lock_timeout_s: float | None) -> int:
    """Bring the warehouse to the target, and say what was done. Raises BqmigrateError."""
    output = invocation.output
    with invocation.open(lock_timeout_s) as project:
        environment = project.config.environment
        if direction == "downgrade":
            project.check_downgrade_allowed()
        told = invocation.teller(project)
        prepared = project.plan(target, direction=direction, runs_next=not said.dry_run, emit=told)
        output.warn(prepared.warnings)
        if said.dry_run:
            body = documents.plan(prepared.plan) | {"dry_run": True}
            output.answer(documents.document(direction, environment, body), plans.lines(prepared.plan, environment))
            return 0
        ask(invocation, project, prepared, said, target)
        with Progress(output, environment) as progress, Interrupts(output, progress) as interrupts:
            done = change(invocation, project, target, prepared, said, progress, interrupts.stop)
        body = documents.document(direction, environment, documents.report(done))
        output.answer(body, reports.lines(done))
    return 0


def change(
    invocation: Invocation,
    project: Project,
    target: str,
    prepared: Prepared,
    said: Consent,
    progress: Progress,
    stop: Stop,
) -> Report:
    """Run exactly what was prepared."""
    direction = prepared.plan.direction
    where_to = _absolute(prepared, target)
    act = project.upgrade if direction == "upgrade" else project.downgrade
    try:
        return act(target, prepared=prepared, allow_data_loss=said.allow_data_loss, emit=progress.emit, stop=stop)
    except (KeyboardInterrupt, InterruptedRun) as error:
        if progress.doing is None and isinstance(error, InterruptedRun):
            error.hint = as_typed(error.hint, invocation, direction, where_to, said)
            raise
        # Only who watched the events knows the step.
        out = interrupted(progress.doing, direction)
        out.hint = as_typed(out.hint, invocation, direction, where_to, said)
        raise out from error
    except BqmigrateError as error:
        error.hint = as_typed(error.hint, invocation, direction, where_to, said)
        raise


def _absolute(prepared: Prepared, target: str) -> str:
    """Return where a relative target leads: counted again, after some of it was done, it would lead further."""
    is_counted = target[:1] in {"+", "-"} and target != DEFAULTS[prepared.plan.direction]
    return (prepared.plan.to_version or "base") if is_counted else target


def ask(invocation: Invocation, project: Project, prepared: Prepared, said: Consent, target: str) -> None:
    """Get a yes where the plan needs one. Raises RefusedError when there is none."""
    output, environment = invocation.output, project.config.environment
    plan, reasons = prepared.plan, prepared.needs_consent
    if plan.loses_data and not (said.allow_data_loss or environment.allow_data_loss):
        hint = again(
            invocation,
            plan.direction,
            target,
            "--allow-data-loss",
            *(["--yes"] if said.yes or not output.interactive else []),
        )
        raise RefusedError(codes.NEEDS_DATA_LOSS, "this would lose data", details=reasons, state=UNCHANGED, hint=hint)
    if not reasons or said.yes:
        return
    if not output.interactive:
        hint = again(
            invocation, plan.direction, target, *(["--allow-data-loss"] if said.allow_data_loss else []), "--yes"
        )
        message = "this needs a yes, and there is no terminal to ask on"
        raise RefusedError(codes.NO_TERMINAL, message, details=reasons, state=UNCHANGED, hint=hint)
    output.say(plans.lines(plan, environment))
    output.say(["", *reasons])
    if not output.ask(f"Go on with the {plan.direction}?"):
        raise RefusedError(codes.DECLINED, "not confirmed", state=UNCHANGED)


def as_typed(hint: str | None, invocation: Invocation, direction: Direction, target: str, said: Consent) -> str | None:
    """Return a hint with the bare command in it exchanged for the one that was typed, target and flags included."""
    flags = [flag for flag, on in (("--allow-data-loss", said.allow_data_loss), ("--yes", said.yes)) if on]
    if hint is None:
        return None
    # With anything else after it, it is another command than the one that was typed.
    bare = re.compile(rf"\bbqmigrate {direction}(?= *$| \(| --lock-timeout)", re.MULTILINE)
    return bare.sub(again(invocation, direction, target, *flags), hint)


def again(invocation: Invocation, direction: Direction, target: str, *flags: str) -> str:
    """Return the command as it was typed, with other flags: a hint that another target followed would mislead."""
    words: list[str] = [direction] if target == DEFAULTS[direction] else [direction, target]
    if invocation.settings.where is not None:
        words.append(invocation.settings.where)
    return f"bqmigrate {' '.join([*words, *flags])}"
