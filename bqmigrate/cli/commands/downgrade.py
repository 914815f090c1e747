"""`bqmigrate downgrade`."""

from __future__ import annotations

from typing import Annotated

import typer

from bqmigrate.cli.invocation import Invocation
from bqmigrate.cli.options import AllowDataLoss, DryRun, LockTimeout, Yes


def run(
    invocation: Invocation,
    target: Annotated[str, typer.Argument(help="-N, a version (= what stays applied), or base.")] = "-1",
    yes: Yes = None,
    allow_data_loss: AllowDataLoss = None,
    dry_run: DryRun = None,
    lock_timeout: LockTimeout = None,
) -> int:
    """Revert applied migrations, where that is allowed."""
    from bqmigrate.cli import change  # noqa: PLC0415  --help must not pay for it

    consent = change.consent(yes=yes, allow_data_loss=allow_data_loss, dry_run=dry_run)
    return change.run(invocation, "downgrade", target, consent, lock_timeout)
