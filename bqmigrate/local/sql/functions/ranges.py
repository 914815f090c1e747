"""RANGE: from a start to before an end, either of which may be unbounded (NULL).

https://cloud.google.com/bigquery/docs/reference/standard-sql/range-functions
"""

from __future__ import annotations

from bqmigrate.local.sql.coercion import coerce, supertype
from bqmigrate.local.sql.functions.base import Call
from bqmigrate.local.sql.kinds import BOOLEAN, Type, Typed
from bqmigrate.local.sql.literals import range_of
from bqmigrate.local.sql.once import once, separately

ELEMENTS = ("DATE", "DATETIME", "TIMESTAMP")


def range_(call: Call) -> Typed:
    """Bind RANGE(start, end)."""
    arguments = call.arguments()
    kind = supertype(arguments) if len(arguments) == 2 else None  # noqa: PLR2004
    if kind is None or kind.name not in ELEMENTS:
        raise call.no_match(arguments, "RANGE(T, T), where T is DATE, DATETIME or TIMESTAMP")
    wrong = call.fail("Range start element must be smaller than range end element")
    bounds = [coerce(a, kind) or "NULL" for a in arguments]
    made = separately(lambda a, b: f"CASE WHEN {a} >= {b} THEN {wrong} ELSE {range_of(a, b, kind.name)} END", *bounds)
    return Typed(made, Type("RANGE", range_element=kind.name))


def edge(call: Call) -> Typed:
    """Bind RANGE_START and RANGE_END."""
    arguments = call.arguments()
    if len(arguments) != 1 or arguments[0].type.name != "RANGE":
        raise call.no_match(arguments, f"{call.name}(RANGE<T>)")
    return Typed(f'({arguments[0].sql})."{call.name[6:].lower()}"', _element(arguments[0].type))


def contains(call: Call) -> Typed:
    """Bind RANGE_CONTAINS of a range in a range, or of a value in a range."""
    outer, inner = _two(call)
    if inner.type == outer.type:
        return Typed(once(_contains_range, outer.sql, inner.sql), BOOLEAN)
    value = coerce(inner, _element(outer.type))
    if value is None:
        raise call.no_match([outer, inner], "RANGE_CONTAINS(RANGE<T>, RANGE<T>); RANGE_CONTAINS(RANGE<T>, T)")
    return Typed(once(_contains_value, outer.sql, value), BOOLEAN)


def overlaps(call: Call) -> Typed:
    """Bind RANGE_OVERLAPS: ranges that only touch do not."""
    left, right = _two(call)
    if left.type != right.type:
        raise call.no_match([left, right], "RANGE_OVERLAPS(RANGE<T>, RANGE<T>)")
    return Typed(once(_overlaps, left.sql, right.sql), BOOLEAN)


def _two(call: Call) -> tuple[Typed, Typed]:
    arguments = call.arguments()
    if len(arguments) != 2 or arguments[0].type.name != "RANGE":  # noqa: PLR2004
        raise call.no_match(arguments, f"{call.name}(RANGE<T>, RANGE<T>)")
    return arguments[0], arguments[1]


def _element(kind: Type) -> Type:
    return Type(str(kind.range_element))


def _known(test: str, *values: str) -> str:
    return f"CASE WHEN {' OR '.join(f'{v} IS NULL' for v in values)} THEN NULL ELSE {test} END"


def _contains_range(a: str, b: str) -> str:
    first = f'(({a})."start" IS NULL OR coalesce(({a})."start" <= ({b})."start", false))'
    last = f'(({a})."end" IS NULL OR coalesce(({b})."end" <= ({a})."end", false))'
    return _known(f"({first} AND {last})", a, b)


def _contains_value(a: str, v: str) -> str:
    return _known(f'(coalesce(({a})."start" <= {v}, true) AND coalesce({v} < ({a})."end", true))', a, v)


def _overlaps(a: str, b: str) -> str:
    return _known(
        f'(coalesce(({a})."start" < ({b})."end", true) AND coalesce(({b})."start" < ({a})."end", true))', a, b
    )


SPECIALS = {
    "RANGE": range_,
    "RANGE_START": edge,
    "RANGE_END": edge,
    "RANGE_CONTAINS": contains,
    "RANGE_OVERLAPS": overlaps,
}
