"""What a statement reads of each stored table, and which partitions its conditions leave of it.

A Scan is one table at one place of a statement. A Pin follows the partitioning column of a scan outwards, through
subqueries and views: a condition on a pinned column limits the partitions of its scan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bqmigrate.local.sql.bound import TableInfo
from bqmigrate.local.sql.types import quoted
from bqmigrate.model.catalog import Partitioning
from bqmigrate.model.columns import find

# The alias under which a table is read when its bytes are counted.
ALIAS = '"bq scan"'
# Where a condition means the first and the last value that the partition of a row can hold.
FIRST, LAST = "\x01", "\x02"


@dataclass(eq=False)
class Scan:
    """One table at one place of a statement: the conditions on its partitions and the columns read, found so far.

    It is filled while the statement is bound, and only read afterwards.
    """

    info: TableInfo
    conditions: dict[str, None] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)

    def limit(self, condition: str) -> None:
        """Add a condition, with FIRST and LAST in it, that holds for every partition to be read."""
        self.conditions[_placed(self.info, condition)] = None

    @property
    def where(self) -> str:
        """Return the DuckDB condition on the rows, under ALIAS, of the partitions that are read."""
        return " AND ".join(f"({c})" for c in self.conditions) or "true"

    @property
    def source(self) -> str:
        """Return a SELECT in brackets of the rows in the partitions that are read."""
        return f"(SELECT * FROM {self.info.physical} AS {ALIAS} WHERE {self.where})"

    def holding(self, condition: str) -> str:
        """Return a condition with FIRST and LAST as one on the rows under ALIAS."""
        return _placed(self.info, condition)


Pins = Mapping[str, tuple[Scan, ...]]


def pinned(scan: Scan) -> dict[str, tuple[Scan, ...]]:
    """Return the columns, in lower case, that say to which partition a row of a table belongs."""
    spec = scan.info.partitioning
    if spec is None:
        return {}
    names = [spec.field] if spec.field is not None else [h.name for h in scan.info.pseudo]
    return {name.lower(): (scan,) for name in names}


def _placed(info: TableInfo, condition: str) -> str:
    spec = info.partitioning
    if spec is None:
        return "true"
    first, last = _edges(info, spec)
    placed = condition.replace(FIRST, first).replace(LAST, last)
    if spec.type != "RANGE":
        return placed
    # What lies outside all ranges is in one partition of which nothing is known.
    column = f"{ALIAS}.{quoted(spec.field or '')}"
    return f"{column} < {spec.start} OR {column} >= {spec.end} OR ({placed})"


def _edges(info: TableInfo, spec: Partitioning) -> tuple[str, str]:
    """Return the first and the last value of the partition in which a row lies."""
    if spec.field is None:
        own = f"{ALIAS}.{quoted(info.hidden[0].name)}"
        return own, own
    own = f"{ALIAS}.{quoted(spec.field)}"
    if spec.type == "RANGE":
        first = f"({spec.start} + ({own} - {spec.start}) // {spec.interval} * {spec.interval})"
        return first, f"({first} + {spec.interval} - 1)"
    column = find(info.columns, spec.field)
    kind = column.type if column is not None else "DATE"
    unit = spec.type.lower()
    stored, tick = {"DATE": ("DATE", "DAY"), "DATETIME": ("TIMESTAMP", "MICROSECOND")}.get(
        kind, ("TIMESTAMPTZ", "MICROSECOND")
    )
    start = f"date_trunc('{unit}', CAST({own} AS TIMESTAMP))"
    end = f"{start} + INTERVAL 1 {unit} - INTERVAL 1 {tick}"
    return f"CAST({start} AS {stored})", f"CAST({end} AS {stored})"
