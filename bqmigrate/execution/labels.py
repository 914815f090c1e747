"""Putting labels back that a statement may have lost: they say who made a table, and are the user's besides."""

from __future__ import annotations

from collections.abc import Mapping

from bqmigrate.operations.steps import ObjectRef
from bqmigrate.warehouse.port import StaleEtag, Warehouse

TRIES = 5


def put_back(warehouse: Warehouse, table: ObjectRef, labels: Mapping[str, str]) -> None:
    """Give a table the labels that it lacks; others, and other values, stay. One request where none is missing."""
    for _ in range(TRIES):
        live = warehouse.get(table)
        missing = {k: v for k, v in labels.items() if k not in live.labels} if live else {}
        if live is None or not missing:
            return
        try:
            warehouse.patch(table, {"labels": missing}, live.etag)
        except StaleEtag:
            continue
        return
