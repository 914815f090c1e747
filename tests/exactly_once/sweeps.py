"""The sweeps in memory: a window of seeds, cut over workers; every seed is a case that can be run again alone."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import random
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Self

from tests.exactly_once.case import Bench, Case
from tests.exactly_once.doubles import doubled
from tests.exactly_once.lease import Ground, interleaved
from tests.exactly_once.races import RACED, raced
from tests.exactly_once.result import Bad, Result, unheard
from tests.exactly_once.scenarios import BY_NAME, SCENARIOS
from tests.exactly_once.singles import Clean, clean, singles_of, strike
from tests.exactly_once.timeline import clients_retry_in

# A clean run, and the lease's ground, are not forgotten; nor does DuckDB get faster by tables that come and go.
CASES_A_BENCH = 1000
# Then one hears of them; and nobody is idle for long at the end.
CASES_A_SHARE = 25


class Cleans(Mapping[str, Clean]):
    """Every scenario run once without a fault, when it is first asked for."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._known: dict[str, Clean] = {}

    def __getitem__(self, name: str) -> Clean:
        if name not in self._known:
            with clients_retry_in(self._bench.timeline):
                self._known[name] = clean(self._bench, BY_NAME[name])
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(BY_NAME)

    def __len__(self) -> int:
        return len(BY_NAME)


def single(case: Case, cleans: Mapping[str, Clean], seed: int) -> Iterator[str]:
    """Strike once: the seed is a scenario and a place in its list of faults."""
    turn, number = divmod(seed, len(SCENARIOS))
    expected = cleans[SCENARIOS[number].name]
    singles = singles_of(SCENARIOS[number], expected)
    chosen = singles[turn % len(singles)]
    case.note = str(chosen)
    yield from strike(case, chosen, expected)


def double(case: Case, cleans: Mapping[str, Clean], seed: int) -> Iterator[str]:
    """Strike twice: the seed chooses all of it."""
    scenario = SCENARIOS[seed % len(SCENARIOS)]
    yield from doubled(case, scenario, cleans[scenario.name], seed)


class Grounds:
    """The lease's own ground in a warehouse: one lock, used again."""

    def __init__(self) -> None:
        self._bench: Bench | None = None
        self._ground: Ground | None = None

    def of(self, case: Case) -> Ground:
        """Return the ground in the warehouse of a case."""
        if self._ground is None or self._bench is not case.bench:
            # Not the case's own project, which is forgotten after it.
            self._bench, self._ground = case.bench, Ground(case.bench.case(0))
        return self._ground


_GROUNDS = Grounds()


def lease_alone(case: Case, _: Mapping[str, Clean], seed: int) -> Iterator[str]:
    """Let two or three runners do nothing but take and let go of the lease, in the order of the seed."""
    ground = _GROUNDS.of(case)
    calls = ground.case.calls
    yield from interleaved(ground, seed)
    case.note, case.calls = ground.case.note, ground.case.calls - calls


Sweep = Callable[[Case, Mapping[str, Clean], int], Iterator[str]]
SWEEPS: Mapping[str, Sweep] = {"singles": single, "doubles": double, "races": raced, "lease": lease_alone}


def singles_matching(scenario: str, fault: str) -> Sequence[int]:
    """Return the seeds of every call x every fault x every scenario; of one scenario, of one fault, where given."""
    bench = Bench()
    out = []
    with _silence(), clients_retry_in(bench.timeline):
        for number, known in enumerate(SCENARIOS):
            if scenario in {"", known.name}:
                singles = singles_of(known, clean(bench, known))
                out += [t * len(SCENARIOS) + number for t, s in enumerate(singles) if fault in {"", s.fault}]
    bench.close()
    return sorted(out)


def doubles_of(scenario: str, window: range) -> Sequence[int]:
    """Return the seeds of a window that strike one scenario twice."""
    number = SCENARIOS.index(BY_NAME[scenario])
    return [seed * len(SCENARIOS) + number for seed in window]


@dataclass(frozen=True)
class Share:
    """What one worker does."""

    sweep: str
    seeds: Sequence[int]
    until_bad: bool = False


def work(share: Share) -> Result:
    """Run seeds one after another."""
    result = Result()
    place = _place(share.sweep)
    with _silence():
        for seed in share.seeds:
            bench = place.next()
            with clients_retry_in(bench.timeline):
                case = bench.case(seed)
                _one(case, SWEEPS[share.sweep], place.cleans, seed, result)
            bench.snapshots.forget(case.project)
            if result.bad and share.until_bad:
                break
    return result


class Place:
    """Where a process runs the cases of a sweep: a warehouse, exchanged now and then, and what the clean runs did."""

    def __init__(self, sweep: str, cleans: Cleans) -> None:
        self._sweep = sweep
        self._bench = _bench(sweep)
        self._cases = 0
        self.cleans = cleans

    def next(self) -> Bench:
        """Return the warehouse of the next case."""
        if self._cases == CASES_A_BENCH:
            self._bench.close()
            self._bench, self._cases = _bench(self._sweep), 0
        self._cases += 1
        return self._bench


@cache
def _place(sweep: str) -> Place:
    """Return the one of a sweep in this process."""
    return Place(sweep, _cleans())


@cache
def _cleans() -> Cleans:
    """Return what the clean runs did, which is the same for every sweep in this process."""
    return Cleans(Bench())


def _bench(sweep: str) -> Bench:
    """Return a warehouse: the lease alone keeps to no pace, which is the runner's."""
    return Bench(None) if sweep == "lease" else Bench()


@contextmanager
def _silence() -> Iterator[None]:
    """Let nobody log, since every fault would be told of; and let nobody look for a proxy, at every request."""
    before, proxies = logging.root.manager.disable, os.environ.get("no_proxy")
    logging.disable(logging.CRITICAL)
    os.environ["no_proxy"] = "bq.local"
    try:
        yield
    finally:
        logging.disable(before)
        if proxies is None:
            del os.environ["no_proxy"]
        else:
            os.environ["no_proxy"] = proxies


def _one(case: Case, sweep: Sweep, cleans: Mapping[str, Clean], seed: int, result: Result) -> None:
    random.seed(seed)  # the client's back-off has jitter
    try:
        findings = tuple(sweep(case, cleans, seed))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
        last = traceback.extract_tb(error.__traceback__)[-1]
        findings = (f"traceback: {type(error).__name__}: {error} ({last.filename}:{last.lineno})",)
    result.cases += 1
    result.requests += case.calls
    result.landed.add(case.landed)
    if findings:
        result.bad.append(Bad(seed, case.note, findings))


def _rarely_collect() -> None:
    """Look for cycles less often than usual: a case leaves few, and the warehouse is large."""
    gc.set_threshold(200_000, 20, 20)


class Workers:
    """Processes that run the cases of one sweep after another; what a scenario does without a fault they learn once."""

    def __init__(self, number: int) -> None:
        self._stack = ExitStack()
        self._map: Callable[[Callable[[Share], Result], Sequence[Share]], Iterable[Result]] = map
        if number > 1:
            pool = multiprocessing.get_context("spawn").Pool(number, initializer=_rarely_collect)
            self._map = self._stack.enter_context(pool).imap_unordered
        else:
            _rarely_collect()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def run(
        self, sweep: str, seeds: Sequence[int], *, until_bad: bool = False, tell: Callable[[Result], None] = unheard
    ) -> Result:
        """Run some seeds of a sweep; `tell` hears what it came to so far, now and then."""
        total = Result()
        cut = range(0, len(seeds), CASES_A_SHARE)
        for result in self._map(work, [Share(sweep, seeds[at : at + CASES_A_SHARE], until_bad) for at in cut]):
            total.add(result)
            tell(total)
            if total.bad and until_bad:
                break
        return total


def replay(sweep: str, seed: int) -> tuple[Case, Sequence[str]]:
    """Run one case again and return it with what is wrong."""
    bench = _bench(sweep)
    with _silence(), clients_retry_in(bench.timeline):
        cleans = Cleans(bench)
        case = bench.case(seed)
        result = Result()
        _one(case, SWEEPS[sweep], cleans, seed, result)
    return case, result.bad[0].findings if result.bad else ()


def cores() -> int:
    """Return how many workers are worth it."""
    return os.cpu_count() or 1


__all__ = ["RACED", "SWEEPS", "cores", "doubles_of", "replay", "singles_matching"]
