"""A served warehouse in a folder of its own, and what runs beside it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

START_S = 60
STOP_S = 60
COMMAND_S = 300
# Nothing that the machine happens to say points a client elsewhere.
FOREIGN = ("BQMIGRATE_", "BIGQUERY_", "GOOGLE_", "DATABASE_URL", "DBMATE_", "PYTHONPATH", "VIRTUAL_ENV")


class Failed(Exception):
    """A client did not find what it has to find."""


def environment(extra: Mapping[str, str] | None = None) -> Mapping[str, str]:
    """Return the environment of a command."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN)}
    return kept | {"PYTHONUNBUFFERED": "1"} | dict(extra or {})


@contextlib.contextmanager
def served(words: Sequence[str], folder: Path, extra: Mapping[str, str] | None = None) -> Iterator[str]:
    """Serve an empty warehouse meanwhile; `words` start bqmigrate. Gives its address; raises Failed."""
    run([*words, "init"], folder, extra)
    command = [*words, "local", "serve", "--port", "0"]
    server = subprocess.Popen(command, cwd=folder, env=environment(extra), stdout=subprocess.PIPE, text=True)
    with server, contextlib.ExitStack() as ending:
        ending.callback(_stop, server)
        yield _address(server)


def _address(server: subprocess.Popen[str]) -> str:
    """Read the URL that the server prints when it is ready."""
    late = threading.Timer(START_S, server.kill)
    late.start()
    try:
        url = server.stdout.readline().strip() if server.stdout else ""
    finally:
        late.cancel()
    check(url.startswith("http://"), f"local serve printed {url!r}")
    return url


def _stop(server: subprocess.Popen[str]) -> None:
    server.terminate()
    try:
        server.wait(STOP_S)
    except subprocess.TimeoutExpired as error:
        server.kill()
        raise Failed("local serve goes on after SIGTERM") from error


def run(words: Sequence[str | Path], folder: Path, extra: Mapping[str, str] | None = None, code: int = 0) -> str:
    """Run a command and return what it printed. Raises Failed when it does not end, or not with this exit code."""
    command = " ".join(map(str, words))
    try:
        done = subprocess.run(
            words,
            cwd=folder,
            env=environment(extra),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=COMMAND_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Failed(f"{command}: no end after {COMMAND_S} s") from error
    check(done.returncode == code, f"{command}: exit {done.returncode}, not {code}\n{done.stdout}")
    return done.stdout


def connect(url: str, project: str) -> bigquery.Client:
    """Return the official client, unchanged, on the served warehouse."""
    options = {"api_endpoint": url}
    return bigquery.Client(project=project, credentials=AnonymousCredentials(), client_options=options)


def same(what: str, found: object, wanted: object) -> None:
    """Raise Failed when they differ."""
    check(found == wanted, f"{what}: {found!r}, not {wanted!r}")


def check(fact: object, otherwise: str) -> None:
    """Raise Failed with these words unless the fact holds."""
    if not fact:
        raise Failed(otherwise)
