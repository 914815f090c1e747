"""The commands, and the entry point: `bqmigrate`, `python -m bqmigrate`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import typer
from typer.core import TyperCommand
from typer.exceptions import TyperException
from typer.main import get_command

from bqmigrate.cli.arguments import TargetCommand
from bqmigrate.cli.commands import (
    adopt,
    current,
    downgrade,
    history,
    init,
    local,
    new,
    plan,
    repair,
    show,
    unlock,
    upgrade,
)
from bqmigrate.cli.invocation import Invocation
from bqmigrate.cli.options import TRUE, Settings, from_environment
from bqmigrate.cli.running import Run, call, globals_first, with_globals
from bqmigrate.errors import InterruptedRun, UsageError

PROGRAM = "bqmigrate"
ABOUT = "Versioned schema migrations for Google BigQuery."
ABOUT_LOCAL = "The embedded warehouse: serve it, empty it, find it."


@dataclass(frozen=True)
class Command:
    """A word of the command line and what it runs."""

    name: str
    run: Run
    parser: type[TyperCommand] = TyperCommand


COMMANDS = (
    Command("init", init.run),
    Command("upgrade", upgrade.run, TargetCommand),
    Command("downgrade", downgrade.run, TargetCommand),
    Command("history", history.run),
    Command("current", current.run),
    Command("plan", plan.run, TargetCommand),
    Command("new", new.run),
    Command("show", show.run),
    Command("adopt", adopt.run),
    Command("unlock", unlock.run),
    Command("repair", repair.run),
)
LOCAL_COMMANDS = (
    Command("serve", local.serve),
    Command("reset", local.reset),
    Command("path", local.path),
)


def main(args: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code; nothing it can meet leaves as a traceback."""
    words = list(sys.argv[1:] if args is None else args) or ["--help"]
    try:
        settings = from_environment(os.environ)
        code = get_command(application()).main(words, prog_name=PROGRAM, standalone_mode=False, obj=settings)
    except TyperException as error:
        return refuse(words, error)
    except UsageError as error:
        return refuse(words, error)
    except KeyboardInterrupt:
        return InterruptedRun.exit_code
    return int(code or 0)


def application() -> typer.Typer:
    """Put the commands together."""
    app = _group(PROGRAM, ABOUT, COMMANDS)
    app.add_typer(_group("local", ABOUT_LOCAL, LOCAL_COMMANDS, under="local "), name="local")
    return app


def _group(name: str, about: str, commands: Sequence[Command], under: str = "") -> typer.Typer:
    app = typer.Typer(name=name, help=about, add_completion=False, rich_markup_mode=None)
    app.callback(help=about)(globals_first())
    for command in commands:
        app.command(command.name, cls=command.parser)(with_globals(under + command.name, command.run))
    return app


def refuse(words: Sequence[str], error: TyperException | UsageError) -> int:
    """Answer for a command line that could not be read."""
    wants_json = "--json" in words or os.environ.get("BQMIGRATE_JSON", "").strip().lower() in TRUE
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else PROGRAM
    return call(path.removeprefix(PROGRAM).strip(), _raising(error), Settings(json=wants_json), {})


def _raising(error: Exception) -> Run:
    def run(_invocation: Invocation) -> int:
        raise error

    return run
