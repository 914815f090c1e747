"""Functions of strings and bytes.

https://cloud.google.com/bigquery/docs/reference/standard-sql/string_functions
"""

from __future__ import annotations

import re

from bqmigrate.local.errors import unsupported
from bqmigrate.local.sql.casts import TEMPLATES, cast_value
from bqmigrate.local.sql.coercion import coerce
from bqmigrate.local.sql.functions.base import Call, Overload, Overloads, overload, untaught
from bqmigrate.local.sql.kinds import BOOLEAN, BYTES, INTEGER, NULL, STRING, Type, Typed, array_of
from bqmigrate.local.sql.types import string_sql

STRINGS, BLOBS = array_of(STRING), array_of(BYTES)
# White_Space of Unicode, which TRIM takes away when it is not told what else.
SPACES = string_sql(
    "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
)


def _untaught(*parameters: Type, result: Type = BYTES) -> Overload:
    return overload(parameters, result, None)


def _hash(name: str) -> tuple[Overload, ...]:
    return tuple(overload([kind], BYTES, f"from_hex({name}({{0}}))") for kind in (STRING, BYTES))


def _guarded(failing: str, message: str, value: str) -> str:
    return f"CASE WHEN {failing} THEN error('{message}') ELSE {value} END"


def _cut(name: str) -> tuple[Overload, ...]:
    """Teach LEFT or RIGHT: bytes go through their hexadecimal digits."""
    message = "Second argument in LEFT or RIGHT cannot be negative"
    return (
        overload([STRING, INTEGER], STRING, _guarded("{1} < 0", message, f"{name}({{0}}, {{1}})")),
        overload([BYTES, INTEGER], BYTES, _guarded("{1} < 0", message, f"from_hex({name}(hex({{0}}), {{1}} * 2))")),
    )


def _padded(name: str) -> tuple[Overload, ...]:
    # DuckDB says that padding with nothing is impossible only where it would have to pad.
    failing, message = (
        "{1} < 0 OR {2} = ''",
        "Return length cannot be negative and the pattern cannot be empty in LPAD or RPAD",
    )
    text = f"{name}({{0}}, CAST({{1}} AS INTEGER), {{2}})"
    return (
        overload([STRING, INTEGER, STRING], STRING, _guarded(failing, message, text), "' '"),
        _untaught(BYTES, INTEGER),
        _untaught(BYTES, INTEGER, BYTES),
    )


def _trimmed(name: str) -> tuple[Overload, ...]:
    return (overload([STRING, STRING], STRING, f"{name}({{0}}, {{1}})", SPACES), _untaught(BYTES, BYTES))


_CODES = "{0} < 0 OR {0} > 1114111 OR {0} BETWEEN 55296 AND 57343"
_FIRST = "CASE WHEN {{0}} = '' THEN 0 ELSE {}({{0}}) END"
_SHORT = "regexp_matches({0}, '[^\\x00-\\x7f]') OR regexp_matches({1}, '[^\\x00-\\x7f]')"
OVERLOADS: Overloads = {
    "ASCII": (
        overload(
            [STRING],
            INTEGER,
            _guarded("{0} <> '' AND unicode({0}) > 127", "Non-ASCII character in ASCII", _FIRST.format("ascii")),
        ),
        _untaught(BYTES, result=INTEGER),
    ),
    "BYTE_LENGTH": (
        overload([STRING], INTEGER, "CAST(strlen({0}) AS BIGINT)"),
        overload([BYTES], INTEGER, "CAST(octet_length({0}) AS BIGINT)"),
    ),
    "CHARACTER_LENGTH": (overload([STRING], INTEGER, "length({0})"),),
    "CHAR_LENGTH": (overload([STRING], INTEGER, "length({0})"),),
    "CHR": (
        overload(
            [INTEGER],
            STRING,
            _guarded(_CODES, "Invalid codepoint", "CASE WHEN {0} = 0 THEN '' ELSE chr(CAST({0} AS INTEGER)) END"),
        ),
    ),
    # It compares in the form NFKC, which DuckDB does not know: of ASCII both are the same.
    "CONTAINS_SUBSTR": (
        overload(
            [STRING, STRING],
            BOOLEAN,
            f"CASE WHEN {_SHORT} THEN {untaught('CONTAINS_SUBSTR of text beyond ASCII')} "
            "ELSE contains(lower({0}), lower({1})) END",
        ),
    ),
    "ENDS_WITH": (
        overload([STRING, STRING], BOOLEAN, "ends_with({0}, {1})"),
        overload([BYTES, BYTES], BOOLEAN, "ends_with(hex({0}), hex({1}))"),
    ),
    "FROM_BASE64": (overload([STRING], BYTES, "from_base64({0})"),),
    "FROM_HEX": (overload([STRING], BYTES, "from_hex({0})"),),
    "LEFT": _cut("left"),
    "LENGTH": (
        overload([STRING], INTEGER, "length({0})"),
        overload([BYTES], INTEGER, "CAST(octet_length({0}) AS BIGINT)"),
    ),
    "LOWER": (overload([STRING], STRING, "lower({0})"), _untaught(BYTES)),
    "LPAD": _padded("lpad"),
    "LTRIM": _trimmed("ltrim"),
    "MD5": _hash("md5"),
    "OCTET_LENGTH": (
        overload([STRING], INTEGER, "CAST(strlen({0}) AS BIGINT)"),
        overload([BYTES], INTEGER, "CAST(octet_length({0}) AS BIGINT)"),
    ),
    "REGEXP_CONTAINS": (
        overload([STRING, STRING], BOOLEAN, "regexp_matches({0}, {1})"),
        _untaught(BYTES, BYTES, result=BOOLEAN),
    ),
    "REGEXP_REPLACE": (
        overload([STRING, STRING, STRING], STRING, "regexp_replace({0}, {1}, {2}, 'g')"),
        _untaught(BYTES, BYTES, BYTES),
    ),
    "REPEAT": (
        overload(
            [STRING, INTEGER],
            STRING,
            _guarded("{1} < 0", "Second argument in REPEAT cannot be negative", "repeat({0}, {1})"),
        ),
        overload(
            [BYTES, INTEGER],
            BYTES,
            _guarded("{1} < 0", "Second argument in REPEAT cannot be negative", "from_hex(repeat(hex({0}), {1}))"),
        ),
    ),
    "REPLACE": (
        overload([STRING, STRING, STRING], STRING, "CASE WHEN {1} = '' THEN {0} ELSE replace({0}, {1}, {2}) END"),
        _untaught(BYTES, BYTES, BYTES),
    ),
    # DuckDB's own keeps together what is shown as one character.
    "REVERSE": (
        overload([STRING], STRING, "array_to_string(list_reverse(string_split({0}, '')), '')"),
        overload([BYTES], BYTES, "from_hex(array_to_string(list_reverse(regexp_extract_all(hex({0}), '..')), ''))"),
    ),
    "RIGHT": _cut("right"),
    "RPAD": _padded("rpad"),
    "RTRIM": _trimmed("rtrim"),
    # Each broken byte becomes U+FFFD, by rules of its own.
    "SAFE_CONVERT_BYTES_TO_STRING": (
        overload(
            [BYTES],
            STRING,
            "CASE WHEN {0} IS NOT NULL AND TRY(decode({0})) IS NULL THEN "
            f"{untaught('SAFE_CONVERT_BYTES_TO_STRING of what is no UTF-8')} ELSE TRY(decode({{0}})) END",
        ),
    ),
    "SHA1": _hash("sha1"),
    "SHA256": _hash("sha256"),
    "SPLIT": (
        overload([STRING, STRING], STRINGS, "CASE WHEN {0} = '' THEN [''] ELSE string_split({0}, {1}) END", "','"),
        _untaught(BYTES, BYTES, result=BLOBS),
    ),
    "STARTS_WITH": (
        overload([STRING, STRING], BOOLEAN, "starts_with({0}, {1})"),
        overload([BYTES, BYTES], BOOLEAN, "starts_with(hex({0}), hex({1}))"),
    ),
    "STRPOS": (
        overload([STRING, STRING], INTEGER, "CAST(strpos({0}, {1}) AS BIGINT)"),
        _untaught(BYTES, BYTES, result=INTEGER),
    ),
    "TO_BASE64": (overload([BYTES], STRING, "to_base64({0})"),),
    "TO_HEX": (overload([BYTES], STRING, "lower(hex({0}))"),),
    "TRANSLATE": (
        overload(
            [STRING, STRING, STRING],
            STRING,
            _guarded(
                "length({1}) <> len(list_distinct(string_split({1}, ''))) AND {1} <> ''",
                "Duplicate character in TRANSLATE source characters",
                "translate({0}, {1}, {2})",
            ),
        ),
        _untaught(BYTES, BYTES, BYTES),
    ),
    "TRIM": _trimmed("trim"),
    "UNICODE": (overload([STRING], INTEGER, f"CAST({_FIRST.format('unicode')} AS BIGINT)"),),
    "UPPER": (overload([STRING], STRING, "upper({0})"), _untaught(BYTES)),
}

# A start of 0 counts as 1; one before the beginning counts as the beginning.
_START = "(CASE WHEN {{1}} = 0 OR {{1}} < -{length} THEN 1 WHEN {{1}} < 0 THEN {length} + {{1}} + 1 ELSE {{1}} END)"
_FROM = _START.format(length="length({0})")
_FROM_BYTE = _START.format(length="octet_length({0})")
_NEGATIVE = "Third argument in SUBSTR() cannot be negative"
SUBSTRINGS: Overloads = {
    name: (
        overload([STRING, INTEGER], STRING, f"substr({{0}}, {_FROM})"),
        overload([STRING, INTEGER, INTEGER], STRING, _guarded("{2} < 0", _NEGATIVE, f"substr({{0}}, {_FROM}, {{2}})")),
        overload([BYTES, INTEGER], BYTES, f"from_hex(substr(hex({{0}}), {_FROM_BYTE} * 2 - 1))"),
        overload(
            [BYTES, INTEGER, INTEGER],
            BYTES,
            _guarded("{2} < 0", _NEGATIVE, f"from_hex(substr(hex({{0}}), {_FROM_BYTE} * 2 - 1, {{2}} * 2))"),
        ),
    )
    for name in ("SUBSTR", "SUBSTRING")
}
# All places where the second is found in the first; a search backwards begins at a place counted from the end.
_PLACES = "list_filter(range(1, length({0}) + 1), lambda p: substr({0}, p, length({1})) = {1} AND {2})"
_AHEAD = _PLACES.replace("{2}", "p >= {2}")
_BACK = f"list_reverse({_PLACES.replace('{2}', 'p <= length({0}) + {2} + 1')})"
_FOUND = f"CAST(coalesce((CASE WHEN {{2}} > 0 THEN {_AHEAD} ELSE {_BACK} END)[{{3}}], 0) AS BIGINT)"
_NONE = "{0} IS NULL OR {1} IS NULL OR {2} IS NULL OR {3} IS NULL"
SEARCHES: Overloads = {
    "INSTR": (
        overload(
            [STRING, STRING, INTEGER, INTEGER],
            INTEGER,
            f"CASE WHEN {_NONE} THEN NULL WHEN {{2}} = 0 OR {{3}} <= 0 THEN "
            f"error('Position must not be 0, and occurrence must be positive, in INSTR') ELSE {_FOUND} END",
            "CAST(1 AS BIGINT)",
            "CAST(1 AS BIGINT)",
        ),
        _untaught(BYTES, BYTES, result=INTEGER),
    ),
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
    text, pattern = _text_and_pattern(call, 4)
    group, value = _group(call), text.sql
    if len(call.nodes) == 2:  # noqa: PLR2004
        sql = f"CASE WHEN regexp_matches({value}, {pattern}) THEN regexp_extract({value}, {pattern}, {group}) END"
        return Typed(sql, STRING)
    place = coerce(call.bind(call.node(2)), INTEGER)
    which = coerce(call.bind(call.node(3)), INTEGER) if len(call.nodes) > 3 else "CAST(1 AS BIGINT)"  # noqa: PLR2004
    if place is None or which is None:
        raise call.no_match(call.arguments(), f"{call.name}(STRING, STRING, [INT64], [INT64])")
    wrong = call.fail(f"Position and occurrence must be positive in {call.name}")
    found = f"regexp_extract_all(substr({value}, {place}), {pattern}, {group})[{which}]"
    beyond = f"{place} > length({value}) + 1"
    sql = f"CASE WHEN {place} < 1 OR {which} < 1 THEN {wrong} WHEN {beyond} THEN NULL ELSE {found} END"
    return Typed(sql, STRING)


def regexp_extract_all(call: Call) -> Typed:
    """Bind REGEXP_EXTRACT_ALL."""
    text, pattern = _text_and_pattern(call, 2)
    return Typed(f"regexp_extract_all({text.sql}, {pattern}, {_group(call)})", STRINGS)


def _text_and_pattern(call: Call, most: int) -> tuple[Typed, str]:
    arguments = call.arguments()
    if [a.type for a in arguments[:2]] == [BYTES, BYTES]:
        raise unsupported(f"{call.name} of BYTES")
    texts = [coerce(a, STRING) for a in arguments[:2]]
    if not 2 <= len(arguments) <= most or None in texts:  # noqa: PLR2004
        raise call.no_match(arguments, f"{call.name}(STRING, STRING)")
    return Typed(str(texts[0]), STRING), str(texts[1])


# An escaped sign, a class in brackets, or a bracket that opens a group that captures.
GROUPS = re.compile(r"\\Q.*?\\E|\\.|\[\^?\]?(?:\[:\w+:\]|\\.|[^\]\\])*\]|(\((?!\?)|\(\?P?<(?![=!]))", re.DOTALL)


def _group(call: Call) -> int:
    if call.bind(call.node(1)).type == NULL:
        return 0
    pattern = call.constant_text(1)
    groups = sum(match[1] is not None for match in GROUPS.finditer(pattern))
    if groups > 1:
        raise call.error("Regular expression has more than 1 capturing group")
    return groups


SPECIALS = {
    "CONCAT": concat,
    "REGEXP_EXTRACT": regexp_extract,
    "REGEXP_SUBSTR": regexp_extract,
    "REGEXP_EXTRACT_ALL": regexp_extract_all,
}
