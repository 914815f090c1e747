"""Mathematical functions.

https://cloud.google.com/bigquery/docs/reference/standard-sql/mathematical_functions
"""

from __future__ import annotations

from bqmigrate.local.sql.coercion import coerce, supertype
from bqmigrate.local.sql.functions.base import Call, Overload, Overloads, overload
from bqmigrate.local.sql.kinds import BIGNUMERIC, BOOLEAN, BYTES, FLOAT, INTEGER, NULL, NUMERIC, STRING, Type, Typed
from bqmigrate.local.sql.once import once
from bqmigrate.local.sql.types import cast_sql


def _float(template: str) -> tuple[Overload, ...]:
    return (overload([FLOAT], FLOAT, template),)


def _also_numeric(*of_float: Overload) -> tuple[Overload, ...]:
    """Teach what answers a NUMERIC with a NUMERIC, which DuckDB could only work out as a DOUBLE: 501 for that."""
    untaught = (Overload((NUMERIC,) * len(o.parameters), NUMERIC, None) for o in of_float)
    return (*of_float, *untaught)


def _numeric(template: str) -> tuple[Overload, ...]:
    return tuple(overload([t], t, cast_sql(template, t)) for t in (INTEGER, FLOAT, NUMERIC))


def _checked(failing: str, name: str, value: str) -> str:
    return f"CASE WHEN {failing} THEN error('Floating point error in function: {name}') ELSE {value} END"


def _bounded(name: str) -> tuple[Overload, ...]:
    return _float(_checked("abs({0}) > 1 AND NOT isnan({0})", name.upper(), f"{name}({{0}})"))


def finite(value: str, *of: str) -> str:
    """Write a FLOAT64 calculation that fails, as BigQuery's does, where finite values give infinity."""
    known = " AND ".join(f"NOT isinf({v})" for v in of)
    return f"CASE WHEN isinf({value}) AND {known} THEN error('Floating point overflow') ELSE {value} END"


def _rounding(name: str) -> tuple[Overload, ...]:
    digits = f"{name}({{0}}, CAST({{1}} AS INTEGER))"
    return (
        overload([FLOAT], FLOAT, f"{name}({{0}})"),
        overload([NUMERIC], NUMERIC, cast_sql(f"{name}({{0}})", NUMERIC)),
        overload([FLOAT, INTEGER], FLOAT, digits),
        overload([NUMERIC, INTEGER], NUMERIC, cast_sql(digits, NUMERIC)),
        overload([NUMERIC, INTEGER, STRING], NUMERIC, None),
    )


def _whole(name: str) -> tuple[Overload, ...]:
    return (
        overload([FLOAT], FLOAT, f"{name}({{0}})"),
        overload([NUMERIC], NUMERIC, cast_sql(f"{name}({{0}})", NUMERIC)),
    )


def _divided(name: str, operator: str) -> tuple[Overload, ...]:
    wrong = f"{{1}} = 0 THEN error('division by zero: {name}')"
    sql = f"CASE WHEN {wrong} ELSE {{0}} {operator} {{1}} END"
    # Of DECIMALs DuckDB's // is no whole number.
    return (
        overload([INTEGER, INTEGER], INTEGER, sql),
        overload([NUMERIC, NUMERIC], NUMERIC, sql if operator == "%" else None),
    )


def _tried(operator: str) -> tuple[Overload, ...]:
    """Teach SAFE_ADD and its kin: NULL for what overflows."""
    sql = f"({{0}} {operator} {{1}})"
    return (
        overload([INTEGER, INTEGER], INTEGER, f"TRY{sql}"),
        overload([NUMERIC, NUMERIC], NUMERIC, f"TRY({cast_sql(sql, NUMERIC)})"),
        overload([FLOAT, FLOAT], FLOAT, finite(sql, "{0}", "{1}").replace("error('Floating point overflow')", "NULL")),
    )


# DuckDB knows the logarithm of 0; BigQuery says that there is none.
_POW_FAILS = "({0} < 0 AND NOT isinf({0}) AND NOT isinf({1}) AND {1} <> trunc({1})) OR ({0} = 0 AND {1} < 0)"
_POWER = _also_numeric(
    overload([FLOAT, FLOAT], FLOAT, _checked(_POW_FAILS, "POW", finite("pow({0}, {1})", "{0}", "{1}")))
)
_LN = _checked("{0} <= 0", "LN", "ln({0})")
OVERLOADS: Overloads = {
    "ABS": _numeric("abs({0})"),
    "ACOS": _bounded("acos"),
    "ASIN": _bounded("asin"),
    "ATAN": _float("atan({0})"),
    "ATAN2": (overload([FLOAT, FLOAT], FLOAT, "atan2({0}, {1})"),),
    "BIT_COUNT": (
        overload([INTEGER], INTEGER, "CAST(bit_count({0}) AS BIGINT)"),
        overload([BYTES], INTEGER, None),
    ),
    "CBRT": _also_numeric(*_float("CASE WHEN pow(round(cbrt({0})), 3) = {0} THEN round(cbrt({0})) ELSE cbrt({0}) END")),
    "CEIL": _whole("ceil"),
    "CEILING": _whole("ceil"),
    "COS": _float("cos({0})"),
    "EXP": _also_numeric(*_float(finite("exp({0})", "{0}"))),
    "FLOOR": _whole("floor"),
    "GENERATE_UUID": (overload([], STRING, "CAST(uuid() AS VARCHAR)"),),
    "IS_INF": (overload([FLOAT], BOOLEAN, "isinf({0})"),),
    "IS_NAN": (overload([FLOAT], BOOLEAN, "isnan({0})"),),
    "LN": _also_numeric(*_float(_LN)),
    "LOG": _also_numeric(
        overload([FLOAT], FLOAT, _LN),
        overload([FLOAT, FLOAT], FLOAT, _checked("{0} <= 0 OR {1} <= 0 OR {1} = 1", "LOG", "(ln({0}) / ln({1}))")),
    ),
    "LOG10": _also_numeric(*_float(_checked("{0} <= 0", "LOG10", "log10({0})"))),
    "MOD": _divided("MOD", "%"),
    "POW": _POWER,
    "POWER": _POWER,
    "RAND": (overload([], FLOAT, "random()"),),
    "ROUND": _rounding("round"),
    "SIGN": (
        *_numeric("sign({0})")[::2],
        overload([FLOAT], FLOAT, "CASE WHEN isnan({0}) THEN {0} ELSE CAST(sign({0}) AS DOUBLE) END"),
    ),
    "SIN": _float("sin({0})"),
    "SQRT": _also_numeric(*_float(_checked("{0} < 0", "SQRT", "sqrt({0})"))),
    "TAN": _float("tan({0})"),
    "TRUNC": _rounding("trunc")[:4],
    "DIV": _divided("DIV", "//"),
    "IEEE_DIVIDE": (
        overload(
            [FLOAT, FLOAT],
            FLOAT,
            "CASE WHEN {1} IS NULL THEN NULL WHEN {1} <> 0 THEN {0} / {1} "
            "WHEN {0} = 0 OR isnan({0}) OR isnan({1}) THEN CAST('nan' AS DOUBLE) "
            "WHEN {0} > 0 THEN CAST('inf' AS DOUBLE) WHEN {0} < 0 THEN CAST('-inf' AS DOUBLE) END",
        ),
    ),
    "SAFE_ADD": _tried("+"),
    "SAFE_SUBTRACT": _tried("-"),
    "SAFE_MULTIPLY": _tried("*"),
    "SAFE_NEGATE": tuple(overload([t], t, f"TRY({cast_sql('-({0})', t)})") for t in (INTEGER, NUMERIC, FLOAT)),
}


def extreme(call: Call) -> Typed:
    """Bind GREATEST and LEAST: one NULL makes all NULL, which DuckDB's own do not do."""
    arguments = call.arguments()
    kind = supertype(arguments)
    if not arguments or kind is None or kind.element is not None or kind.name in {"RECORD", "JSON"}:
        raise call.no_match(arguments, f"{call.name}(T, ...)")
    values = [coerce(a, kind) or "NULL" for a in arguments]
    return Typed(once(lambda *given: _extreme(call.name.lower(), given, kind), *values), kind)


def _extreme(name: str, values: tuple[str, ...], kind: Type) -> str:
    none = " OR ".join(f"{v} IS NULL" for v in values)
    # NaN is the greatest of all to DuckDB; to BigQuery one makes all NaN.
    odd = " OR ".join(f"isnan({v})" for v in values)
    any_nan = f"WHEN {odd} THEN CAST('nan' AS DOUBLE) " if kind == FLOAT else ""
    return f"CASE WHEN {none} THEN NULL {any_nan}ELSE {name}({', '.join(values)}) END"


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
