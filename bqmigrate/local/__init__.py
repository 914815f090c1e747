"""An in-process BigQuery that answers the unmodified official client at its HTTP transport.

    warehouse = LocalWarehouse.open(path)          # or None: in memory
    session.mount("http://", warehouse.adapter())  # under google-cloud-bigquery
    warehouse.wsgi_app                             # the same application, to serve on a port

DuckDB holds rows; catalog, etags, job ids, DDL and the reasons of errors are here. Not compared with
the real service beyond what its documentation says.
"""

from __future__ import annotations

from bqmigrate.local.storage.database import HeldElsewhere, WrongFormat
from bqmigrate.local.switches import Switches
from bqmigrate.local.warehouse import LocalWarehouse

__all__ = ["HeldElsewhere", "LocalWarehouse", "Switches", "WrongFormat"]
