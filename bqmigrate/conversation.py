"""A project's conversation with its warehouse: begun when it first has to be, ended after each call or at the end."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bqmigrate.config import Environment
from bqmigrate.errors import RunError
from bqmigrate.execution import refusals
from bqmigrate.warehouse.port import OutcomeUnknown, Warehouse, WarehouseError

if TYPE_CHECKING:
    from bqmigrate.warehouse.transport import Wrap

FORBIDDEN = 403
# Of a call that changes something.
FOUND_LATER = "What was done before that, if anything, is found by the next run."


@dataclass
class Conversation:
    """Connects lazily; `stays_open` keeps the connection between calls."""

    environment: Environment
    folder: Path
    transport: Wrap | None = None
    stays_open: bool = False
    _warehouse: Warehouse | None = None
    _requests_before: int = 0
    _closing: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    @property
    def warehouse(self) -> Warehouse:
        """Return the warehouse, connecting first if need be. Raises CredentialsError, UnavailableError."""
        if self._warehouse is None:
            # Connecting is what costs: google's own imports are a third of a second.
            from bqmigrate.connection import connect  # noqa: PLC0415

            self._warehouse = connect(self.environment, self.folder, self._closing, self.transport)
        return self._warehouse

    @property
    def requests(self) -> int:
        """Return the calls made so far, polls and retries excluded."""
        return self._requests_before + (self._warehouse.requests if self._warehouse else 0)

    def close(self) -> None:
        """Let go of the connection and of the embedded warehouse."""
        self._requests_before = self.requests
        self._warehouse = None
        self._closing.close()

    @contextlib.contextmanager
    def call(self, state: str = "Nothing was changed.") -> Iterator[None]:
        """Turn what BigQuery refused outside a step into an error a person can act on; let go at the end.

        `state` is what is told of the warehouse then.
        """
        try:
            yield
        except WarehouseError as error:
            if (limit := refusals.told(error)) is not None:
                raise limit from error
            raise _refused(error, state) from error
        finally:
            if not self.stays_open:
                self.close()


def _refused(error: WarehouseError, state: str) -> RunError:
    denied = error.status == FORBIDDEN
    if isinstance(error, OutcomeUnknown) and not denied:
        hint = "see that it can be reached (proxy, endpoint), then run it again"
        return RunError("BQM202", error.message, state=state, hint=hint)
    hint = "grant the roles in docs/real-bigquery.md, then run it again" if denied else "bqmigrate history"
    return RunError("BQM202", f"BigQuery refused: {error.message}", state=state, hint=hint)
