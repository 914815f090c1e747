"""The codes of everything that can be wrong with a migration file, and how an error becomes a Finding.

BQM101 to BQM109 compare the files with the history; planning raises most of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bqmigrate.model.document import Problem

EDITED = "BQM101"
DELETED = "BQM102"
LATE = "BQM103"
DUPLICATE_NUMBER = "BQM104"
FILE_NAME = "BQM110"
HOLE = "BQM111"
UNREADABLE = "BQM112"
TOO_LARGE = "BQM113"
ENCODING = "BQM114"
BINARY = "BQM115"
EMPTY = "BQM116"
LEAVES_FOLDER = "BQM117"
NOT_YAML = "BQM118"
YAML_FEATURE = "BQM119"
DUPLICATE_KEY = "BQM120"
UNKNOWN_KEY = "BQM121"
UNKNOWN_OPERATION = "BQM122"
UNKNOWN_WORD = "BQM123"
BAD_NAME = "BQM124"
BAD_VALUE = "BQM125"
TOO_DEEP = "BQM126"
NO_OPERATIONS = "BQM127"
SQL_MARKERS = "BQM128"
SQL_TEXT = "BQM129"
NOT_PYTHON = "BQM130"
PYTHON_SHAPE = "BQM131"
PYTHON_ERROR = "BQM132"
INCLUDE = "BQM133"
CATALOG = "BQM140"

CODES: Mapping[str, str] = MappingProxyType(
    {
        EDITED: "a file was edited after it was applied",
        DELETED: "the file of an applied migration is gone",
        LATE: "a pending file has a lower number than an applied one",
        DUPLICATE_NUMBER: "two files have the same number",
        FILE_NAME: "a file name that is not NNNN_snake_case.yaml, .sql or .py",
        HOLE: "a number is missing between the first and the last",
        UNREADABLE: "a file cannot be read",
        TOO_LARGE: "a file is larger than a migration may be",
        ENCODING: "a file is not UTF-8 text",
        BINARY: "a file holds NUL bytes: it is no text",
        EMPTY: "a file is empty",
        LEAVES_FOLDER: "a link or path leads out of the migrations folder",
        NOT_YAML: "a file is not YAML",
        YAML_FEATURE: "a feature of YAML that migrations do without: anchors, aliases, tags, merges, several documents",
        DUPLICATE_KEY: "a key is written twice",
        UNKNOWN_KEY: "a key that is not known there",
        UNKNOWN_OPERATION: "an operation that does not exist",
        UNKNOWN_WORD: "a type, mode or other word that does not exist",
        BAD_NAME: "a name that BigQuery does not allow",
        BAD_VALUE: "a value that is missing or does not fit",
        TOO_DEEP: "a file is nested too deeply",
        NO_OPERATIONS: "a migration that does nothing yet",
        SQL_MARKERS: "the markers -- migrate:up and -- migrate:down are missing or misplaced",
        SQL_TEXT: "a string or comment in SQL is never closed",
        NOT_PYTHON: "a file is not Python",
        PYTHON_SHAPE: "a Python migration without upgrade(op), or one that does what it cannot",
        PYTHON_ERROR: "the code of a Python migration failed",
        INCLUDE: "an included file that cannot be used",
        CATALOG: "an operation that cannot be at its point of the history",
    }
)

# What the readers of operations say, by how it begins: they know nothing of codes.
_BEGINNINGS: tuple[tuple[str, str], ...] = (
    ("unknown operation", UNKNOWN_OPERATION),
    ("unknown key", UNKNOWN_KEY),
    ("unknown ", UNKNOWN_WORD),
    ("bad name", BAD_NAME),
)


class CodedProblem(Problem):
    """A Problem of a kind that has a code of its own."""

    def __init__(self, code: str, problem: Problem) -> None:
        super().__init__(problem.message, problem.node, problem.help)
        self.code = code


def of(problem: Problem) -> str:
    """Return the code of a problem."""
    if isinstance(problem, CodedProblem):
        return problem.code
    return next((code for words, code in _BEGINNINGS if problem.message.startswith(words)), BAD_VALUE)
