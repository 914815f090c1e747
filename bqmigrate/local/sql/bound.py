"""What goes into binding and what comes out of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from bqmigrate.local.sql.kinds import Typed
from bqmigrate.local.sql.nodes import Path, Sql
from bqmigrate.model.catalog import Partitioning
from bqmigrate.model.columns import Column

if TYPE_CHECKING:
    from bqmigrate.local.sql.reading import Cells
    from bqmigrate.local.sql.scans import Scan


class TableId(NamedTuple):
    """The full name of a table."""

    project: str
    dataset: str
    table: str

    def __str__(self) -> str:
        return f"{self.project}.{self.dataset}.{self.table}"


class Pseudo(NamedTuple):
    """A column that only its name brings up: its type, and its DuckDB text with {} for the table's alias."""

    name: str
    column: Column
    sql: str


@dataclass(frozen=True)
class TableInfo:
    """What the catalog knows of a table or view.

    `physical` is whatever DuckDB can read in a FROM: a relation's name (`t17`) or a parenthesised SELECT whose
    columns have the names and storage types of `columns`. A view has `view_query` instead, and is bound from it.
    `hidden` are stored beside the columns and read as `pseudo`, by name alone; `partition_filter` are the columns of
    which a query must restrict one. Reading a table costs bytes only when it is `stored`.
    """

    id: TableId
    physical: str
    columns: tuple[Column, ...]
    kind: Literal["TABLE", "VIEW", "SNAPSHOT", "SYSTEM"] = "TABLE"
    view_query: Sql | str | None = None
    partition_filter: tuple[str, ...] = ()
    partitioning: Partitioning | None = None
    hidden: tuple[Column, ...] = ()
    pseudo: tuple[Pseudo, ...] = ()
    stored: bool = False


class Tables(Protocol):
    """The catalog as binding sees it: it resolves 1 to 4 part paths with the job's default dataset."""

    def table(self, path: Path) -> TableInfo | None:
        """Return the table or view at a path (`("d", "INFORMATION_SCHEMA", "COLUMNS")` too), or None."""

    def table_as_of(self, path: Path, moment: str) -> TableInfo:
        """Return a table as it was; `moment` is DuckDB's text of a TIMESTAMP. Raises WarehouseError."""


class Variable(NamedTuple):
    """A script variable: its type, and its value in the form of a REST row's "v" (timestamps in microseconds)."""

    column: Column
    value: Any


@dataclass(frozen=True)
class Function:
    """A function that somebody made: `body` is an expression over its parameters, None as a type is ANY TYPE."""

    name: str
    parameters: tuple[tuple[str, Column | None], ...]
    returns: Column | None
    body: Sql | str
    language: str = "SQL"


def no_functions(_: Path) -> Function | None:
    """Know no function but GoogleSQL's own."""
    return None


@dataclass(frozen=True)
class Scope:
    """What an expression may refer to besides tables.

    `parameters` are REST QueryParameters; unnamed ones are positional. `now` is the virtual clock. `functions` finds
    the function at a path; inside the body of one, `arguments` are its values and `calls` the functions under way.
    """

    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    session_user: str = ""
    parameters: Sequence[Mapping[str, Any]] = ()
    variables: Mapping[str, Variable] = field(default_factory=dict)
    functions: Callable[[Path], Function | None] = no_functions
    # Whether a path names a table function: it can be made, and not called.
    is_table_function: Callable[[Path], bool] = lambda _: False
    arguments: Mapping[str, Typed] = field(default_factory=dict)
    calls: tuple[str, ...] = ()


@dataclass(frozen=True)
class BoundQuery:
    """A DuckDB SELECT whose columns are, in order, `columns`, in their storage types."""

    sql: str
    columns: tuple[Column, ...]
    tables: tuple[TableId, ...]
    # The table whose partition_filter whoever reads this as a view must still apply.
    unmet: TableInfo | None = None
    scans: tuple[Scan, ...] = ()
    # The partitioning columns of which scans each column, by its place, hands on.
    pins: Mapping[int, tuple[Scan, ...]] = field(default_factory=dict)
    # What each column, by its place, is made of, and what is read whichever of them is asked for.
    cells: Mapping[int, Cells] = field(default_factory=dict)
    needed: Cells = frozenset()


DmlKind = Literal["INSERT", "UPDATE", "DELETE", "MERGE"]


@dataclass(frozen=True)
class BoundDml:
    """A change of rows: run `checks`, then `sql`.

    Every check is a SELECT of no or one row that raises (through DuckDB's error()) when the statement must be refused.
    `sql` of INSERT, UPDATE and DELETE answers one row with the number of affected rows; `sql` of MERGE
    answers one row per affected row, 'INSERT', 'UPDATE' or 'DELETE'. NULLs in REQUIRED columns, over-long strings and
    so on raise while `sql` runs: pass any DuckDB error to `runtime_error`.
    `changed` is the scan of the target when rows of it can change or go; `covered`, of a DELETE that looks at
    nothing but partitions, holds for the rows, under the alias of scans, of those that go whole.
    """

    kind: DmlKind
    target: TableInfo
    sql: str
    checks: tuple[str, ...]
    tables: tuple[TableId, ...]
    scans: tuple[Scan, ...] = ()
    changed: Scan | None = None
    covered: str | None = None
