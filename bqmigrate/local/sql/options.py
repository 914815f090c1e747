"""OPTIONS(name = value, ...): constants become Python values; other expressions stay text for later."""

from __future__ import annotations

from datetime import UTC, datetime

from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql.cursor import Cursor, at_comma
from bqmigrate.local.sql.nodes import Options, OptionValue, Sql
from bqmigrate.local.sql.times import timestamp_micros

CONSTANTS: dict[str, bool | None] = {"TRUE": True, "FALSE": False, "NULL": None}
_VALUE_ENDS = (",", ")", "]")
KNOWN: dict[str, dict[str, tuple[type, ...]]] = {
    "column": {"description": (str,), "rounding_mode": (str,)},
    "table": {
        "description": (str,),
        "friendly_name": (str,),
        "labels": (tuple,),
        "tags": (tuple,),
        "expiration_timestamp": (datetime,),
        "partition_expiration_days": (int, float),
        "require_partition_filter": (bool,),
        "kms_key_name": (str,),
        "default_rounding_mode": (str,),
        "max_staleness": (str,),
        "enable_change_history": (bool,),
        "enable_fine_grained_mutations": (bool,),
    },
    "view": {
        "description": (str,),
        "friendly_name": (str,),
        "labels": (tuple,),
        "tags": (tuple,),
        "expiration_timestamp": (datetime,),
        "privacy_policy": (str,),
    },
    "materialized view": {
        "description": (str,),
        "friendly_name": (str,),
        "labels": (tuple,),
        "tags": (tuple,),
        "expiration_timestamp": (datetime,),
        "partition_expiration_days": (int, float),
        "enable_refresh": (bool,),
        "refresh_interval_minutes": (int, float),
        "max_staleness": (str,),
        "allow_non_incremental_definition": (bool,),
        "kms_key_name": (str,),
    },
    "routine": {"description": (str,), "strict_mode": (bool,), "library": (tuple, str)},
    "schema": {
        "description": (str,),
        "friendly_name": (str,),
        "labels": (tuple,),
        "tags": (tuple,),
        "location": (str,),
        "default_table_expiration_days": (int, float),
        "default_partition_expiration_days": (int, float),
        "default_rounding_mode": (str,),
        "default_kms_key_name": (str,),
        "is_case_insensitive": (bool,),
        "max_time_travel_hours": (int,),
        "storage_billing_model": (str,),
        "is_primary": (bool,),
        "primary_replica": (str,),
    },
}


def options(cursor: Cursor, owner: str) -> Options:
    """Read (name = value, ...) for a column, table, view or schema; raises WarehouseError for an unknown name."""
    cursor.expect("(")
    out: dict[str, OptionValue] = {}
    while not cursor.accept(")"):
        _option(cursor, owner, out)
        if not cursor.at(")"):
            cursor.expect(",")
    return out


def _option(cursor: Cursor, owner: str, out: dict[str, OptionValue]) -> None:
    token = cursor.here
    name = cursor.name().lower()
    if name not in KNOWN[owner]:
        raise cursor.source.error(f"Unknown option: {token.text}", token.start)
    if name in out:
        raise cursor.source.error(f"Duplicate option specified for '{token.text}'", token.start)
    cursor.expect("=")
    value = option_value(cursor)
    kinds = KNOWN[owner][name]
    wrong_flag = isinstance(value, bool) and bool not in kinds
    if value is not None and not isinstance(value, Sql) and (wrong_flag or not isinstance(value, kinds)):
        raise cursor.source.error(f"Option value type is incorrect for '{token.text}'", token.start)
    out[name] = pairs(value, cursor) if name == "labels" else value


def pairs(value: OptionValue, cursor: Cursor) -> OptionValue:
    """Check that labels are an array of pairs of strings; raises WarehouseError."""
    for pair in value if isinstance(value, tuple) else ():
        if not isinstance(pair, tuple) or len(pair) != 2 or not all(isinstance(p, str) for p in pair):  # noqa: PLR2004
            raise cursor.error("Option 'labels' must be an array of pairs of strings")
    return value


def option_value(cursor: Cursor) -> OptionValue:
    """Read one value: a constant in its Python form, or an Sql."""
    simple = _constant(cursor)
    return simple[0] if simple else cursor.slice(at_comma)


def _constant(cursor: Cursor) -> tuple[OptionValue] | None:
    if cursor.accept("["):
        return (_items(cursor, "]"),)
    if cursor.at("STRUCT", "("):
        cursor.next()
    elif not cursor.at("("):
        return _scalar(cursor)
    cursor.next()
    return (_items(cursor, ")"),)


def _items(cursor: Cursor, closing: str) -> tuple[OptionValue, ...]:
    if cursor.accept(closing):
        return ()
    out = cursor.separated(lambda: option_value(cursor))
    cursor.expect(closing)
    return out


def _scalar(cursor: Cursor) -> tuple[OptionValue] | None:
    for reads, width in ((_plain, 1), (_signed, 2), (_timestamp, 2)):
        if cursor.ahead(width).upper in _VALUE_ENDS and (found := reads(cursor)) is not None:
            for _ in range(width):
                cursor.next()
            return found
    return None


def _plain(cursor: Cursor) -> tuple[OptionValue] | None:
    token = cursor.here
    if token.kind == "string":
        return (token.text,)
    if token.kind == "number":
        return (_number(token.raw),)
    return (CONSTANTS[token.upper],) if token.upper in CONSTANTS else None


def _signed(cursor: Cursor) -> tuple[OptionValue] | None:
    token = cursor.ahead(1)
    return (-_number(token.raw),) if cursor.at("-") and token.kind == "number" else None


def _timestamp(cursor: Cursor) -> tuple[OptionValue] | None:
    token = cursor.ahead(1)
    if not cursor.at("TIMESTAMP") or token.kind != "string":
        return None
    micros = timestamp_micros(token.text)
    if micros is None:
        raise WarehouseError("invalidQuery", f"Invalid TIMESTAMP literal at {cursor.position}")
    return (datetime.fromtimestamp(micros // 1_000_000, UTC).replace(microsecond=micros % 1_000_000),)


def _number(raw: str) -> int | float:
    return int(raw, 0) if raw.isdigit() or raw[:2].lower() == "0x" else float(raw)
