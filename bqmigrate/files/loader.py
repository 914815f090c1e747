"""The migrations folder as a MigrationSet: all files read, all errors told at once, before anything is sent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from bqmigrate.configuration import codes as configuration_codes
from bqmigrate.errors import ConfigError, Finding, Place, ValidationError
from bqmigrate.files import codes, names, python_format, source, sql_format, yaml_format
from bqmigrate.files.migration import Format, Migration, MigrationSet
from bqmigrate.files.names import FileName
from bqmigrate.files.parsed import Parsed
from bqmigrate.files.source import Source, Unreadable
from bqmigrate.model.document import printable

FORMATS: Mapping[Format, Callable[[Source, Path], Parsed]] = MappingProxyType(
    {"yaml": yaml_format.parse, "sql": sql_format.parse, "py": python_format.parse}
)


def load(folder: Path, root: Path) -> MigrationSet:
    """Read all migrations of a folder; messages name files relative to `root`.

    Raises ConfigError when there is no folder, ValidationError with every Finding when a file is wrong.
    """
    found = survey(folder, root)
    if found.findings:
        raise refusal(found.findings)
    return found.files


@dataclass(frozen=True)
class Survey:
    """All files that are called like migrations; those in `broken` are none, and stand there without operations."""

    files: MigrationSet
    findings: tuple[Finding, ...] = ()
    broken: frozenset[str] = frozenset()


def survey(folder: Path, root: Path) -> Survey:
    """Read what can be read, with all that is wrong. Raises ConfigError when there is no folder."""
    shown = _shown(folder, root)
    files, findings = _files(folder, shown)
    migrations: list[Migration] = []
    broken = set()
    for name in files:
        try:
            migrations.append(_migration(folder, shown, name))
        except Unreadable as unreadable:
            findings.extend(unreadable.findings)
            broken.add(name.version)
            migrations.append(_husk(folder, shown, name))
    return Survey(
        MigrationSet(shown, tuple(migrations), tuple(_holes(shown, files))), tuple(findings), frozenset(broken)
    )


def checksum(content: Source, included: tuple[Source, ...] = ()) -> str:
    """Return "sha256:<hex>" of a file's bytes as they are, and of the files that it includes.

    With includes, each adds NUL, its path below the project, NUL and the hex sha256 of its bytes.
    """
    digest = hashlib.sha256(content.raw)
    for other in included:
        digest.update(f"\0{other.file}\0{hashlib.sha256(other.raw).hexdigest()}".encode())
    return f"sha256:{digest.hexdigest()}"


def _shown(folder: Path, root: Path) -> str:
    try:
        return folder.relative_to(root).as_posix()
    except ValueError:
        return folder.as_posix()


def _join(shown: str, name: str) -> str:
    return str(PurePosixPath(shown) / name)


def _files(folder: Path, shown: str) -> tuple[list[FileName], list[Finding]]:
    """Return the migrations by number, and a Finding for each name that is none or doubly numbered."""
    found: dict[str, FileName] = {}
    findings: list[Finding] = []
    for entry in _entries(folder, shown):
        name = names.parse(entry)
        place = Place(printable(_join(shown, entry)))
        if name is None:
            message, help_ = names.problem(entry)
            findings.append(Finding(codes.FILE_NAME, f"{entry!r} {message}", place, help_))
        elif name.version in found:
            message = f"number {name.version} is taken by {found[name.version]}"
            help_ = "give the newer of the two the next free number: rename its file"
            findings.append(Finding(codes.DUPLICATE_NUMBER, message, place, help_))
        else:
            found[name.version] = name
    return list(found.values()), findings


def _entries(folder: Path, shown: str) -> list[str]:
    try:
        entries = [path for path in folder.iterdir() if not _ignored(path)]
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        message = f"there is no migrations folder {shown}" if missing else f"{shown} cannot be read: {error.strerror}"
        hint = "bqmigrate init makes it; or set folder in migrations.toml"
        raise ConfigError(configuration_codes.NO_FOLDER, message, where=str(folder), hint=hint) from error
    return sorted(path.name for path in entries)


def _ignored(path: Path) -> bool:
    if path.name.startswith((".", "README")) or path.name == "__pycache__":
        return True
    # A sub-folder has its own subject; one that is called like a migration is a mistake.
    return path.is_dir() and names.parse(path.name) is None


def _migration(folder: Path, shown: str, name: FileName) -> Migration:
    path = folder / str(name)
    content = source.read(path, _join(shown, str(name)), folder)
    parsed = FORMATS[name.format](content, folder)
    return Migration(
        version=name.version,
        name=name.name,
        path=path,
        file=content.file,
        format=name.format,
        description=parsed.description,
        upgrade=parsed.upgrade,
        downgrade=parsed.downgrade,
        checksum=checksum(content, parsed.included),
    )


def _husk(folder: Path, shown: str, name: FileName) -> Migration:
    """Return what a file says by its name and its bytes alone."""
    path = folder / str(name)
    try:
        sum_ = checksum(source.read(path, _join(shown, str(name)), folder))
    except Unreadable:
        sum_ = ""
    return Migration(name.version, name.name, path, _join(shown, str(name)), name.format, None, (), None, sum_)


def _holes(shown: str, files: list[FileName]) -> list[Finding]:
    out: list[Finding] = []
    expected = 1
    for name in files:
        number = int(name.version)
        if number > expected:
            gap = f"{expected:04}" if number == expected + 1 else f"{expected:04} to {number - 1:04}"
            message, help_ = f"no file is numbered {gap}", "was a file forgotten in the commit? otherwise all is well"
            out.append(Finding(codes.HOLE, message, Place(_join(shown, str(name))), help_, severity="warning"))
        expected = number + 1
    return out


def refusal(findings: Sequence[Finding]) -> ValidationError:
    """Return the error that carries every finding."""
    ordered = sorted(findings, key=lambda f: (f.place.file, f.place.line or 0) if f.place else ("", 0))
    first = ordered[0]
    count = len(ordered)
    message = first.message if count == 1 else f"{count} errors in the migration files; the first: {first.message}"
    return ValidationError(
        first.code, message, findings=ordered, where=str(first.place) if first.place else None, hint=first.help
    )
