"""Operators: what each takes, what it gives, and how DuckDB writes it.

https://cloud.google.com/bigquery/docs/reference/standard-sql/operators
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlglot import exp

from bqmigrate.local.errors import WarehouseError, unsupported
from bqmigrate.local.sql.coercion import coerce, supertype
from bqmigrate.local.sql.env import Env
from bqmigrate.local.sql.functions.base import untaught
from bqmigrate.local.sql.functions.numbers import finite, numeric_quotient
from bqmigrate.local.sql.kinds import (
    BIGNUMERIC,
    BOOLEAN,
    BYTES,
    DATE,
    DATETIME,
    FLOAT,
    INTEGER,
    NULL,
    NUMERIC,
    STRING,
    TIMESTAMP,
    Type,
    Typed,
)
from bqmigrate.local.sql.once import once, separately
from bqmigrate.local.sql.spans import apart, interval_, shifted
from bqmigrate.local.sql.types import cast_sql

COMPARISONS: Mapping[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "!=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.NullSafeEQ: "IS NOT DISTINCT FROM",
    exp.NullSafeNEQ: "IS DISTINCT FROM",
}
ARITHMETIC: Mapping[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/"}
LOGIC: Mapping[type[exp.Expr], str] = {exp.And: "AND", exp.Or: "OR"}
BITS: Mapping[type[exp.Expr], str] = {
    exp.BitwiseAnd: "&",
    exp.BitwiseOr: "|",
    exp.BitwiseXor: "^",
    exp.BitwiseLeftShift: "<<",
    exp.BitwiseRightShift: ">>",
}
NUMBERS = (INTEGER, NUMERIC, BIGNUMERIC, FLOAT)
INCOMPARABLE = frozenset({"JSON", "GEOGRAPHY"})
MOMENTS = (DATE, DATETIME, TIMESTAMP)


def _no_match(env: Env, node: exp.Expr, operator: str, *values: Typed) -> WarehouseError:
    kinds = ", ".join(str(v.type) for v in values)
    return env.error(f"No matching signature for operator {operator} for argument types: {kinds}", node)


def compare(node: exp.Expr, left: Typed, right: Typed, env: Env, operator: str) -> Typed:
    """Bind a comparison: both sides must have a type in common."""
    kind = supertype([left, right])
    texts = None if kind is None else (coerce(left, kind), coerce(right, kind))
    if kind is None or texts is None or None in texts or kind.name in INCOMPARABLE:
        raise _no_match(env, node, operator, left, right)
    if kind.element is not None:
        raise env.error(f"Equality is not defined for arguments of type {kind}", node)
    if kind == FLOAT and not operator.startswith("IS"):
        odd = [i for i, v in enumerate((left, right)) if not (v.constant and v.text is not None)]
        return Typed(once(lambda a, b: _ordered(a, b, operator, odd), str(texts[0]), str(texts[1])), BOOLEAN)
    return Typed(f"({texts[0]} {operator} {texts[1]})", BOOLEAN)


def _ordered(a: str, b: str, operator: str, odd: Sequence[int]) -> str:
    """Compare FLOAT64s: NaN, which DuckDB takes for the greatest of all, is neither equal to anything nor less or more.

    `odd` tells which sides may be NaN; = with a number asks for nothing of the kind.
    """
    plain = f"({a} {operator} {b})"
    if not odd or (operator == "=" and len(odd) == 1):
        return plain
    nans = " OR ".join(f"isnan({(a, b)[i]})" for i in odd)
    return f"(CASE WHEN {plain} IS NULL THEN NULL WHEN {nans} THEN {str(operator == '!=').lower()} ELSE {plain} END)"


def comparison(node: exp.Expr, env: Env) -> Typed:
    """Bind = != < <= > >= and IS [NOT] DISTINCT FROM."""
    left, right = env.bind(node.args["this"]), env.bind(node.args["expression"])
    return compare(node, left, right, env, COMPARISONS[type(node)])


def arithmetic(node: exp.Expr, env: Env) -> Typed:
    """Bind + - * /: numbers, and dates plus or minus days."""
    left, right = env.bind(node.args["this"]), env.bind(node.args["expression"])
    operator = ARITHMETIC[type(node)]
    days = shifted(left, right, operator) or _days(left, right, operator)
    if days is not None:
        return days
    kind = supertype([left, right])
    if kind == NULL:
        kind = INTEGER
    if kind not in NUMBERS:
        raise _no_match(env, node, operator, left, right)
    if operator == "/" and kind == INTEGER:
        kind = FLOAT
    texts = [coerce(v, kind) for v in (left, right)]
    if None in texts or kind is None:
        raise _no_match(env, node, operator, left, right)
    return Typed(_calculate(kind, operator, str(texts[0]), str(texts[1])), kind)


def _calculate(kind: Type, operator: str, a: str, b: str) -> str:
    if kind == BIGNUMERIC and operator in "*/":
        raise unsupported(f"BIGNUMERIC {operator}")
    if operator == "/":
        return once(lambda x, y: _quotient(kind, x, y), a, b)
    if kind == FLOAT:
        return once(lambda x, y: f"({finite(f'({x} {operator} {y})', x, y)})", a, b)
    if kind == NUMERIC and operator == "*":
        return separately(_product, a, b)
    sql = f"({a} {operator} {b})"
    return cast_sql(sql, kind) if kind == NUMERIC else sql


def _product(a: str, b: str) -> str:
    """Multiply two NUMERICs; DuckDB has fewer digits for this than BigQuery, and says so."""
    large = f"abs(CAST({a} AS DOUBLE) * CAST({b} AS DOUBLE)) >= 1e29"
    product = f"TRY({cast_sql(f'({a} * {b})', NUMERIC)})"
    return (
        f"CASE WHEN {a} IS NULL OR {b} IS NULL THEN NULL WHEN {large} THEN error('numeric overflow') "
        f"WHEN {product} IS NULL THEN {untaught('products of NUMERIC with so many digits')} ELSE {product} END"
    )


def _quotient(kind: Type, a: str, b: str) -> str:
    quotient = numeric_quotient(a, b) if kind == NUMERIC else finite(f"({a} / {b})", a, b)
    message = f"'division by zero: ' || {_shown(a, kind)} || ' / ' || {_shown(b, kind)}"
    return f"(CASE WHEN {b} = 0 THEN error({message}) ELSE {quotient} END)"


def _shown(sql: str, kind: Type) -> str:
    return f"printf('%.15g', {sql})" if kind == FLOAT else f"CAST({sql} AS VARCHAR)"


def _days(left: Typed, right: Typed, operator: str) -> Typed | None:
    if operator == "-" and left.type == right.type and left.type in MOMENTS:
        return apart(left, right)
    if operator in "+-" and left.type == DATE and right.type == INTEGER:
        return Typed(f"({left.sql} {operator} CAST({right.sql} AS INTEGER))", DATE)
    if operator == "+" and left.type == INTEGER and right.type == DATE:
        return Typed(f"({right.sql} + CAST({left.sql} AS INTEGER))", DATE)
    return None


def negate(node: exp.Expr, env: Env) -> Typed:
    """Bind the minus sign."""
    inner = node.args["this"]
    value = env.bind(inner)
    if value.type not in NUMBERS:
        raise _no_match(env, node, "-", value)
    signed = (value.text or "-").startswith("-")
    text = f"-{value.text}" if value.constant and not signed else None
    if value.type == INTEGER and text is not None:
        # -9223372036854775808 has no positive counterpart.
        return Typed(f"CAST('{text}' AS BIGINT)", INTEGER, constant=True, text=text)
    return Typed(f"(-{value.sql})", value.type, constant=value.constant, text=text)


def logic(node: exp.Expr, env: Env) -> Typed:
    """Bind AND and OR."""
    operator = LOGIC[type(node)]
    return Typed(
        f"({_bool(node.args['this'], env, operator)} {operator} {_bool(node.args['expression'], env, operator)})",
        BOOLEAN,
    )


def negation(node: exp.Expr, env: Env) -> Typed:
    """Bind NOT."""
    return Typed(f"(NOT {_bool(node.args['this'], env, 'NOT')})", BOOLEAN)


def _bool(node: exp.Expr, env: Env, operator: str) -> str:
    value = env.bind(node)
    sql = coerce(value, BOOLEAN)
    if sql is None:
        raise _no_match(env, node, operator, value)
    return sql


def bits(node: exp.Expr, env: Env) -> Typed:
    """Bind & | ^ << >> of INT64."""
    left, right = env.bind(node.args["this"]), env.bind(node.args["expression"])
    operator = BITS[type(node)]
    if {left.type, right.type} - {INTEGER, NULL}:
        raise _no_match(env, node, operator, left, right)
    a, b = str(coerce(left, INTEGER)), str(coerce(right, INTEGER))
    if operator in {"<<", ">>"}:
        return Typed(once(lambda x, y: _shift(x, y, operator), a, b), INTEGER)
    return Typed(f"xor({a}, {b})" if operator == "^" else f"({a} {operator} {b})", INTEGER)


def _shift(a: str, b: str, operator: str) -> str:
    """Shift the 64 bits as they are: what leaves at one end is gone, and zeros come in at the other."""
    shifted = f"CAST(CAST({a} AS BIT) {operator} CAST({b} AS INTEGER) AS BIGINT)"
    return (
        f"(CASE WHEN {b} < 0 THEN error('Bitwise shift by negative offset.') WHEN {b} > 63 THEN 0 ELSE {shifted} END)"
    )


def bit_not(node: exp.Expr, env: Env) -> Typed:
    """Bind ~."""
    value = env.bind(node.args["this"])
    if value.type != INTEGER:
        raise _no_match(env, node, "~", value)
    return Typed(f"(~{value.sql})", INTEGER)


def concatenation(node: exp.Expr, env: Env) -> Typed:
    """Bind ||: strings, bytes or arrays."""
    left, right = env.bind(node.args["this"]), env.bind(node.args["expression"])
    kind = supertype([left, right])
    if kind is None or (kind not in (STRING, BYTES, NULL) and kind.element is None):
        raise _no_match(env, node, "||", left, right)
    kind = STRING if kind == NULL else kind
    return Typed(f"({coerce(left, kind)} || {coerce(right, kind)})", kind)


def is_(node: exp.Expr, env: Env) -> Typed:
    """Bind IS NULL, IS TRUE and IS FALSE."""
    value, test = env.bind(node.args["this"]), node.args["expression"]
    if isinstance(test, exp.Null):
        return Typed(f"({value.sql} IS NULL)", BOOLEAN)
    if not isinstance(test, exp.Boolean):
        raise unsupported("IS with anything but NULL, TRUE and FALSE")
    sql = coerce(value, BOOLEAN)
    if sql is None:
        raise _no_match(env, node, "IS", value)
    return Typed(f"({sql} IS NOT DISTINCT FROM {str(test.this).lower()})", BOOLEAN)


def between(node: exp.Expr, env: Env) -> Typed:
    """Bind BETWEEN."""
    value = env.bind(node.args["this"])
    low, high = env.bind(node.args["low"]), env.bind(node.args["high"])
    lower, upper = compare(node, value, low, env, ">="), compare(node, value, high, env, "<=")
    return Typed(f"({lower.sql} AND {upper.sql})", BOOLEAN)


def like(node: exp.Expr, env: Env) -> Typed:
    """Bind LIKE, whose backslash escapes."""
    if isinstance(node.args["expression"], exp.Any | exp.All | exp.Tuple | exp.Array | exp.Unnest):
        raise unsupported("LIKE with a quantifier")
    value, pattern = env.bind(node.args["this"]), env.bind(node.args["expression"])
    if {value.type, pattern.type} == {BYTES}:
        raise unsupported("LIKE of BYTES")
    if {value.type, pattern.type} - {STRING, NULL}:
        raise _no_match(env, node, "LIKE", value, pattern)
    word = "NOT LIKE" if node.args.get("negate") else "LIKE"
    return Typed(f"({value.sql} {word} {pattern.sql} ESCAPE '\\')", BOOLEAN)


OPERATORS: Mapping[type[exp.Expr], Callable[[exp.Expr, Env], Typed]] = {
    **dict.fromkeys(COMPARISONS, comparison),
    **dict.fromkeys(ARITHMETIC, arithmetic),
    **dict.fromkeys(LOGIC, logic),
    **dict.fromkeys(BITS, bits),
    exp.Interval: interval_,
    exp.Not: negation,
    exp.Neg: negate,
    exp.BitwiseNot: bit_not,
    exp.DPipe: concatenation,
    exp.Is: is_,
    exp.Between: between,
    exp.Like: like,
}
