"""The bytes a statement is charged for: of the columns that it reads, whatever it makes of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bqmigrate.local.catalog.records import TableRecord
from bqmigrate.local.sql.bound import TableId
from bqmigrate.local.sql.types import quoted
from bqmigrate.local.statements.run import Run
from bqmigrate.local.storage import physical
from bqmigrate.model.columns import Column

_NAME = r'"(?:[^"]|"")*"'


def scanned_bytes(run: Run, sql: str, names: Sequence[TableId]) -> int:
    """Return the bytes of the columns that bound SQL names: binding qualifies every column with its table's alias."""
    found = [run.tx.table(*name) for name in dict.fromkeys(names)]
    sized = [record for record in found if record is not None and record.physical is not None]
    return sum(physical.size(run.tx.connection, r.rows_in, _read(sql, r)) for r in sized)


def _read(sql: str, record: TableRecord) -> Sequence[Column]:
    """Return the columns that are read; all of them where the SQL reads another table in this one's place."""
    aliases = set(re.findall(rf"\b{record.rows_in} AS ({_NAME})", sql))
    if not aliases:
        return () if re.search(rf"\b{record.rows_in}\b", sql) else record.columns
    return [c for c in record.columns if any(f"{alias}.{quoted(c.name)}" in sql for alias in aliases)]
