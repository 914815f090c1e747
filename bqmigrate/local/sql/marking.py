"""The tokens of a text as sqlglot shall see them: calls under names of our own, and its leniencies refused."""

from __future__ import annotations

import re

from sqlglot import Token, TokenType

from bqmigrate.local.sql.calls import check_arity, check_cast
from bqmigrate.local.sql.functions.names import PARSED, RENAMED
from bqmigrate.local.sql.tokens import Source

CALL = re.compile(r"bq(safe)?_(\d+)_(\w+)\Z")
# A call of a name that GoogleSQL does not know: sqlglot would take some for functions of other dialects.
OTHER = re.compile(r"bqother_(\d+)_(.+)\Z", re.DOTALL)
# After these words a name with a bracket is a table with its columns, a type, or SELECT * REPLACE (...).
NOT_A_CALL = frozenset(
    {"INTO", "INSERT", "UPDATE", "MERGE", "FROM", "JOIN", "TABLE", "USING", "WITH", ".", "*", ")", "`"}
)
TYPE_NAMES = frozenset({"STRING", "BYTES", "NUMERIC", "BIGNUMERIC"})
STRINGS = frozenset({TokenType.STRING, TokenType.RAW_STRING})
# A backslash with what follows it; the group is there when the sequence means something.
ESCAPE = re.compile(
    r"""\\(?:([abfnrtv\\?"'`\n]|[0-3][0-7]{2}|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})|.)""", re.DOTALL
)
CALLABLE = frozenset({TokenType.VAR, TokenType.FORMAT, TokenType.FIRST, TokenType.ROW, TokenType.SEQUENCE})
POSITIONAL = "bq_positional_"


def mark(source: Source, tokens: list[Token]) -> list[Token]:
    """Return the tokens to parse; raises WarehouseError for what sqlglot reads and BigQuery does not."""
    out: list[Token] = []
    for i, token in enumerate(tokens):
        if token.token_type == TokenType.DCOLON:
            raise source.error('Syntax error: Unexpected ":"', token.start)
        _refuse_leniency(source, tokens, i)
        following = tokens[i + 1] if i + 1 < len(tokens) else None
        if following is not None and following.token_type == TokenType.L_PAREN:
            if not _after_dot(out):
                check_arity(source, tokens, i)
                check_cast(source, tokens, i)
            out.append(_called(out, token))
        else:
            out.extend(_plain(source, tokens, i))
    return out


def _called(out: list[Token], token: Token) -> Token:
    """Return the name of a call as it is parsed; takes SAFE. off the end of what came before."""
    if _is_call(out, token):
        safe = len(out) > 1 and out[-1].text == "." and out[-2].text.upper() == "SAFE"
        if safe:
            del out[-2:]
        return _retyped(token, TokenType.VAR, f"bq{'safe' if safe else ''}_{token.start}_{token.text.upper()}")
    if _is_foreign(out, token):
        return _retyped(token, TokenType.VAR, f"bqother_{token.start}_{token.text}")
    return token


def _plain(source: Source, tokens: list[Token], i: int) -> list[Token]:
    """Return what stands for a token that is not called."""
    token, before = tokens[i], tokens[i - 1] if i else None
    following = tokens[i + 1] if i + 1 < len(tokens) else None
    if _is_raw_bytes(token, following):
        return []
    if token.token_type == TokenType.STRING and before is not None and _is_raw_bytes(before, token):
        return [_retyped(token, TokenType.BYTE_STRING, _raw_text(source.text[token.start : token.end + 1]))]
    if token.token_type == TokenType.JSON and following is not None and following.token_type in STRINGS:
        # sqlglot would take JSON '{}'.a for the JSON of '{}'.a.
        called = _retyped(token, TokenType.VAR, f"bq_{token.start}_PARSE_JSON")
        return [called, _retyped(token, TokenType.L_PAREN, "(")]
    if token.token_type in STRINGS and before is not None and before.token_type == TokenType.JSON:
        return [token, _retyped(token, TokenType.R_PAREN, ")")]
    if token.token_type == TokenType.PLACEHOLDER:
        # By the order of the text, which no later walk over the tree keeps.
        name = f"{POSITIONAL}{sum(t.token_type == TokenType.PLACEHOLDER for t in tokens[:i])}"
        return [_retyped(token, TokenType.PARAMETER, "@"), _retyped(token, TokenType.VAR, name)]
    return [token]


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


def _refuse_escapes(source: Source, token: Token) -> None:
    for found in ESCAPE.finditer(source.text, token.start, token.end + 1):
        if found[1] is None:
            raise source.error(f"Syntax error: Illegal escape sequence: {found[0]}", found.start())


def _refuse_leniency(source: Source, tokens: list[Token], i: int) -> None:
    """Raise WarehouseError for what sqlglot reads and BigQuery does not: f(a,) and LIMIT 1, 2."""
    if (
        tokens[i].token_type == TokenType.COMMA
        and i + 1 < len(tokens)
        and tokens[i + 1].token_type == TokenType.R_PAREN
    ):
        raise source.error('Syntax error: Unexpected ")"', tokens[i + 1].start)
    if tokens[i].token_type in {TokenType.ISNULL, TokenType.NOTNULL}:
        raise source.error(f"Syntax error: Unexpected identifier {tokens[i].text}", tokens[i].start)
    if tokens[i].token_type == TokenType.STRING and not _is_raw_bytes(tokens[max(i - 1, 0)], tokens[i]):
        _refuse_escapes(source, tokens[i])
    if tokens[i].token_type == TokenType.L_BRACE:
        raise source.error('Syntax error: Unexpected "{"', tokens[i].start)
    if tokens[i].token_type == TokenType.LIMIT and i + 2 < len(tokens) and tokens[i + 2].text == ",":
        raise source.error('Syntax error: Expected end of input but got ","', tokens[i + 2].start)
