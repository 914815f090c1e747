"""The allow-list: every function that has been taught, by name."""

from __future__ import annotations

from collections.abc import Mapping

from bqmigrate.local.sql.functions import dates, documents, general, numbers, printf, ranges, strings, untaught, windows
from bqmigrate.local.sql.functions.base import Overload, Special

OVERLOADS: Mapping[str, tuple[Overload, ...]] = {
    **strings.OVERLOADS,
    **strings.SUBSTRINGS,
    **strings.SEARCHES,
    **numbers.OVERLOADS,
    **general.OVERLOADS,
    **dates.OVERLOADS,
    **documents.OVERLOADS,
    **windows.OVERLOADS,
}
SPECIALS: Mapping[str, Special] = {
    **strings.SPECIALS,
    **numbers.SPECIALS,
    **general.SPECIALS,
    **dates.SPECIALS,
    **documents.SPECIALS,
    **windows.SPECIALS,
    **printf.SPECIALS,
    **ranges.SPECIALS,
    **untaught.SPECIALS,
}
RENAMED = frozenset({*OVERLOADS, *SPECIALS})
AGGREGATES = frozenset({
    "COUNT", "COUNTIF", "SUM", "AVG", "MIN", "MAX", "ANY_VALUE", "ARRAY_AGG", "STRING_AGG", "LOGICAL_AND",
    "LOGICAL_OR", "BIT_AND", "BIT_OR", "BIT_XOR", "APPROX_COUNT_DISTINCT", "STDDEV", "STDDEV_SAMP", "STDDEV_POP",
    "VARIANCE", "VAR_SAMP", "VAR_POP",
})  # fmt: skip
CONDITIONALS = frozenset({"IF", "IFNULL", "COALESCE", "NULLIF", "EXTRACT", "CAST", "SAFE_CAST"})
# What sqlglot reads well enough by itself, and what only looks like a call.
PARSED = AGGREGATES | CONDITIONALS | frozenset({
    "ARRAY", "STRUCT", "UNNEST", "EXISTS", "OFFSET", "ORDINAL", "SAFE_OFFSET", "SAFE_ORDINAL", "WEEK", "ROLLUP", "CUBE",
    "SYSTEM", "IN", "OVER", "VALUES", "USING",
})  # fmt: skip
# How many arguments the functions that bind their own take at most.
MOST: Mapping[str, int] = {**dates.MOST, **documents.MOST, **general.MOST}
PART_ARGUMENTS = dates.PART_ARGUMENTS
WINDOW_ONLY = windows.NAMES
