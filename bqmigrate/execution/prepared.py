"""A plan that was shown to a person."""

from __future__ import annotations

from dataclasses import dataclass, field

from bqmigrate.execution.history import View
from bqmigrate.planning.plan import Plan


@dataclass(frozen=True)
class Prepared:
    """A plan that was shown, tied to the view of the history that it was made on.

    `needs_consent` says why a person should be asked; empty when nobody need be.
    """

    plan: Plan
    needs_consent: tuple[str, ...] = ()
    offline: bool = False
    view: View | None = field(default=None, compare=False)
    warnings: tuple[str, ...] = ()
