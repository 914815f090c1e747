"""What DuckDB says while a statement runs, in BigQuery's words: the one place that translates."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import duckdb

from bqmigrate.local.errors import UNTAUGHT, WarehouseError, unsupported

_TYPES = {
    "INT64": "int64",
    "INT32": "int64",
    "BIGINT": "int64",
    "DOUBLE": "double",
    "BOOL": "bool",
    "DATE": "date",
    "TIMESTAMP WITH TIME ZONE": "timestamp",
}


def _spoken(kind: str) -> str:
    return _TYPES.get(kind.strip().upper(), kind.strip().lower())


MATCHES = "UPDATE/MERGE must match at most one source row for each target row"
SCALAR = "Scalar subquery produced more than one element"
# What is searched for in the first line, and what is said instead.
PATTERNS: Sequence[tuple[re.Pattern[str], Callable[[re.Match[str]], str]]] = (
    (re.compile(r"MERGE INTO command cannot affect"), lambda _: MATCHES),
    (re.compile(r"More than one row returned by a subquery"), lambda _: SCALAR),
    (re.compile(r"Unknown TimeZone '(.*?)'"), lambda m: f"Invalid time zone: {m[1]}"),
    (re.compile(r"Invalid Input Error: (.*)", re.DOTALL), lambda m: m[1]),
    (
        re.compile(r"Could not convert string [\"'](.*?)[\"'] to ([A-Z0-9_ ]+)"),
        lambda m: f"Bad {_spoken(m[2])} value: {m[1]}",
    ),
    (re.compile(r"Overflow in (\w+) of \w+ \((.*?)\)"), lambda m: f"int64 overflow: {m[2]}"),
    (re.compile(r"Out of Range Error: (.*)"), lambda m: f"Value out of range: {m[1]}"),
    (re.compile(r"Conversion Error: (.*)"), lambda m: m[1]),
    (re.compile(r'column "(.*?)" must appear in the GROUP BY clause'), lambda m: _ungrouped(m[1])),
    (re.compile(r"NOT NULL constraint failed: \w+\.(\w+)"), lambda m: f"Required field {m[1]} cannot be null"),
)


def _ungrouped(name: str) -> str:
    return f"SELECT list expression references column {name} which is neither grouped nor aggregated"


def runtime_error(error: duckdb.Error) -> WarehouseError:
    """Return the invalidQuery that BigQuery would answer with; what is not understood is kept as `debug`."""
    text = str(error)
    first = text.split("\n\nLINE ", maxsplit=1)[0].strip()
    if isinstance(error, duckdb.OutOfMemoryException):
        return WarehouseError("responseTooLarge", "Resources exceeded during query execution", debug=first)
    if UNTAUGHT in first:
        return unsupported(first.partition(UNTAUGHT)[2])
    for pattern, words in PATTERNS:
        match = pattern.search(first)
        if match is not None:
            return WarehouseError("invalidQuery", words(match), debug=first)
    return WarehouseError("invalidQuery", f"Query error: {first}", debug=text)
