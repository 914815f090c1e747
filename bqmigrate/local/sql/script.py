"""The grammar of scripts: statements, blocks and the procedural language.

Queries and DML are cut out as text and parsed at once, so that a syntax error anywhere stops the whole script
before its first statement runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bqmigrate.local.errors import WarehouseError, unsupported
from bqmigrate.local.sql import nodes
from bqmigrate.local.sql.alter import alter
from bqmigrate.local.sql.columns import column_type
from bqmigrate.local.sql.cursor import Cursor, never
from bqmigrate.local.sql.ddl import create, drop
from bqmigrate.local.sql.nodes import Branch, Script, Statement
from bqmigrate.local.sql.parsing import parse_expression, parse_statement
from bqmigrate.local.sql.tokens import Source

ENDINGS = ("END", "EXCEPTION", "ELSEIF", "ELSE")
UNTAUGHT = frozenset(
    {
        "CALL", "LOOP", "WHILE", "REPEAT", "FOR", "EXECUTE", "BREAK", "LEAVE", "CONTINUE", "ITERATE", "CASE", "EXPORT",
        "LOAD", "GRANT", "REVOKE", "UNDROP", "FROM",
    }
)  # fmt: skip


def parse_script(text: str) -> Script:
    """Return the statements of a request; raises WarehouseError if any of them has a syntax error."""
    cursor = Cursor(Source(text))
    try:
        statements = _statements(cursor, ())
    except RecursionError as error:
        raise WarehouseError("invalidQuery", "Too many nested blocks or expressions") from error
    if not statements:
        raise cursor.unexpected("Unexpected end of statement")
    return Script(statements)


def _statements(cursor: Cursor, endings: tuple[str, ...]) -> tuple[Statement, ...]:
    out: list[Statement] = []
    while True:
        while cursor.accept(";"):
            pass
        if _finished(cursor) or cursor.here.upper in endings:
            return tuple(out)
        if cursor.at("DECLARE") and out and not isinstance(out[-1], nodes.Declare):
            raise cursor.error("Variable declarations are allowed only at the start of a block or script")
        out.append(_statement(cursor))
        if not _finished(cursor):
            cursor.expect(";")


def _finished(cursor: Cursor) -> bool:
    return cursor.here.kind == "end"


def _statement(cursor: Cursor) -> Statement:
    word = cursor.here.upper
    if word in STATEMENTS:
        return STATEMENTS[word](cursor)
    if word in UNTAUGHT:
        raise unsupported(f"{word} statements")
    raise cursor.unexpected()


def _query(cursor: Cursor) -> Statement:
    position = cursor.position
    query = cursor.slice(never)
    parse_statement(query)
    return nodes.Query(text=query.text, position=position, query=query)


def _dml(cursor: Cursor) -> Statement:
    position, kind = cursor.position, cursor.here.upper
    path = _dml_path(cursor)
    query = cursor.slice(never)
    parse_statement(query)
    return nodes.Dml(kind=kind, text=query.text, position=position, path=path, query=query)


def _dml_path(cursor: Cursor) -> nodes.Path:
    look = Cursor(cursor.source)
    while look.here.start < cursor.here.start:
        look.next()
    look.next()
    look.accept("INTO") or look.accept("FROM")
    return look.path()


def _truncate(cursor: Cursor) -> Statement:
    start, position = cursor.here.start, cursor.position
    cursor.expect("TRUNCATE", "TABLE")
    path = cursor.path()
    return nodes.TruncateTable(text=cursor.text_since(start), position=position, path=path)


def _assert(cursor: Cursor) -> Statement:
    start, position = cursor.here.start, cursor.position
    cursor.expect("ASSERT")
    condition = cursor.slice(lambda c: c.at("AS"))
    parse_expression(condition)
    description = cursor.string() if cursor.accept("AS") else None
    text = cursor.text_since(start)
    return nodes.Assert(text=text, position=position, condition=condition, description=description)


def _begin(cursor: Cursor) -> Statement:
    start, position = cursor.here.start, cursor.position
    cursor.expect("BEGIN")
    if cursor.accept("TRANSACTION") or cursor.at(";") or cursor.here.kind == "end":
        return nodes.BeginTransaction(text=cursor.text_since(start), position=position)
    body = _statements(cursor, ENDINGS)
    handler = None
    if cursor.accept("EXCEPTION"):
        cursor.expect("WHEN", "ERROR", "THEN")
        handler = _statements(cursor, ENDINGS)
    cursor.expect("END")
    text = cursor.text_since(start)
    return nodes.BeginBlock(text=text, position=position, statements=body, handler=handler)


def _create(cursor: Cursor) -> Statement:
    return create(cursor, _begin)


def _commit(cursor: Cursor) -> Statement:
    start, position = cursor.here.start, cursor.position
    cursor.expect("COMMIT")
    cursor.accept("TRANSACTION")
    return nodes.CommitTransaction(text=cursor.text_since(start), position=position)


def _rollback(cursor: Cursor) -> Statement:
    start, position = cursor.here.start, cursor.position
    cursor.expect("ROLLBACK")
    cursor.accept("TRANSACTION")
    return nodes.RollbackTransaction(text=cursor.text_since(start), position=position)


def _declare(cursor: Cursor) -> Statement:
    start, position = cursor.here.start, cursor.position
    cursor.expect("DECLARE")
    names = cursor.separated(cursor.name)
    kind = None if cursor.at("DEFAULT") else column_type(cursor, names[0])
    default = cursor.slice(never) if cursor.accept("DEFAULT") else None
    if default is not None:
        parse_expression(default)
    text = cursor.text_since(start)
    return nodes.Declare(text=text, position=position, names=names, type=kind, default=default)


def _set(cursor: Cursor) -> Statement:
    start, position = cursor.here.start, cursor.position
    cursor.expect("SET")
    if cursor.at("@"):
        raise unsupported("SET of a system variable")
    names = cursor.names() if cursor.at("(") else (cursor.name(),)
    cursor.expect("=")
    value = cursor.slice(never)
    parse_expression(value)
    return nodes.SetVariable(text=cursor.text_since(start), position=position, names=names, value=value)


def _if(cursor: Cursor) -> Statement:
    start, position = cursor.here.start, cursor.position
    cursor.expect("IF")
    branches = [_branch(cursor)]
    while cursor.accept("ELSEIF"):
        branches.append(_branch(cursor))
    if cursor.accept("ELSE"):
        branches.append(Branch(None, _statements(cursor, ENDINGS)))
    cursor.expect("END", "IF")
    return nodes.If(text=cursor.text_since(start), position=position, branches=tuple(branches))


def _branch(cursor: Cursor) -> Branch:
    condition = cursor.slice(lambda c: c.at("THEN"))
    parse_expression(condition)
    cursor.expect("THEN")
    return Branch(condition, _statements(cursor, ENDINGS))


def _raise(cursor: Cursor) -> Statement:
    start, position = cursor.here.start, cursor.position
    cursor.expect("RAISE")
    message = None
    if cursor.accept("USING"):
        cursor.expect("MESSAGE", "=")
        message = cursor.slice(never)
        parse_expression(message)
    return nodes.Raise(text=cursor.text_since(start), position=position, message=message)


def _return(cursor: Cursor) -> Statement:
    start, position = cursor.here.start, cursor.position
    cursor.expect("RETURN")
    return nodes.Return(text=cursor.text_since(start), position=position)


STATEMENTS: Mapping[str, Callable[[Cursor], Statement]] = {
    "SELECT": _query,
    "WITH": _query,
    "(": _query,
    "INSERT": _dml,
    "UPDATE": _dml,
    "DELETE": _dml,
    "MERGE": _dml,
    "TRUNCATE": _truncate,
    "CREATE": _create,
    "ALTER": alter,
    "DROP": drop,
    "ASSERT": _assert,
    "BEGIN": _begin,
    "COMMIT": _commit,
    "ROLLBACK": _rollback,
    "DECLARE": _declare,
    "SET": _set,
    "IF": _if,
    "RAISE": _raise,
    "RETURN": _return,
}
