"""Two and three runners at once, up and down mixed, with faults: any interleaving ends where somebody can go on."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence

from tests.exactly_once import watch
from tests.exactly_once.case import Case, End
from tests.exactly_once.doubles import choosing
from tests.exactly_once.oracle import Oracle, shape
from tests.exactly_once.scenarios import BY_NAME
from tests.exactly_once.singles import AFTER_TTL_S, Clean, begin, difference, without_strays
from tests.exactly_once.story import Scenario
from tests.exactly_once.turns import Turns

RACED = ("add_columns", "fill", "patches", "view", "rename", "churn", "several", "gives_up", "down_one", "up_down_up")
REACH = 40
FAULTY = 0.6
# A run may find that another was first; the last one, alone, has to finish.
LAST_RUNS = 2


def raced(case: Case, cleans: Mapping[str, Clean], seed: int) -> Iterator[str]:
    """Let runners race; then one, alone, brings everything up."""
    choose = random.Random(seed)
    scenario = BY_NAME[choose.choice(RACED)]
    begin(case, scenario)
    count = choose.choice((2, 2, 3))
    case.note = f"{scenario.name}, {count} runners"
    works = [_work(case, scenario, choose) for _ in range(count)]
    turns = Turns(case.timeline, choose)
    case.turns = turns
    try:
        ends = turns.run(*works)
    finally:
        case.turns = None
    case.note += f": {'; '.join(str(end) for end in ends)}"
    yield from _finish(case, scenario, cleans[scenario.name])


def _work(case: Case, scenario: Scenario, choose: random.Random) -> Callable[[], End]:
    act = choose.choice((("upgrade", "head"), ("upgrade", "head"), ("downgrade", "0002"), ("upgrade", "0003")))
    wire = choosing(case, choose.randint(1, REACH)) if choose.random() < FAULTY else case.wire()
    command = scenario.command("act", act)
    return lambda: case.run(command, wire)


def _finish(case: Case, scenario: Scenario, expected: Clean) -> Iterator[str]:
    """Bring everything to where the scenario ends; whatever is on its way arrives before or after."""
    case.timeline.sleep(AFTER_TTL_S)
    ends = _until_done(case, scenario, ("upgrade", "head"))
    case.arrive_all()
    case.timeline.sleep(AFTER_TTL_S)
    if scenario.act[0] == "downgrade" or scenario.again is not None:
        ends = [*ends, *_until_done(case, scenario, scenario.last)]
    last = _until_done(case, scenario, scenario.last)
    if ends[-1].kind != "done" or last[-1].kind != "done":
        yield f"6: nobody could finish: {'; '.join(str(end) for end in (*ends, *last))}"
    found = without_strays(case, shape(case), expected.shape)
    if found != expected.shape:
        yield f"4: {difference(found, expected.shape)}"
    yield from watch.findings(case)
    yield from Oracle(case).findings()


def _until_done(case: Case, scenario: Scenario, act: tuple[str, str]) -> Sequence[End]:
    ends: list[End] = []
    for _ in range(LAST_RUNS):
        ends.append(case.run(scenario.command("act", act), case.wire()))
        if ends[-1].kind == "done":
            break
        case.timeline.sleep(AFTER_TTL_S)
    return ends
