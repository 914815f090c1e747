"""Columns that fit a width: the flexible ones are cut first, and the cut is shown."""

from __future__ import annotations

from collections.abc import Sequence

GAP = 2
# Below this, a column says nothing any more.
LEAST = 8


def cut(text: str, width: int, mark: str) -> str:
    """Return text in at most `width` columns, with a mark where something was cut off."""
    return text if len(text) <= width else text[: max(width - len(mark), 0)] + mark


def widths(rows: Sequence[Sequence[str]], flexible: Sequence[int], limit: int | None) -> list[int]:
    """Return the width of each column; flexible ones shrink, in the order given, until a row fits `limit`."""
    out = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    if limit is None:
        return out
    for i in flexible:
        over = sum(out) + GAP * (len(out) - 1) - limit
        out[i] -= max(min(over, out[i] - LEAST), 0)
    return out


def table(
    rows: Sequence[Sequence[str]], *, flexible: Sequence[int] = (), limit: int | None = None, mark: str = "…"
) -> list[str]:
    """Return rows as lines with aligned columns, at most `limit` wide where the flexible columns allow."""
    if not rows:
        return []
    sizes = widths(rows, flexible, limit)
    gap = " " * GAP
    return [
        gap.join(cut(cell, size, mark).ljust(size) for cell, size in zip(row, sizes, strict=True)).rstrip()
        for row in rows
    ]
