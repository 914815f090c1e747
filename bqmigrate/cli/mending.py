"""What `repair` does around the library: one way chosen, asked where that takes somebody's word, rendered."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from bqmigrate.cli import change, codes
from bqmigrate.cli.change import UNCHANGED, Consent
from bqmigrate.cli.errors import interrupted
from bqmigrate.cli.invocation import Invocation
from bqmigrate.cli.options import flag
from bqmigrate.cli.output import Output
from bqmigrate.cli.progress import Progress
from bqmigrate.cli.render import documents
from bqmigrate.cli.render import repair as repairs
from bqmigrate.errors import InterruptedRun, LeaseError, RefusedError, UsageError
from bqmigrate.execution.repairs.base import How
from bqmigrate.execution.repairs.report import RepairReport

if TYPE_CHECKING:
    from bqmigrate.project import Project

NEEDS_WORD = "BQM364"
DRY_RUN = "BQMIGRATE_DRY_RUN"


def chosen(given: Mapping[How, bool]) -> How:
    """Return the one way that was chosen. Raises UsageError for none, or several."""
    ways = [how for how, is_given in given.items() if is_given]
    if len(ways) != 1:
        said = " and ".join(f"--{how}" for how in ways)
        message = f"{said} exclude each other" if ways else f"repair needs to know how: --{', --'.join(given)}"
        raise UsageError(codes.USAGE, message, state=UNCHANGED, hint="bqmigrate repair --help")
    return ways[0]


def consent(*, yes: bool | None, allow_data_loss: bool | None) -> Consent:
    """Settle flags and variables. Raises UsageError for a variable that is neither 1 nor 0, or that forbids it."""
    said = change.consent(yes=yes, allow_data_loss=allow_data_loss, dry_run=None)
    refuse_dry_run("repair")
    return said


def refuse_dry_run(command: str) -> None:
    """Raise UsageError where the environment asks to change nothing, and the command cannot but change something."""
    if flag(os.environ, DRY_RUN):
        raise UsageError(
            codes.USAGE, f"{command} has no dry run", where=DRY_RUN, state=UNCHANGED, hint=f"unset {DRY_RUN}"
        )


def run(invocation: Invocation, how: How, version: str, said: Consent, lock_timeout_s: float | None) -> int:
    """Repair, and say what was done. Raises BqmigrateError."""
    output = invocation.output
    with invocation.open(lock_timeout_s) as project:
        try:
            done = _repair(project, output, how, version, said, yes=said.yes)
        except RefusedError as error:
            if error.code != NEEDS_WORD or not output.interactive:
                raise
            _ask(output, error)
            done = _repair(project, output, how, version, said, yes=True)
        environment = project.config.environment
    output.answer(documents.document("repair", environment, documents.repair(done)), repairs.lines(done))
    return 0


def _ask(output: Output, why: RefusedError) -> None:
    """Say what somebody has to answer for, and get a yes. Raises RefusedError when there is none."""
    output.say([why.message, *(f"  {line}" for line in why.details), ""])
    if not output.ask("Go on with the repair?"):
        raise RefusedError(codes.DECLINED, "not confirmed", state=UNCHANGED)


def _repair(project: Project, output: Output, how: How, version: str, said: Consent, *, yes: bool) -> RepairReport:
    with Progress(output, project.config.environment) as progress:
        try:
            return project.repair(
                how, version or None, yes=yes, allow_data_loss=said.allow_data_loss, emit=progress.emit
            )
        except (KeyboardInterrupt, InterruptedRun) as error:
            out = interrupted(progress.doing)
            out.hint = _typed(how, version)
            raise out from error
        except LeaseError as error:
            waiting = "bqmigrate repair --lock-timeout"
            error.hint = (error.hint or "").replace(waiting, f"{_typed(how, version)} --lock-timeout")
            raise


def _typed(how: How, version: str) -> str:
    return " ".join(word for word in ("bqmigrate repair", version, f"--{how}") if word)
