"""What names mean at a point of a query."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlglot import exp

from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql.bound import Function, Pseudo, Scope
from bqmigrate.local.sql.coercion import coerce
from bqmigrate.local.sql.kinds import Type, Typed, type_of
from bqmigrate.local.sql.names import Relation
from bqmigrate.local.sql.reading import NOTHING, Cells
from bqmigrate.local.sql.scans import Scan
from bqmigrate.local.sql.tokens import Source
from bqmigrate.local.sql.types import quoted


@dataclass(frozen=True)
class From:
    """One item of a FROM: its alias and its columns; an UNNEST's element may hold fields of its own."""

    alias: str
    columns: tuple[tuple[str, Type], ...]
    unnested: bool = False
    pseudo: tuple[Pseudo, ...] = ()
    # By the name of a column in lower case: the scans whose partitioning column it is.
    pins: Mapping[str, tuple[Scan, ...]] = field(default_factory=dict)
    # By the name of a column in lower case: what it is made of. `needed` is read whichever is asked for.
    cells: Mapping[str, Cells] = field(default_factory=dict)
    needed: Cells = NOTHING
    # The texts that make or join this source: the array of an UNNEST, the condition of a join.
    uses: str = ""

    def column(self, name: str) -> Typed | None:
        """Return the column of that name, without case; the fields of an unnested struct count as columns."""
        for key, kind in self.columns:
            if key.lower() == name.lower():
                return Typed(f"{quoted(self.alias)}.{quoted(key)}", kind)
        for key, kind in self.columns if self.unnested else ():
            inner = kind.field(name)
            if inner is not None:
                return Typed(f"({quoted(self.alias)}.{quoted(key)}).{quoted(name)}", inner)
        hidden = next((p for p in self.pseudo if p.name.lower() == name.lower()), None)
        return None if hidden is None else Typed(hidden.sql.replace("{}", quoted(self.alias)), type_of(hidden.column))

    def column_text(self, name: str) -> str:
        """Return the text of a column, or nothing."""
        found = self.column(name)
        return found.sql if found is not None else ""

    def pin_text(self, name: str) -> str:
        """Return the text by which conditions on a pinned column name what is stored."""
        if any(p.name.lower() == name for p in self.pseudo):
            return f"{quoted(self.alias)}.{quoted(self.pseudo[0].name)}"
        return next(f"{quoted(self.alias)}.{quoted(key)}" for key, _ in self.columns if key.lower() == name)


@dataclass(frozen=True)
class Env:
    """The sources in view, innermost first, and everything that stays the same through a statement."""

    scope: Scope
    source: Source
    relations: Mapping[str, Relation]
    binder: Callable[[exp.Expr, Env], Typed]
    selector: Callable[[exp.Expr, Env], Relation]
    caller: Callable[[Function, Sequence[Typed], Scope, str], Typed]
    ctes: Mapping[str, Relation] = field(default_factory=dict)
    froms: tuple[From, ...] = ()
    outer: Env | None = None
    aliases: Mapping[str, Type] = field(default_factory=dict)

    def bind(self, node: exp.Expr | None) -> Typed:
        """Bind an expression here; raises WarehouseError, also when sqlglot read over a missing one."""
        if node is None:
            raise WarehouseError("invalidQuery", "Syntax error: An expression or argument is missing")
        return self.binder(node, self)

    def query(self, node: exp.Expr) -> Relation:
        """Bind a query here; raises WarehouseError."""
        return self.selector(node, self)

    def bind_as(self, node: exp.Expr, kind: Type, what: str) -> str:
        """Bind an expression that must have a type; raises WarehouseError naming `what` it is."""
        value = self.bind(node)
        sql = coerce(value, kind)
        if sql is None:
            raise self.error(f"{what} should return type {kind}, but returns type {value.type}", node)
        return sql

    def inside(self) -> Env:
        """Return the environment of a subquery, which sees this one from within."""
        return replace(self, froms=(), outer=self, aliases={})

    def where(self, node: exp.Expr) -> str:
        """Return ` at [line:column]` of a node, when anything in it knows its place."""
        for inner in node.walk(bfs=False):
            start = inner.meta.get("start") if isinstance(inner.meta, dict) else None
            if start is not None:
                return f" at {self.source.position(start)}"
        return ""

    def error(self, message: str, node: exp.Expr) -> WarehouseError:
        """Return an invalidQuery that points at a node."""
        return WarehouseError("invalidQuery", f"{message}{self.where(node)}")

    def lookup(self, name: str, node: exp.Expr) -> Typed | None:
        """Return the column of that name; raises WarehouseError when it is ambiguous."""
        found = [c for c in (item.column(name) for item in self.froms) if c is not None]
        if len(found) > 1:
            raise self.error(f"Column name {name} is ambiguous", node)
        if found:
            return found[0]
        return self.outer.lookup(name, node) if self.outer is not None else None

    def item(self, alias: str) -> From | None:
        """Return the source of that alias."""
        found = next((f for f in self.froms if f.alias.lower() == alias.lower()), None)
        return found or (self.outer.item(alias) if self.outer is not None else None)
