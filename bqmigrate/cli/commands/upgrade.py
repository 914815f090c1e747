"""`bqmigrate upgrade`."""

from __future__ import annotations

from typing import Annotated

import typer

from bqmigrate.cli.invocation import Invocation
from bqmigrate.cli.options import AllowDataLoss, DryRun, LockTimeout, Yes


def run(
    invocation: Invocation,
    target: Annotated[str, typer.Argument(help="head, a version (7 = 0007), or +N.")] = "head",
    yes: Yes = None,
    allow_data_loss: AllowDataLoss = None,
    dry_run: DryRun = None,
    lock_timeout: LockTimeout = None,
) -> int:
    """Apply pending migrations."""
    from bqmigrate.cli import change  # noqa: PLC0415  --help must not pay for it

    consent = change.consent(yes=yes, allow_data_loss=allow_data_loss, dry_run=dry_run)
    return change.run(invocation, "upgrade", target, consent, lock_timeout)
