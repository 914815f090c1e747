"""Any failure as a BqmigrateError, and a BqmigrateError as lines or as a JSON document."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from typing import Any

from rich.text import Text
from typer.exceptions import TyperException

from bqmigrate.cli import codes
from bqmigrate.cli.output import Line
from bqmigrate.cli.render.findings import finding_lines, findings_json
from bqmigrate.cli.render.marks import UNICODE, Marks
from bqmigrate.cli.render.words import clean
from bqmigrate.errors import BqmigrateError, InterruptedRun, UnavailableError, UsageError, ValidationError
from bqmigrate.model.history import Direction

LOCAL_LIBRARIES = frozenset({"duckdb", "sqlglot", "waitress"})


def known(error: BaseException) -> BqmigrateError:
    """Return the failure as one of ours."""
    match error:
        case BqmigrateError():
            return error
        case KeyboardInterrupt():
            return interrupted()
        case ModuleNotFoundError(name=str(name)) if name.partition(".")[0] in LOCAL_LIBRARIES:
            return not_installed(name)
        case TyperException():
            return usage(error)
        case _:
            return internal(error)


def not_installed(name: str) -> UnavailableError:
    """Say that the extra is missing."""
    return UnavailableError(
        codes.NOT_INSTALLED,
        f"the embedded warehouse is not installed (no module {name})",
        state="Nothing was changed.",
        hint="pip install 'bqmigrate[local]'",
    )


def interrupted(doing: str | None = None, direction: Direction = "upgrade") -> InterruptedRun:
    """Say what was running when Ctrl-C came."""
    if doing is None:
        return InterruptedRun(codes.INTERRUPTED, "interrupted", state="No step was running.")
    return InterruptedRun(
        codes.INTERRUPTED,
        f"interrupted during {doing}",
        state="A job that was sent goes on in BigQuery; the next run finds it and goes on from there.",
        hint=f"bqmigrate {direction}",
    )


def usage(error: TyperException) -> UsageError:
    """Put what the argument parser says into our form."""
    message = clean(error.format_message()).rstrip(".")
    near = getattr(error, "possibilities", None)
    if near:
        message = f"{message.partition(' (Possible options')[0]}; did you mean {near[0]}?"
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "bqmigrate"
    return UsageError(codes.USAGE, message[:1].lower() + message[1:], hint=f"{path} --help")


def internal(error: BaseException) -> BqmigrateError:
    """Say that it is our fault; the traceback is for --verbose."""
    text = " ".join(clean(str(error)).split())
    what = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return BqmigrateError(
        codes.INTERNAL, f"internal error: {what}", hint="run it again with --verbose and report what it prints"
    )


def lines(error: BqmigrateError, marks: Marks = UNICODE) -> Iterator[Line]:
    """Return what a person is told: what happened, where, why, the state now, the next command."""
    yield Text.assemble((f"error {error.code}", "bold red"), ": ", clean(error.message))
    findings = error.findings if isinstance(error, ValidationError) else ()
    placed = [finding for finding in findings if finding.place is not None]
    for finding in placed:
        yield from finding_lines(finding, alone=len(findings) == 1)
    told = {finding.help for finding in placed} if len(findings) > 1 else set()
    if error.where and not placed:
        yield f"  --> {clean(error.where)}"
    if error.details:
        yield ""
        for detail in error.details:
            yield from (f"  {line}" for line in marks.spell(clean(detail)).splitlines())
    if error.state:
        yield from ("", clean(error.state))
    if error.hint and error.hint not in told:
        yield ""
        yield from _hint(error.hint)


def _hint(hint: str) -> Iterator[Line]:
    first, *rest = clean(hint).splitlines()
    yield Text.assemble(("hint:", "bold"), f" {first}")
    yield from (f"      {line.strip()}" for line in rest)


def document(error: BqmigrateError) -> dict[str, Any]:
    """Return the error as JSON data, with the findings that it is made of."""
    body: dict[str, Any] = {
        "error": {
            "code": error.code,
            "message": error.message,
            "where": error.where,
            "hint": error.hint,
            "state": error.state,
            "details": list(error.details),
        }
    }
    if isinstance(error, ValidationError) and error.findings:
        body["findings"] = findings_json(error.findings)
    return body


def trace(error: BaseException) -> str:
    """Return the traceback, for --verbose."""
    return "".join(traceback.format_exception(error))
