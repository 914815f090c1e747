"""What a repair came to, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bqmigrate.cli.render.words import clean, count, one_line, seconds
from bqmigrate.execution.repairs.report import RepairReport

SAID = {"by_hand": "by hand", "failed": "waits", "partial": "not known, waits"}


def lines(done: RepairReport) -> Iterator[str]:
    """Return the result of a repair."""
    yield from (clean(line) for line in done.differences)
    if done.repair in {"mark-applied", "accept-file"}:
        yield from _steps(done)
    if done.left_in_place:
        yield f"Left in place, because found, not made: {', '.join(done.left_in_place)}."
    if done.rows_unchecked:
        yield f"Kept as they stand, because no job vouches for them: {_ranges(done.rows_unchecked)}."
    if done.rows_lost:
        yield f"Lost: {_ranges(done.rows_lost)}. See what is pending now: bqmigrate history"
    yield f"{_what(done)} in {seconds(done.duration_ms)} ({count(done.requests, 'request')})."
    if done.repair == "mark-applied" and any(s.outcome == "by_hand" for s in done.steps):
        yield "Nobody checked what was done by hand; compare it with the file."


def _steps(done: RepairReport) -> Iterator[str]:
    total = len(done.steps)
    for step in done.steps:
        outcome = SAID.get(step.outcome, step.outcome)
        yield f"  {step.number}/{total}  {one_line(f'{step.verb}  {step.target}')}  {outcome}"


def _what(done: RepairReport) -> str:
    slug = f"{done.version} {done.name}" if done.version else ""
    match done.repair:
        case "mark-applied":
            return f"Marked {slug} as applied"
        case "accept-file":
            return f"Accepted the file of {slug}, which is {done.standing},"
        case "revert":
            return f"Reverted {slug}"
        case "rebuild-history":
            rebuilt = len(done.rows_rebuilt)
            return f"Rebuilt {count(rebuilt, 'row')} of the history" + (
                f", {_ranges(done.rows_rebuilt)}," if rebuilt else ""
            )
        case _:
            old, new = done.lineage or ("", "")
            return f"The history goes on under a new lineage, {new} instead of {old},"


def _ranges(seqs: Sequence[int]) -> str:
    """Return places as `rows 3 to 5, 9`."""
    spans: list[list[int]] = []
    for seq in sorted(seqs):
        if spans and seq == spans[-1][-1] + 1:
            spans[-1].append(seq)
        else:
            spans.append([seq])
    shown = ", ".join(str(s[0]) if len(s) == 1 else f"{s[0]} to {s[-1]}" for s in spans)
    return f"{'row' if len(seqs) == 1 else 'rows'} {shown}"
