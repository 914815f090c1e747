"""INTERVAL values: literals, and moments plus or minus them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlglot import exp

from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql.coercion import coerce
from bqmigrate.local.sql.env import Env
from bqmigrate.local.sql.functions.intervals import DAYS, MICROS, MONTHS
from bqmigrate.local.sql.kinds import DATE, DATETIME, INTEGER, INTERVAL, TIMESTAMP, Typed

PARTS = ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND")
# The signs between the parts of '1-2 3 4:5:6.7'.
SIGNS = ("-", " ", " ", ":", ":")
NUMBER = dict.fromkeys(PARTS, r"(\d+)") | {"SECOND": r"(\d+(?:\.\d{1,6})?)"}
WRITERS: Mapping[str, str] = {
    "YEAR": "to_years({0})",
    "MONTH": "to_months({0})",
    "DAY": "to_days({0})",
    "HOUR": "to_hours({0})",
    "MINUTE": "to_minutes({0})",
}


def interval_(node: exp.Expr, env: Env) -> Typed:
    """Bind INTERVAL n part, and INTERVAL 'text' part TO part."""
    unit = node.args.get("unit")
    if isinstance(unit, exp.IntervalSpan):
        return Typed(_spanned(node, str(unit.this).upper(), str(unit.expression).upper(), env), INTERVAL, constant=True)
    if not isinstance(unit, exp.Var):
        raise env.error("INTERVAL needs a datetime part", node)
    part, number = str(unit.this).upper(), node.args["this"]
    if isinstance(number, exp.Literal) and str(number.this).lstrip("-").isdigit():
        # sqlglot turns the number of INTERVAL 1 DAY into a string.
        number = exp.Literal.number(number.this)
    count = coerce(env.bind(number), INTEGER)
    if count is None:
        raise env.error("INTERVAL needs an INT64", node)
    return Typed(_counted(count, part), INTERVAL)


def _counted(count: str, part: str) -> str:
    if part in MONTHS:
        return f"to_months(CAST({count} * {MONTHS[part]} AS INTEGER))"
    if part in DAYS:
        return f"to_days(CAST({count} * {DAYS[part]} AS INTEGER))"
    if part in MICROS:
        return f"to_microseconds({count} * {MICROS[part]})"
    raise WarehouseError("invalidQuery", f"A valid date part name is required but found {part}")


def _spanned(node: exp.Expr, first: str, last: str, env: Env) -> str:
    """Return the sum of the parts of a text such as '1-2' YEAR TO MONTH."""
    if first not in PARTS or last not in PARTS or PARTS.index(first) >= PARTS.index(last):
        raise env.error(f"Syntax error: INTERVAL {first} TO {last}", node)
    chosen = PARTS[PARTS.index(first) : PARTS.index(last) + 1]
    signs = SIGNS[PARTS.index(first) : PARTS.index(last)]
    pattern = NUMBER[first] + "".join(sign + NUMBER[part] for sign, part in zip(signs, chosen[1:], strict=True))
    text = str(node.args["this"].this)
    match = re.fullmatch(rf"([+-]?){pattern}", text)
    if match is None:
        raise env.error(f"Invalid INTERVAL value '{text}'", node)
    sign, *numbers = match.groups()
    summed = " + ".join(_part(part, number) for part, number in zip(chosen, numbers, strict=True))
    return f"(-({summed}))" if sign == "-" else f"({summed})"


def _part(part: str, number: str) -> str:
    if part == "SECOND":
        whole, _, fraction = number.partition(".")
        return f"to_microseconds({int(whole) * 1_000_000 + int(fraction.ljust(6, '0') or 0)})"
    return WRITERS[part].format(int(number))


def shifted(left: Typed, right: Typed, operator: str) -> Typed | None:
    """Bind a moment plus or minus an INTERVAL, and sums of INTERVALs; None for all else."""
    if operator == "+" and left.type == INTERVAL and right.type != INTERVAL:
        left, right = right, left
    if operator not in "+-" or right.type != INTERVAL:
        return None
    text = f"({left.sql} {operator} {right.sql})"
    if left.type in {INTERVAL, DATETIME}:
        return Typed(text, left.type)
    if left.type == DATE:
        return Typed(f"(CAST({left.sql} AS TIMESTAMP) {operator} {right.sql})", DATETIME)
    if left.type == TIMESTAMP:
        message = "'TIMESTAMP +/- INTERVAL is not supported for intervals with non-zero MONTH or YEAR part.'"
        guard = f"datepart('year', {right.sql}) <> 0 OR datepart('month', {right.sql}) <> 0"
        return Typed(f"(CASE WHEN {guard} THEN error({message}) ELSE {text} END)", TIMESTAMP)
    return None


def apart(left: Typed, right: Typed) -> Typed:
    """Bind the INTERVAL between two moments: days between DATEs, else time."""
    if left.type == DATE:
        return Typed(f"to_days(CAST({left.sql} - {right.sql} AS INTEGER))", INTERVAL)
    return Typed(f"to_microseconds(epoch_us({left.sql}) - epoch_us({right.sql}))", INTERVAL)
