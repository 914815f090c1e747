"""Serving and emptying the embedded warehouse."""

from __future__ import annotations

import os
from pathlib import Path

from bqmigrate.cli import codes
from bqmigrate.cli.invocation import Invocation
from bqmigrate.cli.options import flag
from bqmigrate.cli.render import documents
from bqmigrate.errors import RefusedError, UnavailableError
from bqmigrate.local import LocalWarehouse
from bqmigrate.local.http.server import serve as serve_forever
from bqmigrate.local.sharing import Attached, attach
from bqmigrate.local.storage import folder as storage
from bqmigrate.local.storage.database import HeldElsewhere

WAIT_S = 10.0


def serve(invocation: Invocation, port: int, *, memory: bool = False) -> None:
    """Serve until a signal comes, a warehouse of its own if in memory.

    Raises UnavailableError when the file is held, or the port is taken.
    """
    project = invocation.open()
    environment = project.config.environment
    folder = None if memory else project.local_folder
    attached = Attached(LocalWarehouse.open(None)) if folder is None else _attached(folder)
    if attached.warehouse is None:
        raise UnavailableError(
            codes.SERVED,
            f"it is being served already: {attached.endpoint}",
            hint="use that address, or stop that server",
        )

    def ready(url: str) -> None:
        invocation.output.answer(documents.document("local serve", environment, {"url": url}), [url])
        users = "what it holds goes with it" if memory else "other commands of this project go through it"
        invocation.output.progress([f"Serving until Ctrl-C; {users}."])

    try:
        serve_forever(attached.warehouse, port, ready, folder=folder)
    except OSError as error:
        message = f"cannot listen on port {port}: {error.strerror or error}"
        raise UnavailableError(codes.PORT, message, hint="bqmigrate local serve --port 0 takes a free one") from error
    finally:
        attached.close()


def _attached(folder: Path) -> Attached:
    folder.mkdir(parents=True, exist_ok=True)
    return attach(folder, WAIT_S)


def reset(invocation: Invocation, *, yes: bool) -> None:
    """Empty the warehouse, once somebody said yes. Raises RefusedError, UnavailableError while it is held."""
    project, output = invocation.open(), invocation.output
    folder = project.local_folder
    if not (yes or flag(os.environ, "BQMIGRATE_YES")):
        _ask(invocation, folder)
    try:
        storage.reset(folder)
    except HeldElsewhere as held:
        who = f"process {held.pid}" if held.pid else "another process"
        raise UnavailableError(
            codes.SERVED, f"the embedded warehouse is in use by {who}", where=str(folder), hint="stop it first"
        ) from held
    body = documents.document("local reset", project.config.environment, {"path": str(folder)})
    output.answer(body, [f"Emptied {folder}."])


def _ask(invocation: Invocation, folder: Path) -> None:
    output = invocation.output
    if not output.interactive:
        raise RefusedError(
            codes.NO_TERMINAL,
            "this needs a yes, and there is no terminal to ask on",
            state="Nothing was changed.",
            hint="bqmigrate local reset --yes",
        )
    output.say([f"All datasets, rows and the history in {folder} go."])
    if not output.ask("Empty it?"):
        raise RefusedError(codes.DECLINED, "not confirmed", state="Nothing was changed.")
