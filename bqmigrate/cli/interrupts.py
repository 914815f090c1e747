"""Ctrl-C: once, and the run stops after the running step; twice, and it stops now."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Self

from bqmigrate.cli.output import Output
from bqmigrate.cli.progress import Progress
from bqmigrate.execution.stop import Stop


class Interrupts:
    """While it is open, Ctrl-C is heard here; outside of a run it ends the command at once, as ever."""

    def __init__(self, output: Output, progress: Progress) -> None:
        self.stop = Stop()
        self._output = output
        self._progress = progress
        self._before: signal._HANDLER = None

    def __enter__(self) -> Self:
        """Begin to listen; only the main thread can."""
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._heard)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Listen no longer."""
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _heard(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self.stop.ask()
        # Before the lease is held nothing was begun; the second time it is meant.
        if self.stop.asked > 1 or not self._progress.holds_lease:
            raise KeyboardInterrupt
        # Whoever prints in a signal handler may stand in the middle of printing.
        said = threading.Thread(target=self._output.say, args=([self._promise()],), daemon=True)
        # A thread that took the next Ctrl-C would let this one sleep on: it is born deaf to it.
        hearing = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            said.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, hearing)

    def _promise(self) -> str:
        doing = self._progress.doing
        after = f"after {doing}" if doing else "before the next step"
        return f"stopping {after}; Ctrl-C again stops now"
