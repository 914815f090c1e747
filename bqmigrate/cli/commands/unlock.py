"""`bqmigrate unlock`."""

from __future__ import annotations

from typing import Annotated

import typer

from bqmigrate.cli.invocation import Invocation


def run(
    invocation: Invocation,
    lease_id: Annotated[str, typer.Argument(help="The id of the dead run, as history names it.", show_default=False)],
) -> int:
    """Take the lease away from a dead run."""
    from bqmigrate.cli import mending  # noqa: PLC0415  --help must not pay for it
    from bqmigrate.cli.hints import as_addressed  # noqa: PLC0415
    from bqmigrate.cli.render import documents, unlocked  # noqa: PLC0415

    mending.refuse_dry_run("unlock")
    with invocation.open() as project:
        done = project.unlock(lease_id, emit=invocation.teller(project))
    following = as_addressed(done.next, invocation.settings.where) or done.next
    body = documents.document("unlock", project.config.environment, unlocked.document(done, following))
    invocation.output.answer(body, unlocked.lines(done, following))
    return 0
