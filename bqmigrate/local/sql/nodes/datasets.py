"""CREATE, ALTER and DROP SCHEMA."""

from __future__ import annotations

from dataclasses import dataclass, field

from bqmigrate.local.sql.nodes.base import Options, Path, Statement


@dataclass(frozen=True, kw_only=True)
class CreateSchema(Statement):
    """CREATE SCHEMA."""

    kind: str = "CREATE_SCHEMA"
    path: Path
    if_not_exists: bool = False
    collation: str | None = None
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class AlterSchema(Statement):
    """ALTER SCHEMA ... SET OPTIONS, or SET DEFAULT COLLATE."""

    kind: str = "ALTER_SCHEMA"
    path: Path
    if_exists: bool = False
    options: Options = field(default_factory=dict)
    collation: str | None = None


@dataclass(frozen=True, kw_only=True)
class DropSchema(Statement):
    """DROP SCHEMA [CASCADE]; RESTRICT is the default."""

    kind: str = "DROP_SCHEMA"
    path: Path
    if_exists: bool = False
    cascade: bool = False
