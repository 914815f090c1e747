"""`bqmigrate local serve`, `local reset`, `local path`: the embedded warehouse."""

from __future__ import annotations

from typing import Annotated

import typer

from bqmigrate.cli.invocation import Invocation
from bqmigrate.cli.options import Yes

# Not from `local`, which cannot be imported without the extra: where the file is can be asked without it.
DATABASE = "warehouse.duckdb"


def serve(
    invocation: Invocation,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")] = 0,
    memory: Annotated[bool, typer.Option("--memory", help="A throw-away one: nothing is kept.")] = False,  # noqa: FBT002
) -> int:
    """Serve it on 127.0.0.1; prints the URL when ready."""
    from bqmigrate.cli import serving  # noqa: PLC0415  --help must not pay for it

    serving.serve(invocation, port, memory=memory)
    return 0


def reset(invocation: Invocation, yes: Yes = None) -> int:
    """Empty it: datasets, rows and history go."""
    from bqmigrate.cli import serving  # noqa: PLC0415  --help must not pay for it

    serving.reset(invocation, yes=bool(yes))
    return 0


def path(invocation: Invocation) -> int:
    """Print where its file is."""
    from bqmigrate.cli.render import documents  # noqa: PLC0415  --help must not pay for it

    project = invocation.open()
    shown = str(project.local_folder / DATABASE)
    body = documents.document("local path", project.config.environment, {"path": shown})
    invocation.output.answer(body, [shown])
    return 0
