"""Why a person should be asked before a plan runs."""

from __future__ import annotations

from collections.abc import Sequence

from bqmigrate.config import Config
from bqmigrate.errors import RefusedError
from bqmigrate.planning.plan import Plan


def reasons(plan: Plan, environment: str, *, confirm: bool) -> Sequence[str]:
    """Return the reasons: data loss, rebuilds, and the environment's own wish (`confirm`)."""
    losses = [f"{s.key.version} loses data: {s.impact.summary}" for s in plan.steps if s.impact.data_loss]
    rebuilds = [
        f"{s.key.version} writes {s.impact.object} anew: {s.impact.summary}"
        for s in plan.steps
        if s.impact.kind == "rebuild"
    ]
    asked = [f"environment {environment} asks for confirmation"] if confirm and not plan.is_empty else []
    return [*losses, *rebuilds, *asked]


def refuse_downgrade(config: Config) -> None:
    """Raise RefusedError unless the environment has `allow_downgrade`."""
    environment = config.environment
    if not environment.allow_downgrade:
        raise RefusedError(
            "BQM322",
            f"downgrade is not allowed in environment {environment.name}",
            where=str(config.file),
            state="Nothing was changed.",
            hint=f"write allow_downgrade = true under [environments.{environment.name}]",
        )
