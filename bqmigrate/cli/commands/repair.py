"""`bqmigrate repair`."""

from __future__ import annotations

from typing import Annotated

import typer

from bqmigrate.cli.invocation import Invocation
from bqmigrate.cli.options import AllowDataLoss, LockTimeout, Yes


def run(
    invocation: Invocation,
    version: Annotated[str, typer.Argument(help="A version, where the repair is of one: 7, 0007.")] = "",
    mark_applied: Annotated[  # noqa: FBT002
        bool, typer.Option("--mark-applied", help="Half-applied, and the rest was done by hand.")
    ] = False,
    accept_file: Annotated[  # noqa: FBT002
        bool, typer.Option("--accept-file", help="The file was edited, and is right as it is.")
    ] = False,
    revert: Annotated[  # noqa: FBT002
        bool, typer.Option("--revert", help="Take it back without its file.")
    ] = False,
    rebuild_history: Annotated[  # noqa: FBT002
        bool, typer.Option("--rebuild-history", help="Write lost rows again, as their jobs had them.")
    ] = False,
    new_lineage: Annotated[  # noqa: FBT002
        bool, typer.Option("--new-lineage", help="The lock was lost, or the history copied.")
    ] = False,
    yes: Yes = None,
    allow_data_loss: AllowDataLoss = None,
    lock_timeout: LockTimeout = None,
) -> int:
    """Mend what upgrade and downgrade refuse; exactly one of five ways."""
    from bqmigrate.cli import mending  # noqa: PLC0415  --help must not pay for it

    how = mending.chosen(
        {
            "mark-applied": mark_applied,
            "accept-file": accept_file,
            "revert": revert,
            "rebuild-history": rebuild_history,
            "new-lineage": new_lineage,
        }
    )
    said = mending.consent(yes=yes, allow_data_loss=allow_data_loss)
    return mending.run(invocation, how, version, said, lock_timeout)
