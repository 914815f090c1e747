"""A column, its type and its mode, in BigQuery's own terms.

Types carry the canonical names that the REST API answers with (INTEGER, FLOAT, BOOLEAN, RECORD),
whatever spelling a file used. https://cloud.google.com/bigquery/docs/schemas
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Mode = Literal["NULLABLE", "REQUIRED", "REPEATED"]
MODES: tuple[Mode, ...] = ("NULLABLE", "REQUIRED", "REPEATED")

TYPES = (
    "STRING", "BYTES", "INTEGER", "FLOAT", "BOOLEAN", "TIMESTAMP", "DATE", "TIME", "DATETIME",
    "GEOGRAPHY", "NUMERIC", "BIGNUMERIC", "JSON", "RECORD", "RANGE", "INTERVAL",
)  # fmt: skip
ALIASES = {
    "INT64": "INTEGER", "INT": "INTEGER", "SMALLINT": "INTEGER", "BIGINT": "INTEGER",
    "TINYINT": "INTEGER", "BYTEINT": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN",
    "STRUCT": "RECORD", "DECIMAL": "NUMERIC", "BIGDECIMAL": "BIGNUMERIC",
}  # fmt: skip
SQL_NAMES = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL", "RECORD": "STRUCT"}
NESTING_LIMIT = 15
DESCRIPTION_LENGTH = 1024
_PARAMETERISED = re.compile(r"([A-Z0-9]+)\s*\(\s*([0-9]+)\s*(?:,\s*([0-9]+)\s*)?\)\Z")


@dataclass(frozen=True)
class Column:
    """One field of a table or of a RECORD."""

    name: str
    type: str
    mode: Mode = "NULLABLE"
    description: str | None = None
    fields: tuple[Column, ...] = ()
    default: str | None = None
    max_length: int | None = None
    precision: int | None = None
    scale: int | None = None
    rounding_mode: str | None = None
    collation: str | None = None
    range_element: str | None = None
    policy_tags: tuple[str, ...] = field(default=())
    data_policies: tuple[str, ...] = field(default=())

    def field(self, name: str) -> Column | None:
        """Return the nested field of that name, compared as BigQuery does: without case."""
        return find(self.fields, name)

    def sql_type(self) -> str:
        """Spell the type for DDL: INT64, NUMERIC(10, 2), ARRAY<STRUCT<a STRING>>."""
        inner = self._scalar_sql()
        return f"ARRAY<{inner}>" if self.mode == "REPEATED" else inner

    def _scalar_sql(self) -> str:
        name = SQL_NAMES.get(self.type, self.type)
        if self.type == "RECORD":
            return f"STRUCT<{', '.join(_nested_sql(f) for f in self.fields)}>"
        if self.type == "RANGE":
            return f"RANGE<{self.range_element}>"
        numbers = [n for n in (self.max_length, self.precision, self.scale) if n is not None]
        return f"{name}({', '.join(map(str, numbers))})" if numbers else name

    def same_type(self, other: Column) -> bool:
        """Tell whether name aside, both hold the same values (nested fields and modes included)."""
        return self.shape() == other.shape()

    def shape(self) -> tuple[object, ...]:
        """Return what decides which values fit: type, mode, parameters and nested fields."""
        nested = tuple((f.name.lower(), f.shape()) for f in self.fields)
        return (self.type, self.mode, nested, self.max_length, self.precision, self.scale, self.range_element)

    def to_rest(self) -> dict[str, Any]:
        """Return the REST TableFieldSchema."""
        out: dict[str, Any] = {"name": self.name, "type": self.type, "mode": self.mode}
        if self.description is not None:
            out["description"] = self.description
        if self.fields:
            out["fields"] = [f.to_rest() for f in self.fields]
        if self.default is not None:
            out["defaultValueExpression"] = self.default
        for key, number in (("maxLength", self.max_length), ("precision", self.precision), ("scale", self.scale)):
            if number is not None:
                out[key] = str(number)
        if self.rounding_mode is not None:
            out["roundingMode"] = self.rounding_mode
        if self.collation is not None:
            out["collation"] = self.collation
        if self.range_element is not None:
            out["rangeElementType"] = {"type": self.range_element}
        return {**out, **self._protection()}

    def _protection(self) -> dict[str, Any]:
        out: dict[str, Any] = {}
        if self.policy_tags:
            out["policyTags"] = {"names": list(self.policy_tags)}
        if self.data_policies:
            out["dataPolicies"] = [{"name": name} for name in self.data_policies]
        return out

    @classmethod
    def from_rest(cls, field: Mapping[str, Any]) -> Column:
        """Read a REST TableFieldSchema, with any of BigQuery's spellings of the type.

        Raises ValueError for an unknown type or mode.
        """
        name, max_length, precision, scale = parse_type(str(field.get("type", "")))
        mode = str(field.get("mode") or "NULLABLE").upper()
        if mode not in MODES:
            raise ValueError(f"unknown mode {field.get('mode')!r}")
        if "maxLength" in field:
            max_length = int(field["maxLength"])
        if "precision" in field:
            precision = int(field["precision"])
        if "scale" in field:
            scale = int(field["scale"])
        return cls(
            name=str(field["name"]),
            type=name,
            mode=mode,
            description=field.get("description"),
            fields=tuple(cls.from_rest(f) for f in field.get("fields") or ()),
            default=field.get("defaultValueExpression"),
            max_length=max_length,
            precision=precision,
            scale=scale,
            rounding_mode=field.get("roundingMode"),
            collation=field.get("collation"),
            range_element=(field.get("rangeElementType") or {}).get("type"),
            policy_tags=tuple((field.get("policyTags") or {}).get("names") or ()),
            data_policies=tuple(str(policy["name"]) for policy in field.get("dataPolicies") or ()),
        )


def _nested_sql(column: Column) -> str:
    required = " NOT NULL" if column.mode == "REQUIRED" else ""
    return f"`{column.name}` {column.sql_type()}{required}"


def parse_type(text: str) -> tuple[str, int | None, int | None, int | None]:
    """Read "INT64", "string(10)", "NUMERIC(10, 2)": (canonical name, max length, precision, scale).

    Raises ValueError for a type BigQuery does not have.
    """
    # Some other letters become A to Z in upper case.
    upper = text.strip().upper() if text.isascii() else text
    match = _PARAMETERISED.match(upper)
    base, first, second = (match[1], int(match[2]), match[3]) if match else (upper, None, None)
    name = ALIASES.get(base, base)
    if name not in TYPES:
        raise ValueError(f"unknown type {text!r}")
    if first is None:
        return name, None, None, None
    if name in {"STRING", "BYTES"} and second is None:
        return name, first, None, None
    if name in {"NUMERIC", "BIGNUMERIC"}:
        return name, None, first, int(second) if second is not None else None
    raise ValueError(f"type {name} takes no such parameters: {text!r}")


def find(columns: Sequence[Column], name: str) -> Column | None:
    """Return the column of that name, compared as BigQuery does: without case."""
    lower = name.lower()
    return next((c for c in columns if c.name.lower() == lower), None)


def find_path(columns: Sequence[Column], path: str) -> Column | None:
    """Return the column at a dotted path such as `address.city`."""
    head, _, rest = path.partition(".")
    column = find(columns, head)
    return find_path(column.fields, rest) if column is not None and rest else column


def replace_path(columns: Sequence[Column], path: str, new: Column) -> tuple[Column, ...]:
    """Return the columns with the one at a dotted path exchanged."""
    head, _, rest = path.partition(".")

    def swap(column: Column) -> Column:
        if column.name.lower() != head.lower():
            return column
        return replace(column, fields=replace_path(column.fields, rest, new)) if rest else new

    return tuple(swap(c) for c in columns)


def depth(columns: Sequence[Column]) -> int:
    """Count the levels of nesting: 1 for a flat table."""
    return 1 + max((depth(c.fields) for c in columns if c.fields), default=0)


def count(columns: Sequence[Column]) -> int:
    """Count columns, nested ones included."""
    return sum(1 + count(c.fields) for c in columns)
