"""Dates, times and timestamps.

https://cloud.google.com/bigquery/docs/reference/standard-sql/timestamp_functions
"""

from __future__ import annotations

from bqmigrate.local.errors import unsupported
from bqmigrate.local.sql.casts import cast_value
from bqmigrate.local.sql.coercion import coerce
from bqmigrate.local.sql.functions.base import Call, Overloads, overload, pick
from bqmigrate.local.sql.functions.formats import duckdb_format
from bqmigrate.local.sql.functions.intervals import (
    CLOCK_PARTS,
    DATE_PARTS,
    MICROS,
    interval_part,
    interval_sql,
    week_shift,
)
from bqmigrate.local.sql.functions.zones import instant_of, local_time
from bqmigrate.local.sql.kinds import DATE, DATETIME, INTEGER, STRING, TIME, TIMESTAMP, Type, Typed
from bqmigrate.local.sql.literals import moment_sql
from bqmigrate.local.sql.once import once
from bqmigrate.local.sql.times import zone_of
from bqmigrate.local.sql.types import string_sql

UTC, EPOCH_DAY = "'UTC'", "'1970-01-01'"
# Microseconds since 1970 of the first and the last moment that BigQuery has; DuckDB has many more.
FIRST, LAST = -62_135_596_800_000_000, 253_402_300_799_999_999
EARLIEST, LATEST = -719_162, 2_932_896


def _floored(unit: int) -> str:
    return f"((epoch_us({{0}}) - ((epoch_us({{0}}) % {unit}) + {unit}) % {unit}) // {unit})"


def _since_1970(unit: int) -> str:
    outside = f"{{0}} NOT BETWEEN {-(-FIRST // unit)} AND {LAST // unit}"
    return f"CASE WHEN {outside} THEN error('Timestamp is out of range') ELSE make_timestamptz({{0}} * {unit}) END"


def within(call: Call, sql: str, kind: Type) -> str:
    """Write a moment that fails outside of the years 1 to 9999, which are all that BigQuery has."""
    if kind == TIME:
        return sql
    micros = f"epoch_us({sql})" if kind != DATE else f"epoch_us(CAST({sql} AS TIMESTAMP))"
    wrong = call.fail(f"{call.name} has a result outside of the years 1 to 9999")
    return f"(CASE WHEN {micros} NOT BETWEEN {FIRST} AND {LAST} THEN {wrong} ELSE {sql} END)"


OVERLOADS: Overloads = {
    "DATE": (
        overload([INTEGER, INTEGER, INTEGER], DATE, "make_date({0}, {1}, {2})"),
        overload([DATE], DATE, "{0}"),
        overload([TIMESTAMP, STRING], DATE, lambda t, zone: f"CAST({local_time(zone, t)} AS DATE)", UTC),
        overload([DATETIME], DATE, "CAST({0} AS DATE)"),
    ),
    "DATETIME": (
        overload(
            [INTEGER] * 6,
            DATETIME,
            "CASE WHEN {3} > 23 THEN error('Invalid datetime') "
            "ELSE make_timestamp({0}, {1}, {2}, {3}, {4}, CAST({5} AS DOUBLE)) END",
        ),
        overload([DATE, TIME], DATETIME, "({0} + {1})"),
        overload([TIMESTAMP, STRING], DATETIME, lambda t, zone: local_time(zone, t), UTC),
        overload([DATETIME], DATETIME, "{0}"),
        overload([DATE], DATETIME, "CAST({0} AS TIMESTAMP)"),
    ),
    # From a DATETIME or TIMESTAMP literal as from any value.
    "TIME": (
        overload(
            [INTEGER] * 3,
            TIME,
            "CASE WHEN {0} > 23 THEN error('Invalid time') ELSE make_time({0}, {1}, CAST({2} AS DOUBLE)) END",
        ),
        overload([TIMESTAMP, STRING], TIME, lambda t, zone: f"CAST({local_time(zone, t)} AS TIME)", UTC),
        overload([DATETIME], TIME, "CAST({0} AS TIME)"),
        overload([TIME], TIME, "{0}"),
    ),
    "TIMESTAMP": (
        overload([TIMESTAMP], TIMESTAMP, "{0}"),
        overload([DATE, STRING], TIMESTAMP, lambda d, zone: instant_of(zone, f"CAST({d} AS TIMESTAMP)"), UTC),
        overload([DATETIME, STRING], TIMESTAMP, lambda d, zone: instant_of(zone, d), UTC),
    ),
    "DATE_FROM_UNIX_DATE": (
        overload(
            [INTEGER],
            DATE,
            f"CASE WHEN {{0}} NOT BETWEEN {EARLIEST} AND {LATEST} THEN error('Date is out of range') "
            "ELSE DATE '1970-01-01' + CAST({0} AS INTEGER) END",
        ),
    ),
    "UNIX_DATE": (overload([DATE], INTEGER, "CAST({0} - DATE '1970-01-01' AS BIGINT)"),),
    # Flooring, also before 1970.
    "UNIX_SECONDS": (overload([TIMESTAMP], INTEGER, _floored(1_000_000)),),
    "UNIX_MILLIS": (overload([TIMESTAMP], INTEGER, _floored(1_000)),),
    "UNIX_MICROS": (overload([TIMESTAMP], INTEGER, "epoch_us({0})"),),
    "TIMESTAMP_SECONDS": (overload([INTEGER], TIMESTAMP, _since_1970(1_000_000)),),
    "TIMESTAMP_MILLIS": (overload([INTEGER], TIMESTAMP, _since_1970(1_000)),),
    "TIMESTAMP_MICROS": (overload([INTEGER], TIMESTAMP, _since_1970(1)),),
}
TYPES = {"DATE": DATE, "DATETIME": DATETIME, "TIMESTAMP": TIMESTAMP, "TIME": TIME}
ACCEPTED = {"DATE": (DATE, DATETIME, TIMESTAMP), "DATETIME": (DATETIME,), "TIMESTAMP": (TIMESTAMP,), "TIME": (TIME,)}


def _subject(call: Call, index: int = 0) -> tuple[str, Type]:
    """Bind the argument that the function's name says is a DATE, DATETIME, TIMESTAMP or TIME."""
    value = call.bind(call.nodes[index]) if index < len(call.nodes) else None
    wanted = ACCEPTED[call.name.split("_")[0]]
    for kind in (*(k for k in wanted if value is not None and value.type == k), wanted[0]):
        sql = coerce(value, kind) if value is not None else None
        if sql is not None:
            return sql, kind
    raise call.no_match([value] if value else [], f"{call.name}({wanted[0]}, ...)")


def shift(call: Call) -> Typed:
    """Bind DATE_ADD, DATE_SUB and their kin."""
    sql, kind = _subject(call)
    part = interval_part(call, 1)
    allowed = {"DATE": DATE_PARTS, "TIME": CLOCK_PARTS, "TIMESTAMP": (*CLOCK_PARTS, "DAY")}.get(kind.name)
    if allowed is not None and part not in allowed:
        raise call.error(f"{call.name} does not support the {part} date part")
    sign = "-" if call.name.endswith("_SUB") else "+"
    moved = f"({sql} {sign} {interval_sql(call, 1)})"
    return Typed(once(lambda m: within(call, m, kind), f"CAST({moved} AS DATE)" if kind == DATE else moved), kind)


def timestamp(call: Call) -> Typed:
    """Bind TIMESTAMP: of a STRING as a cast, of a DATE or DATETIME in a time zone."""
    given = call.arguments()
    if len(given) == 1 and given[0].type == STRING:
        return cast_value(given[0], TIMESTAMP, safe=call.safe)
    if given and given[0].type == STRING and not given[0].constant:
        raise unsupported("TIMESTAMP(STRING, STRING) of what is no constant")
    return pick(call, OVERLOADS["TIMESTAMP"])


def truncate(call: Call) -> Typed:
    """Bind DATE_TRUNC, DATETIME_TRUNC and TIMESTAMP_TRUNC."""
    sql, kind = _subject(call)
    part = call.part(1) if len(call.nodes) > 1 else "DAY"
    zone = call.bind(call.node(2)).sql if len(call.nodes) > 2 else UTC  # noqa: PLR2004
    if (kind == DATE and part in CLOCK_PARTS) or (kind == TIME and part not in CLOCK_PARTS):
        raise call.error(f"{call.name} does not support the {part} date part")
    if kind == TIME:
        return Typed(f"CAST({_cut(call, f'(DATE {EPOCH_DAY} + {sql})', part)} AS TIME)", kind)
    local = local_time(zone, sql) if kind == TIMESTAMP else sql
    cut = _cut(call, local, part)
    if kind == TIMESTAMP:
        return Typed(instant_of(zone, f"CAST({cut} AS TIMESTAMP)"), kind)
    return Typed(f"CAST({cut} AS {'DATE' if kind == DATE else kind.name.replace('DATETIME', 'TIMESTAMP')})", kind)


def _cut(call: Call, sql: str, part: str) -> str:
    days = week_shift(part)
    if days is not None:
        return f"(date_trunc('week', {sql} - to_days({days})) + to_days({days}))"
    if part == "ISOYEAR":
        return f"date_trunc('week', make_date(isoyear({sql}), 1, 4))"
    if part not in (*CLOCK_PARTS, "DAY", "MONTH", "QUARTER", "YEAR"):
        raise call.error(f"A valid date part name is required but found {part}")
    return f"date_trunc('{part.lower()}', {sql})"


def difference(call: Call) -> Typed:
    """Bind DATE_DIFF and its kin: boundaries crossed, but whole units elapsed for TIMESTAMP and TIME."""
    (later, kind), (earlier, _) = _subject(call, 0), _subject(call, 1)
    part = call.part(2) if len(call.nodes) > 2 else "DAY"  # noqa: PLR2004
    if kind in (TIMESTAMP, TIME):
        if part not in MICROS:
            raise call.error(f"{call.name} does not support the {part} date part")
        unit = MICROS[part]
        micros = "epoch_us({0})" if kind == TIMESTAMP else "epoch_us(DATE '1970-01-01' + {0})"
        return Typed(f"(({micros.format(later)} - {micros.format(earlier)}) // {unit})", INTEGER)
    days = week_shift(part)
    if days is not None:
        start, end = _cut(call, earlier, part), _cut(call, later, part)
        return Typed(f"(date_diff('day', {start}, {end}) // 7)", INTEGER)
    if part == "ISOYEAR":
        return Typed(f"CAST(isoyear({later}) - isoyear({earlier}) AS BIGINT)", INTEGER)
    if kind == DATE and part in CLOCK_PARTS:
        raise call.error(f"{call.name} does not support the {part} date part")
    _cut(call, later, part)
    return Typed(f"date_diff('{part.lower()}', {earlier}, {later})", INTEGER)


def last_day(call: Call) -> Typed:
    """Bind LAST_DAY(date[, part])."""
    value = call.bind(call.node(0))
    sql = coerce(value, DATE) or (f"CAST({value.sql} AS DATE)" if value.type == DATETIME else None)
    if sql is None:
        raise call.no_match([value], "LAST_DAY(DATE, [date_part])")
    part = call.part(1) if len(call.nodes) > 1 else "MONTH"
    if part in (*CLOCK_PARTS, "DAY"):
        raise call.error(f"LAST_DAY does not support the {part} date part")
    if part == "ISOYEAR":
        return Typed(f"CAST(date_trunc('week', make_date(isoyear({sql}) + 1, 1, 4)) - to_days(1) AS DATE)", DATE)
    width = {"MONTH": "to_months(1)", "QUARTER": "to_months(3)", "YEAR": "to_months(12)"}.get(part, "to_days(7)")
    return Typed(f"CAST({_cut(call, sql, part)} + {width} - to_days(1) AS DATE)", DATE)


def format_moment(call: Call) -> Typed:
    """Bind FORMAT_DATE, FORMAT_DATETIME, FORMAT_TIMESTAMP and FORMAT_TIME."""
    kind = TYPES[call.name.split("_")[1]]
    text = string_sql(duckdb_format(call.constant_text(0), of=kind.name, zoned=len(call.nodes) > 2))  # noqa: PLR2004
    value = call.bind(call.node(1))
    sql = coerce(value, kind)
    if sql is None:
        raise call.no_match(call.arguments(), f"{call.name}(STRING, {kind})")
    if kind == TIMESTAMP:
        zone = call.bind(call.node(2)).sql if len(call.nodes) > 2 else UTC  # noqa: PLR2004
        sql = local_time(zone, sql)
    if kind == TIME:
        sql = f"(DATE '1970-01-01' + {sql})"
    return Typed(f"strftime({sql}, {text})", STRING)


def parse_moment(call: Call) -> Typed:
    """Bind PARSE_DATE, PARSE_DATETIME, PARSE_TIMESTAMP and PARSE_TIME."""
    kind = TYPES[call.name.split("_")[1]]
    text = duckdb_format(call.constant_text(0), of=kind.name, reading=True)
    value = coerce(call.bind(call.node(1)), STRING) if len(call.nodes) > 1 else None
    if value is None:
        raise call.no_match(call.arguments(), f"{call.name}(STRING, STRING)")
    if kind != TIME and "%Y" not in text and "%y" not in text:
        # What is not said is of 1970; DuckDB takes 1900.
        value, text = f"('1970 ' || {value})", f"%Y {text}"
    parsed = f"strptime({value}, {string_sql(text)})"
    if kind == TIMESTAMP:
        zone = call.bind(call.node(2)).sql if len(call.nodes) > 2 else UTC  # noqa: PLR2004
        return Typed(instant_of(zone, parsed), kind)
    return Typed(f"CAST({parsed} AS {'TIMESTAMP' if kind == DATETIME else kind.name})", kind)


def current(call: Call) -> Typed:
    """Bind CURRENT_TIMESTAMP, CURRENT_DATE, CURRENT_DATETIME and CURRENT_TIME by the virtual clock."""
    now = moment_sql(call.scope.now)
    kind = TYPES[call.name.removeprefix("CURRENT_")]
    if kind == TIMESTAMP:
        return Typed(now, kind)
    zone = call.constant_text(0) if call.nodes else "UTC"
    if zone_of(zone) is None:
        raise call.error(f"Invalid time zone: {zone}")
    local = local_time(string_sql(zone), now)
    return Typed(local if kind == DATETIME else f"CAST({local} AS {kind.name})", kind)


EXTRACTS = {
    "DAYOFWEEK": "(dayofweek({0}) + 1)",
    "DAYOFYEAR": "dayofyear({0})",
    "ISOWEEK": "weekofyear({0})",
    "ISOYEAR": "isoyear({0})",
    "MICROSECOND": "(microsecond({0}) % 1000000)",
    "MILLISECOND": "(millisecond({0}) % 1000)",
    **{part: f"{part.lower()}({{0}})" for part in ("SECOND", "MINUTE", "HOUR", "DAY", "MONTH", "QUARTER", "YEAR")},
}


def extract(call: Call, part: str, value: Typed, zone: str) -> Typed:
    """Bind EXTRACT(part FROM value AT TIME ZONE zone)."""
    if value.type.name not in TYPES:
        raise call.error(f"EXTRACT does not support arguments of type {value.type}")
    clock = part in CLOCK_PARTS
    if (value.type == DATE and clock) or (value.type == TIME and not clock):
        raise call.error(f"EXTRACT from {value.type} does not support the {part} date part")
    sql = local_time(zone, value.sql) if value.type == TIMESTAMP else value.sql
    if part in {"DATE", "DATETIME", "TIME"} and value.type in (TIMESTAMP, DATETIME):
        return Typed(f"CAST({sql} AS {part.replace('DATETIME', 'TIMESTAMP')})", TYPES[part])
    days = week_shift(part)
    if days is not None and part != "ISOWEEK":
        # Days before the year's first Sunday (or other first day) are in week 0.
        weekday = f"((isodow({sql}) - 1 - {days} + 7) % 7)"
        return Typed(f"CAST((dayofyear({sql}) + 6 - {weekday}) // 7 AS BIGINT)", INTEGER)
    if part not in EXTRACTS:
        raise call.error(f"A valid date part name is required but found {part}")
    return Typed(f"CAST({EXTRACTS[part].format(sql)} AS BIGINT)", INTEGER)


FAMILIES = ("DATE", "DATETIME", "TIMESTAMP", "TIME")
SPECIALS = {
    **{f"{family}_ADD": shift for family in FAMILIES},
    **{f"{family}_SUB": shift for family in FAMILIES},
    **{f"{family}_TRUNC": truncate for family in FAMILIES},
    **{f"{family}_DIFF": difference for family in FAMILIES},
    **{f"FORMAT_{family}": format_moment for family in FAMILIES},
    **{f"PARSE_{family}": parse_moment for family in FAMILIES},
    **{f"CURRENT_{family}": current for family in FAMILIES},
    "LAST_DAY": last_day,
    "TIMESTAMP": timestamp,
}
PART_ARGUMENTS = {
    **{f"{family}_TRUNC": (1,) for family in FAMILIES},
    **{f"{family}_DIFF": (2,) for family in FAMILIES},
    "LAST_DAY": (1,),
}
MOST = {
    **dict.fromkeys((f"{family}_{verb}" for family in FAMILIES for verb in ("ADD", "SUB")), 2),
    **dict.fromkeys((f"{family}_DIFF" for family in FAMILIES), 3),
    **dict.fromkeys((f"{verb}_{family}" for family in FAMILIES for verb in ("FORMAT", "PARSE")), 2),
    **dict.fromkeys(("DATE_TRUNC", "DATETIME_TRUNC", "TIME_TRUNC", "LAST_DAY"), 2),
    **dict.fromkeys(("TIMESTAMP_TRUNC", "FORMAT_TIMESTAMP", "PARSE_TIMESTAMP"), 3),
    **dict.fromkeys((f"CURRENT_{family}" for family in FAMILIES), 1),
    "CURRENT_TIMESTAMP": 0,
}
