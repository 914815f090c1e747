"""What sqlglot reads over in the calls it reads by itself: arguments too many, types of other dialects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import Token, TokenType

from bqmigrate.local.sql.functions.names import AGGREGATES
from bqmigrate.local.sql.tokens import Source
from bqmigrate.model.columns import ALIASES, TYPES

ARGUMENTS: Mapping[str, tuple[int, int]] = {
    **dict.fromkeys(AGGREGATES, (1, 1)),
    "STRING_AGG": (1, 2),
    "IF": (3, 3),
    "IFNULL": (2, 2),
    "NULLIF": (2, 2),
    "COALESCE": (1, 10_000),
}
OPENING = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE})
CLOSING = frozenset({TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE})
TYPE_NAMES = frozenset({*TYPES, *ALIASES, "ARRAY"})
# Inside an aggregate: what follows is no argument any more.
ENDINGS = frozenset({TokenType.ORDER_BY, TokenType.LIMIT, TokenType.HAVING})


def check_arity(source: Source, tokens: Sequence[Token], i: int) -> None:
    """Raise WarehouseError when the call whose name is tokens[i] has too few or too many arguments."""
    name = tokens[i].text.upper()
    least, most = ARGUMENTS.get(name, (0, 10_000))
    if name not in ARGUMENTS or tokens[i].token_type in {TokenType.STRING, TokenType.IDENTIFIER}:
        return
    given = _given(tokens, i + 1)
    if not least <= given <= most:
        message = f"Number of arguments does not match for function {name}: it was given {given}"
        raise source.error(f"No matching signature: {message}", tokens[i].start)


def check_cast(source: Source, tokens: Sequence[Token], i: int) -> None:
    """Raise WarehouseError when the CAST whose name is tokens[i] is to a type of another dialect."""
    if tokens[i].text.upper() not in {"CAST", "SAFE_CAST"}:
        return
    depth = 0
    for j in range(i + 1, len(tokens) - 1):
        depth += (tokens[j].token_type in OPENING) - (tokens[j].token_type in CLOSING)
        if depth == 1 and tokens[j].token_type == TokenType.ALIAS and tokens[j + 1].text.upper() not in TYPE_NAMES:
            raise source.error(f"Type not found: {tokens[j + 1].text}", tokens[j + 1].start)
        if depth == 0:
            return


def _given(tokens: Sequence[Token], opening: int) -> int:
    depth = commas = 0
    for j in range(opening, len(tokens)):
        kind = tokens[j].token_type
        depth += (kind in OPENING) - (kind in CLOSING)
        if depth == 0 or (depth == 1 and kind in ENDINGS):
            return commas + 1 if j > opening + 1 else 0
        commas += depth == 1 and kind == TokenType.COMMA
    return commas + 1
