"""add_columns, drop_columns, rename_columns: top-level columns come, go and change names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self, TypeVar

from bqmigrate.model import schema_rules
from bqmigrate.model.catalog import Catalog, Table
from bqmigrate.model.columns import Column
from bqmigrate.model.document import Fields, Node, Problem, flag, list_of
from bqmigrate.model.names import TableName, quote
from bqmigrate.operations import alter, ddl, lookup, reading
from bqmigrate.operations.base import Impact, Operation, Primitive
from bqmigrate.operations.steps import JobStep, Mark, Scope, Step

T = TypeVar("T")
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class AddColumns(Primitive):
    """Add columns at the end, all in one statement; defaults follow in their own steps."""

    key: ClassVar[str] = "add_columns"
    name: TableName
    columns: tuple[Column, ...]

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Build it from its keys."""
        made = cls(fields.required("table", reading.table_name), fields.required("columns", reading.schema))
        required = next((c.name for c in made.columns if c.mode == "REQUIRED"), None)
        if required:
            help_ = "add it as NULLABLE and fill it; BigQuery cannot make a column of a table with rows REQUIRED"
            raise Problem(
                f"cannot add the REQUIRED column {required} to an existing table", fields.at("columns"), help_
            )
        if path := next((path for c in made.columns if (path := ddl.tagged(c))), None):
            help_ = "set it once the column is there, with what manages your taxonomy; create_table can set it"
            raise Problem(f"cannot add {path} with its policy tag: DDL sets none", fields.at("columns"), help_)
        return made

    def data(self) -> dict[str, Any]:
        """Write it as a file would."""
        return {"table": str(self.name), "columns": [reading.column_data(c) for c in self.columns]}

    def expand(self, before: Catalog, mark: Mark) -> tuple[Operation, ...]:  # noqa: ARG002
        """Split off the defaults: BigQuery adds a column first and sets its default afterwards."""
        plain = replace(self, columns=tuple(replace(c, default=None) for c in self.columns))
        defaults = [alter.SetDefault(self.name, c.name, c.default) for c in self.columns if c.default]
        return (plain, *defaults)

    def apply(self, before: Catalog) -> Catalog:
        """Append the columns."""
        known = lookup.table(before, self.name)
        if known is None:
            return before
        reading.refuse(schema_rules.add_columns(known, self.columns))
        return before.with_table(self.name, replace(known, columns=(*known.columns, *self.columns)))

    def inverse(self, before: Catalog, mark: Mark) -> tuple[Operation, ...]:
        """Set them aside: what was written into them meanwhile is kept."""
        return (SetAsideColumns(self.name, _aside(before.tables.get(self.name), [c.name for c in self.columns], mark)),)

    def step(self, before: Catalog, scope: Scope) -> Step:  # noqa: ARG002
        """Add them by one ALTER TABLE."""
        clauses = ",\n".join(f"  ADD COLUMN {ddl.column(c)}" for c in self.columns)
        return JobStep(
            _verb("add column", self.columns), str(self.name), f"ALTER TABLE {scope.path(self.name)}\n{clauses}"
        )

    def impact(self, before: Catalog) -> Impact:  # noqa: ARG002
        """Say which columns appear."""
        return Impact("in_place", str(self.name), f"add {_listed(c.name for c in self.columns)}")


@dataclass(frozen=True)
class DropColumns(Primitive):
    """Drop columns: set aside under another name, or, with `hard`, for good."""

    key: ClassVar[str] = "drop_columns"
    name: TableName
    columns: tuple[str, ...]
    hard: bool = False

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Build it from its keys."""
        return cls(
            fields.required("table", reading.table_name),
            fields.required("columns", _some(list_of(reading.column_name))),
            fields.optional("hard", flag) or False,
        )

    def data(self) -> dict[str, Any]:
        """Write it as a file would."""
        return {"table": str(self.name), "columns": list(self.columns)} | reading.given(hard=self.hard)

    def expand(self, before: Catalog, mark: Mark) -> tuple[Operation, ...]:
        """Relax what is REQUIRED, so that writers who stopped sending it are not refused; then set aside."""
        if self.hard:
            return (self,)
        known = lookup.table(before, self.name)
        found = [(name, known.column(name) if known else None) for name in self.columns]
        relax = [alter.RelaxColumn(self.name, name) for name, c in found if c and c.mode == "REQUIRED"]
        return (*relax, SetAsideColumns(self.name, _aside(known, self.columns, mark)))

    def apply(self, before: Catalog) -> Catalog:
        """Take the columns away."""
        known = lookup.table(before, self.name)
        if known is None:
            return before
        for name in self.columns:
            reading.refuse(schema_rules.drop_column(known, name))
            known = replace(known, columns=tuple(c for c in known.columns if c.name.lower() != name.lower()))
        return before.with_table(self.name, known)

    def inverse(self, before: Catalog, mark: Mark) -> None:
        """Nothing brings the values back."""

    def step(self, before: Catalog, scope: Scope) -> Step:  # noqa: ARG002
        """Drop them by one ALTER TABLE."""
        clauses = ",\n".join(f"  DROP COLUMN {quote(name)}" for name in self.columns)
        sql = f"ALTER TABLE {scope.path(self.name)}\n{clauses}"
        return JobStep(_verb("drop column", self.columns), str(self.name), sql, loses_data=True)

    def impact(self, before: Catalog) -> Impact:  # noqa: ARG002
        """Say which columns go for good."""
        return Impact("drop", str(self.name), f"drop {_listed(self.columns)} for good", data_loss=True)


@dataclass(frozen=True)
class RenameColumns(Primitive):
    """Rename columns, in order, in one statement."""

    key: ClassVar[str] = "rename_columns"
    verb: ClassVar[str] = "rename column"
    name: TableName
    columns: Pairs

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Build it from its keys."""
        return cls(
            fields.required("table", reading.table_name),
            fields.required("columns", _some(_renames)),
        )

    def data(self) -> dict[str, Any]:
        """Write it as a file would."""
        return {"table": str(self.name), "columns": dict(self.columns)}

    def apply(self, before: Catalog) -> Catalog:
        """Exchange the names."""
        known = lookup.table(before, self.name)
        if known is None:
            return before
        for old, new in self.columns:
            reading.refuse(schema_rules.rename_column(known, old, new))
            known = replace(known, columns=tuple(_renamed(c, old, new) for c in known.columns))
        return before.with_table(self.name, known)

    def inverse(self, before: Catalog, mark: Mark) -> tuple[Operation, ...]:  # noqa: ARG002
        """Rename them back, in the opposite order."""
        return (RenameColumns(self.name, _back(before.tables.get(self.name), self.columns)),)

    def step(self, before: Catalog, scope: Scope) -> Step:  # noqa: ARG002
        """Rename them by one ALTER TABLE."""
        clauses = ",\n".join(f"  RENAME COLUMN {quote(old)} TO {quote(new)}" for old, new in self.columns)
        return JobStep(
            _verb(self.verb, self.columns), str(self.name), f"ALTER TABLE {scope.path(self.name)}\n{clauses}"
        )

    def impact(self, before: Catalog) -> Impact:  # noqa: ARG002
        """Say what becomes what."""
        renames = ", ".join(f"{old} to {new}" for old, new in self.columns)
        return Impact("in_place", str(self.name), f"rename {renames}", notes=("views and queries are not rewritten",))


@dataclass(frozen=True)
class SetAsideColumns(RenameColumns):
    """The soft drop: columns wait, values and all, under a name nobody uses."""

    key: ClassVar[str] = "set_aside_columns"
    verb: ClassVar[str] = "set aside column"

    def apply(self, before: Catalog) -> Catalog:
        """Exchange the names; what may not be dropped is told in words of dropping."""
        known = lookup.table(before, self.name)
        for old, _ in self.columns if known else ():
            reading.refuse(schema_rules.drop_column(known, old) if known else None)
        return super().apply(before)

    def inverse(self, before: Catalog, mark: Mark) -> tuple[Operation, ...]:  # noqa: ARG002
        """Bring them back."""
        return (BringBackColumns(self.name, _back(before.tables.get(self.name), self.columns)),)

    def impact(self, before: Catalog) -> Impact:  # noqa: ARG002
        """Say which columns go, and where they wait."""
        kept = ", ".join(new for _, new in self.columns)
        return Impact(
            "drop", str(self.name), f"drop {_listed(old for old, _ in self.columns)}", notes=(f"kept as {kept}",)
        )


@dataclass(frozen=True)
class BringBackColumns(RenameColumns):
    """The way back of the soft drop."""

    key: ClassVar[str] = "bring_back_columns"
    verb: ClassVar[str] = "bring back column"

    def inverse(self, before: Catalog, mark: Mark) -> tuple[Operation, ...]:  # noqa: ARG002
        """Set them aside again."""
        return (SetAsideColumns(self.name, tuple((new, old) for old, new in reversed(self.columns))),)

    def impact(self, before: Catalog) -> Impact:  # noqa: ARG002
        """Say which columns come back."""
        return Impact("in_place", str(self.name), f"bring back {_listed(new for _, new in self.columns)}")


def _aside(table: Table | None, names: Sequence[str], mark: Mark) -> Pairs:
    """Name the places where columns wait; one migration can set the same name aside twice."""
    pairs = []
    for name in names:
        place, count = mark.aside(name), 1
        while table is not None and table.column(place):
            count += 1
            place = f"{mark.aside(name)}_{count}"
        pairs.append((name, place))
    return tuple(pairs)


def _back(table: Table | None, renames: Pairs) -> Pairs:
    """Return what renames columns back, to the very spelling that they had: names are found in any case."""
    pairs = []
    for old, new in renames:
        known = table.column(old) if table is not None else None
        pairs.append((new, known.name if known is not None else old))
        if table is not None:
            table = replace(table, columns=tuple(_renamed(c, old, new) for c in table.columns))
    return tuple(reversed(pairs))


def _renamed(column: Column, old: str, new: str) -> Column:
    return replace(column, name=new) if column.name.lower() == old.lower() else column


def _verb(verb: str, things: tuple[Any, ...]) -> str:
    return verb if len(things) == 1 else f"{verb}s"


def _listed(names: Iterable[str]) -> str:
    found = list(names)
    return f"column{'s' if len(found) > 1 else ''} {', '.join(found)}"


def _renames(node: Node) -> Pairs:
    return tuple((reading.column_name(old), reading.column_name(new)) for old, new in node.pairs())


def _some(read: Callable[[Node], T]) -> Callable[[Node], T]:
    def at_least_one(node: Node) -> T:
        out = read(node)
        if not out:
            raise Problem("expected at least one column", node)
        return out

    return at_least_one
