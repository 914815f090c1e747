"""Names of datasets, tables and columns: BigQuery's rules, and the one place that quotes them.

Rules: https://cloud.google.com/bigquery/docs/schemas (columns), .../tables (tables),
.../datasets (datasets), .../labels-intro (labels).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

COLUMN_LENGTH = 300
TABLE_BYTES = 1024
DATASET_LENGTH = 1024
LABEL_LENGTH = 63
RESERVED_COLUMN_PREFIXES = (
    "_TABLE_",
    "_FILE_",
    "_PARTITION",
    "_ROW_TIMESTAMP",
    "__ROOT__",
    "_COLIDENTIFIER",
    "_CHANGE_SEQUENCE_NUMBER",
    "_CHANGE_TYPE",
    "_CHANGE_TIMESTAMP",
)

_PLAIN_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_FLEXIBLE_SIGNS = set("&%=+:'<>#| _-")
_DATASET = re.compile(r"[A-Za-z0-9_]+\Z")
_PROJECT = re.compile(r"(?:[a-z][a-z0-9.-]*:)?[a-z][a-z0-9-]{4,28}[a-z0-9]\Z")
_LABEL_KEY = re.compile(r"[^\W\d_A-Z][\w-]{0,62}\Z")
_LABEL_VALUE = re.compile(r"[\w-]{0,63}\Z")


@dataclass(frozen=True, order=True)
class TableName:
    """A table or view by its dataset and own name; the dataset is logical in files, physical in jobs."""

    dataset: str
    table: str

    def __str__(self) -> str:
        return f"{self.dataset}.{self.table}"


def column_problem(name: str) -> str | None:
    """Say what is wrong with a column name, or None."""
    if not name:
        return "a column name cannot be empty"
    if len(name) > COLUMN_LENGTH:
        return f"a column name has at most {COLUMN_LENGTH} characters, this one {len(name)}"
    upper = name.upper()
    for prefix in RESERVED_COLUMN_PREFIXES:
        if upper.startswith(prefix):
            return f"column names starting with {prefix} are reserved by BigQuery"
    if _PLAIN_COLUMN.match(name):
        return None
    for sign in name:
        if unicodedata.category(sign)[0] not in "LN" and sign not in _FLEXIBLE_SIGNS:
            if unicodedata.category(sign) in {"Pc", "Pd", "Mn", "Mc", "Me"}:
                continue
            return f"a column name cannot contain {sign!r}"
    return None


def table_problem(name: str) -> str | None:
    """Say what is wrong with a table or view name, or None."""
    if not name:
        return "a table name cannot be empty"
    size = len(name.encode())
    if size > TABLE_BYTES:
        return f"a table name has at most {TABLE_BYTES} bytes, this one {size}"
    for sign in name:
        category = unicodedata.category(sign)
        if category[0] not in "LMN" and category not in {"Pc", "Pd", "Zs"}:
            return f"a table name cannot contain {sign!r}"
    return None


def dataset_problem(name: str) -> str | None:
    """Say what is wrong with a dataset name, or None."""
    if not name:
        return "a dataset name cannot be empty"
    if len(name) > DATASET_LENGTH:
        return f"a dataset name has at most {DATASET_LENGTH} characters, this one {len(name)}"
    if not _DATASET.match(name):
        return "a dataset name has only letters, digits and underscores"
    return None


def project_problem(name: str) -> str | None:
    """Say what is wrong with a project id, or None."""
    if _PROJECT.match(name):
        return None
    return "a project id has 6 to 30 lowercase letters, digits and hyphens, and starts with a letter"


def label_problem(key: str, value: str) -> str | None:
    """Say what is wrong with a label, or None."""
    if not _LABEL_KEY.match(key) or key != key.lower():
        return f"label key {key!r}: 1 to 63 lowercase letters, digits, _ and -, starting with a letter"
    if not _LABEL_VALUE.match(value) or value != value.lower():
        return f"label value {value!r}: at most 63 lowercase letters, digits, _ and -"
    return None


def quote(*parts: str) -> str:
    """Write a path as one quoted GoogleSQL identifier, `p.d.t`.

    Raises ValueError for a backtick, a backslash or a control character, which no legal name has.
    """
    path = ".".join(parts)
    if any(sign in "`\\" or unicodedata.category(sign) == "Cc" for sign in path):
        raise ValueError(f"not a name: {path!r}")
    return f"`{path}`"


def literal(text: str) -> str:
    """Write a string as a GoogleSQL literal, on one line, whatever it contains."""
    out = text.replace("\\", "\\\\").replace("'", "\\'")
    out = out.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    safe = "".join(c if unicodedata.category(c) != "Cc" else f"\\u{ord(c):04x}" for c in out)
    return f"'{safe}'"
