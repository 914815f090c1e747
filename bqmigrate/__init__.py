"""Versioned schema migrations for Google BigQuery.

from bqmigrate import Project

report = Project.open(environment="local").upgrade()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bqmigrate.project import Project

__all__ = ["Project"]


def __getattr__(name: str) -> Any:
    # `import bqmigrate.cli` must not pay for the whole library.
    if name == "Project":
        from bqmigrate.project import Project  # noqa: PLC0415

        return Project
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
