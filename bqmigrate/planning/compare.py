"""What a migration says of an object against what is there: found as it should be, or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bqmigrate.model.catalog import Table
from bqmigrate.model.columns import Column, find
from bqmigrate.operations.steps import ResourceKind

OWN_LABELS = "bqm_"


@dataclass(frozen=True)
class Difference:
    """One attribute that differs; a cosmetic one does not make another object of it."""

    attribute: str
    stated: object
    live: object
    cosmetic: bool = False

    def __str__(self) -> str:
        return f"{self.attribute}: the migration says {_shown(self.stated)}, there is {_shown(self.live)}"


def _shown(value: object) -> str:
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
    here, there = stated["view"]["query"].strip(), str(live.get("view", {}).get("query", "")).strip()
    if here != there:
        yield Difference("query", here, there)


def _table(stated: Mapping[str, Any], live: Mapping[str, Any]) -> Iterator[Difference]:
    if live.get("type", "TABLE") != "TABLE":
        yield Difference("type", "TABLE", live.get("type"))
        return
    want, have = Table.from_rest(stated), Table.from_rest(live)
    yield from _columns(want.columns, have.columns)
    pairs = (
        ("partitioning", want.partitioning, have.partitioning),
        ("clustering", tuple(c.lower() for c in want.clustering), tuple(c.lower() for c in have.clustering)),
        ("expiration", want.expiration_ms, have.expiration_ms),
        ("require_partition_filter", want.require_partition_filter, have.require_partition_filter),
    )
    for name, here, there in pairs:
        if here != there:
            yield Difference(name, here, there)


def _columns(want: tuple[Column, ...], have: tuple[Column, ...], where: str = "") -> Iterator[Difference]:
    for column in want:
        path = f"{where}{column.name}"
        found = find(have, column.name)
        if found is None:
            yield Difference(f"column {path}", _type(column), None)
            continue
        if _type(column) != _type(found):
            yield Difference(f"column {path}", _type(column), _type(found))
        if column.default != found.default:
            yield Difference(f"default of column {path}", column.default, found.default)
        if (column.description or "") != (found.description or ""):
            yield Difference(f"description of column {path}", column.description, found.description, cosmetic=True)
        yield from _columns(column.fields, found.fields, f"{path}.")
    for column in have:
        if find(want, column.name) is None:
            yield Difference(f"column {where}{column.name}", None, _type(column))


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


def _labels(resource: Mapping[str, Any]) -> dict[str, str]:
    return {k: v for k, v in (resource.get("labels") or {}).items() if not k.startswith(OWN_LABELS)}
