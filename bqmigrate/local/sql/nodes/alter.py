"""ALTER TABLE and ALTER VIEW, and their actions."""

from __future__ import annotations

from dataclasses import dataclass

from bqmigrate.local.sql.nodes.base import Options, Path, Statement
from bqmigrate.local.sql.nodes.tables import ForeignKey, PrimaryKey
from bqmigrate.model.columns import Column


@dataclass(frozen=True)
class AddColumn:
    """ADD COLUMN; the description and the mode are in the column."""

    column: Column
    if_not_exists: bool = False


@dataclass(frozen=True)
class DropColumn:
    """DROP COLUMN."""

    name: str
    if_exists: bool = False


@dataclass(frozen=True)
class RenameColumn:
    """RENAME COLUMN old TO new."""

    old: str
    new: str
    if_exists: bool = False


@dataclass(frozen=True)
class RenameTo:
    """RENAME TO a bare name."""

    name: str


@dataclass(frozen=True)
class AlterColumnDropNotNull:
    """ALTER COLUMN ... DROP NOT NULL."""

    name: str
    if_exists: bool = False


@dataclass(frozen=True)
class AlterColumnSetDataType:
    """ALTER COLUMN ... SET DATA TYPE; `type` is a Column of the same name that holds only the new type."""

    name: str
    type: Column
    if_exists: bool = False


@dataclass(frozen=True)
class AlterColumnSetDefault:
    """ALTER COLUMN ... SET DEFAULT; `default` is the author's text."""

    name: str
    default: str
    if_exists: bool = False


@dataclass(frozen=True)
class AlterColumnDropDefault:
    """ALTER COLUMN ... DROP DEFAULT."""

    name: str
    if_exists: bool = False


@dataclass(frozen=True)
class AlterColumnSetOptions:
    """ALTER COLUMN ... SET OPTIONS: description, rounding_mode; None clears."""

    name: str
    options: Options
    if_exists: bool = False


@dataclass(frozen=True)
class SetOptions:
    """SET OPTIONS of the table or view; None clears."""

    options: Options


@dataclass(frozen=True)
class SetCollation:
    """SET DEFAULT COLLATE: of columns added later."""

    collation: str


@dataclass(frozen=True)
class AddPrimaryKey:
    """ADD PRIMARY KEY (columns) NOT ENFORCED."""

    key: PrimaryKey


@dataclass(frozen=True)
class AddForeignKey:
    """ADD [CONSTRAINT name] FOREIGN KEY ... NOT ENFORCED."""

    key: ForeignKey
    if_not_exists: bool = False


@dataclass(frozen=True)
class DropPrimaryKey:
    """DROP PRIMARY KEY."""

    if_exists: bool = False


@dataclass(frozen=True)
class DropConstraint:
    """DROP CONSTRAINT name."""

    name: str
    if_exists: bool = False


Action = (
    AddColumn
    | DropColumn
    | RenameColumn
    | RenameTo
    | AlterColumnDropNotNull
    | AlterColumnSetDataType
    | AlterColumnSetDefault
    | AlterColumnDropDefault
    | AlterColumnSetOptions
    | SetOptions
    | SetCollation
    | AddPrimaryKey
    | AddForeignKey
    | DropPrimaryKey
    | DropConstraint
)


@dataclass(frozen=True, kw_only=True)
class AlterTable(Statement):
    """ALTER TABLE with its actions, in the order written."""

    kind: str = "ALTER_TABLE"
    path: Path
    if_exists: bool = False
    actions: tuple[Action, ...]


@dataclass(frozen=True, kw_only=True)
class AlterView(Statement):
    """ALTER VIEW: SetOptions and AlterColumnSetOptions only."""

    kind: str = "ALTER_VIEW"
    path: Path
    if_exists: bool = False
    actions: tuple[Action, ...]
