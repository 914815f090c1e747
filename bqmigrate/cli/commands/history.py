"""`bqmigrate history`."""

from __future__ import annotations

from typing import Annotated

import typer

from bqmigrate.cli.invocation import Invocation

PENDING = 10


def run(
    invocation: Invocation,
    exit_code: Annotated[  # noqa: FBT002
        bool, typer.Option("--exit-code", help="Exit with 10 when something is pending or half-applied.")
    ] = False,
) -> int:
    """List every migration, its state, when and by whom."""
    from bqmigrate.cli.render import documents, history  # noqa: PLC0415  --help must not pay for it

    output = invocation.output
    with invocation.open() as project:
        view = project.history(emit=invocation.teller(project))
    output.warn(f"{finding.place}: {finding.message}" for finding in view.findings)
    body = documents.document("history", project.config.environment, documents.history(view, invocation.settings.where))
    output.answer(body, history.lines(view, limit=output.limit, marks=output.marks, where=invocation.settings.where))
    waiting = view.pending or view.halfway
    return PENDING if exit_code and waiting else 0
