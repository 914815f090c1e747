"""Constants as DuckDB text, from strings of BigQuery's own forms."""

from __future__ import annotations

import json
import math
import re
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext

from bqmigrate.local.sql.kinds import Type
from bqmigrate.local.sql.times import EPOCH, date_text, datetime_text, time_text, timestamp_micros
from bqmigrate.local.sql.types import BIGNUMERIC_SCALE, STORAGE, string_sql

INT64 = range(-(2**63), 2**63)
NUMERIC_DIGITS, NUMERIC_SCALE, BIGNUMERIC_DIGITS = 29, 9, 39


def int_sql(value: int) -> str:
    """Write an INT64; raises ValueError outside its range."""
    if value not in INT64:
        raise ValueError("out of range")
    return f"CAST({value} AS BIGINT)" if value >= 0 else f"CAST('{value}' AS BIGINT)"


def float_sql(value: float) -> str:
    """Write a FLOAT64, NaN and infinities included."""
    return f"CAST('{value!r}' AS DOUBLE)" if math.isfinite(value) else f"CAST('{value}' AS DOUBLE)"


def bytes_sql(value: bytes) -> str:
    """Write a BYTES value."""
    return f"from_hex('{value.hex()}')" if value else "CAST('' AS BLOB)"


def micros_sql(micros: int) -> str:
    """Write a TIMESTAMP given in microseconds since 1970."""
    return f"make_timestamptz(CAST('{micros}' AS BIGINT))"


def moment_sql(moment: datetime) -> str:
    """Write a TIMESTAMP given as an aware datetime."""
    return micros_sql((moment - EPOCH) // timedelta(microseconds=1))


def decimal_of(text: str, whole: int, scale: int) -> Decimal:
    """Read a decimal, rounded half away from zero; raises ValueError when it does not fit."""
    try:
        with localcontext(prec=120):
            value = Decimal(_digits(text.strip())).quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)
            fits = value.is_finite() and abs(value) < Decimal(10) ** whole
    except InvalidOperation as error:
        raise ValueError(text) from error
    if not fits:
        raise ValueError(text)
    return value


def numeric_sql(text: str) -> str:
    """Write a NUMERIC; raises ValueError."""
    return f"CAST('{decimal_of(text, NUMERIC_DIGITS, NUMERIC_SCALE):f}' AS DECIMAL(38, 9))"


def bignumeric_sql(text: str) -> str:
    """Write a BIGNUMERIC as a BIGNUM scaled by 10^38; raises ValueError."""
    with localcontext(prec=120):
        scaled = decimal_of(text, BIGNUMERIC_DIGITS, BIGNUMERIC_SCALE).scaleb(BIGNUMERIC_SCALE)
        return f"CAST('{scaled:.0f}' AS BIGNUM)"


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _first(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Keep the first of two members with one name, as BigQuery does."""
    return dict(reversed(dict(reversed(pairs)).items()))


def json_sql(text: str) -> str:
    """Write a JSON value from its text; raises ValueError."""
    try:
        value = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_first)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    shown = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return f"CAST({string_sql(shown)} AS JSON)"


def _date(text: str) -> str:
    return f"CAST({string_sql(_present(date_text(text)))} AS DATE)"


def _time(text: str) -> str:
    return f"CAST({string_sql(_present(time_text(text)))} AS TIME)"


def _datetime(text: str) -> str:
    return f"CAST({string_sql(_present(datetime_text(text)))} AS TIMESTAMP)"


def _timestamp(text: str) -> str:
    micros = timestamp_micros(text)
    if micros is None:
        raise ValueError(text)
    return micros_sql(micros)


def _present(text: str | None) -> str:
    if text is None:
        raise ValueError("not in the canonical form")
    return text


def _digits(text: str) -> str:
    # Python reads 1_000, and digits of all scripts.
    if "_" in text or not text.isascii():
        raise ValueError(text)
    return text


def _integer(text: str) -> str:
    text = _digits(text)
    return int_sql(int(text.strip(), 0 if "0x" in text.lower() else 10))


def _boolean(text: str) -> str:
    if text.lower() not in {"true", "false"}:
        raise ValueError(text)
    return text.lower()


def _float(text: str) -> str:
    return float_sql(float(_digits(text)))


READERS = {
    "STRING": string_sql,
    "GEOGRAPHY": string_sql,
    "INTEGER": _integer,
    "FLOAT": _float,
    "BOOLEAN": _boolean,
    "NUMERIC": numeric_sql,
    "BIGNUMERIC": bignumeric_sql,
    "JSON": json_sql,
    "DATE": _date,
    "TIME": _time,
    "DATETIME": _datetime,
    "TIMESTAMP": _timestamp,
}


RANGE = re.compile(r"\[([^,\[]+),\s*([^,)]+)\)\Z")
UNBOUNDED = frozenset({"UNBOUNDED", "NULL"})


def bounds_of(text: str) -> tuple[str | None, str | None]:
    """Return both bounds of '[start, end)', None for an unbounded one; raises ValueError."""
    match = RANGE.match(text.strip())
    if match is None:
        raise ValueError(text)
    start, end = (None if bound.strip().upper() in UNBOUNDED else bound.strip() for bound in match.groups())
    return start, end


def range_of(start: str, end: str, element: str) -> str:
    """Write a RANGE from the texts of its bounds, NULL for an unbounded one."""
    kind = STORAGE[element]
    return f'struct_pack("start" := CAST({start} AS {kind}), "end" := CAST({end} AS {kind}))'


def range_sql(text: str, element: str) -> str:
    """Write a RANGE from '[start, end)'; raises ValueError, also when it does not end after it starts."""
    bounds = [READERS[element](bound) if bound is not None else "NULL" for bound in bounds_of(text)]
    # Of one type both bounds are written alike, so that their texts are in the order of their values.
    if "NULL" not in bounds and not _before(*bounds):
        raise ValueError(text)
    return range_of(bounds[0], bounds[1], element)


def _before(start: str, end: str) -> bool:
    micros = [re.search(r"CAST\('(-?\d+)' AS BIGINT\)", bound) for bound in (start, end)]
    if micros[0] is not None and micros[1] is not None:
        return int(micros[0][1]) < int(micros[1][1])
    return start < end


def text_sql(text: str, kind: Type) -> str:
    """Write the constant that a string means as a value of a scalar type; raises ValueError when it means none."""
    if kind.name == "RANGE":
        return range_sql(text, str(kind.range_element))
    return READERS[kind.name](text)
