"""`python -m bench`: the figures of the README, as its tables."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench import counts, startup, warehouse


def main() -> int:
    """Print the tables; 1 when a walk takes more requests than it may."""
    with (
        tempfile.TemporaryDirectory() as one,
        tempfile.TemporaryDirectory() as two,
        tempfile.TemporaryDirectory() as three,
    ):
        found = list(counts.measure(Path(one)))
        times = list(startup.measure(Path(two)))
        timings = list(warehouse.measure(Path(three)))
    print("| walk | requests | at most |\n|---|--:|--:|")
    for count in found:
        print(f"| {count.walk} | {count.requests} | {count.limit} |")
    print("\n| start to end, in this run | seconds | times Python's own start |\n|---|--:|--:|")
    for item in times:
        print(f"| {item.what} | {item.seconds:.2f} | {item.ratio:.1f} |")
    print("\n| the embedded warehouse | ms, median | of |\n|---|--:|--:|")
    for timing in timings:
        print(f"| {timing.what} | {timing.seconds * 1000:.1f} | {timing.runs} |")
    return int(any(count.requests > count.limit for count in found))


raise SystemExit(main())
