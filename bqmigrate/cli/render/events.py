"""Events as lines: what a run says while it runs."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from bqmigrate.cli.render.layout import cut
from bqmigrate.cli.render.marks import Marks
from bqmigrate.cli.render.words import duration, one_line
from bqmigrate.config import Environment
from bqmigrate.execution.events import (
    Event,
    LeaseTaken,
    LeaseWaiting,
    LimitWaiting,
    MigrationFinished,
    MigrationStarted,
    RunStarted,
    StepFailed,
    StepFinished,
    StepStarted,
    WayBackGivenUp,
)

NOWHERE = "(nothing)"
# Together with the sign and the gaps, 80 columns; the name of a table of the usual length is not cut.
NAME_WIDTH = 29
WHAT_WIDTH = 38
TIME_WIDTH = 6
OUTCOMES = {"found": "was there, identical", "left": "left in place", "gone": "was gone already"}


def header(environment: Environment, from_version: str | None, to_version: str | None) -> Text:
    """Say where a run works, and from where to where it goes."""
    place = "embedded warehouse" if environment.embedded else f"{environment.project} ({environment.location})"
    way = f"{from_version or NOWHERE} -> {to_version or NOWHERE}"
    return Text.assemble((environment.name, "bold"), f"  {place}  {way}")


def event_lines(event: Event, environment: Environment, marks: Marks, width: int | None) -> Sequence[Text]:
    """Return what an event says; some say nothing."""
    match event:
        case RunStarted():
            return [header(environment, event.from_version, event.to_version), Text("")]
        case LeaseWaiting():
            until = [Text(f"  until              {event.until}")] if event.until else []
            first = Text(f"waiting for the run that holds the lease, at most {event.seconds:.0f} s more")
            return [first, *_known_of(event, event.holder), *until]
        case LeaseTaken(taken_over_from=str(holder)):
            return [Text("taken over from a run that does not answer any more"), *_known_of(event, holder)]
        case WayBackGivenUp():
            return [Text(f"     {event.version} stays as it is: an earlier run was to take it back, and had not begun")]
        case LimitWaiting():
            waits = f"     waits {event.seconds:.0f} s for {one_line(event.target)}: {one_line(event.reason)}"
            return [Text(waits if width is None else cut(waits, width, marks.cut))]
        case MigrationStarted(resumes=True):
            return [Text(f"     {event.version} goes on where an earlier run stopped")]
        case StepFinished() if event.of > 1 or event.notes or event.outcome in OUTCOMES:
            return [_step(event, width, marks), *(Text(f"         {one_line(note)}") for note in event.notes)]
        case StepFailed():
            name = f"{event.version} step {event.number}/{event.of}"
            return [_row((marks.failed, "red"), name, f"{event.verb} {event.target}", event.duration_ms, width, marks)]
        case MigrationFinished():
            return [_migration(event, width, marks), *(Text(f"         left in place: {name}") for name in event.left)]
        case _:
            return []


def _known_of(event: LeaseWaiting | LeaseTaken, holder: str) -> Sequence[Text]:
    """Say what is known of the run that holds the lease, or held it."""
    runs = "ran" if isinstance(event, LeaseTaken) else "runs"
    told = ("by", holder), (runs, event.runs), ("last sign of life", event.last_sign)
    return [Text(f"  {name.ljust(17)}  {one_line(value)}") for name, value in told if value]


def running(step: StepStarted, name: str, waited_ms: int, marks: Marks, width: int | None) -> Text:
    """Return the line of the step that runs now."""
    count = f"{step.number}/{step.of} " if step.of > 1 else ""
    shown = f"{step.version} {name}"
    return _row((marks.running, "cyan"), shown, f"{count}{step.verb} {step.target}", waited_ms, width, marks)


def doing(step: StepStarted) -> str:
    """Name a step in a sentence."""
    return f"{step.version} step {step.number}/{step.of}: {step.verb} {one_line(step.target)}"


def _migration(event: MigrationFinished, width: int | None, marks: Marks) -> Text:
    sign = (marks.done, "green")
    what = event.summary or "nothing to take back"
    return _row(sign, f"{event.version} {event.name}", what, event.duration_ms, width, marks)


def _step(event: StepFinished, width: int | None, marks: Marks) -> Text:
    count = f"{event.number}/{event.of} " if event.of > 1 else ""
    outcome = OUTCOMES.get(event.outcome)
    what = f"{count}{outcome}: {event.target}" if outcome else f"{count}{event.verb} {event.target}"
    return _row(("", ""), event.version, what, event.duration_ms, width, marks)


def _row(sign: tuple[str, str], name: str, what: str, ms: int, width: int | None, marks: Marks) -> Text:
    label, time = one_line(name).ljust(NAME_WIDTH), duration(ms).rjust(TIME_WIDTH)
    room = None if width is None else max(width - marks.width - len(label) - len(time) - 6, TIME_WIDTH)
    # What takes minutes has a longer time, at the cost of the text before it.
    column = WHAT_WIDTH - len(time) + TIME_WIDTH
    shown = _fitted(one_line(what), room, marks).ljust(min(room or column, column))
    return Text.assemble("  ", (sign[0].ljust(marks.width), sign[1]), f" {label}  {shown} ", (time, "dim"))


def _fitted(text: str, room: int | None, marks: Marks) -> str:
    """Leave out what stands in brackets before anything is cut."""
    if len(text) > (room or WHAT_WIDTH) and text.endswith(")"):
        text = text[: text.rfind(" (")]
    return text if room is None else cut(text, room, marks.cut)
