"""From the author's text to sqlglot's tree, with every function known by our own name for it.

Before parsing, each call of a function that `functions` teaches is renamed to `bq_<offset>_<NAME>`: sqlglot then keeps
it as written, instead of turning it into whatever it thinks the function means, and its place is not lost.
"""

from __future__ import annotations

import re
from typing import cast

from sqlglot import Token, TokenType, exp
from sqlglot.dialects.bigquery import BigQuery
from sqlglot.errors import ParseError

from bqmigrate.local.errors import WarehouseError, unsupported
from bqmigrate.local.sql.arity import check_arity
from bqmigrate.local.sql.cursor import RESERVED, Cursor
from bqmigrate.local.sql.functions.names import PARSED, RENAMED
from bqmigrate.local.sql.nodes import Position, Sql
from bqmigrate.local.sql.tokens import Source, raw_tokens, source_of

CALL = re.compile(r"bq(safe)?_(\d+)_(\w+)\Z")
# A call of a name that GoogleSQL does not know: sqlglot would take some for functions of other dialects.
OTHER = re.compile(r"bqother_(\d+)_(.+)\Z", re.DOTALL)
# After these words a name with a bracket is a table with its columns, a type, or SELECT * REPLACE (...).
NOT_A_CALL = frozenset(
    {"INTO", "INSERT", "UPDATE", "MERGE", "FROM", "JOIN", "TABLE", "USING", "WITH", ".", "*", ")", "`"}
)
TYPE_NAMES = frozenset({"STRING", "BYTES", "NUMERIC", "BIGNUMERIC"})
CALLABLE = frozenset({TokenType.VAR, TokenType.FORMAT, TokenType.FIRST, TokenType.ROW, TokenType.SEQUENCE})
_SELECT = "SELECT "
POSITIONAL = "bq_positional_"


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


def _parse(source: Source) -> exp.Expr:
    marked = _mark(source, raw_tokens(source))
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


def _mark(source: Source, tokens: list[Token]) -> list[Token]:
    out: list[Token] = []
    for i, token in enumerate(tokens):
        if token.token_type == TokenType.DCOLON:
            raise source.error('Syntax error: Unexpected ":"', token.start)
        following = tokens[i + 1] if i + 1 < len(tokens) else None
        called = following is not None and following.token_type == TokenType.L_PAREN
        _refuse_leniency(source, tokens, i)
        if called and not _after_dot(out):
            check_arity(source, tokens, i)
        if _is_raw_bytes(token, following):
            continue
        if out and token.token_type == TokenType.STRING and _is_raw_bytes(tokens[i - 1], token):
            out.append(_retyped(token, TokenType.BYTE_STRING, _raw_text(source.text[token.start : token.end + 1])))
            continue
        if token.token_type == TokenType.PLACEHOLDER:
            # By the order of the text, which no later walk over the tree keeps.
            name = f"{POSITIONAL}{sum(t.token_type == TokenType.PLACEHOLDER for t in tokens[:i])}"
            out.extend((_retyped(token, TokenType.PARAMETER, "@"), _retyped(token, TokenType.VAR, name)))
        elif called and _is_call(out, token):
            safe = len(out) > 1 and out[-1].text == "." and out[-2].text.upper() == "SAFE"
            if safe:
                del out[-2:]
            name = f"bq{'safe' if safe else ''}_{token.start}_{token.text.upper()}"
            out.append(_retyped(token, TokenType.VAR, name))
        elif called and _is_foreign(out, token):
            out.append(_retyped(token, TokenType.VAR, f"bqother_{token.start}_{token.text}"))
        else:
            out.append(token)
    return out


def _after_dot(before: list[Token]) -> bool:
    return bool(before) and before[-1].text == "." and before[-2:-1] != [] and before[-2].text.upper() != "SAFE"


def _is_call(before: list[Token], token: Token) -> bool:
    word = token.text.upper()
    if word not in RENAMED or token.token_type in {TokenType.IDENTIFIER, TokenType.STRING}:
        return False
    last = before[-1].text.upper() if before else ""
    if last == "." and len(before) > 1 and before[-2].text.upper() == "SAFE":
        return True
    return last not in NOT_A_CALL and not (word in TYPE_NAMES and last in {"AS", "<"})


def _is_foreign(before: list[Token], token: Token) -> bool:
    last = before[-1].text.upper() if before else ""
    known = token.text.upper() in RENAMED | PARSED
    return token.token_type in CALLABLE and not known and last not in NOT_A_CALL


def _retyped(token: Token, kind: TokenType, text: str) -> Token:
    return Token(kind, text, token.line, token.col, token.start, token.end)


def _is_raw_bytes(token: Token, following: Token | None) -> bool:
    """Tell whether rb'...' begins here, which the tokenizer takes for a name and a string."""
    prefix = token.text.lower() in {"rb", "br"} and token.token_type == TokenType.VAR
    adjacent = following is not None and following.start == token.end + 1
    return prefix and adjacent and following is not None and following.token_type == TokenType.STRING


def _raw_text(literal: str) -> str:
    quotes = 3 if literal[:3] in {'"""', "'''"} else 1
    return literal[quotes:-quotes]


def _refuse_leniency(source: Source, tokens: list[Token], i: int) -> None:
    """Raise WarehouseError for what sqlglot reads and BigQuery does not: f(a,) and LIMIT 1, 2."""
    if (
        tokens[i].token_type == TokenType.COMMA
        and i + 1 < len(tokens)
        and tokens[i + 1].token_type == TokenType.R_PAREN
    ):
        raise source.error('Syntax error: Unexpected ")"', tokens[i + 1].start)
    if tokens[i].token_type == TokenType.L_BRACE:
        raise source.error('Syntax error: Unexpected "{"', tokens[i].start)
    if tokens[i].token_type == TokenType.LIMIT and i + 2 < len(tokens) and tokens[i + 2].text == ",":
        raise source.error('Syntax error: Expected end of input but got ","', tokens[i + 2].start)


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
