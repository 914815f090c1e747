"""The end of a command that failed: its error on the right stream, its exit code."""

from __future__ import annotations

from collections.abc import Mapping

from bqmigrate.cli import codes, errors
from bqmigrate.cli.hints import as_addressed
from bqmigrate.cli.invocation import Invocation
from bqmigrate.cli.render import documents
from bqmigrate.config import Environment
from bqmigrate.errors import BqmigrateError, UsageError


def report(invocation: Invocation, error: BaseException) -> int:
    """Render a failure and return its exit code."""
    ours = errors.known(error)
    ours.hint = as_addressed(ours.hint, invocation.settings.where)
    output = invocation.output
    if output.verbose:
        output.say([errors.trace(error)])
    if output.as_json:
        body = errors.document(ours)
        output.answer(documents.document(invocation.command, environment(invocation), body), ())
    else:
        output.say(errors.lines(ours, output.error_marks))
    return ours.exit_code


def refuse_conflict(given: Mapping[str, bool]) -> None:
    """Raise UsageError where options are given that exclude each other."""
    chosen = [option for option, is_given in given.items() if is_given]
    if len(chosen) > 1:
        raise UsageError(codes.USAGE, f"{' and '.join(chosen)} exclude each other", hint="bqmigrate --help")


def environment(invocation: Invocation) -> Environment | None:
    """Return the environment a document names; None where the configuration is what is wrong."""
    try:
        return invocation.config().environment
    except BqmigrateError:
        return None
