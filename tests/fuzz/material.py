"""What odd input is made of: texts, numbers and values that programs trip over."""

from __future__ import annotations

import random
from typing import Any

ODD_SIGNS = (
    "\ufeff", "\0", "\ud800", "\udfff", "\u202e", "\u200f", "e\u0301", "\u0300", "\U0001f600", "\U0001f1e8\U0001f1ed",
    "\u0085", "\u2028", "\u2029", "\r", "\n", "\t", "\x0b", "\x0c", "\x07", "\x7f", "\x1b[31m", "\u200b", "\u00a0",
    "\u0663", "\uff11", "\u017f", "\u0131", "\u212a", "\ufdd0", "\U0010ffff", "\u0130", "\u00df", "\ufb01",
)  # fmt: skip
SQL_SIGNS = ("'", '"', "`", "\\", ";", "--", "#", "/*", "*/", "'''", '"""', "@", "${", "}", "$", "(", ")", ",", "%")
WORDS = (
    "", " ", "a", "orders", "shop", "shop.orders", "null", "~", "true", "yes", "NO", "<<", "*a", "&a", "!!str",
    "0x1F", "1e999", "-0", ".5", "12:30", "2024-01-01", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00",
    "NaN", ".inf", "${project}", "${datasets.shop}", "${variables.x}", "${variables.nothing}", "${", "@x", "SELECT 1",
    "a.b.c", "..", ".", "_PARTITIONTIME", "_bqm_drop_0001_a", "bqm_made", "INT64", "STRING(10)", "NUMERIC(38, 9)",
    "STRING(0)", "STRING(-1)", "NUMERIC(99999999999999999999)", "STRUCT<a INT64>", "ARRAY<STRING>", "\u017ftring",
    "STRING(\u0661\u0660)", "1 -- x", "1; DROP TABLE x", "1) --", "CURRENT_TIMESTAMP()", "'a", "/*", "(1", "1))",
    "a` ADD COLUMN `b", "x`; DROP TABLE `y", "x'; DROP TABLE y; --", "--", "a--b", "-", "1 /* x */",
)  # fmt: skip
NUMBERS = (0, 1, -1, 2**31, 2**63, 10**17, -(10**17), 10**30, 10**400, 0.1, 1e-9, 1e308, -0.0, 1.5, 4001, 366)


def odd_text(rng: random.Random) -> str:
    """Return text of odd signs, of words that mean something, or of great length."""
    kind = rng.randrange(10)
    if kind == 0:
        return rng.choice((*ODD_SIGNS, *SQL_SIGNS, "ab", "x")) * rng.choice((100, 301, 1025, 5000, 60_000))
    if kind < 4:
        return rng.choice(WORDS)
    pool = (*ODD_SIGNS, *SQL_SIGNS, "a", "B", "7", "_", "-", " ", ".", ":")
    parts = [rng.choice(pool) for _ in range(rng.randrange(1, 6))]
    return "".join(parts) if kind < 7 else f"a{''.join(parts)}b"


def odd_value(rng: random.Random, depth: int = 0) -> Any:
    """Return a value of any kind that a document can hold."""
    kind = rng.randrange(8)
    if kind < 3:
        return odd_text(rng)
    if kind == 3:
        return rng.choice(NUMBERS)
    if kind == 4:
        return rng.choice((None, True, False, "", [], {}))
    if depth > 2:
        return "deep"
    if kind == 5:
        return nested(rng, rng.choice((2, 14, 17, 59, 62, 300)))
    size = rng.randrange(4)
    if kind == 6:
        return [odd_value(rng, depth + 1) for _ in range(size)]
    return {odd_text(rng)[:50]: odd_value(rng, depth + 1) for _ in range(size)}


def nested(rng: random.Random, depth: int) -> Any:
    """Return lists, maps or columns inside each other."""
    shape = rng.randrange(3)
    out: Any = "x" if shape < 2 else {"name": "leaf", "type": "STRING"}
    for _ in range(depth):
        out = [out] if shape == 0 else {"a": out} if shape == 1 else {"name": "r", "type": "RECORD", "fields": [out]}
    return out


def several(rng: random.Random, most: int) -> int:
    """Return a small number, zero being rare."""
    return 0 if rng.random() < 0.1 else rng.randrange(1, most + 1)
