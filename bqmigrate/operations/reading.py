"""Readers of what operations share: names, columns, partitioning, labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal, cast

from bqmigrate.model import columns as cols
from bqmigrate.model import names
from bqmigrate.model.catalog import CatalogError, Labels, Partitioning, labels_of
from bqmigrate.model.columns import Column
from bqmigrate.model.document import Fields, Node, Problem, any_text, list_of, nullable, one_of, text, unknown, whole
from bqmigrate.model.lexical import expression_problem
from bqmigrate.model.names import TableName
from bqmigrate.model.schema_rules import Refusal

MILLISECONDS_PER_DAY = 86_400_000
INT64_MAX = 2**63 - 1


def refuse(refusal: Refusal | None) -> None:
    """Raise a rule's refusal as a CatalogError."""
    if refusal is not None:
        raise CatalogError(refusal.message)


def checked(problem: Callable[[str], str | None]) -> Callable[[Node], str]:
    """Make a reader of a name out of a rule for names."""

    def read(node: Node) -> str:
        name = text(node)
        if wrong := problem(name):
            raise Problem(f"bad name {name!r}: {wrong}", node)
        return name

    return read


dataset_name = checked(names.dataset_problem)
column_name = checked(names.column_problem)
bare_table_name = checked(names.table_problem)


def column_path(node: Node) -> str:
    """Read the dotted path of a column: address.city."""
    path = text(node)
    for part in path.split("."):
        if wrong := names.column_problem(part):
            raise Problem(f"bad name {path!r}: {wrong}", node)
    return path


def expression(node: Node) -> str:
    """Read one SQL expression, which becomes part of a statement and may not end it."""
    written = text(node)
    if wrong := expression_problem(written):
        raise Problem(f"{written!r} is not one expression: {wrong}", node, "write a literal or a function call")
    return written


def table_name(node: Node) -> TableName:
    """Read `dataset.table`."""
    dataset, dot, table = text(node).partition(".")
    if not dot:
        raise Problem(f"expected dataset.table, found {node.value!r}", node, "write the dataset too: tenants.orders")
    for wrong in (names.dataset_problem(dataset), names.table_problem(table)):
        if wrong:
            raise Problem(f"bad name {node.value!r}: {wrong}", node)
    return TableName(dataset, table)


def labels(node: Node) -> Labels:
    """Read a map of labels."""
    out: dict[str, str] = {}
    for key, value in node.pairs():
        name, content = text(key), any_text(value)
        _check_label(name, content, key)
        out[name] = content
    return labels_of(out)


def label_changes(node: Node) -> tuple[tuple[str, str | None], ...]:
    """Read labels to set; null takes one away."""
    out: dict[str, str | None] = {}
    for key, value in node.pairs():
        name, content = text(key), nullable(any_text)(value)
        _check_label(name, content or "", key)
        out[name] = content
    return tuple(sorted(out.items()))


def _check_label(key: str, value: str, node: Node) -> None:
    if wrong := names.label_problem(key, value):
        raise Problem(f"bad label: {wrong}", node)
    if key.startswith("bqm_"):
        raise Problem("labels starting with bqm_ are bqmigrate's own", node)


def days(node: Node) -> int:
    """Read a number of days as milliseconds."""
    if isinstance(node.value, bool) or not isinstance(node.value, int | float) or node.value <= 0:
        raise Problem(f"expected a number of days above 0, found {node.value!r}", node)
    milliseconds = round(node.value * MILLISECONDS_PER_DAY)
    if not 1 <= milliseconds <= INT64_MAX:
        raise Problem(f"expected days between a millisecond and {INT64_MAX} of them, found {node.value!r}", node)
    return milliseconds


def type_name(node: Node) -> tuple[str, int | None, int | None, int | None]:
    """Read a type: (canonical name, max length, precision, scale)."""
    written = text(node)
    try:
        return cols.parse_type(written)
    except ValueError as error:
        if "<" in written:
            help_ = "write a STRUCT as type: RECORD with fields, an ARRAY as mode: REPEATED"
            raise Problem(f"unknown type {written!r}", node, help_) from error
        known = [*cols.TYPES, *cols.ALIASES]
        raise unknown("type", written.upper(), known, node) from error


def column(node: Node) -> Column:
    """Read a column in BigQuery's JSON field format."""
    fields = Fields(node, "a column")
    name = fields.required("name", column_name)
    kind, max_length, precision, scale = fields.required("type", type_name)
    mode = fields.optional("mode", one_of(*cols.MODES)) or "NULLABLE"
    made = Column(
        name=name,
        type=kind,
        mode=cast("cols.Mode", mode),
        description=fields.optional("description", any_text),
        fields=fields.optional("fields", schema) or (),
        default=fields.optional("defaultValueExpression", expression),
        max_length=fields.optional("maxLength", _as_whole) or max_length,
        precision=fields.optional("precision", _as_whole) or precision,
        scale=_or(fields.optional("scale", _as_whole), scale),
        rounding_mode=fields.optional("roundingMode", one_of("ROUND_HALF_AWAY_FROM_ZERO", "ROUND_HALF_EVEN")),
        collation=fields.optional("collation", text),
        range_element=fields.optional("rangeElementType", _range_element),
        policy_tags=fields.optional("policyTags", _policy_tags) or (),
    )
    fields.close()
    if made.type == "RECORD" and not made.fields:
        raise Problem(f"column {name} is a RECORD and needs fields", node)
    if made.type != "RECORD" and made.fields:
        raise Problem(f"column {name} has fields but is {made.type}, not RECORD", fields.at("fields"))
    return made


def schema(node: Node) -> tuple[Column, ...]:
    """Read a list of columns, at least one, with distinct names."""
    out = list_of(column)(node)
    if not out:
        raise Problem("expected at least one column", node)
    seen: set[str] = set()
    for item, made in zip(node.items(), out, strict=True):
        if made.name.lower() in seen:
            raise Problem(f"duplicate column {made.name} (names are compared without case)", item)
        seen.add(made.name.lower())
    return out


def _as_whole(node: Node) -> int:
    # BigQuery's own JSON writes these numbers as text.
    if isinstance(node.value, str) and node.value.isascii() and node.value.isdecimal() and len(node.value) < 10:  # noqa: PLR2004
        return int(node.value)
    return whole(node)


def _or(first: int | None, second: int | None) -> int | None:
    return first if first is not None else second


def _range_element(node: Node) -> str:
    if not node.is_map:
        return one_of("DATE", "DATETIME", "TIMESTAMP")(node)
    fields = Fields(node, "rangeElementType")
    kind = fields.required("type", one_of("DATE", "DATETIME", "TIMESTAMP"))
    fields.close()
    return kind


def _policy_tags(node: Node) -> tuple[str, ...]:
    fields = Fields(node, "policyTags")
    tags = fields.required("names", list_of(text))
    fields.close()
    return tags


def partitioning(node: Node) -> Partitioning:
    """Read {type, field, expiration_days} or {type: RANGE, field, start, end, interval}."""
    fields = Fields(node, "partitioning")
    kind = fields.required("type", one_of("DAY", "HOUR", "MONTH", "YEAR", "RANGE"))
    made = Partitioning(cast('Literal["DAY", "HOUR", "MONTH", "YEAR", "RANGE"]', kind))
    if kind == "RANGE":
        made = replace(
            made,
            field=fields.required("field", column_name),
            start=fields.required("start", whole),
            end=fields.required("end", whole),
            interval=fields.required("interval", whole),
        )
    else:
        expiration = fields.optional("expiration_days", days)
        made = replace(made, field=fields.optional("field", column_name), expiration_ms=expiration)
    fields.close()
    return made


def as_days(milliseconds: int) -> int | float:
    """Write milliseconds as days, whole where they are."""
    whole_days, rest = divmod(milliseconds, MILLISECONDS_PER_DAY)
    return whole_days if rest == 0 else milliseconds / MILLISECONDS_PER_DAY


def partitioning_data(value: Partitioning) -> dict[str, Any]:
    """Write a partitioning as its reader reads it."""
    out: dict[str, Any] = {"type": value.type}
    for key in ("field", "start", "end", "interval"):
        if getattr(value, key) is not None:
            out[key] = getattr(value, key)
    if value.expiration_ms is not None:
        out["expiration_days"] = as_days(value.expiration_ms)
    return out


def column_data(value: Column) -> dict[str, Any]:
    """Write a column as its reader reads it."""
    out = value.to_rest()
    if value.mode == "NULLABLE":
        del out["mode"]
    if value.fields:
        out["fields"] = [column_data(f) for f in value.fields]
    return out


def given(**values: Any) -> dict[str, Any]:
    """Keep what was stated: drops None, empty collections and False."""
    return {key: value for key, value in values.items() if value not in (None, (), [], {}, False)}
