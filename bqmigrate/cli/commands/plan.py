"""`bqmigrate plan`."""

from __future__ import annotations

from typing import Annotated

import typer

from bqmigrate.cli.invocation import Invocation


def run(
    invocation: Invocation,
    target: Annotated[
        str | None,
        typer.Argument(help="As for upgrade (default: head), or with --down as for downgrade (default: -1)."),
    ] = None,
    down: Annotated[bool, typer.Option("--down", help="Plan a downgrade.")] = False,  # noqa: FBT002
    offline: Annotated[  # noqa: FBT002
        bool, typer.Option("--offline", help="From an empty warehouse, without a connection.")
    ] = False,
    sql: Annotated[  # noqa: FBT002
        bool, typer.Option("--sql", help="Print the exact statement or request of each step.")
    ] = False,
) -> int:
    """Show what upgrade would do; nothing is changed."""
    from bqmigrate.cli.render import documents, plan  # noqa: PLC0415  --help must not pay for it

    with invocation.open() as project:
        told = invocation.teller(project)
        prepared = project.plan(target, direction="downgrade" if down else "upgrade", offline=offline, emit=told)
    made, environment = prepared.plan, project.config.environment
    invocation.output.warn(prepared.warnings)
    if sql and not invocation.output.as_json:
        invocation.output.raw(plan.statements(made))
        return 0
    body = documents.document("plan", environment, documents.plan(made, statements=sql))
    invocation.output.answer(body, plan.lines(made, environment))
    return 0
