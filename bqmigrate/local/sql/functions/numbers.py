"""Mathematical functions.

https://cloud.google.com/bigquery/docs/reference/standard-sql/mathematical_functions
"""

from __future__ import annotations

from bqmigrate.local.sql.coercion import coerce, supertype
from bqmigrate.local.sql.functions.base import Call, Overload, Overloads, overload
from bqmigrate.local.sql.kinds import BIGNUMERIC, BOOLEAN, FLOAT, INTEGER, NULL, NUMERIC, STRING, Typed
from bqmigrate.local.sql.once import once
from bqmigrate.local.sql.types import cast_sql


def _float(template: str) -> tuple[Overload, ...]:
    return (overload([FLOAT], FLOAT, template),)


def _numeric(template: str) -> tuple[Overload, ...]:
    return tuple(overload([t], t, cast_sql(template, t)) for t in (INTEGER, FLOAT, NUMERIC))


def _rounding(name: str) -> tuple[Overload, ...]:
    digits = f"{name}({{0}}, CAST({{1}} AS INTEGER))"
    return (
        overload([FLOAT], FLOAT, f"{name}({{0}})"),
        overload([NUMERIC], NUMERIC, cast_sql(f"{name}({{0}})", NUMERIC)),
        overload([FLOAT, INTEGER], FLOAT, digits),
        overload([NUMERIC, INTEGER], NUMERIC, cast_sql("round({0}, CAST({1} AS INTEGER))", NUMERIC)),
    )


def _whole(name: str) -> tuple[Overload, ...]:
    return (
        overload([FLOAT], FLOAT, f"{name}({{0}})"),
        overload([NUMERIC], NUMERIC, cast_sql(f"{name}({{0}})", NUMERIC)),
    )


# DuckDB knows the logarithm of 0; BigQuery says that there is none.
_POSITIVE = "CASE WHEN {{0}} <= 0 THEN error('Floating point error in function: LN') ELSE {} END"
OVERLOADS: Overloads = {
    "ABS": _numeric("abs({0})"),
    "ACOS": _float("acos({0})"),
    "ASIN": _float("asin({0})"),
    "ATAN": _float("atan({0})"),
    "ATAN2": (overload([FLOAT, FLOAT], FLOAT, "atan2({0}, {1})"),),
    "BIT_COUNT": (overload([INTEGER], INTEGER, "CAST(bit_count({0}) AS BIGINT)"),),
    "CBRT": _float("cbrt({0})"),
    "CEIL": _whole("ceil"),
    "CEILING": _whole("ceil"),
    "COS": _float("cos({0})"),
    "EXP": _float("exp({0})"),
    "FLOOR": _whole("floor"),
    "GENERATE_UUID": (overload([], STRING, "CAST(uuid() AS VARCHAR)"),),
    "IS_INF": (overload([FLOAT], BOOLEAN, "isinf({0})"),),
    "IS_NAN": (overload([FLOAT], BOOLEAN, "isnan({0})"),),
    "LN": _float(_POSITIVE.format("ln({0})")),
    "LOG": (
        overload([FLOAT], FLOAT, _POSITIVE.format("ln({0})")),
        overload([FLOAT, FLOAT], FLOAT, _POSITIVE.format("(ln({0}) / ln({1}))")),
    ),
    "LOG10": _float(_POSITIVE.format("log10({0})")),
    "MOD": (
        overload(
            [INTEGER, INTEGER], INTEGER, "CASE WHEN {1} = 0 THEN error('division by zero: MOD') ELSE {0} % {1} END"
        ),
        overload(
            [NUMERIC, NUMERIC], NUMERIC, "CASE WHEN {1} = 0 THEN error('division by zero: MOD') ELSE {0} % {1} END"
        ),
    ),
    "POW": (overload([FLOAT, FLOAT], FLOAT, "pow({0}, {1})"),),
    "POWER": (overload([FLOAT, FLOAT], FLOAT, "pow({0}, {1})"),),
    "RAND": (overload([], FLOAT, "random()"),),
    "ROUND": _rounding("round"),
    "SIGN": _numeric("sign({0})"),
    "SIN": _float("sin({0})"),
    "SQRT": _float("sqrt({0})"),
    "TAN": _float("tan({0})"),
    "TRUNC": _whole("trunc"),
    "DIV": (
        overload(
            [INTEGER, INTEGER], INTEGER, "CASE WHEN {1} = 0 THEN error('division by zero: DIV') ELSE {0} // {1} END"
        ),
    ),
    "IEEE_DIVIDE": (
        overload(
            [FLOAT, FLOAT],
            FLOAT,
            "CASE WHEN {1} <> 0 THEN {0} / {1} WHEN {0} = 0 OR isnan({0}) OR isnan({1}) THEN CAST('nan' AS DOUBLE) "
            "WHEN {0} > 0 THEN CAST('inf' AS DOUBLE) WHEN {0} < 0 THEN CAST('-inf' AS DOUBLE) END",
        ),
    ),
    "SAFE_ADD": tuple(overload([t, t], t, "TRY({0} + {1})") for t in (INTEGER, NUMERIC, FLOAT)),
    "SAFE_SUBTRACT": tuple(overload([t, t], t, "TRY({0} - {1})") for t in (INTEGER, NUMERIC, FLOAT)),
    "SAFE_MULTIPLY": (
        overload([INTEGER, INTEGER], INTEGER, "TRY({0} * {1})"),
        overload([NUMERIC, NUMERIC], NUMERIC, "TRY(CAST({0} * {1} AS DECIMAL(38, 9)))"),
        overload([FLOAT, FLOAT], FLOAT, "TRY({0} * {1})"),
    ),
    "SAFE_NEGATE": tuple(overload([t], t, "TRY(-({0}))") for t in (INTEGER, NUMERIC, FLOAT)),
}


def extreme(call: Call) -> Typed:
    """Bind GREATEST and LEAST: one NULL makes all NULL, which DuckDB's own do not do."""
    arguments = call.arguments()
    kind = supertype(arguments)
    if not arguments or kind is None or kind.element is not None or kind.name in {"RECORD", "JSON"}:
        raise call.no_match(arguments, f"{call.name}(T, ...)")
    values = [coerce(a, kind) or "NULL" for a in arguments]
    return Typed(once(lambda *given: _extreme(call.name.lower(), given), *values), kind)


def _extreme(name: str, values: tuple[str, ...]) -> str:
    none = " OR ".join(f"{v} IS NULL" for v in values)
    return f"CASE WHEN {none} THEN NULL ELSE {name}({', '.join(values)}) END"


def safe_divide(call: Call) -> Typed:
    """Bind SAFE_DIVIDE: NULL on division by zero."""
    arguments = call.arguments()
    kinds = {a.type for a in arguments} - {NULL}
    numbers = {INTEGER, FLOAT, NUMERIC}
    if len(arguments) != 2 or not kinds <= numbers | {BIGNUMERIC}:  # noqa: PLR2004
        raise call.no_match(arguments, "SAFE_DIVIDE(FLOAT64, FLOAT64); SAFE_DIVIDE(NUMERIC, NUMERIC)")
    kind = NUMERIC if NUMERIC in kinds and FLOAT not in kinds else FLOAT
    left, right = (coerce(a, kind) or "NULL" for a in arguments)
    return Typed(once(lambda a, b: _safe_quotient(a, b, numeric=kind == NUMERIC), left, right), kind)


def _safe_quotient(left: str, right: str, *, numeric: bool) -> str:
    quotient = numeric_quotient(left, right) if numeric else f"{left} / {right}"
    return f"CASE WHEN {right} = 0 THEN NULL ELSE {quotient} END"


def numeric_quotient(left: str, right: str) -> str:
    """Divide two NUMERICs exactly, rounded half away from zero: DuckDB would go through DOUBLE.

    Both are taken as whole numbers of 10^-9; what outgrows 128 bits is an error, never a wrong digit.
    """
    a, b = (f"CAST(replace(CAST({v} AS VARCHAR), '.', '') AS HUGEINT)" for v in (left, right))
    sign = f"(CASE WHEN ({a} < 0) = ({b} < 0) THEN 1 ELSE -1 END)"
    digits = f"({sign} * ((2 * abs({a}) * 1000000000 + abs({b})) // (2 * abs({b}))))"
    text = f"lpad(CAST(abs({digits}) AS VARCHAR), 39, '0')"
    return (
        f"CAST((CASE WHEN {digits} < 0 THEN '-' ELSE '' END) || {text}[:-10] || '.' || {text}[-9:] AS DECIMAL(38, 9))"
    )


SPECIALS = {"GREATEST": extreme, "LEAST": extreme, "SAFE_DIVIDE": safe_divide}
