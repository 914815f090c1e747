"""Where the embedded warehouse lives: a folder with one DuckDB file and, while served, its address."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from bqmigrate.local.storage.database import Database

DATABASE = "warehouse.duckdb"
SERVER = "server.json"


@dataclass(frozen=True)
class Server:
    """Who serves the warehouse of a folder: a URL and a process id."""

    url: str
    pid: int


def database_file(folder: Path) -> Path:
    """Return the path of the DuckDB file of a folder."""
    return folder / DATABASE


def read_server(folder: Path) -> Server | None:
    """Read who serves the folder; None when nobody says so (or half-written, by hand, nonsense)."""
    try:
        found = json.loads((folder / SERVER).read_text(encoding="utf-8"))
        return Server(str(found["url"]), int(found["pid"]))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, KeyError, TypeError):
        return None


def write_server(folder: Path, server: Server) -> None:
    """Say atomically who serves the folder."""
    draft = folder / f"{SERVER}.{server.pid}"
    draft.write_text(json.dumps(asdict(server)), encoding="utf-8")
    draft.replace(folder / SERVER)


def remove_server(folder: Path, pid: int) -> None:
    """Take the address away, if it is still the one this process wrote."""
    found = read_server(folder)
    if found is not None and found.pid == pid:
        (folder / SERVER).unlink(missing_ok=True)


def reset(folder: Path) -> None:
    """Empty the warehouse of a folder; raises HeldElsewhere while a process has it open."""
    path = database_file(folder)
    if not path.exists():
        return
    Database.claim(path)
    # The lock is on the file's inode: whoever opens the path after the unlink gets a new file.
    for name in (path, path.with_name(f"{path.name}.wal"), folder / SERVER):
        name.unlink(missing_ok=True)


def alive(pid: int) -> bool:
    """Tell whether a process of that id runs on this machine."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
