"""Run the sweeps: `python -m tests.exactly_once --help`."""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence

from tests.exactly_once.case import Bench, Landed
from tests.exactly_once.faults import FAULTS
from tests.exactly_once.scenarios import SCENARIOS
from tests.exactly_once.singles import all_singles, clean, strike
from tests.exactly_once.timeline import clients_retry_in

CASES_A_BENCH = 150


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--only", default="")
    parser.add_argument("--fault", default="")
    parser.add_argument("--replay", type=int)
    options = parser.parse_args(arguments)
    import logging

    logging.disable(logging.CRITICAL)
    bench = Bench()
    began = time.monotonic()
    with clients_retry_in(bench.timeline):
        cleans = {s.name: clean(bench, s) for s in SCENARIOS}
    for name, c in cleans.items():
        print(f"{name:24} {len(c.calls)}")
    print("clean", round(time.monotonic() - began, 1), "s")
    singles = all_singles(cleans)
    print("singles in all", len(singles))
    seeds = range(options.first, options.first + options.count) if options.replay is None else [options.replay]
    if options.only or options.fault:
        seeds = [
            i
            for i, s in enumerate(singles)
            if options.only in s.scenario.name and (not options.fault or s.fault == options.fault)
        ][options.first : options.first + options.count]
    landed, failed, requests = Landed(), Counter(), 0
    examples = {}
    for done, seed in enumerate(seeds):
        single = singles[seed % len(singles)]
        if done % CASES_A_BENCH == 0:
            bench.close()
            bench = Bench()
        case = bench.case(seed)
        random.seed(seed)
        with clients_retry_in(bench.timeline):
            try:
                findings = list(
                    strike(
                        case, single.scenario, {single.number: FAULTS[single.fault].act}, cleans[single.scenario.name]
                    )
                )
            except Exception as error:
                import traceback

                findings = [
                    f"traceback: {type(error).__name__} {error} {traceback.extract_tb(error.__traceback__)[-1]}"
                ]
        landed.add(case.landed)
        requests += case.calls
        if findings:
            failed[(single.fault, findings[0][:90])] += 1
            examples.setdefault((single.fault, findings[0][:90]), (seed, single, findings))
        if options.replay is not None:
            for f in findings:
                print(f)
            for e in case.ends:
                print(e)
            for s in case.log:
                print(s.order, s.sent if s.late else "", s.runner, s.method, s.job_id or s.path, s.status)
            from tests.exactly_once.oracle import Oracle

            for r in Oracle(case).rows:
                print(
                    r["seq"],
                    r["event"],
                    r["version"],
                    r["direction"],
                    r["generation"],
                    [(s["number"], s["outcome"]) for s in r["steps"] or ()],
                )
    seconds = time.monotonic() - began
    print(f"{len(seeds)} cases, {requests} requests, {seconds:.0f} s, {landed}")
    for key, n in failed.most_common():
        seed, single, findings = examples[key]
        print(n, key, "| --replay", seed, single)
        for f in findings[:3]:
            print("      ", f[:300])
    return bool(failed)


sys.exit(main())
