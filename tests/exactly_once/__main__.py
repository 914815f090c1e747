"""Sweep faults over runs, and say what does not hold.

python -m tests.exactly_once singles --seeds 1000 --first 5000
python -m tests.exactly_once singles --every
python -m tests.exactly_once singles --replay 5017
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from tests.exactly_once import sweeps
from tests.exactly_once.case import Case
from tests.exactly_once.oracle import Oracle


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the arguments say; 1 when an invariant does not hold."""
    options = _parser().parse_args(arguments)
    if options.replay is not None:
        case, findings = sweeps.replay(options.sweep, options.replay)
        _tell(case, findings)
        return bool(findings)
    seeds = sweeps.every_single() if options.every else range(options.first, options.first + options.seeds)
    began = time.monotonic()
    result = sweeps.run(options.sweep, seeds, options.workers)
    for _line in result.lines(options.sweep, time.monotonic() - began):
        pass
    return bool(result.bad)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.exactly_once", description=__doc__)
    parser.add_argument("sweep", choices=[*sweeps.SWEEPS])
    parser.add_argument("--seeds", type=int, default=200, help="how many cases")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--every", action="store_true", help="every call x every fault x every scenario (singles)")
    parser.add_argument("--workers", type=int, default=sweeps.cores())
    parser.add_argument("--replay", type=int, metavar="SEED", help="run one case again and tell everything")
    return parser


def _tell(case: Case, findings: Sequence[str]) -> None:
    for _sent in case.log:
        pass
    for row in Oracle(case).rows:
        " ".join(f"{step['number']}:{step['outcome']}" for step in row["steps"] or ())
    for _end in case.ends:
        pass
    for _finding in findings or ("every invariant holds",):
        pass


if __name__ == "__main__":
    sys.exit(main())
