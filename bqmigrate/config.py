"""What one run works with: migrations.toml, environment variables and flags, settled in one place."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeVar

from bqmigrate.configuration import codes, values, written
from bqmigrate.configuration.written import Section, Written
from bqmigrate.errors import ConfigError
from bqmigrate.model.document import Node, Problem, printable, text

T = TypeVar("T")
Key = Literal["config", "env", "project", "location", "lock_timeout_s"]

LOCAL = "local"
# Not the folder's name: a check-out elsewhere must be the same project.
DEFAULT_NAME = "project"
DEFAULT_FOLDER = "migrations"
DEFAULT_HISTORY_DATASET = "bqmigrate"
DEFAULT_LOCATION = "US"
DEFAULT_LOCAL_PROJECT = "bqmigrate-local"
DEFAULT_LOCK_TIMEOUT_S = 0.0
DEFAULT_REQUEST_TIMEOUT_S = 60.0
DEFAULT_RETRY_TIMEOUT_S = 60.0
# So many names of environments are worth listing in a hint.
LISTED = 20
PLACEHOLDER_PREFIX = "your-"
EMULATOR_HOST = "BIGQUERY_EMULATOR_HOST"
VARIABLES: Mapping[Key, str] = MappingProxyType(
    {
        "config": "BQMIGRATE_CONFIG",
        "env": "BQMIGRATE_ENV",
        "project": "BQMIGRATE_PROJECT",
        "location": "BQMIGRATE_LOCATION",
        "lock_timeout_s": "BQMIGRATE_LOCK_TIMEOUT",
    }
)
FLAGS: Mapping[Key, str] = MappingProxyType(
    {
        "config": "--config",
        "env": "--env",
        "project": "--project",
        "location": "--location",
        "lock_timeout_s": "--lock-timeout",
    }
)


@dataclass(frozen=True)
class Overrides:
    """What flags say; None is a flag that was not given."""

    config: str | None = None
    env: str | None = None
    project: str | None = None
    location: str | None = None
    lock_timeout_s: float | None = None


@dataclass(frozen=True)
class Environment:
    """Where a run lands, and what is allowed there.

    `datasets` maps logical names to physical ones, an absent one to itself. `endpoint` None means
    BigQuery's own address, or inside the process when `embedded`. `job_timeout_s` None: jobs are
    waited for until they end.
    """

    name: str
    embedded: bool
    project: str
    location: str
    datasets: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    variables: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    allow_downgrade: bool = False
    allow_data_loss: bool = False
    confirm: bool = False
    lock_timeout_s: float = DEFAULT_LOCK_TIMEOUT_S
    endpoint: str | None = None
    request_timeout_s: float = DEFAULT_REQUEST_TIMEOUT_S
    retry_timeout_s: float = DEFAULT_RETRY_TIMEOUT_S
    job_timeout_s: float | None = None


@dataclass(frozen=True)
class Config:
    """A project and the environment that was chosen; `root` is the folder of migrations.toml."""

    root: Path
    file: Path
    name: str
    folder: Path
    history_dataset: str
    environment: Environment
    known_environments: tuple[str, ...] = (LOCAL,)


@dataclass(frozen=True)
class _Given:
    """Flags and environment variables: the two sources that outrank the file."""

    overrides: Overrides
    environ: Mapping[str, str]

    def choose(self, key: Key, read: Callable[[Node], T], in_file: T | None, default: T | None = None) -> T | None:
        """Return flag > environment variable > file > default. Raises ConfigError, where = the source."""
        flag, variable = getattr(self.overrides, key), self.environ.get(VARIABLES[key])
        if flag is not None:
            return _read(read, flag, FLAGS[key])
        # An empty variable is how a shell or a CI system says "not set".
        if variable:
            return _read(read, variable, VARIABLES[key])
        return in_file if in_file is not None else default


def load(start: Path, overrides: Overrides, environ: Mapping[str, str]) -> Config:
    """Settle the configuration as seen from a folder. Raises ConfigError."""
    given = _Given(overrides, environ)
    file = _file(start, given)
    content = written.read(file)
    environment = _environment(content, given)
    section = content.environments.get(environment.name, Section())
    config = Config(
        root=file.parent,
        file=file,
        name=content.name or DEFAULT_NAME,
        folder=_folder(content),
        history_dataset=section.history_dataset or content.history_dataset or DEFAULT_HISTORY_DATASET,
        environment=environment,
        known_environments=_known(content),
    )
    _check_history(config, content)
    return config


def _file(start: Path, given: _Given) -> Path:
    named = given.choose("config", text, None)
    if named is None:
        return written.find(start)
    try:
        path = (start / named).resolve()
        return path / written.FILE_NAME if path.is_dir() else path
    except (OSError, ValueError, RuntimeError) as error:
        # No name of a file at all (NUL, half a surrogate), or a link that leads to itself.
        where = FLAGS["config"] if given.overrides.config is not None else VARIABLES["config"]
        reason = error.strerror if isinstance(error, OSError) else str(error)
        message = printable(f"no file can be called so: {reason}: {named}")
        raise ConfigError(codes.NO_FILE, message, where=where, hint="name migrations.toml or its folder") from error


def _environment(content: Written, given: _Given) -> Environment:
    name = given.choose("env", text, content.environment, LOCAL) or LOCAL
    known = _known(content)
    if name not in known:
        raise _unknown_environment(name, known, content, given)
    section = content.environments.get(name, Section())
    embedded = section.embedded if section.embedded is not None else name == LOCAL
    project = given.choose("project", values.project_name, section.project, DEFAULT_LOCAL_PROJECT if embedded else None)
    location = given.choose("location", values.location_name, section.location, DEFAULT_LOCATION)
    timeout = given.choose("lock_timeout_s", _seconds, section.lock_timeout_s, DEFAULT_LOCK_TIMEOUT_S)
    return Environment(
        name=name,
        embedded=embedded,
        project=_real_project(project, name, content),
        location=location or DEFAULT_LOCATION,
        datasets=section.datasets,
        variables=section.variables,
        allow_downgrade=section.allow_downgrade,
        allow_data_loss=section.allow_data_loss,
        confirm=section.confirm,
        lock_timeout_s=timeout or DEFAULT_LOCK_TIMEOUT_S,
        endpoint=_endpoint(embedded, section, given.environ),
        request_timeout_s=section.request_timeout_s or DEFAULT_REQUEST_TIMEOUT_S,
        retry_timeout_s=_or(section.retry_timeout_s, DEFAULT_RETRY_TIMEOUT_S),
        job_timeout_s=section.job_timeout_s,
    )


def _known(content: Written) -> tuple[str, ...]:
    return tuple(dict.fromkeys((LOCAL, *content.environments)))


def _unknown_environment(name: str, known: tuple[str, ...], content: Written, given: _Given) -> ConfigError:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    where = content.where("project", "environment")
    if given.environ.get(VARIABLES["env"]):
        where = VARIABLES["env"]
    if given.overrides.env is not None:
        where = FLAGS["env"]
    message = printable(f"unknown environment: {name}")
    names = ", ".join(known[:LISTED]) + (f" and {len(known) - LISTED} more" if len(known) > LISTED else "")
    hint += f"{content.file.name} knows {names}; add a section [environments.NAME] for another"
    return ConfigError(codes.UNKNOWN_ENVIRONMENT, message, where=where, hint=hint)


def _real_project(project: str | None, name: str, content: Written) -> str:
    where = content.where("environments", name, "project")
    hint = f'write project = "..." under [environments.{name}], or pass {FLAGS["project"]}'
    if project is None:
        raise ConfigError(codes.NO_PROJECT, f"environment {name} has no project", where=where, hint=hint)
    if project.startswith(PLACEHOLDER_PREFIX):
        message = f"environment {name}: project {project!r} is only a placeholder"
        raise ConfigError(codes.PLACEHOLDER, message, where=where, hint=hint)
    return project


def _endpoint(embedded: bool, section: Section, environ: Mapping[str, str]) -> str | None:  # noqa: FBT001
    host = environ.get(EMULATOR_HOST)
    if embedded and host:
        return _read(values.endpoint_url, host, EMULATOR_HOST)
    return section.endpoint


def _folder(content: Written) -> Path:
    root = content.file.parent
    folder = root / (content.folder or DEFAULT_FOLDER)
    if not _lies_below(folder, root):
        message = f"the migrations folder {folder} does not lie below the project"
        hint = f"name a folder below {root}, of migrations alone"
        raise ConfigError(codes.FOLDER_OUTSIDE, message, where=content.where("project", "folder"), hint=hint)
    return folder


def _lies_below(folder: Path, root: Path) -> bool:
    try:
        return "\0" not in str(folder) and root.resolve() in folder.resolve().parents
    except (OSError, RuntimeError):  # a link that leads to itself lies nowhere
        return False


def _check_history(config: Config, content: Written) -> None:
    environment = config.environment
    for logical, physical in environment.datasets.items():
        if physical == config.history_dataset:
            message = f"dataset {logical} is mapped to {physical}, which is the history dataset"
            where = content.where("environments", environment.name, "datasets", logical)
            hint = "give one of the two another name"
            raise ConfigError(codes.DATASET_CLASH, message, where=where, hint=hint)


def _or(written: float | None, default: float) -> float:
    return default if written is None else written


def _seconds(node: Node) -> float:
    if not isinstance(node.value, str):
        return values.seconds(node)
    try:
        return values.seconds(Node(float(node.value)))
    except ValueError:
        return values.seconds(node)


def _read(read: Callable[[Node], T], value: str | float, source: str) -> T:
    try:
        return read(Node(value))
    except Problem as problem:
        raise written.config_error(problem, source) from problem
