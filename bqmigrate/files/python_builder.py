"""`op`, the argument of a Python migration: every operation as a method with keyword arguments."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from typing import Any

from bqmigrate.errors import Finding, Place
from bqmigrate.files import codes
from bqmigrate.files.migration import Placed
from bqmigrate.files.parsed import check_text
from bqmigrate.files.source import Source
from bqmigrate.model.document import Node, Problem, unknown
from bqmigrate.operations import OPERATIONS, read_operation
from bqmigrate.operations.base import Operation
from bqmigrate.operations.raw import RunPython

METHODS = (*OPERATIONS, "run")


class Builder:
    """Collects the operations of one direction, each with the author's line; errors are kept, not raised."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._closed = False
        self.placed: list[Placed] = []
        self.findings: list[Finding] = []

    def __getattr__(self, name: str) -> Callable[..., None]:
        """Return the method of an operation. Raises AttributeError for one that does not exist."""
        if name not in OPERATIONS:
            problem = unknown("operation", f"op.{name}", [f"op.{known}" for known in METHODS], None)
            raise AttributeError(f"{problem.message} ({problem.help})")

        def add(*args: Any, **keys: Any) -> None:
            self._add(name, args, keys)

        return add

    def sql(self, statement: str) -> None:
        """Run a statement or script as one job."""
        self._add("sql", (), {"statement": statement})

    def run(self, function: Callable[..., Any], name: str | None = None) -> None:
        """Call a function when the migration runs: at least once."""
        line = self._line()
        shown = name if name is not None else getattr(function, "__name__", type(function).__name__)
        if wrong := _function_problem(function, shown, Node(None, line=line)):
            self._refuse(wrong)
            return
        digest = hashlib.sha256(self._source.raw).hexdigest()
        self._keep(RunPython(shown, function, digest), line)

    def close(self) -> None:
        """Refuse what comes after the direction was read: it would silently not run."""
        self._closed = True

    def _add(self, key: str, args: tuple[Any, ...], keys: dict[str, Any]) -> None:
        line = self._line()
        try:
            self._keep(_read(key, args, keys, line), line)
        except Problem as problem:
            self._refuse(problem)
        except RecursionError:
            wrong = Problem(f"op.{key}: the arguments are nested too deeply", Node(None, line=line))
            self._refuse(codes.CodedProblem(codes.TOO_DEEP, wrong))

    def _keep(self, operation: Operation, line: int | None) -> None:
        if self._closed:
            raise RuntimeError("op is used after upgrade or downgrade has returned")
        self.placed.append(Placed(operation, Place(self._source.file, line)))

    def _refuse(self, problem: Problem) -> None:
        self.findings.append(self._source.of(problem))

    def _line(self) -> int | None:
        """Return the author's line that is being run, in whatever function of the file it stands."""
        frame = inspect.currentframe()
        while frame is not None and frame.f_code.co_filename != str(self._source.path):
            frame = frame.f_back
        return frame.f_lineno if frame else None


def _read(key: str, args: tuple[Any, ...], keys: dict[str, Any], line: int | None) -> Operation:
    if args:
        help_ = "name each argument: table=..."
        raise Problem(f"op.{key} takes keyword arguments only", Node(None, line=line), help_)
    body = Node.of(keys, line)
    check_text(body)
    return read_operation(Node(key, line=line), body)


def _function_problem(function: object, name: object, node: Node) -> Problem | None:
    if not callable(function):
        return Problem("op.run needs a function", node, "pass it without calling it")
    if not isinstance(name, str) or not name.strip():
        return Problem("op.run: the name must be text", node, "leave it out, or write name=...")
    if name == "<lambda>":
        return Problem("op.run of a lambda needs a name", node, 'add name="..."')
    return None
