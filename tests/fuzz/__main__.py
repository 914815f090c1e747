"""Feed the tool files that nobody meant, and say what did not end in a plan or in an error to act on.

python -m tests.fuzz                            everything: 10,000 of each large kind
python -m tests.fuzz yaml --count 1000 --first 5000
python -m tests.fuzz yaml --replay 5017
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.fuzz import sweep
from tests.fuzz.sweep import KINDS, SHARES, Result

SHOWN = 12


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the arguments say; 1 when something is wrong."""
    options = _parser().parse_args(arguments)
    if options.replay is not None:
        return _replay(options.kind or "yaml", options.replay)
    bad = 0
    for kind in [options.kind] if options.kind else KINDS:
        count = options.count if options.kind else max(1, round(options.count * SHARES[kind]))
        began = time.monotonic()
        result = sweep.sweep(kind, range(options.first, options.first + count), options.workers)
        for line in _lines(kind, result, time.monotonic() - began):
            print(line)
        bad += len(result.bad)
    return bool(bad)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kind", nargs="?", choices=[*KINDS], help="one kind alone (default: all)")
    parser.add_argument(
        "--count", type=int, default=10_000, help="how many cases; of all kinds: a share of it for the small"
    )
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--replay", type=int, metavar="SEED", help="run one case again, tell everything, keep its folder"
    )
    return parser


def _lines(kind: str, result: Result, seconds: float) -> list[str]:
    plans = sum(count for outcome, count in result.outcomes.items() if outcome in {"plan", "exit 0"})
    others = ", ".join(f"{outcome} {count:,}" for outcome, count in result.outcomes.most_common(9) if outcome != "plan")
    figures = f"{result.cases:,} cases, {plans:,} plans, {len(result.bad)} bad, slowest {result.slowest_s:.2f} s"
    out = [f"{kind}: {figures}, {seconds:.0f} s in all ({others})"]
    for bad in sorted(result.bad, key=lambda each: each.seed)[:SHOWN]:
        out.append(f"  python -m tests.fuzz {kind} --replay {bad.seed}")
        out += [f"      {finding[:400]}" for finding in bad.findings[:3]]
    if len(result.bad) > SHOWN:
        out.append(f"  ... and {len(result.bad) - SHOWN} more")
    return out


def _replay(kind: str, seed: int) -> int:
    made = KINDS[kind](seed)
    root = Path(tempfile.mkdtemp(prefix="bqmigrate-fuzz-"))
    made.write(root)
    print(f"in {root}")
    for name, content in (("migrations.toml", made.toml), *made.files.items()):
        print(f"--- {name!r} ({len(content)} bytes)\n{content[:3000]!r}")
    for other in made.others:
        print(f"--- {other}")
    print(f"--- environ {made.environ!r}")
    outcome, findings, took = sweep.one(kind, seed)
    print(f"{outcome}, {took:.2f} s")
    for finding in findings or ("as it should be",):
        print(finding)
    return bool(findings)


if __name__ == "__main__":
    sys.exit(main())
