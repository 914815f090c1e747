"""Two faults: one in the struck run, one in the run that recovers from it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping

from tests.exactly_once.case import Case
from tests.exactly_once.faults import DEADLY, FAULTS
from tests.exactly_once.singles import AFTER_TTL_S, Clean, begin, recover
from tests.exactly_once.story import Scenario
from tests.exactly_once.wire import Act, Call, Wire

# How far into the recovery the second fault may strike: past its end it does not.
REACH = 30


class Choosing(Wire):
    """Strikes at a call with a fault that applies to it: which one, the seed says when the call is there."""

    def __init__(self, case: Case, number: int, faults: Mapping[int, Act]) -> None:
        super().__init__(case, f"run {case.wires}", faults)
        self.strikes_at = number
        self.struck = ""

    def deliver(self, call: Call) -> object:  # type: ignore[override]
        """Strike, once, or let the call through."""
        if self.number < self.strikes_at or self.struck:
            return super().deliver(call)
        names = [name for name, fault in FAULTS.items() if fault.applies(call)]
        self.struck = self.case.random.choice(names)
        return FAULTS[self.struck].act(self, call)


def choosing(case: Case, number: int) -> Choosing:
    """Return the connection of a new runner that is struck at a call."""
    case.wires += 1
    return Choosing(case, number, {})


def doubled(case: Case, scenario: Scenario, expected: Clean, seed: int) -> Iterator[str]:
    """Strike a run, then the run after it, then let a person finish."""
    choose = random.Random(seed)
    begin(case, scenario)
    struck = choosing(case, choose.randint(1, len(expected.calls)))
    first = case.run(scenario.command("act", scenario.act), struck)
    case.note = f"{scenario.name} call {struck.strikes_at} {struck.struck}"
    if scenario.between is not None and choose.random() < 0.5:
        scenario.between(case)
    case.timeline.sleep(AFTER_TTL_S)
    again = choosing(case, choose.randint(1, REACH))
    second = case.run(scenario.command("act", scenario.last), again)
    case.note += f", then call {again.strikes_at} {again.struck or 'nothing'}"
    end = second if second.kind != "done" or again.struck in DEADLY else first if first.kind == "done" else second
    yield from recover(case, scenario, end, expected, reruns=2)
