"""The procedural language, and a script as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from bqmigrate.local.sql.nodes.base import Sql, Statement
from bqmigrate.model.columns import Column


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
