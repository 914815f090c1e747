"""Which types hold every value of which others: the widening table of SET DATA TYPE.

https://cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language
"""

from __future__ import annotations

from bqmigrate.model.columns import Column

WIDER = {
    "INTEGER": frozenset({"NUMERIC", "BIGNUMERIC", "FLOAT"}),
    "NUMERIC": frozenset({"BIGNUMERIC", "FLOAT"}),
}
DEFAULT_INTEGER_DIGITS = {"NUMERIC": 29, "BIGNUMERIC": 38}
DEFAULT_SCALE = {"NUMERIC": 9, "BIGNUMERIC": 38}


def widens(old: Column, new: Column) -> bool:
    """Tell whether `new` holds every value of `old` by the documented conversions (equal counts)."""
    if old.mode != new.mode:
        return False
    if old.type == "RECORD" or new.type == "RECORD":
        return old.type == new.type and _record_widens(old, new)
    if new.type == old.type:
        return _same_name_widens(old, new)
    if new.type not in WIDER.get(old.type, ()):
        return False
    return new.type == "FLOAT" or _digits_fit(old, new)


def _record_widens(old: Column, new: Column) -> bool:
    same_names = [f.name.lower() for f in old.fields] == [f.name.lower() for f in new.fields]
    return same_names and all(widens(a, b) for a, b in zip(old.fields, new.fields, strict=True))


def _same_name_widens(old: Column, new: Column) -> bool:
    if old.type in {"STRING", "BYTES"}:
        return new.max_length is None or (old.max_length is not None and new.max_length >= old.max_length)
    if old.type in DEFAULT_INTEGER_DIGITS:
        return _digits_fit(old, new)
    return old.range_element == new.range_element


def _digits_fit(old: Column, new: Column) -> bool:
    before, after = _digits(old), _digits(new)
    return after[0] >= before[0] and after[1] >= before[1]


def _digits(column: Column) -> tuple[int, int]:
    """Return (digits before, digits after the point) that a number column holds."""
    if column.type == "INTEGER":
        return 19, 0
    if column.precision is None:
        return DEFAULT_INTEGER_DIGITS[column.type], DEFAULT_SCALE[column.type]
    scale = column.scale or 0
    return column.precision - scale, scale
