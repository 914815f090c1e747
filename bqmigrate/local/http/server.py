"""The warehouse on a port of this machine."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from waitress import wasyncore
from waitress.server import create_server

from bqmigrate.local.storage.folder import Server, remove_server, write_server
from bqmigrate.local.warehouse import LocalWarehouse

HOST = "127.0.0.1"
THREADS = 8
DRAIN_SECONDS = 30.0
Sockets = dict[int, Any]


def serve(warehouse: LocalWarehouse, port: int, on_ready: Callable[[str], None], *, folder: Path | None = None) -> None:
    """Serve until SIGTERM or SIGINT, or until the process ends; port 0 takes a free one.

    With a folder, its server.json says where, so that other commands come here while the file is
    held. Raises OSError when the port is taken.
    """
    sockets: Sockets = {}
    # A request that waits for a thread is no news to whoever reads stderr.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    server = create_server(
        warehouse.wsgi_app, map=sockets, host=HOST, port=port, threads=THREADS, ident="bqmigrate-local"
    )
    url = f"http://{HOST}:{server.effective_port}"
    try:
        with _stopping(server.pull_trigger) as stop, _announced(folder, url):
            on_ready(url)
            while not stop.is_set():
                _once(sockets, 1.0)
        _drain(server, sockets)
    finally:
        server.task_dispatcher.shutdown()
        server.close()


def _once(sockets: Sockets, timeout: float) -> None:
    wasyncore.loop(timeout=timeout, use_poll=True, map=sockets, count=1)


def _drain(server: Any, sockets: Sockets) -> None:
    """Send the answers that are under way; nobody new is let in."""
    server.accepting = False
    server.del_channel(sockets)
    server.socket.close()
    deadline = time.monotonic() + DRAIN_SECONDS
    while _busy(server) and time.monotonic() < deadline:
        _once(sockets, 0.05)


def _busy(server: Any) -> bool:
    return any(channel.requests or channel.total_outbufs_len for channel in server.active_channels.values())


@contextmanager
def _announced(folder: Path | None, url: str) -> Iterator[None]:
    if folder is None:
        yield
        return
    write_server(folder, Server(url, os.getpid()))
    try:
        yield
    finally:
        remove_server(folder, os.getpid())


@contextmanager
def _stopping(wake: Callable[[], None]) -> Iterator[threading.Event]:
    """Give an event that the signals set; only the main thread can take signals."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def handle(_number: int, _frame: object) -> None:
        stop.set()
        # A signal does not end the wait for sockets by itself.
        wake()

    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
