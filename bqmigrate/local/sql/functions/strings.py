"""Functions of strings and bytes.

https://cloud.google.com/bigquery/docs/reference/standard-sql/string_functions
"""

from __future__ import annotations

import re

from bqmigrate.local.sql.casts import TEMPLATES, cast_value
from bqmigrate.local.sql.functions.base import Call, Overload, Overloads, overload
from bqmigrate.local.sql.kinds import BOOLEAN, BYTES, INTEGER, STRING, Typed, array_of

STRINGS = array_of(STRING)


def _both(template: str, *more: str) -> tuple[Overload, ...]:
    return (overload([STRING], STRING, template), overload([BYTES], BYTES, more[0] if more else template))


OVERLOADS: Overloads = {
    "ASCII": (overload([STRING], INTEGER, "CAST(CASE WHEN {0} = '' THEN 0 ELSE ascii({0}) END AS BIGINT)"),),
    "BYTE_LENGTH": (
        overload([STRING], INTEGER, "CAST(strlen({0}) AS BIGINT)"),
        overload([BYTES], INTEGER, "CAST(octet_length({0}) AS BIGINT)"),
    ),
    "CHARACTER_LENGTH": (overload([STRING], INTEGER, "length({0})"),),
    "CHAR_LENGTH": (overload([STRING], INTEGER, "length({0})"),),
    "CHR": (overload([INTEGER], STRING, "chr(CAST({0} AS INTEGER))"),),
    "CONTAINS_SUBSTR": (overload([STRING, STRING], BOOLEAN, "contains(lower({0}), lower({1}))"),),
    "ENDS_WITH": (overload([STRING, STRING], BOOLEAN, "ends_with({0}, {1})"),),
    "FROM_BASE64": (overload([STRING], BYTES, "from_base64({0})"),),
    "FROM_HEX": (overload([STRING], BYTES, "from_hex({0})"),),
    "INSTR": (overload([STRING, STRING], INTEGER, "CAST(instr({0}, {1}) AS BIGINT)"),),
    "LEFT": (overload([STRING, INTEGER], STRING, "left({0}, {1})"),),
    "LENGTH": (
        overload([STRING], INTEGER, "length({0})"),
        overload([BYTES], INTEGER, "CAST(octet_length({0}) AS BIGINT)"),
    ),
    "LOWER": (overload([STRING], STRING, "lower({0})"),),
    "LPAD": (overload([STRING, INTEGER, STRING], STRING, "lpad({0}, CAST({1} AS INTEGER), {2})", "' '"),),
    "LTRIM": (overload([STRING, STRING], STRING, "ltrim({0}, {1})", "' '"),),
    "MD5": (
        overload([STRING], BYTES, "from_hex(md5({0}))"),
        overload([BYTES], BYTES, "from_hex(md5({0}))"),
    ),
    "OCTET_LENGTH": (
        overload([STRING], INTEGER, "CAST(strlen({0}) AS BIGINT)"),
        overload([BYTES], INTEGER, "CAST(octet_length({0}) AS BIGINT)"),
    ),
    "REGEXP_CONTAINS": (overload([STRING, STRING], BOOLEAN, "regexp_matches({0}, {1})"),),
    "REGEXP_REPLACE": (overload([STRING, STRING, STRING], STRING, "regexp_replace({0}, {1}, {2}, 'g')"),),
    "REPEAT": (overload([STRING, INTEGER], STRING, "repeat({0}, {1})"),),
    "REPLACE": (
        overload([STRING, STRING, STRING], STRING, "CASE WHEN {1} = '' THEN {0} ELSE replace({0}, {1}, {2}) END"),
    ),
    "REVERSE": (overload([STRING], STRING, "reverse({0})"),),
    "RIGHT": (overload([STRING, INTEGER], STRING, "right({0}, {1})"),),
    "RPAD": (overload([STRING, INTEGER, STRING], STRING, "rpad({0}, CAST({1} AS INTEGER), {2})", "' '"),),
    "RTRIM": (overload([STRING, STRING], STRING, "rtrim({0}, {1})", "' '"),),
    "SAFE_CONVERT_BYTES_TO_STRING": (overload([BYTES], STRING, "TRY(decode({0}))"),),
    "SHA1": (overload([STRING], BYTES, "from_hex(sha1({0}))"), overload([BYTES], BYTES, "from_hex(sha1({0}))")),
    "SHA256": (overload([STRING], BYTES, "from_hex(sha256({0}))"), overload([BYTES], BYTES, "from_hex(sha256({0}))")),
    "SPLIT": (
        overload([STRING, STRING], STRINGS, "CASE WHEN {0} = '' THEN [''] ELSE string_split({0}, {1}) END", "','"),
    ),
    "STARTS_WITH": (overload([STRING, STRING], BOOLEAN, "starts_with({0}, {1})"),),
    "STRPOS": (overload([STRING, STRING], INTEGER, "CAST(strpos({0}, {1}) AS BIGINT)"),),
    "TO_BASE64": (overload([BYTES], STRING, "to_base64({0})"),),
    "TO_HEX": (overload([BYTES], STRING, "lower(hex({0}))"),),
    "TRANSLATE": (overload([STRING, STRING, STRING], STRING, "translate({0}, {1}, {2})"),),
    "TRIM": (overload([STRING, STRING], STRING, "trim({0}, {1})", "' '"),),
    "UNICODE": (overload([STRING], INTEGER, "CAST(CASE WHEN {0} = '' THEN 0 ELSE unicode({0}) END AS BIGINT)"),),
    "UPPER": (overload([STRING], STRING, "upper({0})"),),
}

# A start of 0 counts as 1; one before the beginning counts as the beginning.
_START = "(CASE WHEN {1} = 0 OR {1} < -length({0}) THEN 1 ELSE {1} END)"
SUBSTRINGS: Overloads = {
    name: (
        overload([STRING, INTEGER], STRING, f"substr({{0}}, {_START})"),
        overload([STRING, INTEGER, INTEGER], STRING, f"substr({{0}}, {_START}, {{2}})"),
    )
    for name in ("SUBSTR", "SUBSTRING")
}


def concat(call: Call) -> Typed:
    """Bind CONCAT: one NULL makes all NULL, which DuckDB's own concat does not do."""
    arguments = call.arguments()
    kinds = {a.type.name for a in arguments} - {"NULL"}
    castable = all(k == "STRING" or (k, "STRING") in TEMPLATES for k in kinds)
    if not arguments or not (castable or kinds == {"BYTES"}) or ("BYTES" in kinds and len(kinds) > 1):
        raise call.no_match(arguments, "CONCAT(STRING, ...); CONCAT(BYTES, ...)")
    kind = BYTES if kinds == {"BYTES"} else STRING
    return Typed(f"({' || '.join(cast_value(a, kind).sql for a in arguments)})", kind)


def regexp_extract(call: Call) -> Typed:
    """Bind REGEXP_EXTRACT and REGEXP_SUBSTR: the group if there is one, NULL when nothing matches."""
    text, pattern = _text_and_pattern(call)
    group = _group(call)
    sql = f"CASE WHEN regexp_matches({text.sql}, {pattern}) THEN regexp_extract({text.sql}, {pattern}, {group}) END"
    return Typed(sql, STRING)


def regexp_extract_all(call: Call) -> Typed:
    """Bind REGEXP_EXTRACT_ALL."""
    text, pattern = _text_and_pattern(call)
    return Typed(f"regexp_extract_all({text.sql}, {pattern}, {_group(call)})", STRINGS)


def _text_and_pattern(call: Call) -> tuple[Typed, str]:
    arguments = call.arguments()
    if len(arguments) != 2 or any(a.type != STRING for a in arguments):  # noqa: PLR2004
        raise call.no_match(arguments, f"{call.name}(STRING, STRING)")
    return arguments[0], arguments[1].sql


def _group(call: Call) -> int:
    pattern = call.constant_text(1)
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise call.error(f"Cannot parse regular expression: {error}") from error
    if groups > 1:
        raise call.error("Regular expression has more than 1 capturing group")
    return groups


SPECIALS = {
    "CONCAT": concat,
    "REGEXP_EXTRACT": regexp_extract,
    "REGEXP_SUBSTR": regexp_extract,
    "REGEXP_EXTRACT_ALL": regexp_extract_all,
}
