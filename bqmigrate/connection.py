"""From an environment to a warehouse: the embedded one, an endpoint, or BigQuery itself."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from bqmigrate.config import Environment
from bqmigrate.errors import UnavailableError
from bqmigrate.warehouse import bigquery
from bqmigrate.warehouse.port import Timeouts, Warehouse

if TYPE_CHECKING:
    from bqmigrate.local.sharing import Attached
    from bqmigrate.warehouse.transport import Wrap

EXTRA = ("duckdb", "sqlglot", "waitress")


def connect(environment: Environment, folder: Path, closing: ExitStack, wrap: Wrap | None) -> Warehouse:
    """Connect; what has to be closed is left with `closing`.

    Raises CredentialsError, and UnavailableError when the embedded warehouse is held or not installed.
    """
    adapter, endpoint = None, environment.endpoint
    if environment.embedded and endpoint is None:
        attached = _attach(folder)
        closing.callback(attached.close)
        adapter, endpoint = attached.adapter, attached.endpoint
    made = bigquery.connect(
        environment.project,
        environment.location,
        adapter=adapter,
        endpoint=endpoint,
        wrap=wrap,
        timeouts=Timeouts(environment.request_timeout_s, environment.retry_timeout_s),
    )
    closing.callback(made.close)
    return made


def _attach(folder: Path) -> Attached:
    try:
        from bqmigrate.local.sharing import attach  # noqa: PLC0415 - an extra that need not be installed
    except ModuleNotFoundError as error:
        if error.name not in EXTRA:
            raise
        raise UnavailableError(
            "BQM331",
            f"the embedded warehouse is not installed: there is no module {error.name}",
            state="Nothing was changed.",
            hint="pip install 'bqmigrate[local]'",
        ) from error
    return attach(folder)
