"""`bqmigrate new`."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from bqmigrate.cli.invocation import Invocation


def run(
    invocation: Invocation,
    name: Annotated[str, typer.Argument(help="What it does, in snake_case: add_region.", show_default=False)],
    sql: Annotated[bool, typer.Option("--sql", help="An SQL file, instead of YAML.")] = False,  # noqa: FBT002
    py: Annotated[bool, typer.Option("--py", help="A Python file, instead of YAML.")] = False,  # noqa: FBT002
) -> int:
    """Write the next numbered migration and print its path."""
    from bqmigrate.cli import failure  # noqa: PLC0415  --help must not pay for it
    from bqmigrate.cli.render import documents  # noqa: PLC0415
    from bqmigrate.files import writer  # noqa: PLC0415

    failure.refuse_conflict({"--sql": sql, "--py": py})
    config = invocation.config()
    made = writer.new_template(config.folder, name, "sql" if sql else "py" if py else "yaml")
    path = os.path.relpath(made.path)
    body = {"path": path, "migration": {"version": made.version, "name": made.name}}
    invocation.output.answer(documents.document("new", config.environment, body), [path])
    return 0
