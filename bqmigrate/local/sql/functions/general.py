"""Arrays, hashes of whole values, the session, and conditionals that sqlglot has no own node for.

https://cloud.google.com/bigquery/docs/reference/standard-sql/array_functions
"""

from __future__ import annotations

from bqmigrate.local.sql.coercion import coerce, supertype
from bqmigrate.local.sql.functions.base import Call, Overloads, overload
from bqmigrate.local.sql.functions.intervals import DATE_PARTS, interval_part, interval_sql
from bqmigrate.local.sql.kinds import DATE, FLOAT, INTEGER, NULL, NUMERIC, STRING, Type, Typed, array_of
from bqmigrate.local.sql.types import string_sql

STRINGS, INTEGERS, DATES = array_of(STRING), array_of(INTEGER), array_of(DATE)
OVERLOADS: Overloads = {
    "ARRAY_TO_STRING": (
        overload(
            [STRINGS, STRING],
            STRING,
            "CASE WHEN {1} IS NULL THEN NULL WHEN {0} = [] THEN '' ELSE array_to_string({0}, {1}) END",
        ),
        overload(
            [STRINGS, STRING, STRING],
            STRING,
            "CASE WHEN {1} IS NULL OR {2} IS NULL THEN NULL WHEN {0} = [] THEN '' "
            "ELSE array_to_string(list_transform({0}, lambda e: coalesce(e, {2})), {1}) END",
        ),
    ),
    "GENERATE_ARRAY": (
        overload(
            [INTEGER, INTEGER, INTEGER],
            INTEGERS,
            "CASE WHEN {2} = 0 THEN error('Sequence step cannot be 0.') ELSE generate_series({0}, {1}, {2}) END",
            "CAST(1 AS BIGINT)",
        ),
        *(overload([kind] * 3, array_of(kind), None, "1") for kind in (NUMERIC, FLOAT)),
    ),
}


def _array(call: Call, index: int = 0) -> tuple[Typed, Type]:
    arguments = call.arguments()
    element = arguments[index].type.element if len(arguments) > index else None
    if element is None:
        raise call.no_match(arguments, f"{call.name}(ARRAY<T>)")
    return arguments[index], element


def array_length(call: Call) -> Typed:
    """Bind ARRAY_LENGTH."""
    return Typed(f"CAST(len({_array(call)[0].sql}) AS BIGINT)", INTEGER)


def array_reverse(call: Call) -> Typed:
    """Bind ARRAY_REVERSE."""
    value, _ = _array(call)
    return Typed(f"list_reverse({value.sql})", value.type)


def array_concat(call: Call) -> Typed:
    """Bind ARRAY_CONCAT: one NULL makes all NULL."""
    arguments = call.arguments()
    kind = supertype(arguments)
    if kind is None or kind.element is None:
        raise call.no_match(arguments, "ARRAY_CONCAT(ARRAY<T>, ...)")
    values = [coerce(a, kind) or "NULL" for a in arguments]
    return Typed(f"({' || '.join(values)})", kind)


def array_edge(call: Call) -> Typed:
    """Bind ARRAY_FIRST and ARRAY_LAST."""
    value, element = _array(call)
    edge = 1 if call.name == "ARRAY_FIRST" else -1
    empty = string_sql(f"{call.name} cannot get the {call.name[6:].lower()} element of an empty array")
    return Typed(f"CASE WHEN len({value.sql}) = 0 THEN error({empty}) ELSE ({value.sql})[{edge}] END", element)


def generate_date_array(call: Call) -> Typed:
    """Bind GENERATE_DATE_ARRAY(start, end[, INTERVAL n part])."""
    arguments = [coerce(call.bind(node), DATE) for node in call.nodes[:2]]
    if len(arguments) != 2 or None in arguments:  # noqa: PLR2004
        raise call.no_match(call.arguments(), "GENERATE_DATE_ARRAY(DATE, DATE, [INTERVAL INT64 date_part])")
    given = len(call.nodes) > 2  # noqa: PLR2004
    if given and interval_part(call, 2) not in DATE_PARTS:
        raise call.error(f"GENERATE_DATE_ARRAY does not support the {interval_part(call, 2)} date part")
    step = interval_sql(call, 2) if given else "INTERVAL 1 DAY"
    start, end = arguments
    step = f"(CASE WHEN {step} = INTERVAL 0 DAY THEN {call.fail('Sequence step cannot be 0.')} ELSE {step} END)"
    sql = f"list_transform(generate_series(CAST({start} AS TIMESTAMP), CAST({end} AS TIMESTAMP), {step}), "
    return Typed(f"{sql}lambda e: CAST(e AS DATE))", DATES)


def session_user(call: Call) -> Typed:
    """Bind SESSION_USER()."""
    return Typed(string_sql(call.scope.session_user), STRING)


def error(call: Call) -> Typed:
    """Bind ERROR(message): it fails when evaluated and has whatever type is wanted."""
    arguments = call.arguments()
    if len(arguments) != 1 or arguments[0].type != STRING:
        raise call.no_match(arguments, "ERROR(STRING)")
    return Typed(f"error({arguments[0].sql})", NULL)


SPECIALS = {
    "ARRAY_LENGTH": array_length,
    "ARRAY_REVERSE": array_reverse,
    "ARRAY_CONCAT": array_concat,
    "ARRAY_FIRST": array_edge,
    "ARRAY_LAST": array_edge,
    "GENERATE_DATE_ARRAY": generate_date_array,
    "SESSION_USER": session_user,
    "ERROR": error,
}
MOST = {
    **dict.fromkeys(("ARRAY_LENGTH", "ARRAY_REVERSE", "ARRAY_FIRST", "ARRAY_LAST"), 1),
    "GENERATE_DATE_ARRAY": 3,
    "SESSION_USER": 0,
}
