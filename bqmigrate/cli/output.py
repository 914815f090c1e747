"""The two streams of a command: results on stdout; progress, warnings, questions and errors on stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.text import Text

from bqmigrate.cli import codes
from bqmigrate.cli.render.marks import marks_for
from bqmigrate.cli.render.words import clean
from bqmigrate.errors import RunError

Line = str | Text
WIDEST = 110


class Output:
    """Where a command writes; a reader that went away never stops a run."""

    def __init__(
        self,
        stdout: TextIO | None,
        stderr: TextIO | None,
        *,
        as_json: bool = False,
        quiet: bool = False,
        verbose: bool = False,
    ) -> None:
        out, err = _prepared(stdout), _prepared(stderr)
        self.as_json = as_json
        self.quiet = quiet
        self.verbose = verbose
        self.marks = marks_for(out.encoding)
        self.error_marks = marks_for(err.encoding)
        self.err = _console(_Notes, err)
        self._out = _console(_Screen, out)
        self._stdout = out

    @property
    def live(self) -> bool:
        """Tell whether progress may be redrawn: a terminal that can, and nothing else writing to it."""
        return self._is_screen(self.err) and not self.verbose and not self.quiet

    @property
    def interactive(self) -> bool:
        """Tell whether there is somebody to ask."""
        return sys.stdin is not None and sys.stdin.isatty() and self.err.file.isatty()

    @property
    def limit(self) -> int | None:
        """Return the columns a line of the result may take; None where nobody looks at columns."""
        return min(self._out.width, WIDEST) if self._out.file.isatty() else None

    @property
    def progress_limit(self) -> int | None:
        """Return the columns a line of progress may take."""
        return min(self.err.width, WIDEST) if self.err.file.isatty() else None

    def answer(self, document: Mapping[str, Any], lines: Iterable[Line]) -> None:
        """Write the result: the document with --json, else the lines."""
        if self.as_json:
            self.raw(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
            return
        with self._must_be_written():
            for line in lines:
                self._out.print(line, soft_wrap=True)

    def raw(self, text: str) -> None:
        """Write text on stdout exactly as it is."""
        with self._must_be_written():
            self._stdout.write(text)
            self._stdout.flush()

    @contextmanager
    def _must_be_written(self) -> Iterator[None]:
        """Raise RunError where the result is lost, other than to a reader that went away."""
        try:
            yield
        except BrokenPipeError:
            _to_nowhere(self._stdout)
        except OSError as error:
            _to_nowhere(self._stdout)
            message = f"the result could not be written: {error.strerror or error}"
            self.say([f"error {codes.NOT_WRITTEN}: {message}"])
            raise RunError(codes.NOT_WRITTEN, message) from error

    def progress(self, lines: Iterable[Line]) -> None:
        """Write to stderr, unless only the result is wanted."""
        if not self.quiet:
            self.say(lines)

    def say(self, lines: Iterable[Line]) -> None:
        """Write to stderr what must be read."""
        for line in lines:
            self.err.print(line, soft_wrap=True)

    def warn(self, warnings: Iterable[str]) -> None:
        """Write what is doubtful to stderr."""
        self.progress(Text.assemble(("warning", "bold yellow"), f": {clean(each)}") for each in warnings)

    def ask(self, question: str) -> bool:
        """Ask on the terminal; anything but yes is no."""
        self.err.print(f"{question} [y/N] ", end="", soft_wrap=True)
        answer = ""
        try:
            answer = sys.stdin.readline()
        finally:
            # The line was not ended by who answered with Ctrl-C or Ctrl-D.
            if not answer.endswith("\n"):
                self.err.print()
        return answer.strip().lower() in {"y", "yes"}

    def close(self) -> None:
        """Send what is still buffered, while a closed pipe can be answered for."""
        for stream in (self._stdout, self.err.file):
            try:
                stream.flush()
            except OSError:  # the reader went away, or the disk is full
                _to_nowhere(stream)

    def _is_screen(self, console: Console) -> bool:
        return console.file.isatty() and not console.is_dumb_terminal


class _Screen(Console):
    """A console that a reader who went away does not end the program of."""

    def on_broken_pipe(self) -> None:
        """Write to nowhere from now on."""
        _to_nowhere(self.file)


class _Notes(_Screen):
    """One for what is said beside the result: a full disk must not end a run that changes things."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print, or write to nowhere from now on."""
        try:
            super().print(*objects, **options)
        except OSError:
            _to_nowhere(self.file)


def _console(kind: type[_Screen], stream: TextIO) -> Console:
    return kind(file=stream, highlight=False, markup=False, emoji=False, legacy_windows=False)


def _prepared(stream: TextIO | None) -> TextIO:
    if stream is None:  # the program was started with that stream closed
        return Path(os.devnull).open("w", encoding="utf-8")
    # A description in a language that the terminal cannot show must not end a run.
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")
    return stream


def _to_nowhere(stream: Any) -> None:
    # `| head -1` has what it wanted; what is still buffered may not fail again at exit.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
