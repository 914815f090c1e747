"""Events on their way to the screen: live lines on a terminal, one plain line each elsewhere."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

from rich.live import Live
from rich.text import Text

from bqmigrate.cli.output import Output
from bqmigrate.cli.render.events import doing, event_lines, running
from bqmigrate.cli.render.words import duration
from bqmigrate.config import Environment
from bqmigrate.execution.events import (
    Event,
    LeaseTaken,
    LeaseWaiting,
    MigrationStarted,
    RunStarted,
    StepFailed,
    StepFinished,
    StepStarted,
)

REDRAWS_PER_SECOND = 8
ECHO = 2
# A log without a line for minutes looks like a hang, and some CI systems end such a job.
SIGN_OF_LIFE_S = 30.0


class Progress:
    """Shows events; knows the step that runs now."""

    def __init__(self, output: Output, environment: Environment) -> None:
        self.holds_lease = False
        self._output = output
        self._environment = environment
        self._live: Live | None = None
        self._step: StepStarted | None = None
        self._waits = False
        self._name = ""
        self._since = 0.0
        self._over = threading.Event()
        self._signs: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Start to redraw, or to give signs of life."""
        if self._output.live:
            self._live = Live(
                get_renderable=self._line,
                console=self._output.err,
                transient=True,
                refresh_per_second=REDRAWS_PER_SECOND,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
        elif not self._output.quiet:
            self._signs = threading.Thread(target=self._signs_of_life, daemon=True)
            self._signs.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Leave the screen as it will be read."""
        self._over.set()
        if self._live is not None:
            self._live.stop()
        if self._signs is not None:
            self._signs.join()

    @property
    def doing(self) -> str | None:
        """Name the step that runs now."""
        step = self._step
        return None if step is None else doing(step)

    def emit(self, event: Event) -> None:
        """Show an event."""
        match event:
            case LeaseWaiting():
                self._waits, self._since = True, time.monotonic()
            case LeaseTaken():
                self.holds_lease, self._waits = True, False
            case MigrationStarted():
                self._name = event.name
            case StepStarted():
                self._step, self._since = event, time.monotonic()
            case StepFinished() | StepFailed():
                self._step = None
        lines = event_lines(event, self._environment, self._output.error_marks, self._output.progress_limit)
        self._output.progress(lines)
        if self._live is not None and isinstance(event, RunStarted | StepStarted):
            self._live.refresh()

    def _line(self) -> Text:
        step, waited_ms = self._step, self._waited_ms()
        if step is None:
            return Text(f"still waiting ({duration(waited_ms)})" if self._waits else "")
        # Room for the ^C that the terminal shows: on a line of its own, it would leave this one standing.
        width = None if self._output.progress_limit is None else self._output.progress_limit - ECHO
        line = running(step, self._name, waited_ms, self._output.error_marks, width)
        line.no_wrap = True
        return line

    def _signs_of_life(self) -> None:
        while not self._over.wait(SIGN_OF_LIFE_S):
            waited = duration(self._waited_ms())
            if (step := self._step) is not None:
                self._output.progress([f"     still running ({waited}): {doing(step)}"])
            elif self._waits:
                self._output.progress([f"     still waiting ({waited}) for the run that holds the lease"])

    def _waited_ms(self) -> int:
        return round((time.monotonic() - self._since) * 1000)
