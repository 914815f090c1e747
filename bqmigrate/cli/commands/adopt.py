"""`bqmigrate adopt`."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from bqmigrate.cli.invocation import Invocation
from bqmigrate.cli.options import DryRun, LockTimeout, flag


def run(
    invocation: Invocation,
    version: Annotated[
        str | None, typer.Argument(help="Up to this version: 7, 0007 (default: the last file).", show_default=False)
    ] = None,
    dry_run: DryRun = None,
    lock_timeout: LockTimeout = None,
) -> int:
    """Record what is there already, if it is what the migrations say."""
    from bqmigrate.cli.progress import Progress  # noqa: PLC0415  --help must not pay for it
    from bqmigrate.cli.render import adoption, documents  # noqa: PLC0415

    only_look = bool(dry_run or flag(os.environ, "BQMIGRATE_DRY_RUN"))
    with invocation.open(lock_timeout) as project:
        environment = project.config.environment
        with Progress(invocation.output, environment) as progress:
            done = project.adopt(version, dry_run=only_look, emit=progress.emit)
    invocation.output.answer(documents.document("adopt", environment, adoption.document(done)), adoption.lines(done))
    return 0
