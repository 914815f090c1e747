"""Looking at a table before it is written anew: what the statement does not carry would be lost without a word."""

from __future__ import annotations

from collections.abc import Sequence

from bqmigrate.errors import UnsettledError
from bqmigrate.operations.steps import ObjectRef
from bqmigrate.planning.compare import ASIDE
from bqmigrate.warehouse.port import Warehouse


def lost_columns(warehouse: Warehouse, table: ObjectRef, carried: Sequence[str]) -> tuple[str, ...]:
    """Return what goes with a rewriting: columns that versions set aside which are taken back by now.

    Raises UnsettledError for any other column that the statement does not carry: somebody added it by hand.
    """
    live = warehouse.get(table)
    fields = live.body.get("schema", {}).get("fields", []) if live else []
    known = {name.lower() for name in carried}
    lost = [str(f["name"]) for f in fields if str(f["name"]).lower() not in known]
    by_hand = [name for name in lost if not ASIDE.match(name)]
    if by_hand:
        raise UnsettledError(
            "BQM507",
            f"{table} has columns that would be lost when it is written anew: {', '.join(by_hand)}",
            where=str(table),
            hint="save what is needed, drop these columns by hand, then: bqmigrate downgrade --allow-data-loss",
        )
    return tuple(lost)
