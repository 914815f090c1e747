"""What a Python step gets: queries under ids of its run, and the names of this environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bqmigrate.execution.jobs import Jobs
from bqmigrate.execution.statement import Statement
from bqmigrate.operations.steps import Scope
from bqmigrate.warehouse.port import Parameter, Warehouse

_TYPES: Mapping[type, str] = {bool: "BOOL", int: "INT64", float: "FLOAT64", str: "STRING", datetime: "TIMESTAMP"}


@dataclass
class Session:
    """Handed to the function of `op.run(function)`."""

    warehouse: Warehouse
    jobs: Jobs
    scope: Scope
    prefix: str
    _count: int = field(default=0)

    @property
    def project(self) -> str:
        """Return the project."""
        return self.scope.project

    @property
    def location(self) -> str:
        """Return the location."""
        return self.scope.location

    @property
    def variables(self) -> Mapping[str, str]:
        """Return the environment's variables."""
        return self.scope.variables

    def dataset(self, logical: str) -> str:
        """Return the physical name of a dataset in this environment."""
        return self.scope.dataset(logical)

    def query(self, sql: str, **parameters: bool | float | str | datetime) -> Sequence[Mapping[str, Any]]:
        """Run a statement with named parameters and return its rows, a dict each.

        Raises StepStopped when BigQuery refuses it; TypeError for a parameter of another type.
        """
        self._count += 1
        number = self._count
        ran = self.jobs.run_once(
            lambda attempt: f"{self.prefix}-q{number}-a{attempt}",
            Statement(sql, [_parameter(name, value) for name, value in parameters.items()]),
        )
        if ran.job.affected_rows is not None:
            return []
        return self.warehouse.results(ran.job_id)


def _parameter(name: str, value: Any) -> Parameter:
    kind = _TYPES.get(type(value))
    if kind is None:
        raise TypeError(f"parameter {name}: no query parameter can be made of a {type(value).__name__}")
    return Parameter(name, kind, value)
