"""Clients that nobody here wrote, against `bqmigrate local serve`.

    python tests/ci/clients [--only CLIENT] BQMIGRATE...     (the words that start it, such as .venv/bin/bqmigrate)

Installs each into a temporary folder and walks with it; exit 1 when one does not find what it has to. npm is needed for
dbmate: without it this says so, and fails only where CI=true.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import with_alembic
import with_dbmate
from stand import Failed, served


@dataclass(frozen=True)
class Client:
    """A client: the program that installs it (none: Python alone), how it is installed, and the walk with it."""

    name: str
    needs: str | None
    install: Callable[[Path], Sequence[str]]
    walk: Callable[[Sequence[str], Path, str], None]


CLIENTS = (
    Client("dbmate", "npm", with_dbmate.install, with_dbmate.walk),
    Client("alembic", None, with_alembic.install, with_alembic.walk),
)


def main(words: Sequence[str]) -> int:
    """Walk with each client; 1 when one failed, or is missing where CI=true."""
    only = words[1] if words[:1] == ["--only"] else None
    # The words are used from another folder.
    start = [str(Path(w).absolute()) if Path(w).is_file() else w for w in words[2 if only else 0 :]]
    return max(_run(client, start) for client in CLIENTS if only in {None, client.name})


def _run(client: Client, words: Sequence[str]) -> int:
    if client.needs and shutil.which(client.needs) is None:
        _say(f"{client.name}: NOT RUN, {client.needs} is missing")
        return int(os.environ.get("CI") == "true")
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as warehouse:
        try:
            started = client.install(Path(folder))
            with served(words, Path(warehouse)) as url:
                client.walk(started, Path(folder), url)
        except Failed as failed:
            _say(f"{client.name}: FAILED {failed}")
            return 1
    _say(f"{client.name}: applied, listed, rolled back through the served port ({time.monotonic() - began:.1f} s)")
    return 0


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


raise SystemExit(main(sys.argv[1:]))
