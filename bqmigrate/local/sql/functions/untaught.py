"""Functions that BigQuery has and this warehouse has not been taught: 501, where others are "not found"."""

from __future__ import annotations

from typing import NoReturn

from bqmigrate.local.errors import unsupported
from bqmigrate.local.sql.functions.base import Call

NAMES = (
    "FARM_FINGERPRINT", "SHA512", "NORMALIZE", "NORMALIZE_AND_CASEFOLD", "SOUNDEX", "INITCAP", "SEARCH",
    "EDIT_DISTANCE", "REGEXP_INSTR", "COLLATE", "CODE_POINTS_TO_STRING", "CODE_POINTS_TO_BYTES", "TO_CODE_POINTS",
    "FROM_BASE32", "TO_BASE32", "APPROX_QUANTILES", "APPROX_TOP_COUNT", "APPROX_TOP_SUM", "HLL_COUNT",
    "PERCENTILE_CONT", "PERCENTILE_DISC", "MAX_BY", "MIN_BY", "ARRAY_CONCAT_AGG", "COVAR_POP", "COVAR_SAMP",
    "CORR", "GROUPING", "ST_GEOGPOINT", "ST_GEOGFROMTEXT", "ST_GEOGFROM", "ST_ASTEXT", "ST_ASGEOJSON",
    "ST_DISTANCE", "ST_WITHIN", "ST_CONTAINS", "ST_DWITHIN", "ST_INTERSECTS", "ST_AREA", "ST_LENGTH", "ST_X",
    "ST_Y", "GENERATE_TIMESTAMP_ARRAY", "GENERATE_RANGE_ARRAY", "RANGE_BUCKET",
    "RANGE_INTERSECT", "MAKE_INTERVAL", "JUSTIFY_DAYS",
    "JUSTIFY_HOURS", "JUSTIFY_INTERVAL", "JSON_ARRAY", "JSON_OBJECT", "JSON_SET", "JSON_REMOVE",
    "JSON_STRIP_NULLS", "JSON_KEYS", "JSON_ARRAY_APPEND", "JSON_ARRAY_INSERT", "LAX_BOOL", "LAX_INT64",
    "LAX_FLOAT64", "LAX_STRING", "PARSE_NUMERIC", "PARSE_BIGNUMERIC", "SEC", "CSC", "COT", "SINH", "COSH", "TANH",
    "ASINH", "ACOSH", "ATANH", "COSINE_DISTANCE", "EUCLIDEAN_DISTANCE", "RAND_BETWEEN", "BIT_CAST_TO_INT64",
    "KEYS_NEW_KEYSET", "AEAD_ENCRYPT", "AEAD_DECRYPT_STRING", "EXTERNAL_QUERY", "VECTOR_SEARCH", "APPENDS",
    "CHANGES",
)  # fmt: skip


def refused(call: Call) -> NoReturn:
    """Answer 501."""
    raise unsupported(f"function {call.name}")


SPECIALS = dict.fromkeys(NAMES, refused)
