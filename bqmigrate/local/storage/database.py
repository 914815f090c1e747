"""The DuckDB file: opened by one process, written by one thread at a time, read by many."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

FORMAT = 2
_HOLDER = re.compile(r"\(PID (\d+)\)")
_SETTINGS = (
    "SET GLOBAL TimeZone = 'UTC'",
    # No statement reads or writes a file, and none can switch that back on.
    "SET GLOBAL enable_external_access = false",
    "SET GLOBAL lock_configuration = true",
)
_TABLES = (
    "CREATE TABLE IF NOT EXISTS warehouse_format (number INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS catalog_log (seq BIGINT NOT NULL, entry VARCHAR NOT NULL, body VARCHAR)",
)


class HeldElsewhere(Exception):
    """Another process has the warehouse file open."""

    def __init__(self, path: Path, pid: int | None) -> None:
        super().__init__(f"{path} is held by {f'process {pid}' if pid else 'another process'}")
        self.path = path
        self.pid = pid


class WrongFormat(Exception):
    """The file was written by another version, or is no warehouse at all."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path} cannot be read by this version ({why}); `bqmigrate local reset` starts afresh")
        self.path = path


class Database:
    """One open DuckDB database; `durable` when it is a file that somebody may open again."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, *, durable: bool = True) -> None:
        self._connection = connection
        self.durable = durable
        self._writing = threading.RLock()

    @classmethod
    def open(cls, path: Path | None, threads: int | None = None) -> Database:
        """Open a file (made when absent) or, without a path, memory; a query uses so many threads.

        Raises HeldElsewhere, or WrongFormat when the file is not ours to read.
        """
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        connection = _connect(path, threads)
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
        return cls(connection, durable=path is not None)

    @classmethod
    def claim(cls, path: Path) -> None:
        """Raise HeldElsewhere when another process has the file; a broken file is nobody's."""
        try:
            _connect(path).close()
        except WrongFormat:
            return

    @contextmanager
    def write(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Run one transaction: committed at the end, rolled back whole on any error."""
        with self._writing:
            self._connection.execute("BEGIN TRANSACTION")
            try:
                yield self._connection
            except BaseException:
                # After an error DuckDB's COMMIT answers well and keeps nothing: always say ROLLBACK.
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    @property
    def writing(self) -> threading.RLock:
        """Return the lock that the one writer holds."""
        return self._writing

    @contextmanager
    def read(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Give a cursor of its own to a reader."""
        cursor = self._connection.cursor()
        try:
            yield cursor
        finally:
            cursor.close()

    def close(self) -> None:
        """Close the file; what was committed is on disk."""
        with self._writing:
            self._connection.close()


def _connect(path: Path | None, threads: int | None = None) -> duckdb.DuckDBPyConnection:
    config: dict[str, Any] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if threads is not None:
        config["threads"] = threads
    try:
        return _own(_deaf(":memory:" if path is None else str(path), config), path)
    except duckdb.IOException as error:
        if path is None or "lock" not in str(error):
            raise WrongFormat(path or Path(":memory:"), _first_line(error)) from error
        holder = _HOLDER.search(str(error))
        raise HeldElsewhere(path, int(holder[1]) if holder else None) from error
    except duckdb.Error as error:
        raise WrongFormat(path or Path(":memory:"), _first_line(error)) from error


def _deaf(name: str, config: dict[str, Any]) -> duckdb.DuckDBPyConnection:
    """Connect; the kernel may hand a Ctrl-C to any thread, and one of DuckDB's would let the main one wait on."""
    hearing = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return duckdb.connect(name, config=config)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, hearing)


def _own(connection: duckdb.DuckDBPyConnection, path: Path | None) -> duckdb.DuckDBPyConnection:
    """Refuse a second handle: within one process DuckDB shares a file that is open, settings and all."""
    found = connection.execute("SELECT current_setting('lock_configuration')").fetchone()
    if found is not None and found[0]:
        connection.close()
        raise HeldElsewhere(path or Path(":memory:"), os.getpid())
    return connection


def _prepare(connection: duckdb.DuckDBPyConnection, path: Path | None) -> None:
    for statement in (*_TABLES, *_SETTINGS):
        connection.execute(statement)
    found = connection.execute("SELECT number FROM warehouse_format").fetchone()
    if found is None:
        connection.execute("INSERT INTO warehouse_format VALUES (?)", [FORMAT])
    elif found[0] != FORMAT:
        raise WrongFormat(path or Path(":memory:"), f"its format is {found[0]}, this version reads {FORMAT}")


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
