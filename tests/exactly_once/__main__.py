"""Sweep faults over runs, and say what does not hold.

python -m tests.exactly_once all                      everything, with the counts of docs/protocol.md
python -m tests.exactly_once window --seeds 1000 --first 5000    so many of each sweep
python -m tests.exactly_once singles --seeds 1000 --first 5000
python -m tests.exactly_once singles --every          every call x every fault x every scenario, from --first on
python -m tests.exactly_once singles --replay 5017    one case again, with all that was sent
python -m tests.exactly_once mutants                  leaves one rule out at a time: each must be found out
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence

from tests.exactly_once import kills, mutants, sweeps
from tests.exactly_once.case import Case
from tests.exactly_once.lease import count as interleavings_of_the_lease
from tests.exactly_once.oracle import Oracle
from tests.exactly_once.result import Result

# How many the full command runs; of the other sweeps all that there are.
# Of the kills a few come too late.
FULL = {"doubles": 20_000, "races": 4_000, "kills": 230}
REPLAYED = (*sweeps.SWEEPS, "kills")
TOLD_EVERY_S = 60.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the arguments say; 1 when an invariant does not hold, or a mutant lives."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.replay is not None and options.sweep not in REPLAYED:
        parser.error(f"--replay runs one case of {', '.join(REPLAYED)}")
    if options.sweep == "mutants":
        return mutants.run(options.only, options.workers)
    if options.sweep == "kills":
        first, count = (options.first, options.seeds) if options.replay is None else (options.replay, 1)
        return _kill(range(first, first + count), options.workers)
    if options.replay is not None:
        case, findings = sweeps.replay(options.sweep, options.replay)
        _tell(case, findings)
        return bool(findings)
    with sweeps.Workers(options.workers) as workers:
        bad = [_sweep(name, seeds, options, workers) for name, seeds in _chosen(options)]
    if options.sweep == "all":
        bad += [_kill(range(FULL["kills"]), options.workers), mutants.run("", options.workers)]
    return int(any(bad))


def _chosen(options: argparse.Namespace) -> Iterator[tuple[str, Sequence[int]]]:
    """Yield the sweeps in memory that are wanted, with their seeds."""
    for name in sweeps.SWEEPS:
        if options.sweep == "all":
            yield name, _all_seeds(name)
        elif options.sweep in {name, "window"}:
            yield name, _seeds(name, options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.exactly_once", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sweep", choices=[*sweeps.SWEEPS, "window", "kills", "mutants", "all"])
    parser.add_argument("--seeds", type=int, default=200, help="how many cases")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--every", action="store_true", help="every call x every fault x every scenario (singles)")
    parser.add_argument("--only", default="", help="one scenario (singles, doubles), or one mutant")
    parser.add_argument("--fault", default="", help="one kind of fault (singles)")
    parser.add_argument("--until-bad", action="store_true", help="stop at the first case in which something is wrong")
    parser.add_argument("--workers", type=int, default=sweeps.cores())
    parser.add_argument("--replay", type=int, metavar="SEED", help="run one case of a sweep again and tell everything")
    return parser


def _seeds(sweep: str, options: argparse.Namespace) -> Sequence[int]:
    window = range(options.first, options.first + options.seeds)
    if sweep == "singles" and (options.every or options.only or options.fault):
        found = sweeps.singles_matching(options.only, options.fault)
        return found[options.first :] if options.every else found[options.first :][: options.seeds]
    if options.only:
        return sweeps.doubles_of(options.only, window)
    return window


def _all_seeds(sweep: str) -> Sequence[int]:
    if sweep == "singles":
        return sweeps.singles_matching("", "")
    return range(interleavings_of_the_lease() if sweep == "lease" else FULL[sweep])


def _sweep(name: str, seeds: Sequence[int], options: argparse.Namespace, workers: sweeps.Workers) -> bool:
    began = time.monotonic()
    tell = Progress(name, len(seeds)).tell
    return _ended(name, workers.run(name, seeds, until_bad=options.until_bad, tell=tell), began)


def _kill(seeds: Sequence[int], workers: int) -> bool:
    began = time.monotonic()
    return _ended("kills", kills.run(seeds, workers, Progress("kills", len(seeds)).tell), began)


def _ended(name: str, result: Result, began: float) -> bool:
    """Say what a sweep came to; true for something bad."""
    _say(*result.lines(name, time.monotonic() - began))
    return bool(result.bad)


class Progress:
    """Says every minute how far a long sweep is, on stderr."""

    def __init__(self, name: str, cases: int) -> None:
        self.name, self.cases = name, cases
        self.next = time.monotonic() + TOLD_EVERY_S

    def tell(self, so_far: Result) -> None:
        """Say it, if it is time."""
        if time.monotonic() >= self.next:
            self.next = time.monotonic() + TOLD_EVERY_S
            bad = "".join(f"\n  {bad.what}: --replay {bad.seed}: {bad.findings[0][:200]}" for bad in so_far.bad[:3])
            sys.stderr.write(f"{self.name}: {so_far.cases:,} of {self.cases:,}, {len(so_far.bad)} bad{bad}\n")
            sys.stderr.flush()


def _tell(case: Case, findings: Sequence[str]) -> None:
    _say(case.note)
    for sent in case.log:
        late = f" (late, sent at {sent.sent})" if sent.late else ""
        _say(f"{sent.order:4} {sent.runner}  {sent.status} {sent.method} {sent.job_id or sent.path}{late}")
    for row in Oracle(case).rows:
        steps = " ".join(f"{step['number']}:{step['outcome']}" for step in row["steps"] or ())
        _say(f"row {row['seq']} {row['event']} {row['version'] or ''} {row['direction'] or ''} {steps}")
    for end in case.ends:
        _say(f"{end}  ({end.calls} calls, {end.writes} writes)")
    _say(*(findings or ("every invariant holds",)))


def _say(*lines: str) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
