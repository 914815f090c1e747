"""The few signs that output is marked with: each is a word or a shape, colour is only added to it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Marks:
    """Signs for done, failed, running and "cut here"."""

    done: str
    failed: str
    running: str
    cut: str

    @property
    def width(self) -> int:
        """Return the columns that the widest of the leading signs takes."""
        return max(len(self.done), len(self.failed), len(self.running))

    def spell(self, text: str) -> str:
        """Return text with the signs for done and failed that it uses in these."""
        return text.replace(UNICODE.done, self.done).replace(UNICODE.failed, self.failed)


UNICODE = Marks(done="✓", failed="✗", running="…", cut="…")
ASCII = Marks(done="ok", failed="x", running="..", cut="..")


def marks_for(encoding: str | None) -> Marks:
    """Return the signs that an encoding can write."""
    try:
        "✓✗…".encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return UNICODE
