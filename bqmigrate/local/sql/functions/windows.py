"""Numbering and navigation functions: only with OVER.

https://cloud.google.com/bigquery/docs/reference/standard-sql/window-functions
"""

from __future__ import annotations

from bqmigrate.local.sql.coercion import coerce
from bqmigrate.local.sql.functions.base import Call, Overloads, overload
from bqmigrate.local.sql.kinds import FLOAT, INTEGER, Typed

OVERLOADS: Overloads = {
    "ROW_NUMBER": (overload([], INTEGER, "row_number()"),),
    "RANK": (overload([], INTEGER, "rank()"),),
    "DENSE_RANK": (overload([], INTEGER, "dense_rank()"),),
    "NTILE": (overload([INTEGER], INTEGER, "ntile({0})"),),
    "PERCENT_RANK": (overload([], FLOAT, "percent_rank()"),),
    "CUME_DIST": (overload([], FLOAT, "cume_dist()"),),
}


def navigate(call: Call) -> Typed:
    """Bind LAG, LEAD, FIRST_VALUE, LAST_VALUE and NTH_VALUE."""
    arguments = call.arguments()
    if not 1 <= len(arguments) <= 3:  # noqa: PLR2004
        raise call.no_match(arguments, f"{call.name}(T, [INT64], [T])")
    texts = [arguments[0].sql]
    for given, kind in zip(arguments[1:], (INTEGER, arguments[0].type), strict=False):
        sql = coerce(given, kind)
        if sql is None:
            raise call.no_match(arguments, f"{call.name}(T, [INT64], [T])")
        texts.append(sql)
    return Typed(f"{call.name.lower()}({', '.join(texts)})", arguments[0].type)


SPECIALS = dict.fromkeys(("LAG", "LEAD", "FIRST_VALUE", "LAST_VALUE", "NTH_VALUE"), navigate)
NAMES = frozenset({*OVERLOADS, *SPECIALS})
# Those whose OVER needs an ORDER BY, and those that take no frame.
ORDERED = frozenset({"RANK", "DENSE_RANK", "NTILE", "PERCENT_RANK", "CUME_DIST", "LAG", "LEAD"})
FRAMELESS = ORDERED | {"ROW_NUMBER"}
