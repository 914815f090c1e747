"""Believing that something is not there: not on one answer, where a replica may lag behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bqmigrate.operations.steps import ObjectRef
from bqmigrate.warehouse.port import Resource, Warehouse

PAUSES_S = (0.5, 1.0, 2.0)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 8.0


def looks(most: int, sleep: Callable[[float], None]) -> Iterator[bool]:
    """Yield once for each of so many looks, with growing pauses between them: whether it is the last."""
    for number in range(most):
        if number:
            sleep(min(FIRST_PAUSE_S * 2 ** (number - 1), LONGEST_PAUSE_S))
        yield number == most - 1


def find(warehouse: Warehouse, reference: ObjectRef, sleep: Callable[[float], None]) -> Resource | None:
    """Read what the history says is there; None only after several answers that it is not."""
    found = warehouse.get(reference)
    for pause in PAUSES_S:
        if found is not None:
            break
        sleep(pause)
        found = warehouse.get(reference)
    return found
