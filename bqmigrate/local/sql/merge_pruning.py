"""Which partitions of target and source a MERGE reads.

https://cloud.google.com/bigquery/docs/using-dml-with-partitioned-tables#pruning_partitions_when_using_a_merge_statement
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlglot import exp

from bqmigrate.local.sql.env import Env, From
from bqmigrate.local.sql.pruning import prune, prune_any

Side = Literal["matched", "by source", "by target"]


@dataclass(frozen=True)
class Searched:
    """One WHEN: the rows it is for, and its search condition."""

    side: Side
    condition: exp.Expr | None


def limit(on: exp.Expr, whens: Sequence[Searched], env: Env) -> None:
    """Limit the scans of target and source, the sources of `env`, by what ON and the WHENs say of partitions."""
    target, source = env.froms
    never = isinstance(on, exp.Boolean) and not on.this
    _limit(on, whens, env, target, own="by source", other="by target", never=never)
    _limit(on, whens, env, source, own="by target", other="by source", never=never)


def _limit(
    on: exp.Expr, whens: Sequence[Searched], env: Env, item: From, *, own: Side, other: Side, never: bool
) -> None:
    """Limit one side: its rows without a match count for WHENs of `own`, and those of `other` must know them all."""
    sides = {when.side for when in whens}
    if own not in sides:
        prune([on], env, [item])
    if never:
        prune_any([when.condition for when in whens if when.side == own], env, item)
    elif other not in sides:
        prune_any([when.condition for when in whens], env, item)
