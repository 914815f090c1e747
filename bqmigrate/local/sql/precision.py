"""Types with parameters, STRING(n), BYTES(n), NUMERIC(p, s), BIGNUMERIC(p, s): what does not fit is refused.

https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#parameterized_data_types
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal

from bqmigrate.local.sql.types import BIGNUMERIC_SCALE, string_sql
from bqmigrate.model.columns import Column

NUMERIC_PRECISION, NUMERIC_SCALE = 38, 9
EXACT = Context(prec=120)


def limited(sql: str, column: Column, name: str) -> str:
    """Return a value as a column with parameters holds it: rounded to its scale; the text raises for what is no fit."""
    if column.max_length is None and column.precision is None:
        return sql
    return LIMITS[column.type](sql, column, name)


def misfit(value: str | bytes | Decimal, column: Column, name: str) -> str | None:
    """Return what is wrong with a value that a client sent, None when it fits."""
    if isinstance(value, Decimal):
        bound = 10 ** ((column.precision or 0) - (column.scale or 0))
        return None if abs(rounded(value, column)) < bound else f"{_too_great(column, name)}{value}"
    fits = column.max_length is None or len(value) <= column.max_length
    return None if fits else f"{_too_long(column, name)}{len(value)}"


def rounded(value: Decimal, column: Column) -> Decimal:
    """Return a number with no more digits after the point than its column has."""
    mode = ROUND_HALF_EVEN if column.rounding_mode == "ROUND_HALF_EVEN" else ROUND_HALF_UP
    return value.quantize(Decimal(1).scaleb(-(column.scale or 0)), rounding=mode, context=EXACT)


def _too_long(column: Column, name: str) -> str:
    what = f"{column.type}({column.max_length})"
    return f"Field {name}: {what} has maximum length {column.max_length} but got a value with length "


def _too_great(column: Column, name: str) -> str:
    scale = column.scale or 0
    return (
        f"Field {name}: {column.type}({column.precision}, {scale}) has precision {column.precision} and "
        f"scale {scale} but got a value that is not in range: "
    )


def _text(sql: str, column: Column, name: str) -> str:
    length = f"length({sql})" if column.type == "STRING" else f"octet_length({sql})"
    message = string_sql(_too_long(column, name))
    return f"CASE WHEN {length} > {column.max_length} THEN error({message} || {length}) ELSE {sql} END"


def _numeric(sql: str, column: Column, name: str) -> str:
    scale = column.scale or 0
    bound = 10 ** ((column.precision or 0) - scale)
    found = f"CAST(round({sql}, {scale}) AS DECIMAL(38, 9))"
    if column.rounding_mode == "ROUND_HALF_EVEN":
        found = _numeric_even(sql, found, scale)
    if (column.precision or 0) - scale > NUMERIC_PRECISION - NUMERIC_SCALE - 1:
        return found  # a NUMERIC holds nothing greater
    message = string_sql(_too_great(column, name))
    return f"CASE WHEN abs({found}) >= {bound} THEN error({message} || CAST({sql} AS VARCHAR)) ELSE {found} END"


def _numeric_even(sql: str, found: str, scale: int) -> str:
    """Take one unit back from what was rounded away from zero where it was a tie and became odd."""
    if scale >= NUMERIC_SCALE:
        return found
    unit = f"CAST('1e-{scale}' AS DECIMAL(38, 9))"
    tie = f"abs({found} - {sql}) = CAST('5e-{scale + 1}' AS DECIMAL(38, 9))"
    # The last digit that is kept, in a text that always has nine decimals.
    place = NUMERIC_SCALE - scale + (1 if scale else 2)
    odd = f"left(right(CAST({found} AS VARCHAR), {place}), 1) IN ('1', '3', '5', '7', '9')"
    back = f"CAST({found} - CASE WHEN {sql} < 0 THEN -{unit} ELSE {unit} END AS DECIMAL(38, 9))"
    return f"(CASE WHEN {tie} AND {odd} THEN {back} ELSE {found} END)"


def _bignumeric(sql: str, column: Column, name: str) -> str:
    """Round and check a BIGNUM, which knows sums and comparisons alone: the digits are cut off its text."""
    scale = column.scale or 0
    cut = BIGNUMERIC_SCALE - scale
    found = _cut(sql, cut) if cut else sql
    if cut and column.rounding_mode == "ROUND_HALF_EVEN":
        found = _cut_even(sql, found, cut)
    bound = 10 ** ((column.precision or 0) + cut)
    message = string_sql(_too_great(column, name))
    outside = f"{found} >= {_big(bound)} OR {found} <= {_big(-bound)}"
    return f"CASE WHEN {outside} THEN error({message} || {_shown(sql)}) ELSE {found} END"


def _big(number: int) -> str:
    return f"CAST('{number}' AS BIGNUM)"


def _signed(sql: str, number: int) -> str:
    return f"CASE WHEN {sql} < {_big(0)} THEN {_big(-number)} ELSE {_big(number)} END"


def _cut(sql: str, cut: int) -> str:
    kept = f"left(CAST({sql} + {_signed(sql, 5 * 10 ** (cut - 1))} AS VARCHAR), -{cut})"
    digits = f"CASE WHEN {kept} IN ('', '-') THEN '0' ELSE {kept} END"
    return f"CAST({digits} || '{'0' * cut}' AS BIGNUM)"


def _cut_even(sql: str, found: str, cut: int) -> str:
    tie = f"right(CAST({sql} AS VARCHAR), {cut}) = '5{'0' * (cut - 1)}'"
    odd = f"left(right(CAST({found} AS VARCHAR), {cut + 1}), 1) IN ('1', '3', '5', '7', '9')"
    return f"(CASE WHEN {tie} AND {odd} THEN {found} + {_signed(sql, -(10**cut))} ELSE {found} END)"


def _shown(sql: str) -> str:
    """Return the text of the number itself, cut to whole units: a message needs no more."""
    whole = f"left(CAST({sql} AS VARCHAR), -{BIGNUMERIC_SCALE})"
    return f"CASE WHEN {whole} IN ('', '-') THEN '0' ELSE {whole} END"


LIMITS: Mapping[str, Callable[[str, Column, str], str]] = {
    "STRING": _text,
    "BYTES": _text,
    "NUMERIC": _numeric,
    "BIGNUMERIC": _bignumeric,
}
