"""INTERVAL n part, as DuckDB writes it, and the parts that dates know."""

from __future__ import annotations

from sqlglot import exp

from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql.coercion import coerce
from bqmigrate.local.sql.functions.base import Call
from bqmigrate.local.sql.kinds import INTEGER

DATE_PARTS = ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR")
CLOCK_PARTS = ("MICROSECOND", "MILLISECOND", "SECOND", "MINUTE", "HOUR")
MICROS = {
    "MICROSECOND": 1,
    "MILLISECOND": 1_000,
    "SECOND": 1_000_000,
    "MINUTE": 60_000_000,
    "HOUR": 3_600_000_000,
    "DAY": 86_400_000_000,
}
MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}
DAYS = {"DAY": 1, "WEEK": 7}
WEEKDAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


def interval_part(call: Call, index: int) -> str:
    """Return the part of INTERVAL n part."""
    node = call.nodes[index] if index < len(call.nodes) else None
    unit = node.args.get("unit") if isinstance(node, exp.Interval) else None
    if not isinstance(unit, exp.Var):
        raise call.error(f"{call.name} needs INTERVAL int64_expression date_part")
    return str(unit.this).upper()


def interval_sql(call: Call, index: int) -> str:
    """Write the INTERVAL that is an argument of a call."""
    part = interval_part(call, index)
    node = call.nodes[index].this
    # sqlglot turns the number of INTERVAL 1 DAY into a string.
    if isinstance(node, exp.Literal) and str(node.this).lstrip("-").isdigit():
        node = exp.Literal.number(node.this)
    count = coerce(call.bind(node), INTEGER)
    if count is None:
        raise call.error(f"{call.name} needs an INT64 in INTERVAL")
    if part in MONTHS:
        return f"to_months(CAST({count} * {MONTHS[part]} AS INTEGER))"
    if part in DAYS:
        return f"to_days(CAST({count} * {DAYS[part]} AS INTEGER))"
    if part in MICROS:
        return f"to_microseconds({count} * {MICROS[part]})"
    raise WarehouseError("invalidQuery", f"A valid date part name is required but found {part}")


def week_shift(part: str) -> int | None:
    """Return by how many days WEEK or WEEK(DAY) begins after Monday, or None when it is another part."""
    if part == "ISOWEEK":
        return 0
    if part == "WEEK":
        return 6
    name = part.removeprefix("WEEK(").removesuffix(")")
    return WEEKDAYS.index(name) if part.startswith("WEEK(") and name in WEEKDAYS else None
