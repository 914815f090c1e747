"""Jobs under way: held RUNNING until the warehouse's clock reaches their end, then carried out whole."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from bqmigrate.local.catalog.records import JobRecord, Key

Work = Callable[[], JobRecord]


@dataclass(frozen=True)
class Held:
    """One job that waits, and what it will do."""

    due_ms: int
    work: Work


@dataclass
class Pending:
    """The jobs that wait; each is carried out or withdrawn, once."""

    _held: dict[Key, Held] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _running: threading.RLock = field(default_factory=threading.RLock)

    def hold(self, job: JobRecord, for_ms: int, work: Work) -> None:
        """Let a job wait for some time of the warehouse's clock."""
        with self._lock:
            self._held[job.key] = Held(job.created_ms + for_ms, work)

    def withdraw(self, key: Key) -> bool:
        """Take a job away before it does anything; False when it does not wait."""
        with self._lock:
            return self._held.pop(key, None) is not None

    def settle(self, now_ms: int) -> None:
        """Carry out the jobs that are due, in the order in which they end."""
        # Whoever asks after the due time must see the effect, also while another request settles it.
        with self._running:
            for held in self._due(now_ms):
                held.work()

    def _due(self, now_ms: int) -> list[Held]:
        with self._lock:
            due = [(key, held) for key, held in self._held.items() if held.due_ms <= now_ms]
            for key, _ in due:
                del self._held[key]
        return sorted((held for _, held in due), key=lambda held: held.due_ms)
