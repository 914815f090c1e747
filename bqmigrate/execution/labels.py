"""Putting labels back that a statement may have lost: they say who made a table, and are the user's besides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bqmigrate.operations.steps import JobStep, ObjectRef
from bqmigrate.warehouse.port import StaleEtag, Warehouse

TRIES = 5


def labels_before(warehouse: Warehouse, step: JobStep) -> Mapping[str, str]:
    """Return which of the labels that a rename may lose its table has; none where it is renamed already.

    What was found, not made, has none of them: a label of ours on it would have it dropped one day.
    """
    if step.of is None or not step.keeps_labels:
        return {}
    source = warehouse.get(replace(step.of, table=step.target.rpartition(".")[2]))
    return {k: v for k, v in step.keeps_labels.items() if source is not None and source.labels.get(k) == v}


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
