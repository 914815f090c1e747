"""Look at the dataset through a served warehouse, with the official client and nothing of bqmigrate.

    python served.py URL [PROJECT]

Prints each difference from what the dataset has to be; exit 1 when there is one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from tenants import DATASET, LOCATION, ExpectedTable, expected


def connect(url: str, project: str) -> bigquery.Client:
    """Return a plain client of the warehouse served at an address."""
    options = {"api_endpoint": url}
    return bigquery.Client(project=project, credentials=AnonymousCredentials(), client_options=options)


def differences(client: bigquery.Client) -> Iterator[str]:
    """Yield what is not as it has to be."""
    location = client.get_dataset(DATASET).location
    if location != LOCATION:
        yield f"{DATASET}: location {location}"
    tables = expected()
    there, wanted = {t.table_id for t in client.list_tables(DATASET)}, {t.name for t in tables}
    if there != wanted:
        yield f"{DATASET}: tables {sorted(there ^ wanted)} are missing or too many"
    for table in tables:
        if table.name in there:
            yield from _differences(client.get_table(f"{DATASET}.{table.name}"), table)


def _differences(live: bigquery.Table, table: ExpectedTable) -> Iterator[str]:
    by_time = live.time_partitioning
    pairs = {
        "columns": (tuple((f.name, f.field_type, f.mode) for f in live.schema), table.columns),
        "partitioned by": ((by_time.type_, by_time.field) if by_time else None, _days(table)),
        "clustered by": (tuple(live.clustering_fields or ()), table.clustering),
    }
    for what, (found, wanted) in pairs.items():
        if found != wanted:
            yield f"{table.name}: {what} {found}, not {wanted}"
    if not live.description:
        yield f"{table.name}: no description"
    yield from (f"{table.name}.{f.name}: no description" for f in live.schema if not f.description)


def _days(table: ExpectedTable) -> tuple[str, str] | None:
    return ("DAY", table.partition) if table.partition else None


if __name__ == "__main__":
    project = sys.argv[2] if len(sys.argv) > 2 else "bqmigrate-local"
    found = list(differences(connect(sys.argv[1], project)))
    print("\n".join(found) or f"{len(expected())} tables are as they have to be")  # noqa: T201
    raise SystemExit(bool(found))
