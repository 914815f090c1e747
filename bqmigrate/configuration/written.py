"""migrations.toml: found, read, and checked key by key, each error with its line."""

from __future__ import annotations

import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from bqmigrate.configuration import codes, values
from bqmigrate.configuration.places import Places
from bqmigrate.errors import ConfigError, Place
from bqmigrate.model.document import Fields, Node, Problem, flag, printable, text

FILE_NAME = "migrations.toml"
SIZE_LIMIT = 64 * 1024
# tomllib takes time that grows with the square of a dotted key's length.
LINE_LIMIT = 4096
_AT = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)\Z")
_SEE = "docs/configuration.md lists the keys and their values"


@dataclass(frozen=True)
class Section:
    """One `[environments.NAME]` as written; None is what was not."""

    embedded: bool | None = None
    project: str | None = None
    location: str | None = None
    endpoint: str | None = None
    history_dataset: str | None = None
    datasets: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    variables: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    allow_downgrade: bool = False
    allow_data_loss: bool = False
    confirm: bool = False
    lock_timeout_s: float | None = None
    request_timeout_s: float | None = None
    retry_timeout_s: float | None = None
    job_timeout_s: float | None = None


@dataclass(frozen=True)
class Written:
    """The whole of migrations.toml; None is what was not written."""

    file: Path
    places: Places = field(repr=False, compare=False)
    name: str | None = None
    folder: str | None = None
    history_dataset: str | None = None
    environment: str | None = None
    environments: Mapping[str, Section] = field(default_factory=lambda: MappingProxyType({}))

    def where(self, *path: str) -> str:
        """Return file:line:column of a key, or of the nearest one around it that is written."""
        return str(Place(self.file.name, *self.places.find(path)))


def find(start: Path) -> Path:
    """Return migrations.toml of a folder or of the nearest one above. Raises ConfigError."""
    here = start.resolve()
    for folder in (here, *here.parents):
        if _is_there(folder / FILE_NAME):
            return folder / FILE_NAME
    message = f"there is no {FILE_NAME} in {here} or above it"
    raise ConfigError(codes.NO_FILE, message, where=str(here), hint="bqmigrate init")


def _is_there(file: Path) -> bool:
    try:
        return file.is_file()
    except OSError:  # a folder above that may not be searched
        return False


def read(file: Path) -> Written:
    """Read and check the file. Raises ConfigError, where = file:line:column."""
    content = _content(file)
    try:
        data = tomllib.loads(content)
        places = Places(content)
        return _written(file, places, places.node(data))
    except ValueError as error:
        raise _syntax(file, error) from error
    except RecursionError as error:
        raise ConfigError(codes.NOT_TOML, f"{file.name} is nested too deeply", where=file.name, hint=_SEE) from error
    except Problem as problem:
        raise config_error(problem, file.name) from problem


def config_error(problem: Problem, source: str) -> ConfigError:
    """Return a Problem as the ConfigError of a file, a flag or an environment variable."""
    line, column = (problem.node.line, problem.node.column) if problem.node else (None, None)
    code = codes.UNKNOWN_KEY if problem.message.startswith("unknown key") else codes.BAD_VALUE
    if isinstance(problem, values.CodedProblem):
        code = problem.code
    where = str(Place(source, line, column))
    return ConfigError(code, printable(problem.message), where=where, hint=problem.help or _SEE)


def _content(file: Path) -> str:
    try:
        # A pipe or a device would never end.
        regular = stat.S_ISREG(file.stat().st_mode)
        raw = _head(file) if regular else b""
    except FileNotFoundError as error:
        raise ConfigError(codes.NO_FILE, f"there is no file {file}", where=str(file), hint="bqmigrate init") from error
    except OSError as error:
        message = f"{file} cannot be read: {error.strerror or error}"
        hint = "check its permissions, and that it is a file"
        raise ConfigError(codes.UNREADABLE, message, where=str(file), hint=hint) from error
    if not regular:
        message = f"{file} is not a file"
        raise ConfigError(codes.UNREADABLE, message, where=str(file), hint=f"name the {FILE_NAME} itself")
    if len(raw) > SIZE_LIMIT:
        message = f"{file.name} is larger than {SIZE_LIMIT // 1024} KiB"
        raise ConfigError(codes.UNREADABLE, message, where=file.name, hint="is it the right file?")
    return _decode(file, raw)


def _head(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(SIZE_LIMIT + 1)


def _decode(file: Path, raw: bytes) -> str:
    try:
        content = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        where = str(Place(file.name, raw.count(b"\n", 0, error.start) + 1))
        message = f"{file.name} is not UTF-8 text (byte {error.start + 1})"
        raise ConfigError(codes.UNREADABLE, message, where=where, hint="save it as UTF-8") from error
    for number, line in enumerate(content.split("\n"), 1):
        if len(line) > LINE_LIMIT:
            message = f"a line of {file.name} is longer than {LINE_LIMIT} characters"
            where = str(Place(file.name, number))
            raise ConfigError(codes.UNREADABLE, message, where=where, hint="break the list over several lines")
    return content


def _syntax(file: Path, error: ValueError) -> ConfigError:
    found = _AT.search(str(error))
    place = Place(file.name, int(found[1]), int(found[2])) if found and found[1] else Place(file.name)
    # The parser quotes the whole of a key, however long.
    message = printable(f"{file.name} is not TOML: {_AT.sub('', str(error))}")
    return ConfigError(codes.NOT_TOML, message, where=str(place), hint="text goes in quotes, a table is [name]")


def _written(file: Path, places: Places, node: Node) -> Written:
    top = Fields(node, FILE_NAME)
    project = top.optional("project", _project) or {}
    environments = top.optional("environments", _environments) or {}
    top.close()
    return Written(file, places, environments=MappingProxyType(environments), **project)


def _project(node: Node) -> dict[str, str | None]:
    fields = Fields(node, "[project]")
    out = {
        "name": fields.optional("name", values.slug),
        "folder": fields.optional("folder", text),
        "history_dataset": fields.optional("history_dataset", values.history_name),
        "environment": fields.optional("environment", text),
    }
    fields.close()
    return out


def _environments(node: Node) -> dict[str, Section]:
    return {values.slug(key): _section(str(key.value), value) for key, value in node.pairs()}


def _section(name: str, node: Node) -> Section:
    fields = Fields(node, f"[environments.{name}]")
    section = Section(
        embedded=fields.optional("embedded", flag),
        project=fields.optional("project", values.project_name),
        location=fields.optional("location", values.location_name),
        endpoint=fields.optional("endpoint", values.endpoint_url),
        history_dataset=fields.optional("history_dataset", values.history_name),
        datasets=MappingProxyType(fields.optional("datasets", values.datasets) or {}),
        variables=MappingProxyType(fields.optional("variables", values.variables) or {}),
        allow_downgrade=fields.optional("allow_downgrade", flag) or False,
        allow_data_loss=fields.optional("allow_data_loss", flag) or False,
        confirm=fields.optional("confirm", flag) or False,
        lock_timeout_s=fields.optional("lock_timeout_s", values.seconds),
        request_timeout_s=fields.optional("request_timeout_s", values.some_seconds),
        retry_timeout_s=fields.optional("retry_timeout_s", values.seconds),
        job_timeout_s=fields.optional("job_timeout_s", values.some_seconds),
    )
    fields.close()
    return section
