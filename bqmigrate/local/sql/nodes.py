"""What a parsed statement is: frozen values, one per kind of statement.

`kind` is BigQuery's statementType. `Sql` is a slice of the author's text that knows where it stood,
so that an error inside it can still say [line:column] of the whole script.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from bqmigrate.model.catalog import Partitioning
from bqmigrate.model.columns import Column

Path = tuple[str, ...]


class Position(NamedTuple):
    """A place in the author's text, counted from 1."""

    line: int
    column: int

    def __str__(self) -> str:
        return f"[{self.line}:{self.column}]"


START = Position(1, 1)


@dataclass(frozen=True)
class Sql:
    """A slice of the author's text: an expression or a query, exactly as written."""

    text: str
    position: Position = START


# What OPTIONS(...) can hold; an expression that is no constant (TIMESTAMP_ADD(...)) stays an Sql for the handler.
OptionValue = None | bool | int | float | str | datetime | tuple["OptionValue", ...] | Sql
Options = Mapping[str, OptionValue]


@dataclass(frozen=True, kw_only=True)
class Statement:
    """The root of all statements."""

    kind: str
    text: str
    position: Position


@dataclass(frozen=True)
class Script:
    """All statements of one request, in order."""

    statements: tuple[Statement, ...]

    @property
    def kind(self) -> str:
        """Return the statementType of the job: a single plain statement's own, else SCRIPT."""
        if len(self.statements) == 1 and not isinstance(self.statements[0], PROCEDURAL):
            return self.statements[0].kind
        return "SCRIPT"


# Queries and changes of rows


@dataclass(frozen=True, kw_only=True)
class Query(Statement):
    """SELECT or WITH."""

    kind: str = "SELECT"
    query: Sql


@dataclass(frozen=True, kw_only=True)
class Dml(Statement):
    """INSERT, UPDATE, DELETE or MERGE, by `kind`."""

    path: Path
    query: Sql


@dataclass(frozen=True, kw_only=True)
class TruncateTable(Statement):
    """TRUNCATE TABLE."""

    kind: str = "TRUNCATE_TABLE"
    path: Path


# Datasets


@dataclass(frozen=True, kw_only=True)
class CreateSchema(Statement):
    """CREATE SCHEMA."""

    kind: str = "CREATE_SCHEMA"
    path: Path
    if_not_exists: bool = False
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class AlterSchema(Statement):
    """ALTER SCHEMA ... SET OPTIONS."""

    kind: str = "ALTER_SCHEMA"
    path: Path
    if_exists: bool = False
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class DropSchema(Statement):
    """DROP SCHEMA [CASCADE]; RESTRICT is the default."""

    kind: str = "DROP_SCHEMA"
    path: Path
    if_exists: bool = False
    cascade: bool = False


# Tables


@dataclass(frozen=True)
class PrimaryKey:
    """PRIMARY KEY (columns) NOT ENFORCED."""

    columns: tuple[str, ...]


@dataclass(frozen=True)
class ForeignKey:
    """FOREIGN KEY (columns) REFERENCES table (referenced) NOT ENFORCED; `name` None = the server names it."""

    columns: tuple[str, ...]
    path: Path
    referenced: tuple[str, ...]
    name: str | None = None


Constraint = PrimaryKey | ForeignKey


@dataclass(frozen=True)
class Source:
    """The table that LIKE, COPY or CLONE names; `as_of` is the FOR SYSTEM_TIME AS OF expression."""

    how: str
    path: Path
    as_of: Sql | None = None


@dataclass(frozen=True, kw_only=True)
class CreateTable(Statement):
    """CREATE TABLE, with `query` for CREATE TABLE AS SELECT (kind CREATE_TABLE_AS_SELECT).

    `columns` is None when no list was written. `partition_expression` is the author's text, for messages;
    `ingestion` tells PARTITION BY _PARTITIONDATE from none (partitioning.field is then None).
    """

    kind: str = "CREATE_TABLE"
    path: Path
    or_replace: bool = False
    if_not_exists: bool = False
    temporary: bool = False
    columns: tuple[Column, ...] | None = None
    constraints: tuple[Constraint, ...] = ()
    partitioning: Partitioning | None = None
    clustering: tuple[str, ...] = ()
    options: Options = field(default_factory=dict)
    query: Sql | None = None
    source: Source | None = None


@dataclass(frozen=True, kw_only=True)
class DropTable(Statement):
    """DROP TABLE."""

    kind: str = "DROP_TABLE"
    path: Path
    if_exists: bool = False


@dataclass(frozen=True, kw_only=True)
class CreateView(Statement):
    """CREATE VIEW; `columns` holds the names (and descriptions) of the list, None when not written."""

    kind: str = "CREATE_VIEW"
    path: Path
    or_replace: bool = False
    if_not_exists: bool = False
    columns: tuple[Column, ...] | None = None
    options: Options = field(default_factory=dict)
    query: Sql


@dataclass(frozen=True, kw_only=True)
class DropView(Statement):
    """DROP VIEW."""

    kind: str = "DROP_VIEW"
    path: Path
    if_exists: bool = False


@dataclass(frozen=True, kw_only=True)
class CreateSnapshot(Statement):
    """CREATE SNAPSHOT TABLE ... CLONE ... [FOR SYSTEM_TIME AS OF]."""

    kind: str = "CREATE_SNAPSHOT_TABLE"
    path: Path
    if_not_exists: bool = False
    source: Source
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class DropSnapshot(Statement):
    """DROP SNAPSHOT TABLE."""

    kind: str = "DROP_SNAPSHOT_TABLE"
    path: Path
    if_exists: bool = False


# Actions of ALTER


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


# Procedural language


@dataclass(frozen=True, kw_only=True)
class Assert(Statement):
    """ASSERT condition [AS 'description']; it holds only when TRUE, neither FALSE nor NULL."""

    kind: str = "ASSERT"
    condition: Sql
    description: str | None = None


@dataclass(frozen=True, kw_only=True)
class BeginBlock(Statement):
    """BEGIN ... [EXCEPTION WHEN ERROR THEN ...] END; `handler` is None without EXCEPTION."""

    kind: str = "BEGIN_END"
    statements: tuple[Statement, ...]
    handler: tuple[Statement, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Declare(Statement):
    """DECLARE names type [DEFAULT value]; `type` is None when it follows from the default."""

    kind: str = "DECLARE"
    names: tuple[str, ...]
    type: Column | None
    default: Sql | None = None


@dataclass(frozen=True, kw_only=True)
class SetVariable(Statement):
    """SET x = value, or SET (x, y) = a STRUCT or single-row subquery."""

    kind: str = "SET"
    names: tuple[str, ...]
    value: Sql


@dataclass(frozen=True)
class Branch:
    """One IF or ELSEIF; `condition` None is ELSE."""

    condition: Sql | None
    statements: tuple[Statement, ...]


@dataclass(frozen=True, kw_only=True)
class If(Statement):
    """IF ... THEN ... [ELSEIF ...] [ELSE ...] END IF."""

    kind: str = "IF"
    branches: tuple[Branch, ...]


@dataclass(frozen=True, kw_only=True)
class Raise(Statement):
    """RAISE [USING MESSAGE = text]; None re-raises inside a handler."""

    kind: str = "RAISE"
    message: Sql | None = None


@dataclass(frozen=True, kw_only=True)
class Return(Statement):
    """RETURN: end the script."""

    kind: str = "RETURN"


@dataclass(frozen=True, kw_only=True)
class BeginTransaction(Statement):
    """BEGIN TRANSACTION."""

    kind: str = "BEGIN_TRANSACTION"


@dataclass(frozen=True, kw_only=True)
class CommitTransaction(Statement):
    """COMMIT TRANSACTION."""

    kind: str = "COMMIT_TRANSACTION"


@dataclass(frozen=True, kw_only=True)
class RollbackTransaction(Statement):
    """ROLLBACK TRANSACTION."""

    kind: str = "ROLLBACK_TRANSACTION"


PROCEDURAL = (
    BeginBlock,
    Declare,
    SetVariable,
    If,
    Raise,
    Return,
    BeginTransaction,
    CommitTransaction,
    RollbackTransaction,
)
