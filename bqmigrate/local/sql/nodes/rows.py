"""Queries and changes of rows."""

from __future__ import annotations

from dataclasses import dataclass

from bqmigrate.local.sql.nodes.base import Path, Sql, Statement


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
