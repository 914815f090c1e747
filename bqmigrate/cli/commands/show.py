"""`bqmigrate show`."""

from __future__ import annotations

from typing import Annotated

import typer

from bqmigrate.cli.invocation import Invocation


def run(
    invocation: Invocation,
    version: Annotated[str, typer.Argument(help="A version: 7, 0007.", show_default=False)],
) -> int:
    """Show one migration: its steps, job ids and the way back."""
    from bqmigrate.cli.render import detail, documents  # noqa: PLC0415  --help must not pay for it

    output = invocation.output
    with invocation.open() as project:
        shown = project.show(version, emit=invocation.teller(project))
    body = documents.document("show", project.config.environment, documents.detail(shown, invocation.settings.where))
    output.answer(body, detail.lines(shown, output.marks, invocation.settings.where, output.limit))
    return 0
