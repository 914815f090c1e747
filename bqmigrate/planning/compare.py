"""What a migration says of an object against what is there: found as it should be, or not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bqmigrate.model.catalog import Partitioning, Table
from bqmigrate.model.columns import Column, find
from bqmigrate.operations.steps import ResourceKind

OWN_LABELS = "bqm_"
# A column that a migration dropped waits under such a name: it is ours, and in nobody's schema.
ASIDE = re.compile(r"_bqm_drop_\d+(g\d+)?_")
# Of these, no migration can say anything; what they are does not make another table of it.
_UNSPOKEN = ("encryptionConfiguration", "defaultCollation", "defaultRoundingMode", "maxStaleness", "isCaseInsensitive")


@dataclass(frozen=True)
class Difference:
    """One attribute that differs; a cosmetic one does not make another object of it."""

    attribute: str
    stated: object
    live: object
    cosmetic: bool = False

    def __str__(self) -> str:
        return f"{self.attribute}: the migration says {shown(self.stated)}, there is {shown(self.live)}"


def shown(value: object) -> str:
    """Return a value as a message has it: `nothing` where there is none."""
    if isinstance(value, tuple) and value:
        return ", ".join(str(part) for part in value)
    return "nothing" if value in (None, "", (), {}) else str(value)


def differences(kind: ResourceKind, stated: Mapping[str, Any], live: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Return what differs between a stated REST resource and the live one."""
    by_kind = {"dataset": _dataset, "table": _table, "view": _view}
    return (*by_kind[kind](stated, live), *_cosmetic(stated, live))


def _dataset(stated: Mapping[str, Any], live: Mapping[str, Any]) -> Iterator[Difference]:
    if str(stated.get("location", "")).upper() != str(live.get("location", "")).upper():
        yield Difference("location", stated.get("location"), live.get("location"))
    for key in ("defaultTableExpirationMs", "defaultPartitionExpirationMs"):
        if stated.get(key) != live.get(key):
            yield Difference(key, stated.get(key), live.get(key))


def _view(stated: Mapping[str, Any], live: Mapping[str, Any]) -> Iterator[Difference]:
    if live.get("type") != "VIEW":
        yield Difference("type", "VIEW", live.get("type"))
        return
    view = live.get("view") or {}
    here, there = stated["view"]["query"].strip(), str(view.get("query", "")).strip()
    if here != there:
        yield Difference("query", here, there)
    if view.get("useLegacySql"):
        yield Difference("dialect", "GoogleSQL", "legacy SQL")
    if stated.get("expirationTime") != live.get("expirationTime"):
        yield Difference("expiration", stated.get("expirationTime"), live.get("expirationTime"))


def _table(stated: Mapping[str, Any], live: Mapping[str, Any]) -> Iterator[Difference]:
    if live.get("type", "TABLE") != "TABLE":
        yield Difference("type", "TABLE", live.get("type"))
        return
    want, have = Table.from_rest(stated), Table.from_rest(live)
    yield from _columns(want.columns, have.columns)
    pairs = (
        ("partitioning", _partitioned(want.partitioning), _partitioned(have.partitioning)),
        ("partition expiration", _expiry(want.partitioning), _expiry(have.partitioning)),
        ("clustering", tuple(c.lower() for c in want.clustering), tuple(c.lower() for c in have.clustering)),
        ("expiration", want.expiration_ms, have.expiration_ms),
        ("require_partition_filter", want.require_partition_filter, have.require_partition_filter),
        *_constraints(stated, live),
    )
    for name, here, there in pairs:
        if here != there:
            yield Difference(name, here, there)


def _partitioned(spec: Partitioning | None) -> str | None:
    if spec is None:
        return None
    by = (spec.field or "time of ingestion").lower()
    span = f" from {spec.start} to {spec.end} by {spec.interval}" if spec.type == "RANGE" else ""
    return f"{spec.type} on {by}{span}"


def _expiry(spec: Partitioning | None) -> str | None:
    return f"{spec.expiration_ms} ms" if spec and spec.expiration_ms is not None else None


def _constraints(stated: Mapping[str, Any], live: Mapping[str, Any]) -> Iterator[tuple[str, object, object]]:
    here, there = (r.get("tableConstraints") or {} for r in (stated, live))
    keys = [tuple(c.lower() for c in (side.get("primaryKey") or {}).get("columns") or ()) for side in (here, there)]
    yield ("primary key", keys[0], keys[1])
    foreign = [tuple(sorted(_foreign(key) for key in side.get("foreignKeys") or ())) for side in (here, there)]
    yield ("foreign keys", foreign[0], foreign[1])


def _foreign(key: Mapping[str, Any]) -> str:
    to = key.get("referencedTable") or {}
    pairs = key.get("columnReferences") or ()
    own, other = (
        ", ".join(str(pair.get(side, "")).lower() for pair in pairs)
        for side in ("referencingColumn", "referencedColumn")
    )
    return f"({own}) to {to.get('datasetId')}.{to.get('tableId')} ({other})"


def _columns(want: tuple[Column, ...], have: tuple[Column, ...], where: str = "") -> Iterator[Difference]:
    for column in want:
        path = f"{where}{column.name}"
        found = find(have, column.name)
        if found is not None:
            yield from _column(path, column, found)
        elif not ASIDE.match(column.name):
            yield Difference(f"column {path}", _type(column), None)
    for column in have:
        if find(want, column.name) is None:
            yield Difference(
                f"column {where}{column.name}", None, _type(column), cosmetic=_is_aside(column.name, where)
            )
    yield from _order(want, have, where)


def _column(path: str, column: Column, found: Column) -> Iterator[Difference]:
    pairs = (
        (f"column {path}", _type(column), _type(found)),
        (f"default of column {path}", column.default, found.default),
        (f"collation of column {path}", column.collation, found.collation),
        (f"rounding mode of column {path}", column.rounding_mode, found.rounding_mode),
        (f"policy tags of column {path}", column.policy_tags, found.policy_tags),
        (f"data policies of column {path}", tuple(sorted(column.data_policies)), tuple(sorted(found.data_policies))),
    )
    for name, here, there in pairs:
        if here != there:
            yield Difference(name, here, there)
    if (column.description or "") != (found.description or ""):
        yield Difference(f"description of column {path}", column.description, found.description, cosmetic=True)
    if column.name != found.name:
        yield Difference(f"spelling of column {path}", column.name, found.name, cosmetic=True)
    yield from _columns(column.fields, found.fields, f"{path}.")


def _order(want: tuple[Column, ...], have: tuple[Column, ...], where: str) -> Iterator[Difference]:
    """Compare the order of the columns that both have: INSERT and UNION ALL go by it."""
    here = tuple(c.name.lower() for c in want if find(have, c.name) and not _is_aside(c.name, where))
    there = tuple(c.name.lower() for c in have if find(want, c.name) and not _is_aside(c.name, where))
    if here != there:
        first = next(i for i, (one, other) in enumerate(zip(here, there, strict=True)) if one != other)
        name = f"order of columns{f' of {where[:-1]}' if where else ''}, from number {first + 1}"
        yield Difference(name, here[first:], there[first:])


def _is_aside(name: str, where: str) -> bool:
    return not where and ASIDE.match(name) is not None


def _type(column: Column) -> str:
    kind = "STRUCT" if column.type == "RECORD" else column.sql_type()
    return kind if column.mode == "NULLABLE" else f"{kind} {column.mode}"


def _cosmetic(stated: Mapping[str, Any], live: Mapping[str, Any]) -> Iterator[Difference]:
    for key in ("description", "friendlyName"):
        if (stated.get(key) or "") != (live.get(key) or ""):
            yield Difference(key, stated.get(key), live.get(key), cosmetic=True)
    here, there = (_labels(r) for r in (stated, live))
    if here != there:
        yield Difference("labels", here, there, cosmetic=True)
    for key in _UNSPOKEN:
        if (stated.get(key) or None) != (live.get(key) or None):
            yield Difference(key, stated.get(key), live.get(key), cosmetic=True)


def _labels(resource: Mapping[str, Any]) -> dict[str, str]:
    return {k: v for k, v in (resource.get("labels") or {}).items() if not k.startswith(OWN_LABELS)}
