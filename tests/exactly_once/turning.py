"""Stories of people who turn round again and again while runs die: one version, several generations of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.exactly_once.case import Case, Command
from tests.exactly_once.faults import FAULTS
from tests.exactly_once.material import BASE, ROWS
from tests.exactly_once.mending import AFTER_TTL_S, THREE, done
from tests.exactly_once.refusing import FIVE_STEPS
from tests.exactly_once.story import DOWN, UP, Act, Files, Scenario, folder

STEPS: Files = {**BASE, **FIVE_STEPS}


def died(files: Files, turns: Sequence[tuple[Act, int]], *, first: Sequence[Act] = ()) -> Callable[[Case], None]:
    """Return what came before: runs that were done, then runs that died after one of their calls, each long ago."""

    def run(case: Case) -> None:
        done(case, UP, BASE)
        case.sql(ROWS)
        for act in first:
            done(case, act, files)
        case.timeline.sleep(AFTER_TTL_S)
        for (direction, target), call in turns:
            wire = case.wire({call: FAULTS["crash_after"].act})
            end = case.run(Command(direction, target, folder(files)), wire)  # type: ignore[arg-type]
            if end.kind != "killed":
                raise AssertionError(str(end))
            case.timeline.sleep(AFTER_TTL_S)

    return run


# Back, which dies in its middle; up, which ends the way back, begins anew and dies; and now?
BACK_AND_UP = died(STEPS, [(DOWN, 10), (UP, 33)], first=[UP])
# Up, which dies; back, which seals it and dies; up again.
HALFWAY = died(STEPS, [(UP, 12), (DOWN, 28)])
THREE_HALFWAY = died(THREE, [(UP, 14), (DOWN, 22)])
TURNING = (
    Scenario("turns_down", STEPS, prepare=BACK_AND_UP, act=DOWN, is_held=True),
    Scenario("turns_down_and_up", STEPS, prepare=BACK_AND_UP, act=DOWN, again=UP, is_held=True),
    Scenario("turns_up_and_down", STEPS, prepare=HALFWAY, act=UP, again=DOWN, is_held=True),
    Scenario("turns_three", THREE, prepare=THREE_HALFWAY, act=UP, again=DOWN, is_held=True),
)
