"""Writing files: the next migration, a new project. Nothing is ever overwritten."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bqmigrate.errors import RefusedError, UsageError
from bqmigrate.files import codes, names, templates, yaml_writer
from bqmigrate.files.migration import Format
from bqmigrate.files.names import FileName
from bqmigrate.operations.base import FileOperation

_NAME_HINT = f"use snake_case: letters, digits and _, at most {names.NAME_LENGTH}, as in add_region"


@dataclass(frozen=True)
class NewFile:
    """A migration that was just created."""

    path: Path
    version: str
    name: str


@dataclass(frozen=True)
class InitReport:
    """What `init` wrote, and what was there already and was kept."""

    written: tuple[Path, ...]
    kept: tuple[Path, ...]


def new_template(folder: Path, name: str, format: Format = "yaml") -> NewFile:  # noqa: A002 - the field's name
    """Create the next numbered file from a template. Raises UsageError for a bad name, RefusedError."""
    good = check_name(name)
    description = good.replace("_", " ").capitalize()
    return _create(folder, good, format, templates.MIGRATIONS[format].format(description=description))


def new_migration(
    folder: Path,
    name: str,
    description: str | None,
    upgrade: Sequence[FileOperation],
    downgrade: Sequence[FileOperation] | None = None,
) -> NewFile:
    """Create the next numbered YAML file with operations. Raises UsageError for a bad name, RefusedError."""
    good = check_name(name)
    return _create(folder, good, "yaml", yaml_writer.dump(description, upgrade, downgrade))


def check_name(name: str) -> str:
    """Return a name in the form that files carry. Raises UsageError for one without any."""
    good = names.normalised(name)
    plain = all(sign.isascii() and (sign.isalnum() or sign in "_- .") for sign in name)
    if not good or not plain or len(good) > names.NAME_LENGTH:
        raise UsageError(codes.FILE_NAME, f"{name!r} cannot be the name of a migration", hint=_NAME_HINT)
    return good


def next_version(folder: Path) -> str:
    """Return the number after the highest one. Raises RefusedError when there is no folder or no number left."""
    try:
        taken = [int(found.version) for path in folder.iterdir() if (found := names.parse(path.name))]
    except OSError as error:
        message = f"the migrations folder {folder} cannot be read: {error.strerror}"
        raise RefusedError(codes.UNREADABLE, message, where=str(folder), hint="bqmigrate init") from error
    number = max(taken, default=0) + 1
    if number > names.HIGHEST:
        message = f"there is no number after {names.HIGHEST}"
        raise RefusedError(codes.FILE_NAME, message, where=str(folder), hint="start a new migrations folder")
    return f"{number:04}"


def init(root: Path, name: str | None = None) -> InitReport:
    """Write migrations.toml, migrations/ and a line in .gitignore where they are missing. Raises RefusedError."""
    project = names.normalised(name or root.resolve().name)[:63] or "project"
    files = {
        root / "migrations.toml": templates.CONFIG.format(name=project),
        root / "migrations" / ".gitkeep": "",
    }
    written: list[Path] = []
    try:
        (root / "migrations").mkdir(parents=True, exist_ok=True)
        written += [path for path, content in files.items() if _write_new(path, content)]
        if _ignore(root / ".gitignore", ".bqmigrate/"):
            written.append(root / ".gitignore")
    except OSError as error:
        message = f"cannot write in {root}: {error.strerror}"
        raise RefusedError(codes.UNREADABLE, message, where=str(root), hint="check the folder's permissions") from error
    kept = [path for path in (*files, root / ".gitignore") if path not in written]
    return InitReport(tuple(written), tuple(kept))


def _create(folder: Path, name: str, format_: Format, content: str) -> NewFile:
    next_version(folder)  # a folder that is missing or full is told before anything is locked
    try:
        with _alone(folder):
            version = next_version(folder)
            path = folder / str(FileName(version, name, format_))
            written = _write_new(path, content)
    except OSError as error:
        message = f"cannot write in {folder}: {error.strerror}"
        hint = "check the folder's permissions"
        raise RefusedError(codes.UNREADABLE, message, where=str(folder), hint=hint) from error
    if not written:
        raise RefusedError(codes.DUPLICATE_NUMBER, f"{path} is there already", where=str(path), hint="run it again")
    return NewFile(path, version, name)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other writers out from choosing a number until the file is there; a dead one holds nothing."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write_new(path: Path, content: str) -> bool:
    try:
        with path.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(content)
    except FileExistsError:
        return False
    return True


def _ignore(path: Path, line: str) -> bool:
    """Add a line to .gitignore; tell whether it was missing."""
    content = path.read_bytes() if path.exists() else b""
    if line.encode() in (written.strip() for written in content.splitlines()):
        return False
    with path.open("ab") as stream:
        stream.write((b"" if not content or content.endswith(b"\n") else b"\n") + line.encode() + b"\n")
    return True
