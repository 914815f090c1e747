"""Looking at a table before it is written anew: what the statement does not carry would be lost without a word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bqmigrate.errors import UnsettledError
from bqmigrate.operations.steps import ObjectRef
from bqmigrate.planning.compare import ASIDE
from bqmigrate.warehouse.port import Resource, Warehouse


@dataclass(frozen=True)
class Rewritten:
    """What goes with a rewriting, and the labels that a table has, to be put back."""

    gone: tuple[str, ...] = ()
    labels: Mapping[str, str] | None = None


def look_before(warehouse: Warehouse, table: ObjectRef, carried: Sequence[str]) -> Rewritten:
    """Return what goes with a rewriting: columns that versions set aside which are taken back by now.

    Raises UnsettledError for what somebody else set and the statement does not carry: other columns, keys, and an
    encryption key that the dataset would not give the table again.
    """
    live = warehouse.get(table)
    if live is None:
        return Rewritten()
    fields = live.body.get("schema", {}).get("fields", [])
    known = {name.lower() for name in carried}
    lost = [str(f["name"]) for f in fields if str(f["name"]).lower() not in known]
    by_hand = [f"column {name}" for name in lost if not ASIDE.match(name)] + list(_settings(warehouse, table, live))
    if by_hand:
        raise UnsettledError(
            "BQM507",
            f"{table} would lose what it has when it is written anew: {', '.join(by_hand)}",
            where=str(table),
            hint="save what is needed, take it off by hand, then run the same command again",
        )
    return Rewritten(tuple(lost), live.labels)


def _settings(warehouse: Warehouse, table: ObjectRef, live: Resource) -> Iterator[str]:
    """Yield what no migration sets, and a new table would be without."""
    constraints = live.body.get("tableConstraints") or {}
    if constraints.get("primaryKey"):
        yield "its primary key"
    if constraints.get("foreignKeys"):
        yield "its foreign keys"
    key = _key(live.body.get("encryptionConfiguration"))
    if key is not None:
        dataset = warehouse.get(replace(table, table=None))
        if dataset is None or _key(dataset.body.get("defaultEncryptionConfiguration")) != key:
            yield f"its encryption key {key} (set it as the default of dataset {table.dataset}, and it stays)"


def _key(configuration: Mapping[str, Any] | None) -> str | None:
    # The server names the version in use behind the key.
    name = (configuration or {}).get("kmsKeyName")
    return str(name).partition("/cryptoKeyVersions/")[0] if name else None
