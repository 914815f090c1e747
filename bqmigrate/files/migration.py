"""A migration: one numbered file, read and checked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from bqmigrate.errors import Finding, Place
from bqmigrate.operations.base import Operation

Format = Literal["yaml", "sql", "py"]


@dataclass(frozen=True)
class Placed:
    """An operation and where it was written.

    Of a `sql` operation in a .yaml or .sql file it is where the statement's text begins: line L, column C
    of the statement stand at line `place.line + L - 1`, column `place.column + C - 1` of the file.
    """

    operation: Operation
    place: Place


@dataclass(frozen=True)
class Migration:
    """One numbered file, `0007_tenant_pipeline_configs.yaml`.

    `downgrade` None means: computed from the inverses. `checksum` ("sha256:...") covers everything
    that runs, included files too. `file` is relative to the project, for messages.
    """

    version: str
    name: str
    path: Path
    file: str
    format: Format
    description: str | None
    upgrade: tuple[Placed, ...]
    downgrade: tuple[Placed, ...] | None
    checksum: str

    @property
    def slug(self) -> str:
        """Return `0007_tenant_pipeline_configs`."""
        return f"{self.version}_{self.name}"


@dataclass(frozen=True)
class MigrationSet:
    """All files of the folder, in order of their numbers; `warnings` are what is doubtful in them."""

    folder: str
    migrations: tuple[Migration, ...] = ()
    warnings: tuple[Finding, ...] = ()

    def get(self, version: str) -> Migration | None:
        """Return the migration of a version."""
        return next((m for m in self.migrations if m.version == version), None)

    def up_to(self, version: str) -> MigrationSet:
        """Return only the migrations up to a version."""
        return replace(self, migrations=tuple(m for m in self.migrations if m.version <= version))

    @property
    def head(self) -> str | None:
        """Return the highest version there is a file for."""
        return self.migrations[-1].version if self.migrations else None
