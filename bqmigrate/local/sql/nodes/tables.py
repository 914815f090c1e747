"""Tables and snapshots: created and dropped."""

from __future__ import annotations

from dataclasses import dataclass, field

from bqmigrate.local.sql.nodes.base import Options, Path, Sql, Statement
from bqmigrate.model.catalog import Partitioning
from bqmigrate.model.columns import Column


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
    collation: str | None = None
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
