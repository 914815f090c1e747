"""`bqmigrate current`."""

from __future__ import annotations

from bqmigrate.cli.invocation import Invocation


def run(invocation: Invocation) -> int:
    """Print the version the warehouse is at."""
    from bqmigrate.cli.render import documents, history  # noqa: PLC0415  --help must not pay for it

    with invocation.open() as project:
        state = project.current(emit=invocation.teller(project))
    body = documents.document("current", project.config.environment, documents.current(state))
    invocation.output.answer(body, [history.current(state)])
    return 0
