"""Stories in which the run after the struck one is refused, and a person then wants the other direction."""

from __future__ import annotations

from collections.abc import Callable

from tests.exactly_once.case import HISTORY, Case, Command
from tests.exactly_once.material import BASE
from tests.exactly_once.mending import AFTER_TTL_S, repairing
from tests.exactly_once.story import DOWN, UP, Act, Files, down, folder, on
from tests.exactly_once.wire import Call, Wire, refusal

# From which call on the run may change nothing but the history: past its end it may all.
REACH = 25
STEPS = """
upgrade:
  - add_columns: {table: app.users, columns: [{name: x, type: STRING}]}
  - set_table_options: {table: app.users, labels: {team: core}}
  - set_table_options: {table: app.users, description: Who.}
  - create_table: {table: app.more, schema: [{name: k, type: STRING}]}
  - add_columns: {table: app.users, columns: [{name: y, type: DATE}]}
"""
FIVE_STEPS: Files = {"0003_steps.yaml": STEPS}
SAID_OTHERWISE: Files = {"0003_steps.yaml": STEPS.replace("Who.", "Everybody.")}


class Refusing(Wire):
    """From a call on, what would change anything but the history is refused."""

    def __init__(self, case: Case, first: int) -> None:
        super().__init__(case, f"run {case.wires}", {})
        self.first = first

    def deliver(self, call: Call) -> object:  # type: ignore[override]
        """Refuse it, or let it through."""
        is_history = f"datasets/{HISTORY}" in call.path or f"{HISTORY}._schema_migrations" in str(call.request.body)
        if call.writes and self.number >= self.first and not is_history:
            return refusal(call, 403, "accessDenied", "injected: Access Denied, for this run")
        return super().deliver(call)


def refused(act: Act, extra: Files) -> Callable[[Case], None]:
    """Return the next run: of the same command, and refused at some point."""

    def run(case: Case) -> None:
        case.timeline.sleep(AFTER_TTL_S)
        case.wires += 1
        direction, target = act
        command = Command(direction, target, folder({**BASE, **extra}))  # type: ignore[arg-type]
        case.run(command, Refusing(case, case.random.randint(1, REACH)))

    return run


REFUSING = (
    on("refused_then_gives_up", FIVE_STEPS, between=refused(UP, FIVE_STEPS), again=DOWN),
    down("refused_then_up_again", FIVE_STEPS, between=refused(DOWN, FIVE_STEPS), again=UP),
    on("accepted_then_gives_up", FIVE_STEPS, between=repairing("accept-file 0003", {**BASE, **SAID_OTHERWISE}),
       then={**BASE, **SAID_OTHERWISE}, again=DOWN),
)  # fmt: skip
