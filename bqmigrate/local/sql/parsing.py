"""From the author's text to sqlglot's tree, with every function known by our own name for it.

Before parsing, each call of a function that `functions` teaches is renamed to `bq_<offset>_<NAME>`: sqlglot then keeps
it as written, instead of turning it into whatever it thinks the function means, and its place is not lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from sqlglot import Token, TokenType, exp
from sqlglot.dialects.bigquery import BigQuery
from sqlglot.errors import ParseError

from bqmigrate.local.errors import WarehouseError, unsupported
from bqmigrate.local.sql.cursor import RESERVED, Cursor
from bqmigrate.local.sql.functions.untaught import NAMESPACES
from bqmigrate.local.sql.marking import mark
from bqmigrate.local.sql.nodes import Position, Sql
from bqmigrate.local.sql.tokens import Source, raw_tokens, source_of

_SELECT = "SELECT "


def parse_statement(sql: Sql | str) -> exp.Expr:
    """Return the tree of one query or DML statement; raises WarehouseError."""
    return _parse(source_of(sql))


def parse_expression(sql: Sql | str) -> exp.Select:
    """Return `SELECT expression` for one expression; raises WarehouseError."""
    inner = source_of(sql)
    place = Position(inner.origin.line, inner.origin.column - len(_SELECT))
    tree = _parse(Source(_SELECT + inner.text, place))
    given = {key for key, value in tree.args.items() if value}
    alone = isinstance(tree, exp.Select) and given == {"expressions"} and len(tree.expressions) == 1
    if not alone or isinstance(tree.expressions[0], exp.Alias | exp.Star):
        raise inner.error("Syntax error: Expected one expression", 0)
    return cast("exp.Select", tree)


def _refuse_untaught(tokens: Sequence[Token]) -> None:
    """Say what GoogleSQL has and this warehouse has not, where sqlglot would stumble over it."""
    if any(token.token_type == TokenType.PIPE_GT for token in tokens):
        raise unsupported("pipe syntax")
    for space, dot, name, bracket in zip(tokens, tokens[1:], tokens[2:], tokens[3:], strict=False):
        spaced = space.token_type == TokenType.VAR and space.text.upper() in NAMESPACES
        if spaced and dot.text == "." and bracket.text == "(":
            raise unsupported(f"function {space.text.upper()}.{name.text.upper()}")


def _parse(source: Source) -> exp.Expr:
    tokens = raw_tokens(source)
    _refuse_untaught(tokens)
    marked = mark(source, tokens)
    try:
        trees = BigQuery().parser().parse(marked, source.text)
    except ParseError as error:
        raise _syntax_error(source, error) from error
    except ValueError as error:
        raise source.error(f"Syntax error: {error}", 0) from error
    except RecursionError as error:
        raise WarehouseError("invalidQuery", "Query is too complex: too many nested expressions") from error
    if len(trees) != 1 or trees[0] is None:
        raise source.error("Syntax error: Expected one statement", 0)
    _refuse_holes(trees[0], source)
    _refuse_reserved(trees[0], source)
    if isinstance(trees[0], exp.Update) and not trees[0].expressions:
        raise source.error("Syntax error: UPDATE must set at least one column", 0)
    if any(not select.expressions for select in trees[0].find_all(exp.Select)):
        raise source.error("Syntax error: SELECT list must not be empty", 0)
    if isinstance(trees[0], exp.Command):
        raise unsupported(str(trees[0].this))
    return trees[0]


def _refuse_holes(tree: exp.Expr, source: Source) -> None:
    """Raise WarehouseError where sqlglot reads over something missing."""
    for node in tree.find_all(exp.Identifier, exp.SetOperation, exp.Subquery, exp.CTE):
        hollow = isinstance(node, exp.Identifier) and not node.name
        if isinstance(node, exp.Subquery | exp.CTE):
            hollow = not isinstance(node.args.get("this"), exp.Query | exp.Table)
        sides = (node.args.get("this"), node.args.get("expression")) if isinstance(node, exp.SetOperation) else ()
        if hollow or not all(isinstance(side, exp.Query) for side in sides):
            raise source.error("Syntax error: A name or a query is missing", node.meta.get("start", 0))


def _refuse_reserved(tree: exp.Expr, source: Source) -> None:
    """Raise WarehouseError where sqlglot takes a reserved word for a name: BigQuery wants backticks."""
    for node in tree.find_all(exp.Column, exp.Alias):
        word = node.args["this"] if isinstance(node, exp.Column) else node.args["alias"]
        bare = isinstance(word, exp.Identifier) and not word.args.get("quoted") and not node.args.get("table")
        if bare and word.name.upper() in RESERVED - {"DEFAULT"} and "start" in word.meta:
            raise source.error(f"Syntax error: Unexpected keyword {word.name.upper()}", word.meta["start"])


def _syntax_error(source: Source, error: ParseError) -> WarehouseError:
    facts = error.errors[0] if error.errors else {}
    lines = [0, *(i + 1 for i, sign in enumerate(source.text) if sign == "\n")]
    row, highlight = int(facts.get("line") or 1), str(facts.get("highlight") or "")
    offset = lines[min(row, len(lines)) - 1] + int(facts.get("col") or 1) - len(highlight)
    cursor = Cursor(source)
    while cursor.here.kind != "end" and cursor.here.start < offset:
        cursor.next()
    if "SENTINEL" in str(facts.get("description")) or "<end>" in str(facts.get("description")):
        while cursor.here.kind != "end":
            cursor.next()
    return cursor.unexpected()
