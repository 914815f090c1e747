"""The options that every command takes, before and after its name, and what they settle to."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any

import typer

from bqmigrate.cli import codes
from bqmigrate.errors import UsageError

TRUE = ("1", "true", "yes", "on")
FALSE = ("", "0", "false", "no", "off")


def _print_version(wanted: bool | None) -> None:  # noqa: FBT001  the callback's form is typer's
    if wanted:
        from bqmigrate.version import VERSION  # noqa: PLC0415  reading it is slow

        typer.echo(f"bqmigrate {VERSION}")
        raise typer.Exit


ConfigFile = Annotated[
    str | None,
    typer.Option("--config", metavar="FILE", help="Which migrations.toml. [env: BQMIGRATE_CONFIG]"),
]
EnvironmentName = Annotated[
    str | None, typer.Option("--env", metavar="NAME", help="Which environment. [env: BQMIGRATE_ENV]")
]
ProjectName = Annotated[
    str | None,
    typer.Option("--project", metavar="ID", help="Google Cloud project. [env: BQMIGRATE_PROJECT]"),
]
Location = Annotated[
    str | None,
    typer.Option("--location", metavar="NAME", help="BigQuery location. [env: BQMIGRATE_LOCATION]"),
]
Json = Annotated[bool | None, typer.Option("--json", help="Print one JSON document. [env: BQMIGRATE_JSON]")]
Verbose = Annotated[
    bool | None, typer.Option("--verbose", "-v", help="Log steps, show tracebacks. [env: BQMIGRATE_VERBOSE]")
]
Quiet = Annotated[bool | None, typer.Option("--quiet", "-q", help="Only result and errors. [env: BQMIGRATE_QUIET]")]
Version = Annotated[
    bool | None, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
]

# Every parameter of these names is global; `print_version` answers by itself.
GLOBAL: Mapping[str, Any] = {
    "config": ConfigFile,
    "env": EnvironmentName,
    "project": ProjectName,
    "location": Location,
    "json": Json,
    "verbose": Verbose,
    "quiet": Quiet,
    "print_version": Version,
}

Yes = Annotated[bool | None, typer.Option("--yes", "-y", help="Answer questions with yes. [env: BQMIGRATE_YES]")]
AllowDataLoss = Annotated[
    bool | None,
    typer.Option("--allow-data-loss", help="Allow data loss. [env: BQMIGRATE_ALLOW_DATA_LOSS]"),
]
DryRun = Annotated[bool | None, typer.Option("--dry-run", help="Show the plan, stop. [env: BQMIGRATE_DRY_RUN]")]
LockTimeout = Annotated[
    float | None,
    typer.Option(
        "--lock-timeout",
        metavar="SECONDS",
        help="Wait for other runs. [env: BQMIGRATE_LOCK_TIMEOUT]",
    ),
]


@dataclass(frozen=True)
class Settings:
    """The global options; None is one that was not given."""

    config: str | None = None
    env: str | None = None
    project: str | None = None
    location: str | None = None
    json: bool | None = None
    verbose: bool | None = None
    quiet: bool | None = None

    @property
    def where(self) -> str | None:
        """Return the options that say on what is worked, as they were typed; None where none was."""
        named = {"--config": self.config, "--env": self.env, "--project": self.project, "--location": self.location}
        given = [f"{flag} {shlex.quote(value)}" for flag, value in named.items() if value is not None]
        return " ".join(given) or None

    def over(self, outer: Settings) -> Settings:
        """Return these settings, with the gaps filled from `outer`."""
        chosen = {}
        for item in fields(self):
            mine = getattr(self, item.name)
            chosen[item.name] = getattr(outer, item.name) if mine is None else mine
        # Of --quiet and --verbose the nearer one counts, as it would for one option given twice.
        if self.verbose and not self.quiet:
            chosen["quiet"] = None
        if self.quiet and not self.verbose:
            chosen["verbose"] = None
        return Settings(**chosen)


def taken(values: dict[str, Any]) -> Settings:
    """Take the global options out of a command's arguments."""
    values.pop("print_version", None)
    return Settings(**{item.name: values.pop(item.name, None) for item in fields(Settings)})


def from_environment(environ: Mapping[str, str]) -> Settings:
    """Return what the environment says of --json, --verbose and --quiet; the rest is read with the file."""
    return Settings(
        json=flag(environ, "BQMIGRATE_JSON"),
        verbose=flag(environ, "BQMIGRATE_VERBOSE"),
        quiet=flag(environ, "BQMIGRATE_QUIET"),
    )


def flag(environ: Mapping[str, str], variable: str) -> bool | None:
    """Read a yes/no variable; None when it is not set. Raises UsageError for another word."""
    word = environ.get(variable, "").strip().lower()
    if word in TRUE:
        return True
    if word in FALSE:
        return None
    raise UsageError(
        codes.USAGE, f"{variable} must be 1 or 0, not {environ[variable]!r}", where=variable, hint=f"unset {variable}"
    )
