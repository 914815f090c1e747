"""Being asked to stop: after the running step, or now."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Stop:
    """Asked once: stop before the next step. Asked again: stop now; a job that was sent goes on in BigQuery.

    May be set from a signal handler or another thread.
    """

    asked: int = 0

    def ask(self) -> None:
        """Ask once more."""
        self.asked += 1

    @property
    def after_this_step(self) -> bool:
        """Tell whether no further step should begin."""
        return self.asked > 0

    def check_now(self) -> None:
        """Raise KeyboardInterrupt when it was asked twice."""
        if self.asked > 1:
            raise KeyboardInterrupt
