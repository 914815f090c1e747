"""Several runners at once, one at a time: at every call, and at every wait, the seed says who goes on."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.exactly_once.timeline import Timeline

# Nobody waits this long in vain: a case that hangs is a finding, not a hang.
PATIENCE_S = 120.0


@dataclass
class Runner:
    """One runner's thread; `wakes` is the time on the timeline before which it sleeps."""

    work: Callable[[], object]
    go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    wakes: float = 0.0
    result: object = None
    error: BaseException | None = None
    over: bool = False
    ident: int | None = None


class Hung(Exception):
    """A runner did not come back from its turn."""


class Turns:
    """Hands the turn from runner to runner; everything in between runs alone."""

    def __init__(self, timeline: Timeline, choose: random.Random, script: Sequence[int] | None = None) -> None:
        self._timeline = timeline
        self._choose = choose
        self._script = list(script) if script is not None else None
        self._runners: list[Runner] = []
        self._back = threading.Semaphore(0)

    def run(self, *works: Callable[[], object]) -> list[object]:
        """Run all to their ends and return their results; raises what one of them raised."""
        self._runners = [Runner(work) for work in works]
        threads = [threading.Thread(target=self._live, args=(runner,), daemon=True) for runner in self._runners]
        with self._sleeping_here():
            for thread in threads:
                thread.start()
            for runner in self._runners:
                self._give(runner)  # to the threshold of its first call
            while not all(runner.over for runner in self._runners):
                self._give(self._next())
            for thread in threads:
                thread.join()
        for runner in self._runners:
            if runner.error is not None:
                raise runner.error
        return [runner.result for runner in self._runners]

    def pause(self) -> None:
        """Let somebody else go first, perhaps; called before every request."""
        runner = self._me()
        if runner is not None:
            self._yield(runner)

    def _sleep(self, seconds: float) -> None:
        runner = self._me()
        if runner is None:
            self._timeline.seconds += max(seconds, 0.0)
            return
        runner.wakes = self._timeline.seconds + max(seconds, 0.0)
        self._yield(runner)

    @contextmanager
    def _sleeping_here(self) -> Iterator[None]:
        self._timeline.sleeping = self._sleep
        try:
            yield
        finally:
            self._timeline.sleeping = None

    def _live(self, runner: Runner) -> None:
        runner.ident = threading.get_ident()
        runner.go.acquire()
        try:
            runner.result = runner.work()
        except BaseException as error:  # noqa: BLE001 - handed to whoever started the runners
            runner.error = error
        runner.over = True
        self._back.release()

    def _yield(self, runner: Runner) -> None:
        self._back.release()
        runner.go.acquire()

    def _give(self, runner: Runner) -> None:
        runner.go.release()
        if not self._back.acquire(timeout=PATIENCE_S):
            raise Hung

    def _next(self) -> Runner:
        """Choose among those who do not sleep; when all do, let time pass until the first wakes."""
        alive = [runner for runner in self._runners if not runner.over]
        awake = [runner for runner in alive if runner.wakes <= self._timeline.seconds]
        if not awake:
            self._timeline.seconds = min(runner.wakes for runner in alive)
            awake = [runner for runner in alive if runner.wakes <= self._timeline.seconds]
        if self._script:
            wanted = self._runners[self._script.pop(0)]
            return wanted if wanted in awake else awake[0]
        return self._choose.choice(awake)

    def _me(self) -> Runner | None:
        ident = threading.get_ident()
        return next((runner for runner in self._runners if runner.ident == ident), None)
