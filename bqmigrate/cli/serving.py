"""Serving and emptying the embedded warehouse."""

from __future__ import annotations

import os
from pathlib import Path

from bqmigrate.cli import codes
from bqmigrate.cli.invocation import Invocation
from bqmigrate.cli.options import flag
from bqmigrate.cli.render import documents
from bqmigrate.errors import RefusedError, UnavailableError
from bqmigrate.local.http.server import serve as serve_forever
from bqmigrate.local.sharing import attach
from bqmigrate.local.storage import folder as storage
from bqmigrate.local.storage.database import HeldElsewhere

WAIT_S = 10.0


def serve(invocation: Invocation, port: int) -> None:
    """Serve until a signal comes. Raises UnavailableError when it is held, or the port is taken."""
    project = invocation.open()
    folder, environment = project.local_folder, project.config.environment
    folder.mkdir(parents=True, exist_ok=True)
    attached = attach(folder, WAIT_S)
    if attached.warehouse is None:
        raise UnavailableError(
            codes.SERVED,
            f"it is being served already: {attached.endpoint}",
            hint="use that address, or stop that server",
        )

    def ready(url: str) -> None:
        invocation.output.answer(documents.document("local serve", environment, {"url": url}), [url])
        invocation.output.progress(["Serving until Ctrl-C; other commands of this project go through it."])

    try:
        serve_forever(attached.warehouse, port, ready, folder=folder)
    except OSError as error:
        message = f"cannot listen on port {port}: {error.strerror or error}"
        raise UnavailableError(codes.PORT, message, hint="bqmigrate local serve --port 0 takes a free one") from error
    finally:
        attached.close()


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
