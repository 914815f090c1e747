"""Functions, procedures and row access policies: created and dropped."""

from __future__ import annotations

from dataclasses import dataclass, field

from bqmigrate.local.sql.nodes.base import Options, Path, Sql, Statement
from bqmigrate.model.columns import Column


@dataclass(frozen=True)
class Argument:
    """One argument; `type` None is ANY TYPE, `mode` is of procedures only."""

    name: str
    type: Column | None
    mode: str | None = None


@dataclass(frozen=True, kw_only=True)
class CreateRoutine(Statement):
    """CREATE FUNCTION, TABLE FUNCTION or PROCEDURE; `body` is the author's text without its brackets."""

    path: Path
    or_replace: bool = False
    if_not_exists: bool = False
    arguments: tuple[Argument, ...] = ()
    returns: Column | None = None
    language: str = "SQL"
    body: Sql
    temporary: bool = False
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class DropRoutine(Statement):
    """DROP FUNCTION, TABLE FUNCTION or PROCEDURE."""

    path: Path
    if_exists: bool = False


@dataclass(frozen=True, kw_only=True)
class CreatePolicy(Statement):
    """CREATE ROW ACCESS POLICY name ON path GRANT TO (grantees) FILTER USING (predicate)."""

    kind: str = "CREATE_ROW_ACCESS_POLICY"
    name: str
    path: Path
    or_replace: bool = False
    if_not_exists: bool = False
    grantees: tuple[str, ...] = ()
    predicate: Sql


@dataclass(frozen=True, kw_only=True)
class DropPolicies(Statement):
    """DROP ROW ACCESS POLICY name ON path, or all of them when `name` is None."""

    kind: str = "DROP_ROW_ACCESS_POLICY"
    name: str | None
    path: Path
    if_exists: bool = False
