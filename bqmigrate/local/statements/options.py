"""OPTIONS(...) of datasets, tables, views and columns, as REST properties."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from bqmigrate.local.catalog.clock import milliseconds
from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql.binding import bind_expression
from bqmigrate.local.sql.nodes import Options, OptionValue, Sql
from bqmigrate.local.sql.wire import wire_select, wire_value
from bqmigrate.local.statements.run import Run

DAY_MS = 86_400_000
Convert = Callable[[Any, str], Any]


def _wrong(name: str, what: str) -> WarehouseError:
    return WarehouseError("invalidQuery", f"Option {name} needs {what}")


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise _wrong(name, "a STRING")
    return value


def _flag(value: Any, name: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong(name, "a BOOL")
    return value


def _labels(value: Any, name: str) -> dict[str, str]:
    """Read ARRAY<STRUCT<STRING, STRING>>."""
    try:
        pairs = [(key, text) for key, text in value]
    except (TypeError, ValueError) as error:
        raise _wrong(name, "an ARRAY of (key, value) pairs") from error
    return {_text(key, name): _text(text, name) for key, text in pairs}


def _days(value: Any, name: str) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(name, "a number of days")
    return str(round(value * DAY_MS))


def _minutes(value: Any, name: str) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(name, "a number of minutes")
    return str(round(value * 60_000))


def _timestamp(value: Any, name: str) -> str:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError as error:
            raise _wrong(name, "a TIMESTAMP") from error
    if not isinstance(value, datetime):
        raise _wrong(name, "a TIMESTAMP")
    return str(milliseconds(value if value.tzinfo else value.replace(tzinfo=UTC)))


def _hours(value: Any, name: str) -> str:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(name, "an INT64")
    return str(value)


DATASET_OPTIONS: Mapping[str, tuple[str, Convert]] = {
    "description": ("description", _text),
    "friendly_name": ("friendlyName", _text),
    "labels": ("labels", _labels),
    "default_table_expiration_days": ("defaultTableExpirationMs", _days),
    "default_partition_expiration_days": ("defaultPartitionExpirationMs", _days),
    "default_rounding_mode": ("defaultRoundingMode", _text),
    "is_case_insensitive": ("isCaseInsensitive", _flag),
    "max_time_travel_hours": ("maxTimeTravelHours", _hours),
    "storage_billing_model": ("storageBillingModel", _text),
    "default_kms_key_name": ("defaultEncryptionConfiguration.kmsKeyName", _text),
    "tags": ("resourceTags", _labels),
}
TABLE_OPTIONS: Mapping[str, tuple[str, Convert]] = {
    "description": ("description", _text),
    "friendly_name": ("friendlyName", _text),
    "labels": ("labels", _labels),
    "expiration_timestamp": ("expirationTime", _timestamp),
    "partition_expiration_days": ("timePartitioning.expirationMs", _days),
    "require_partition_filter": ("requirePartitionFilter", _flag),
    "kms_key_name": ("encryptionConfiguration.kmsKeyName", _text),
    "default_rounding_mode": ("defaultRoundingMode", _text),
    "tags": ("resourceTags", _labels),
    "max_staleness": ("maxStaleness", _text),
    "enable_change_history": ("enableChangeHistory", _flag),
}
_SHOWN = ("description", "friendly_name", "labels", "expiration_timestamp", "tags")
VIEW_OPTIONS = {key: TABLE_OPTIONS[key] for key in _SHOWN}
SNAPSHOT_OPTIONS = VIEW_OPTIONS
MATERIALIZED_OPTIONS: Mapping[str, tuple[str, Convert]] = {
    **{key: TABLE_OPTIONS[key] for key in (*_SHOWN, "kms_key_name", "max_staleness", "partition_expiration_days")},
    "enable_refresh": ("materializedView.enableRefresh", _flag),
    "refresh_interval_minutes": ("materializedView.refreshIntervalMs", _minutes),
    "allow_non_incremental_definition": ("materializedView.allowNonIncrementalDefinition", _flag),
}
ROUTINE_OPTIONS: Mapping[str, tuple[str, Convert]] = {
    "description": ("description", _text),
    "strict_mode": ("strictMode", _flag),
}
COLUMN_OPTIONS: Mapping[str, tuple[str, Convert]] = {
    "description": ("description", _text),
    "rounding_mode": ("rounding_mode", _text),
}


def read(run: Run, options: Options, known: Mapping[str, tuple[str, Convert]]) -> dict[str, Any]:
    """Return property path -> value, None where an option was set to NULL; unknown options are refused."""
    out: dict[str, Any] = {}
    for name, given in options.items():
        if name.lower() not in known:
            raise WarehouseError("invalidQuery", f"Unknown option: {name}")
        path, convert = known[name.lower()]
        value = _constant(run, given, name)
        out[path] = None if value is None else convert(value, name)
    return out


def _constant(run: Run, value: OptionValue, name: str) -> Any:
    """Evaluate an option that is an expression; only texts, numbers and timestamps can be computed."""
    if not isinstance(value, Sql):
        return value
    bound = bind_expression(value, run.tables, run.scope)
    found = wire_value(run.execute(wire_select(bound.sql, bound.columns, use_int64=True))[0], bound.columns)
    kind = bound.columns[0].type
    if found is None or kind in {"STRING", "INTERVAL"}:
        return found
    if kind == "TIMESTAMP":
        return datetime.fromtimestamp(int(found) / 1_000_000, UTC)
    if kind in {"INTEGER", "FLOAT", "NUMERIC"}:
        return float(found)
    raise _wrong(name, "a constant")


def apply(resource: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Set properties by path: a map is replaced whole, None removes."""
    out = dict(resource)
    for path, value in changes.items():
        head, _, rest = path.partition(".")
        if rest:
            inner = apply(out.get(head) or {}, {rest: value})
            if inner or head in out:
                out[head] = inner
        elif value is None:
            out.pop(head, None)
        else:
            out[head] = value
    if not out.get("encryptionConfiguration", True):
        del out["encryptionConfiguration"]
    return out


def check_partition_options(resource: Mapping[str, Any], changes: Mapping[str, Any]) -> None:
    """Refuse options that only a partitioned table can have."""
    by_time = (resource.get("timePartitioning") or {}).get("type")
    if changes.get("timePartitioning.expirationMs") is not None and by_time is None:
        raise WarehouseError("invalidQuery", "Option partition_expiration_days needs a table partitioned by time")
    if changes.get("requirePartitionFilter") and by_time is None and "rangePartitioning" not in resource:
        raise WarehouseError("invalidQuery", "Option require_partition_filter needs a partitioned table")


def check_key(resource: Mapping[str, Any], changes: Mapping[str, Any]) -> None:
    """Refuse to begin or end encryption with a key of one's own in place: that takes a copy."""
    path = "encryptionConfiguration.kmsKeyName"
    if path in changes and (changes[path] is None or "encryptionConfiguration" not in resource):
        message = "Option kms_key_name can only change the key of a table that has one: copy the table instead"
        raise WarehouseError("invalidQuery", message)
