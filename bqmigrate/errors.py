"""Every error that leaves the library.

    BqmigrateError                 exit
    ├── UsageError                   2   what was asked, or the configuration, cannot be
    │   ├── ConfigError                    migrations.toml, an environment variable or a flag
    │   ├── CredentialsError               nobody is logged in, or the login was refused
    │   ├── TargetError                    a target that does not exist or lies on the wrong side
    │   ├── RefusedError                   allowed only with a flag, or never in this environment
    │   └── UnavailableError               the embedded warehouse is not installed, or is held elsewhere
    ├── ValidationError              3   the files, or the files against the history
    ├── RunError                     1   a run stopped; its state is known and printed
    ├── LeaseError                   4   another run holds the lease, or took it over
    ├── UnsettledError               5   something must be settled by a person first
    └── InterruptedRun             130   Ctrl-C

Facts are fields: `code`, `message`, `where`, `state` (what the warehouse looks like now) and
`hint` (the next command). Rendering is elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal


@dataclass(frozen=True)
class Place:
    """Where something is written: a file, and a line and column counted from 1."""

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        parts = [self.file, *(str(n) for n in (self.line, self.column) if n is not None)]
        return ":".join(parts)


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong (or doubtful) in a file, with its place and the way out."""

    code: str
    message: str
    place: Place | None = None
    help: str | None = None
    severity: Literal["error", "warning"] = "error"
    excerpt: str | None = None


class BqmigrateError(Exception):
    """The root: carries facts, and the exit code a command answers with."""

    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        code: str,
        message: str,
        *,
        where: str | None = None,
        hint: str | None = None,
        state: str | None = None,
        details: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.where = where
        self.hint = hint
        self.state = state
        self.details = tuple(details)

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class UsageError(BqmigrateError):
    """What was asked cannot be done as asked."""

    exit_code = 2


class ConfigError(UsageError):
    """migrations.toml, an environment variable or a flag says something impossible."""


class CredentialsError(UsageError):
    """There are no credentials, or they were refused."""


class TargetError(UsageError):
    """The target does not exist, or lies on the wrong side of the current version."""


class RefusedError(UsageError):
    """Not without a flag, a terminal, or another environment."""


class UnavailableError(UsageError):
    """The embedded warehouse is not installed, or another process holds it."""


class ValidationError(BqmigrateError):
    """Files that cannot be read as migrations, or that disagree with the history."""

    exit_code = 3

    def __init__(
        self,
        code: str,
        message: str,
        *,
        findings: Sequence[Finding] = (),
        where: str | None = None,
        hint: str | None = None,
        state: str | None = "Nothing was changed.",
        details: Sequence[str] = (),
    ) -> None:
        super().__init__(code, message, where=where, hint=hint, state=state, details=details)
        self.findings = tuple(findings)


class RunError(BqmigrateError):
    """A step failed, or BigQuery could not be asked; what was done is known."""


class LeaseError(BqmigrateError):
    """Somebody else is running, or took the run over."""

    exit_code = 4


class UnsettledError(BqmigrateError):
    """A person has to decide something before anything else can run."""

    exit_code = 5


class InterruptedRun(BqmigrateError):
    """Ctrl-C; the next run resumes."""

    exit_code = 130
