"""Views, materialized views: created, altered and dropped."""

from __future__ import annotations

from dataclasses import dataclass, field

from bqmigrate.local.sql.nodes.base import Options, Path, Sql, Statement
from bqmigrate.model.catalog import Partitioning
from bqmigrate.model.columns import Column


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
class CreateMaterializedView(Statement):
    """CREATE MATERIALIZED VIEW."""

    kind: str = "CREATE_MATERIALIZED_VIEW"
    path: Path
    or_replace: bool = False
    if_not_exists: bool = False
    partitioning: Partitioning | None = None
    clustering: tuple[str, ...] = ()
    options: Options = field(default_factory=dict)
    query: Sql


@dataclass(frozen=True, kw_only=True)
class AlterMaterializedView(Statement):
    """ALTER MATERIALIZED VIEW SET OPTIONS: nothing else of it can change."""

    kind: str = "ALTER_MATERIALIZED_VIEW"
    path: Path
    if_exists: bool = False
    options: Options


@dataclass(frozen=True, kw_only=True)
class DropMaterializedView(Statement):
    """DROP MATERIALIZED VIEW."""

    kind: str = "DROP_MATERIALIZED_VIEW"
    path: Path
    if_exists: bool = False
