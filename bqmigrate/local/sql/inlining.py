"""Functions that somebody made with CREATE FUNCTION: a call is its body, with the arguments in their places.

https://cloud.google.com/bigquery/docs/user-defined-functions
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlglot import exp

from bqmigrate.local.errors import WarehouseError, unsupported
from bqmigrate.local.sql.bound import Function, Scope, TableInfo
from bqmigrate.local.sql.coercion import coerce
from bqmigrate.local.sql.kinds import Type, Typed, type_of
from bqmigrate.local.sql.nodes import Path, Sql
from bqmigrate.local.sql.once import once
from bqmigrate.local.sql.parsing import parse_expression

Bind = Callable[[Sql | str, Scope], Typed]


class NoTables:
    """The catalog as the body of a function sees it here."""

    def table(self, path: Path) -> TableInfo | None:
        """Raise 501."""
        raise unsupported(f"a function that reads a table ({'.'.join(path)})")

    def table_as_of(self, path: Path, moment: str) -> TableInfo:
        """Raise 501."""
        del moment
        raise unsupported(f"a function that reads a table ({'.'.join(path)})")


def inlined(function: Function, given: Sequence[Typed], scope: Scope, bind: Bind, where: str) -> Typed:
    """Return a call as the body of its function; raises WarehouseError for arguments that do not fit."""
    if function.language != "SQL":
        raise unsupported(f"calls of {function.name}, a function in {function.language.capitalize()}")
    if function.name in scope.calls:
        raise WarehouseError("invalidQuery", f"Recursive function calls are not supported: {function.name}{where}")
    texts, kinds = _arguments(function, given, where)
    found: list[Type] = []

    def build(*values: str) -> str:
        names = (name.lower() for name, _ in function.parameters)
        bound = {name: Typed(v, kind) for name, v, kind in zip(names, values, kinds, strict=True)}
        inner = replace(scope, parameters=(), variables={}, arguments=bound, calls=(*scope.calls, function.name))
        value = bind(function.body, inner)
        found[:] = [value.type if function.returns is None else type_of(function.returns)]
        return _returned(function, value, found[0], where)

    # DuckDB's lambdas, by which a value is written once, hold no subqueries.
    sql = build(*texts) if _asks(function) else once(build, *texts)
    return Typed(f"({sql})", found[0])


def _asks(function: Function) -> bool:
    return parse_expression(function.body).expressions[0].find(exp.Query) is not None


def _arguments(function: Function, given: Sequence[Typed], where: str) -> tuple[list[str], list[Type]]:
    kinds = [
        type_of(column) if column is not None else value.type
        for (_, column), value in zip(function.parameters, given, strict=False)
    ]
    texts = [coerce(value, kind) for value, kind in zip(given, kinds, strict=True)] if len(given) == len(kinds) else []
    if len(given) != len(function.parameters) or None in texts:
        have = ", ".join(str(v.type) for v in given)
        wanted = ", ".join(column.sql_type() if column is not None else "ANY TYPE" for _, column in function.parameters)
        message = f"No matching signature for function {function.name} for argument types: {have}"
        raise WarehouseError("invalidQuery", f"{message}. Supported signature: {function.name}({wanted}){where}")
    return [str(text) for text in texts], kinds


def _returned(function: Function, value: Typed, kind: Type, where: str) -> str:
    sql = coerce(value, kind)
    if sql is None:
        message = f"Function {function.name} returns {value.type}, which cannot be {kind}"
        raise WarehouseError("invalidQuery", f"{message}{where}")
    return sql
