"""Before sqlglot qualifies a tree: projections get their names, and tables the relations they stand for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from sqlglot import exp
from sqlglot.errors import OptimizeError, SchemaError
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

from bqmigrate.local.errors import WarehouseError, unsupported
from bqmigrate.local.sql.bound import Pseudo, TableId, TableInfo, Tables
from bqmigrate.local.sql.functions.names import PART_ARGUMENTS
from bqmigrate.local.sql.kinds import Type, column_of
from bqmigrate.local.sql.marking import CALL
from bqmigrate.local.sql.nodes import Path
from bqmigrate.local.sql.reading import NOTHING, Cells
from bqmigrate.local.sql.scans import Scan
from bqmigrate.local.sql.tokens import Source

PLAIN_TABLE = frozenset({"this", "db", "catalog", "alias", "joins", "version"})
Moments = Callable[[exp.Expr], str]


@dataclass(frozen=True)
class Relation:
    """Something to select from: DuckDB text and the columns it has."""

    sql: str
    columns: tuple[tuple[str, Type], ...]
    pseudo: tuple[Pseudo, ...] = ()
    # By the place of a column: the scans whose partitioning column it is.
    pins: Mapping[int, tuple[Scan, ...]] = field(default_factory=dict)
    scan: Scan | None = None
    # By the place of a column: what it is made of. `needed` is read whichever column is asked for.
    cells: Mapping[int, Cells] = field(default_factory=dict)
    needed: Cells = NOTHING


@dataclass
class Resolved:
    """The tables that a statement refers to, by the name that stands for each in the tree."""

    infos: dict[str, TableInfo] = field(default_factory=dict)
    ids: list[TableId] = field(default_factory=list)
    unmet: TableInfo | None = None
    # By the name that stands for the table; those inside views come under names of their own.
    scans: dict[str, Scan] = field(default_factory=dict)

    def add(self, info: TableInfo) -> str:
        """Take a table in; returns the name that stands for it."""
        name = f"r{len(self.infos)}"
        self.infos[name] = info
        if info.id not in self.ids:
            self.ids.append(info.id)
        return name


def resolve(
    tree: exp.Expr, tables: Tables, moments: Moments, made: Callable[[Path], bool]
) -> tuple[exp.Expr, Resolved]:
    """Return a copy of a tree whose tables are found and whose projections have names; raises WarehouseError.

    `moments` translates the expression after FOR SYSTEM_TIME AS OF; `made` knows table functions that somebody made.
    """
    tree = tree.copy()
    resolved = Resolved()
    _mark_parts(tree)
    for select in list(tree.find_all(exp.Select)):
        _name_projections(select)
    for table in list(tree.find_all(exp.Table)):
        _resolve(table, tables, resolved, moments, made)
    for unnest in tree.find_all(exp.Unnest):
        _name_unnest(unnest)
    return tree, resolved


def _mark_parts(tree: exp.Expr) -> None:
    """Turn the MONTH of DATE_TRUNC(d, MONTH), which looks like a column, into a word."""
    for call in tree.find_all(exp.Anonymous):
        match = CALL.match(str(call.this))
        for index in PART_ARGUMENTS.get(match[3], ()) if match else ():
            if index < len(call.expressions) and isinstance(call.expressions[index], exp.Column):
                call.expressions[index].replace(exp.Var(this=call.expressions[index].name.upper()))


def _name_projections(select: exp.Select) -> None:
    anonymous = 0
    structs = select.args.get("kind") == "STRUCT"
    for i, item in enumerate(select.expressions):
        if isinstance(item, exp.Alias):
            item.args["alias"].meta["name"] = item.alias
            continue
        if item.is_star:
            continue
        name = _own_name(item)
        if name is None:
            name = f"_field_{i + 1}" if structs else f"f{anonymous}_"
            anonymous += 1
        alias = exp.to_identifier(name, quoted=True)
        alias.meta["name"] = name
        item.replace(exp.Alias(this=item.copy(), alias=alias))


def _own_name(item: exp.Expr) -> str | None:
    if isinstance(item, exp.Column):
        return item.name
    if isinstance(item, exp.Dot):
        return item.expression.name if isinstance(item.expression, exp.Identifier) else None
    return None


def path_of(table: exp.Table) -> tuple[str, ...]:
    """Return the parts of a table's name as written."""
    return tuple(".".join(part.name for part in table.parts).split("."))


def _not_callable(table: exp.Table, made: Callable[[Path], bool]) -> WarehouseError:
    """Return why a table function is not called: it is not there, or this warehouse calls none."""
    called = table.this.name if isinstance(table.this, exp.Anonymous) else table.this.sql_name()
    path = (*(part.name for part in table.parts[:-1]), *called.split("."))
    if made(path):
        return unsupported(f"calls of table functions ({'.'.join(path)})")
    return WarehouseError("invalidQuery", f"Table-valued function not found: {'.'.join(path)}")


def _resolve(
    table: exp.Table, tables: Tables, resolved: Resolved, moments: Moments, made: Callable[[Path], bool]
) -> None:
    path = path_of(table)
    if len(path) == 1 and path[0].lower() in {name.lower() for name in _visible_ctes(table)}:
        _refuse_extras(table)
        return
    if len(path) > 1 and path[0].lower() in _earlier_aliases(table):
        _to_unnest(table, path)
        return
    if isinstance(table.this, exp.Func):
        raise _not_callable(table, made)
    _refuse_extras(table)
    version = table.args.get("version")
    info = lookup(path, tables) if version is None else tables.table_as_of(path, moments(version.expression))
    name = resolved.add(info)
    alias = table.args.get("alias")
    shown = alias.this if alias and alias.this else exp.to_identifier(path[-1], quoted=True)
    if alias and alias.columns:
        raise unsupported("an alias with a list of columns")
    new = exp.Table(this=exp.to_identifier(name, quoted=True), alias=exp.TableAlias(this=shown))
    new.set("joins", table.args.get("joins"))
    table.replace(new)


def lookup(path: tuple[str, ...], tables: Tables) -> TableInfo:
    """Return the table at a path; raises WarehouseError when there is none."""
    info = tables.table(path)
    if info is not None:
        return info
    if len(path) == 1:
        message = f'Table "{path[0]}" must be qualified with a dataset (e.g. dataset.table).'
        raise WarehouseError("invalidQuery", message)
    shown = f"{path[0]}:{'.'.join(path[1:])}" if len(path) > 2 else ".".join(path)  # noqa: PLR2004 - with a project
    raise WarehouseError("notFound", f"Not found: Table {shown} was not found")


def _refuse_extras(table: exp.Table) -> None:
    extras = {key for key, value in table.args.items() if value} - PLAIN_TABLE
    spoken = {"sample": "TABLESAMPLE", "pivots": "PIVOT and UNPIVOT"}
    for key in sorted(extras):
        raise unsupported(spoken.get(key, f"{key} on a table"))


def _visible_ctes(table: exp.Table) -> Iterator[str]:
    node: exp.Expr | None = table
    while node is not None:
        parent = node.parent
        with_ = parent.args.get("with_") if parent is not None else None
        if with_ is not None and node is not with_:
            yield from (cte.alias for cte in with_.expressions)
        if isinstance(parent, exp.With):
            yield from (cte.alias for cte in parent.expressions[: node.index or 0])
        node = parent


def _earlier_aliases(table: exp.Table) -> set[str]:
    select = table.find_ancestor(exp.Select)
    if select is None or not select.args.get("from_"):
        return set()
    items = [select.args["from_"].this, *(join.this for join in select.args.get("joins") or ())]
    names = set()
    for item in items:
        if item is table:
            break
        names.add(item.alias_or_name.lower())
    return names


def _to_unnest(table: exp.Table, path: tuple[str, ...]) -> None:
    column: exp.Expr = exp.column(path[1], table=path[0])
    for part in path[2:]:
        column = exp.Dot(this=column, expression=exp.to_identifier(part))
    alias = table.alias or path[-1]
    names = exp.TableAlias(columns=[exp.to_identifier(alias)])
    table.replace(exp.Unnest(expressions=[column], alias=names, offset=False))


def _name_unnest(unnest: exp.Unnest) -> None:
    alias = unnest.args.get("alias")
    if unnest.find_ancestor(exp.From, exp.Join) and not (alias and alias.columns):
        unnest.set("alias", exp.TableAlias(columns=[exp.to_identifier("f0_", quoted=True)]))


def qualified(tree: exp.Expr, relations: Mapping[str, Relation], source: Source) -> exp.Expr:
    """Return a resolved tree with every column bound to its source and every star expanded; raises WarehouseError."""
    names: dict[str, object] = {
        name: {
            **{key: _plain(key, kind) for key, kind in r.columns},
            # sqlglot knows them by name, and leaves them out of SELECT *.
            **{hidden.name: hidden.column.sql_type() for hidden in r.pseudo},
        }
        for name, r in relations.items()
    }
    schema = MappingSchema(names, dialect="bigquery")
    try:
        return qualify(tree, dialect="bigquery", schema=schema, validate_qualify_columns=False)
    except (OptimizeError, SchemaError) as error:
        raise _name_error(str(error), tree, source) from error
    except (AttributeError, TypeError, ValueError, LookupError) as error:
        # sqlglot stumbles over what its parser let through with a piece missing.
        raise source.error("Syntax error: The statement is incomplete", 0) from error
    except RecursionError as error:
        raise WarehouseError("invalidQuery", "Query is too complex: too many nested expressions") from error


COMPLAINTS = (
    (re.compile(r"Unknown column: (.+)"), "Name {0} not found"),
    (re.compile(r"Unknown table: (.+)"), "Unrecognized name: {0}"),
    (re.compile(r"Unknown output column: (\d+)"), "ORDER BY or GROUP BY is out of SELECT column number range: {0}"),
    (re.compile(r"Cannot automatically join: (.+)"), "Column {0} in USING clause not found"),
)


def _name_error(message: str, tree: exp.Expr, source: Source) -> WarehouseError:
    """Return sqlglot's complaint about a name in BigQuery's words, with the place of that name."""
    first = message.split("\n", maxsplit=1)[0]
    for pattern, words in COMPLAINTS:
        match = pattern.match(first)
        if match is not None:
            return WarehouseError("invalidQuery", words.format(match[1]) + _place(match[1], tree, source))
    return WarehouseError("invalidQuery", first)


def _place(name: str, tree: exp.Expr, source: Source) -> str:
    for identifier in tree.find_all(exp.Identifier, bfs=False):
        if identifier.name.lower() == name.lower() and "start" in identifier.meta:
            return f" at {source.position(identifier.meta['start'])}"
    return ""


def _plain(name: str, kind: Type) -> str:
    # Only the shape of structs and arrays matters for names; all scalars may pass for a STRING.
    inner = kind.element or kind
    if inner.name == "RECORD":
        return column_of(name, kind).sql_type()
    return "ARRAY<STRING>" if kind.element is not None else "STRING"
