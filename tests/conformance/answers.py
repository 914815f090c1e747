"""How the answers of functions are compared: value and type, each expression by itself where one of them fails."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from google.api_core.exceptions import GoogleAPICallError

from tests.conformance.behaviour import refused

Cases = Mapping[str, Mapping[str, Any]]
Refusals = Mapping[str, Sequence[str]]
Rows = Callable[..., list[tuple[Any, ...]]]


def check(rows: Rows, cases: Mapping[str, Any], source: str = "") -> None:
    """Ask for all cases in one query, and for each by itself when that fails: expression -> value."""
    listed = ", ".join(f"{expression} AS c{i}" for i, expression in enumerate(cases))
    try:
        ((*found,),) = rows(f"SELECT {listed} {source}")
    except GoogleAPICallError:
        found = [_one(rows, expression, source) for expression in cases]
    wrong = {e: (got, want) for (e, want), got in zip(cases.items(), found, strict=True) if not same(got, want)}
    assert not wrong, f"expression -> (answered, documented): {wrong}"


def _one(rows: Rows, expression: str, source: str) -> Any:
    try:
        return rows(f"SELECT {expression} AS c {source}")[0][0]
    except GoogleAPICallError as error:
        return error


def same(found: Any, wanted: Any) -> bool:
    """Tell whether two values are the same: TRUE is not 1, 1 is not 1.0, and NaN is NaN."""
    if type(found) is not type(wanted):
        return False
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(same, found, wanted))
    if isinstance(wanted, float) and math.isnan(wanted):
        return math.isnan(found)
    return bool(found == wanted)


def fail(rows: Rows, expressions: Sequence[str], source: str = "") -> None:
    """See each expression refused as BigQuery refuses a query."""
    for expression in expressions:
        with refused(400, "invalidQuery"):
            rows(f"SELECT {expression} {source}")
