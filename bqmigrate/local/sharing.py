"""Several processes and one warehouse file: open it, go to whoever serves it, or wait for one's turn."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from bqmigrate.errors import UnavailableError
from bqmigrate.local.http.adapter import LocalAdapter
from bqmigrate.local.storage.database import HeldElsewhere, WrongFormat
from bqmigrate.local.storage.folder import Server, alive, database_file, read_server
from bqmigrate.local.warehouse import LocalWarehouse

HELD = "BQM332"
WRONG_FORMAT = "BQM333"
UNREADABLE = "BQM334"
POLL_SECONDS = 0.1
PROBE_SECONDS = 2.0


@dataclass(frozen=True)
class Attached:
    """A way into the warehouse of a folder: an adapter over the open file, or the URL of who serves it."""

    warehouse: LocalWarehouse | None = None
    endpoint: str | None = None

    @property
    def adapter(self) -> LocalAdapter | None:
        """Return a transport over the file that this process holds; None when another one serves."""
        return None if self.warehouse is None else self.warehouse.adapter()

    def close(self) -> None:
        """Let the file go."""
        if self.warehouse is not None:
            self.warehouse.close()


def attach(folder: Path, wait_s: float = 10.0) -> Attached:
    """Open a folder's warehouse, or find who serves it, waiting for a turn at most `wait_s` seconds.

    Raises UnavailableError, naming the process that holds the file, or what is wrong with it.
    """
    path = database_file(folder)
    deadline = time.monotonic() + wait_s
    while True:
        try:
            return Attached(warehouse=LocalWarehouse.open(path))
        except HeldElsewhere as held:
            server = read_server(folder)
            if server is not None and answers(server):
                return Attached(endpoint=server.url)
            if time.monotonic() >= deadline:
                raise _held(held) from held
        except WrongFormat as wrong:
            raise UnavailableError(WRONG_FORMAT, str(wrong), where=str(path), hint="bqmigrate local reset") from wrong
        except OSError as error:
            message = f"{path} cannot be opened: {error.strerror or error}"
            raise UnavailableError(UNREADABLE, message, where=str(path)) from error
        time.sleep(POLL_SECONDS)


def _held(held: HeldElsewhere) -> UnavailableError:
    who = f"process {held.pid}" if held.pid else "another process"
    end = f"wait for it to end, or stop it: kill {held.pid}" if held.pid else "wait for it to end"
    return UnavailableError(
        HELD, f"the embedded warehouse is in use by {who}", where=str(held.path), hint=end
    )  # fmt: skip


def answers(server: Server) -> bool:
    """Tell whether who wrote server.json still lives and answers as a warehouse."""
    if not alive(server.pid):
        return False
    try:
        with urllib.request.urlopen(f"{server.url}/projects", timeout=PROBE_SECONDS) as reply:  # noqa: S310  127.0.0.1
            return bool(json.load(reply).get("kind") == "bigquery#projectList")
    except (urllib.error.URLError, OSError, ValueError):
        return False
