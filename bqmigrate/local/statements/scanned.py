"""The bytes a statement is charged for: of the columns it reads, in the partitions it reads, whatever it makes of them.

https://cloud.google.com/bigquery/docs/reference/standard-sql/dml-syntax#calculate_query_size
"""

from __future__ import annotations

from collections.abc import Sequence

from bqmigrate.local.sql.bound import BoundDml, BoundQuery
from bqmigrate.local.sql.scans import ALIAS, Scan
from bqmigrate.local.statements.run import Run
from bqmigrate.local.storage import physical
from bqmigrate.model.columns import Column


def scanned_bytes(run: Run, bound: BoundQuery | BoundDml) -> int:
    """Return the bytes of what bound SQL reads; a table that is read at several places counts once."""
    tables: dict[str, list[Scan]] = {}
    for scan in bound.scans:
        tables.setdefault(scan.info.physical, []).append(scan)
    return sum(_bytes(run, scans) for scans in tables.values())


def changed_bytes(run: Run, bound: BoundDml) -> int:
    """Return the bytes a change of rows is charged for: what it reads, and all columns of the partitions it changes."""
    if bound.changed is None:
        return scanned_bytes(run, bound)
    if bound.covered is not None and _whole_partitions(run, bound.changed, bound.covered):
        return 0
    changed = bound.changed
    return scanned_bytes(run, bound) + _size(run, changed.source, changed.info.columns)


def _whole_partitions(run: Run, scan: Scan, covered: str) -> bool:
    """Tell whether a DELETE takes every row of every partition that it reads."""
    partly = f"SELECT 1 FROM {scan.source} AS {ALIAS} WHERE NOT coalesce({scan.holding(covered)}, false) LIMIT 1"
    return not run.execute(partly)


def _bytes(run: Run, scans: Sequence[Scan]) -> int:
    info = scans[0].info
    read = [c for c in info.columns if any(c.name in scan.read for scan in scans)]
    rows = " OR ".join(f"({scan.where})" for scan in scans)
    return _size(run, f"(SELECT * FROM {info.physical} AS {ALIAS} WHERE {rows})", read)


def _size(run: Run, relation: str, columns: Sequence[Column]) -> int:
    return int(run.execute(physical.size_sql(relation, columns))[0][0]) if columns else 0
