"""The grammar of functions, procedures and row access policies."""

from __future__ import annotations

from bqmigrate.local.errors import unsupported
from bqmigrate.local.sql import nodes
from bqmigrate.local.sql.columns import column_type
from bqmigrate.local.sql.cursor import Cursor, never
from bqmigrate.local.sql.nodes import Argument, Options, Position, Sql, Statement
from bqmigrate.local.sql.opening import Opening, if_not_exists
from bqmigrate.local.sql.options import options
from bqmigrate.local.sql.parsing import parse_expression, parse_statement
from bqmigrate.model.columns import Column

MODES = ("INOUT", "IN", "OUT")


def function(cursor: Cursor, opening: Opening) -> Statement:
    """Read what follows CREATE FUNCTION: a body in SQL, or in JavaScript."""
    guarded, path, arguments = _head(cursor, opening, procedure=False)
    returns = column_type(cursor, "") if cursor.accept("RETURNS") else None
    if not cursor.accept("NOT", "DETERMINISTIC"):
        cursor.accept("DETERMINISTIC")
    language = _language(cursor)
    values: Options = options(cursor, "routine") if cursor.accept("OPTIONS") else {}
    cursor.expect("AS")
    body = _script(cursor) if language == "JAVASCRIPT" else _expression(cursor)
    if not values and cursor.accept("OPTIONS"):
        values = options(cursor, "routine")
    if language == "JAVASCRIPT" and returns is None:
        raise cursor.error("A JavaScript function needs RETURNS")
    return _routine("CREATE_FUNCTION", cursor, opening, guarded, path, arguments, body, values, returns, language)


def _language(cursor: Cursor) -> str:
    if not cursor.accept("LANGUAGE"):
        return "SQL"
    word = cursor.next().upper
    if word not in {"JS", "SQL"}:
        raise unsupported(f"functions in {word}")
    return "JAVASCRIPT" if word == "JS" else word


def _expression(cursor: Cursor) -> Sql:
    cursor.expect("(")
    body = cursor.slice(never)
    parse_expression(body)
    cursor.expect(")")
    return body


def _script(cursor: Cursor) -> Sql:
    place = cursor.position
    return Sql(cursor.string(), place)


def table_function(cursor: Cursor, opening: Opening) -> Statement:
    """Read what follows CREATE TABLE FUNCTION."""
    if opening.temporary:
        raise unsupported("temporary table functions")
    guarded, path, arguments = _head(cursor, opening, procedure=False)
    returns = _table_type(cursor) if cursor.accept("RETURNS") else None
    values: Options = options(cursor, "routine") if cursor.accept("OPTIONS") else {}
    cursor.expect("AS")
    body = cursor.slice(never)
    parse_statement(body)
    return _routine("CREATE_TABLE_FUNCTION", cursor, opening, guarded, path, arguments, body, values, returns)


def _table_type(cursor: Cursor) -> Column:
    if not cursor.at("TABLE", "<"):
        raise cursor.unexpected()
    raise unsupported("RETURNS TABLE<...> of a table function")


def procedure(cursor: Cursor, opening: Opening) -> Statement:
    """Read what follows CREATE PROCEDURE, its block with it."""
    if opening.temporary:
        raise cursor.unexpected()
    guarded, path, arguments = _head(cursor, opening, procedure=True)
    values: Options = options(cursor, "routine") if cursor.accept("OPTIONS") else {}
    if not cursor.at("BEGIN"):
        raise cursor.unexpected()
    place = cursor.position
    block = opening.block(cursor)
    return _routine(
        "CREATE_PROCEDURE", cursor, opening, guarded, path, arguments, Sql(block.text, place), values
    )  # fmt: skip


def _head(cursor: Cursor, opening: Opening, *, procedure: bool) -> tuple[bool, nodes.Path, tuple[Argument, ...]]:
    guarded = if_not_exists(cursor, opening)
    path = cursor.path()
    cursor.expect("(")
    arguments = () if cursor.at(")") else cursor.separated(lambda: _argument(cursor, procedure=procedure))
    cursor.expect(")")
    return guarded, path, arguments


def _argument(cursor: Cursor, *, procedure: bool) -> Argument:
    mode = next((m for m in MODES if cursor.at(m) and cursor.ahead(1).kind in {"word", "quoted"}), None)
    if procedure and mode is not None:
        cursor.next()
    name = cursor.name()
    if cursor.accept("ANY", "TYPE"):
        return Argument(name, None, mode if procedure else None)
    return Argument(name, column_type(cursor, name), mode if procedure else None)


def _routine(
    kind: str,
    cursor: Cursor,
    opening: Opening,
    guarded: bool,  # noqa: FBT001  a fact passed through
    path: nodes.Path,
    arguments: tuple[Argument, ...],
    body: Sql,
    values: Options,
    returns: Column | None = None,
    language: str = "SQL",
) -> Statement:
    return nodes.CreateRoutine(
        kind=kind,
        text=cursor.text_since(opening.start),
        position=opening.position,
        path=path,
        or_replace=opening.or_replace,
        if_not_exists=guarded,
        arguments=arguments,
        returns=returns,
        language=language,
        body=body,
        temporary=opening.temporary,
        options=values,
    )


def policy(cursor: Cursor, opening: Opening) -> Statement:
    """Read what follows CREATE ROW ACCESS POLICY."""
    guarded = if_not_exists(cursor, opening)
    name = cursor.name()
    cursor.expect("ON")
    path = cursor.path()
    grantees: tuple[str, ...] = ()
    if cursor.accept("GRANT", "TO"):
        cursor.expect("(")
        grantees = cursor.separated(cursor.string)
        cursor.expect(")")
    cursor.expect("FILTER", "USING", "(")
    predicate = cursor.slice(never)
    parse_expression(predicate)
    cursor.expect(")")
    return nodes.CreatePolicy(
        text=cursor.text_since(opening.start),
        position=opening.position,
        name=name,
        path=path,
        or_replace=opening.or_replace,
        if_not_exists=guarded,
        grantees=grantees,
        predicate=predicate,
    )


def drop_policies(cursor: Cursor, start: int, position: Position) -> Statement:
    """Read what follows DROP when it is ROW ACCESS POLICY or ALL ROW ACCESS POLICIES."""
    if cursor.accept("ALL", "ROW", "ACCESS", "POLICIES"):
        cursor.expect("ON")
        path = cursor.path()
        return nodes.DropPolicies(text=cursor.text_since(start), position=position, name=None, path=path)
    cursor.expect("ROW", "ACCESS", "POLICY")
    if_exists = cursor.accept("IF", "EXISTS")
    name = cursor.name()
    cursor.expect("ON")
    path = cursor.path()
    text = cursor.text_since(start)
    return nodes.DropPolicies(text=text, position=position, name=name, path=path, if_exists=if_exists)
