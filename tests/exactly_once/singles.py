"""One fault: every call of every scenario, every kind of fault that can happen to it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.exactly_once import watch
from tests.exactly_once.case import SUCCESS, Bench, Case, End
from tests.exactly_once.faults import FAULTS, PASSING
from tests.exactly_once.oracle import Oracle, shape
from tests.exactly_once.story import Scenario
from tests.exactly_once.wire import Call, Wire

AFTER_TTL_S = 90.0
QUIET_CALLS = 2


@dataclass(frozen=True)
class Clean:
    """A scenario without a fault: the calls of the struck run, and what is there in the end."""

    calls: Sequence[Call]
    first: End
    shape: Mapping[str, Any]
    # The same where only what a person made of the files in between was ever applied.
    shape_then: Mapping[str, Any]


class Recorder(Wire):
    """Writes the calls of a run down."""

    def __init__(self, case: Case) -> None:
        super().__init__(case, "clean", {})
        self.seen: list[Call] = []

    def deliver(self, call: Call) -> Any:
        """Remember the call, and let it through."""
        self.seen.append(call)
        return super().deliver(call)


def clean(bench: Bench, scenario: Scenario) -> Clean:
    """Run a scenario undisturbed; always the same: how often it is tried again at a limit depends on the jitter."""
    random.seed(scenario.name)
    case = bench.case(0)
    begin(case, scenario)
    recorder = Recorder(case)
    first = case.run(scenario.command("act", scenario.act), recorder)
    if scenario.between is not None:
        scenario.between(case)
    bench.timeline.sleep(AFTER_TTL_S)
    if first.kind != "done" or scenario.again is not None:
        end = _run(case, scenario, "again")
        if end.code in scenario.may_stop:
            end, _ = _put_back(case, scenario)
        _must(end, case, scenario)
    found = shape(case)
    goes_back = scenario.may_stop and scenario.mend is None
    return Clean(tuple(recorder.seen), first, found, _only_then(bench, scenario) if goes_back else found)


def _only_then(bench: Bench, scenario: Scenario) -> Mapping[str, Any]:
    case = bench.case(0)
    begin(case, scenario)
    _must(case.run(scenario.command("again", scenario.last), case.wire()), case, scenario)
    return shape(case)


def _must(end: End, case: Case, scenario: Scenario) -> None:
    findings = [str(end)] if end.kind != "done" else list(Oracle(case).findings())
    if findings:
        raise AssertionError(f"{scenario.name} without a fault: {findings}")


def begin(case: Case, scenario: Scenario) -> None:
    """Bring a case to where the struck run begins."""
    case.bench.snapshots.bring(case, scenario.name, partial(_begin, scenario))


def _begin(scenario: Scenario, case: Case) -> None:
    scenario.set_up(case)
    if scenario.struck_before is not None:
        dying = case.wire({scenario.struck_before: FAULTS["crash_after"].act})
        case.run(scenario.command("act", ("upgrade", "head")), dying)
        case.timeline.sleep(AFTER_TTL_S)


@dataclass(frozen=True)
class Single:
    """Where one fault strikes."""

    scenario: Scenario
    number: int
    fault: str

    def __str__(self) -> str:
        return f"{self.scenario.name} call {self.number} {self.fault}"


def singles_of(scenario: Scenario, expected: Clean) -> Sequence[Single]:
    """Return every call of a scenario x every fault that applies, in an order that spreads over any window."""
    found = [
        Single(scenario, call.number, name)
        for call in expected.calls
        for name, fault in FAULTS.items()
        if fault.applies(call)
    ]
    random.Random(1).shuffle(found)
    return found


def strike(case: Case, single: Single, expected: Clean) -> Iterator[str]:
    """Run a scenario with one fault in its struck run; yield what is wrong in the end."""
    scenario = single.scenario
    begin(case, scenario)
    first = case.run(scenario.command("act", scenario.act), case.wire({single.number: FAULTS[single.fault].strike}))
    # Where nobody let go of the lock, it does not know the last rows either: the slot tells, and the run stops.
    is_held = scenario.is_held or scenario.struck_before is not None
    untold = case.lost_batch and is_held and first.code == "BQM402"
    if single.fault in PASSING and first.kind != "done" and expected.first.kind == "done" and not untold:
        yield f"6: a run stopped at what passes by itself: {first}"
    yield from recover(case, scenario, first, expected)


def recover(case: Case, scenario: Scenario, first: End, expected: Clean, reruns: int = 1) -> Iterator[str]:
    """Do what a person does after a struck run, and yield what is wrong in the end."""
    if scenario.between is not None:
        scenario.between(case)
    case.timeline.sleep(AFTER_TTL_S)
    end, files, arriving = first, "act", False
    if first.kind != "done" or scenario.again is not None or scenario.then is not None or case.late:
        arriving = any(late.calls is not None for late in case.late)
        # What arrives in the middle of the recovery strikes that run too.
        for _ in range(reruns + arriving):
            end, files = _run(case, scenario, "again"), "again"
            if end.kind == "done" or end.code in scenario.may_stop:
                break
            case.timeline.sleep(AFTER_TTL_S)
    if end.code in scenario.may_stop:
        end, files = _put_back(case, scenario, reruns=int(arriving))
    if end.kind != "done":
        yield f"6: not finished: first {first}; then {end}"
    case.arrive_all()
    yield from _in_the_end(case, scenario, files, expected)


def _put_back(case: Case, scenario: Scenario, reruns: int = 0) -> tuple[End, str]:
    """Put the files back as they were, as the message says; mend them afterwards if they only fail again.

    What arrives in the middle of that run may stop it too: so often it is run again.
    """
    if scenario.mend is not None:
        scenario.mend(case)
        return _run(case, scenario, "again"), "again"
    end = _run(case, scenario, "act")
    for _ in range(reruns):
        if end.kind != "done":
            case.timeline.sleep(AFTER_TTL_S)
            end = _run(case, scenario, "act")
    return (end, "act") if end.kind == "done" else (_run(case, scenario, "again"), "again")


def _run(case: Case, scenario: Scenario, files: str) -> End:
    return case.run(scenario.command(files, scenario.last), case.wire())


def _in_the_end(case: Case, scenario: Scenario, files: str, expected: Clean) -> Iterator[str]:
    case.timeline.sleep(AFTER_TTL_S)
    settled = _run(case, scenario, files)
    if settled.code in scenario.may_stop:
        settled, files = _put_back(case, scenario)
    quiet = _run(case, scenario, files)
    if settled.kind != "done":
        yield f"6: a run after all that: {settled}"
    if quiet.kind != "done" or quiet.calls > QUIET_CALLS or quiet.writes:
        yield f"11: nothing to do took {quiet.calls} calls, {quiet.writes} writes: {quiet}"
    wanted = expected.shape_then if files == "again" else expected.shape
    found = without_strays(case, shape(case), wanted)
    if found != wanted:
        yield f"4: {difference(found, wanted)}"
    yield from watch.findings(case)
    yield from Oracle(case).findings()


def without_strays(case: Case, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> Mapping[str, Any]:
    """Leave out the known limit: a create that arrived late is an empty table of a name that moved on."""
    late = {
        (s.path.split("/")[1], s.body["tableReference"]["tableId"])
        for s in case.log
        if s.late and s.method == "POST" and s.path.endswith("/tables") and s.status in SUCCESS
    }
    return {
        dataset: {
            name: table
            for name, table in tables.items()
            if (dataset, name) not in late or "rows" in table or name in wanted.get(dataset, {})
        }
        for dataset, tables in found.items()
    }


def difference(found: Any, expected: Any, where: str = "") -> str:
    """Name the first place where two shapes differ."""
    if isinstance(found, Mapping) and isinstance(expected, Mapping):
        for key in sorted({*found, *expected}, key=str):
            if found.get(key) != expected.get(key):
                return difference(found.get(key), expected.get(key), f"{where}.{key}")
    return f"{where}: is {found!r}, should be {expected!r}"
