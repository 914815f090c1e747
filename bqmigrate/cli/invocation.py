"""One call of a command: its global options, its streams, and the project it works on."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bqmigrate.cli import codes
from bqmigrate.cli.options import Settings
from bqmigrate.config import Config, Overrides, load
from bqmigrate.errors import UsageError

if TYPE_CHECKING:
    from bqmigrate.cli.output import Output
    from bqmigrate.execution.events import Emit
    from bqmigrate.project import Project


@dataclass(frozen=True)
class Invocation:
    """What every command gets."""

    command: str
    settings: Settings
    output: Output

    def overrides(self, lock_timeout_s: float | None = None) -> Overrides:
        """Return the flags that outrank migrations.toml."""
        s = self.settings
        return Overrides(s.config, s.env, s.project, s.location, lock_timeout_s)

    def config(self) -> Config:
        """Read the configuration. Raises ConfigError."""
        return load(here(), self.overrides(), os.environ)

    def open(self, lock_timeout_s: float | None = None) -> Project:
        """Open the project of the current folder. Raises BqmigrateError."""
        from bqmigrate.project import Project  # noqa: PLC0415  --help must not pay for it

        return Project.open(self.settings.env, start=here(), overrides=self.overrides(lock_timeout_s))

    def teller(self, project: Project) -> Emit:
        """Return what says on stderr what is waited for, before anything runs."""
        from bqmigrate.cli.progress import Progress  # noqa: PLC0415  --help must not pay for it

        return Progress(self.output, project.config.environment).emit


def here() -> Path:
    """Return the current folder. Raises UsageError when it was deleted meanwhile."""
    try:
        return Path.cwd()
    except OSError as error:
        raise UsageError(
            codes.USAGE, "the current folder is not there any more", hint="go to another folder"
        ) from error
