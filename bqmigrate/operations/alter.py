"""alter_columns: relax, widen, default and description, each a step of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from bqmigrate.model import schema_rules
from bqmigrate.model.catalog import Catalog, CatalogError, Table
from bqmigrate.model.columns import Column, find_path, replace_path
from bqmigrate.model.document import Fields, Node, Problem, any_text, list_of, nullable, one_of
from bqmigrate.model.names import TableName, literal, quote
from bqmigrate.operations import lookup, reading
from bqmigrate.operations.base import Composite, Impact, Operation, Primitive
from bqmigrate.operations.steps import ColumnEdit, JobStep, Mark, PatchStep, Scope, Step


@dataclass(frozen=True)
class ColumnChange:
    """What one entry of alter_columns asks for; a tuple of one holds a value that may be None."""

    path: str
    relax: bool = False
    type: tuple[str, int | None, int | None, int | None] | None = None
    default: tuple[str | None] | None = None
    description: tuple[str | None] | None = None


@dataclass(frozen=True)
class AlterColumns(Composite):
    """Change columns in place."""

    key: ClassVar[str] = "alter_columns"
    name: TableName
    changes: tuple[ColumnChange, ...]

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Build it from its keys."""
        return cls(fields.required("table", reading.table_name), fields.required("columns", list_of(_change)))

    def data(self) -> dict[str, Any]:
        """Write it as a file would."""
        return {"table": str(self.name), "columns": [_change_data(c) for c in self.changes]}

    def expand(self, before: Catalog, mark: Mark) -> tuple[Operation, ...]:  # noqa: ARG002
        """Return one operation for each attribute."""
        known = lookup.table(before, self.name)
        out: list[Operation] = []
        for change in self.changes:
            out.extend(_expanded(self.name, change, known))
        return tuple(out)


@dataclass(frozen=True)
class RelaxColumn(Primitive):
    """REQUIRED becomes NULLABLE."""

    key: ClassVar[str] = "relax_column"
    name: TableName
    column: str

    def apply(self, before: Catalog) -> Catalog:
        """Change the mode."""
        known = lookup.table(before, self.name)
        if known is None:
            return before
        reading.refuse(schema_rules.relax(known, self.column))
        return _with(before, self.name, known, self.column, mode="NULLABLE")

    def inverse(self, before: Catalog, mark: Mark) -> tuple[Operation, ...] | None:  # noqa: ARG002
        """Tighten it again, by a rebuild that refuses NULLs."""
        from bqmigrate.operations.rebuild import RebuildColumn  # noqa: PLC0415 - the two are each other's inverse

        old = _column(before, self.name, self.column)
        return None if old is None else (RebuildColumn(self.name, old),)

    def step(self, before: Catalog, scope: Scope) -> Step:  # noqa: ARG002
        """Relax it by ALTER COLUMN DROP NOT NULL."""
        return _alter("relax column", self.name, self.column, "DROP NOT NULL", scope)

    def impact(self, before: Catalog) -> Impact:  # noqa: ARG002
        """Say which column may be NULL from now on."""
        return Impact("in_place", str(self.name), f"relax column {self.column} to NULLABLE")


@dataclass(frozen=True)
class WidenColumn(Primitive):
    """A column gets a type that holds every value of the old one."""

    key: ClassVar[str] = "widen_column"
    name: TableName
    target: Column

    def apply(self, before: Catalog) -> Catalog:
        """Change the type."""
        known = lookup.table(before, self.name)
        if known is None:
            return before
        reading.refuse(schema_rules.change_type(known, self.target.name, self.target))
        kept = known.column(self.target.name)
        merged = replace(self.target, mode=kept.mode) if kept else self.target
        return before.with_table(self.name, replace(known, columns=replace_path(known.columns, merged.name, merged)))

    def inverse(self, before: Catalog, mark: Mark) -> tuple[Operation, ...] | None:  # noqa: ARG002
        """Narrow it again, by a rebuild that refuses values which would change."""
        from bqmigrate.operations.rebuild import RebuildColumn  # noqa: PLC0415 - the two are each other's inverse

        old = _column(before, self.name, self.target.name)
        return None if old is None else (RebuildColumn(self.name, old),)

    def step(self, before: Catalog, scope: Scope) -> Step:  # noqa: ARG002
        """Widen it by ALTER COLUMN SET DATA TYPE."""
        action = f"SET DATA TYPE {self.target.sql_type()}"
        return _alter("widen column", self.name, self.target.name, action, scope)

    def impact(self, before: Catalog) -> Impact:
        """Say from what to what."""
        old = _column(before, self.name, self.target.name)
        came = f" from {old.sql_type()}" if old else ""
        return Impact("in_place", str(self.name), f"widen column {self.target.name}{came} to {self.target.sql_type()}")


@dataclass(frozen=True)
class SetDefault(Primitive):
    """Set the default of a top-level column, or, with None, drop it."""

    key: ClassVar[str] = "set_default"
    name: TableName
    column: str
    expression: str | None

    def apply(self, before: Catalog) -> Catalog:
        """Change the default."""
        known = lookup.table(before, self.name)
        if known is None:
            return before
        reading.refuse(schema_rules.set_default(known, self.column, self.expression))
        return _with(before, self.name, known, self.column, default=self.expression)

    def inverse(self, before: Catalog, mark: Mark) -> tuple[Operation, ...] | None:  # noqa: ARG002
        """Set the old one, or drop it."""
        old = _column(before, self.name, self.column)
        return None if old is None else (SetDefault(self.name, self.column, old.default),)

    def step(self, before: Catalog, scope: Scope) -> Step:  # noqa: ARG002
        """Change it by ALTER COLUMN."""
        action = "DROP DEFAULT" if self.expression is None else f"SET DEFAULT {self.expression}"
        return _alter(self._verb(), self.name, self.column, action, scope)

    def impact(self, before: Catalog) -> Impact:  # noqa: ARG002
        """Say which column gets or loses a default."""
        note = "existing rows keep their values"
        return Impact("in_place", str(self.name), f"{self._verb()} of column {self.column}", notes=(note,))

    def _verb(self) -> str:
        return "drop default" if self.expression is None else "set default"


@dataclass(frozen=True)
class DescribeColumn(Primitive):
    """Set the description of a column, nested ones included, or, with None, clear it."""

    key: ClassVar[str] = "describe_column"
    name: TableName
    path: str
    description: str | None

    def apply(self, before: Catalog) -> Catalog:
        """Change the description."""
        known = lookup.table(before, self.name)
        if known is None:
            return before
        if find_path(known.columns, self.path) is None:
            raise CatalogError(f"column not found: {self.name}.{self.path}")
        return _with(before, self.name, known, self.path, description=self.description)

    def inverse(self, before: Catalog, mark: Mark) -> tuple[Operation, ...] | None:  # noqa: ARG002
        """Set the old one."""
        old = _column(before, self.name, self.path)
        return None if old is None else (DescribeColumn(self.name, self.path, old.description),)

    def step(self, before: Catalog, scope: Scope) -> Step:  # noqa: ARG002
        """Change it by ALTER COLUMN, or, for a nested one, which DDL cannot reach, by a patch."""
        if "." in self.path:
            edit = ColumnEdit(self.path, (("description", self.description or ""),))
            return PatchStep("describe column", str(self.name), scope.reference(self.name), columns=(edit,))
        value = "NULL" if self.description is None else literal(self.description)
        return _alter("describe column", self.name, self.path, f"SET OPTIONS (description={value})", scope)

    def impact(self, before: Catalog) -> Impact:  # noqa: ARG002
        """Say which column is described."""
        return Impact("in_place", str(self.name), f"describe column {self.path}")


def _change(node: Node) -> ColumnChange:
    fields = Fields(node, "a column change")
    nullable_text = nullable(reading.expression)
    change = ColumnChange(
        path=fields.required("name", reading.column_path),
        relax=fields.optional("mode", one_of("NULLABLE", "REQUIRED", "REPEATED")) == "NULLABLE",
        type=fields.optional("type", reading.type_name),
        default=(nullable_text(fields.at("defaultValueExpression")),) if fields.has("defaultValueExpression") else None,
        description=(nullable(any_text)(fields.at("description")),) if fields.has("description") else None,
    )
    fields.optional("defaultValueExpression", nullable_text)
    fields.optional("description", nullable(any_text))
    fields.close()
    if fields.has("mode") and not change.relax:
        help_ = "only REQUIRED to NULLABLE can be changed in place"
        raise Problem(f"column {change.path} cannot become {fields.at('mode').value}", fields.at("mode"), help_)
    if change == ColumnChange(change.path):
        raise Problem(f"nothing to change in column {change.path}", node, "name mode, type, description or default")
    if "." in change.path and change != ColumnChange(change.path, description=change.description):
        raise Problem(f"only the description of nested column {change.path} can be changed in place", node)
    return change


def _change_data(change: ColumnChange) -> dict[str, Any]:
    out: dict[str, Any] = {"name": change.path}
    if change.relax:
        out["mode"] = "NULLABLE"
    if change.type:
        numbers = [n for n in change.type[1:] if n is not None]
        out["type"] = change.type[0] + (f"({', '.join(map(str, numbers))})" if numbers else "")
    if change.default:
        out["defaultValueExpression"] = change.default[0]
    if change.description:
        out["description"] = change.description[0]
    return out


def _expanded(name: TableName, change: ColumnChange, known: Table | None) -> list[Operation]:
    out: list[Operation] = []
    if change.type:
        old = known.column(change.path) if known else None
        kind, length, precision, scale = change.type
        target = replace(old or Column(change.path, kind), type=kind)
        target = replace(target, max_length=length, precision=precision, scale=scale)
        others = (change.relax, change.default, change.description)
        # A type that is only said again changes nothing, and its way back would write the table anew.
        if old is None or not old.same_type(target) or not any(others):
            out.append(WidenColumn(name, target))
    if change.relax:
        out.append(RelaxColumn(name, change.path))
    if change.default:
        out.append(SetDefault(name, change.path, change.default[0]))
    if change.description:
        out.append(DescribeColumn(name, change.path, change.description[0]))
    return out


def _alter(verb: str, name: TableName, column: str, action: str, scope: Scope) -> JobStep:
    sql = f"ALTER TABLE {scope.path(name)}\n  ALTER COLUMN {quote(column)} {action}"
    return JobStep(verb, f"{name}.{column}", sql)


def _column(catalog: Catalog, name: TableName, path: str) -> Column | None:
    known = catalog.tables.get(name)
    return find_path(known.columns, path) if known else None


def _with(catalog: Catalog, name: TableName, table: Table, path: str, **changes: Any) -> Catalog:
    old = find_path(table.columns, path)
    if old is None:
        raise CatalogError(f"column not found: {name}.{path}")
    return catalog.with_table(name, replace(table, columns=replace_path(table.columns, path, replace(old, **changes))))
