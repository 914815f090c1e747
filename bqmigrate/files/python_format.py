"""The Python form: `def upgrade(op)` and optional `def downgrade(op)`, building the same operations.

The file is run in a module of its own that nobody can import, and leaves no .pyc behind. Its checksum
covers this file alone: a module that it imports from elsewhere is not part of the migration, so relative
imports are refused, and `op.run(function)` should carry its own code.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import sys
import traceback
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from bqmigrate.errors import Finding
from bqmigrate.files import codes
from bqmigrate.files.parsed import Parsed, check_not_empty
from bqmigrate.files.python_builder import Builder
from bqmigrate.files.source import FINDINGS_LIMIT, Source, Unreadable
from bqmigrate.model.document import Node

_SHAPE_HELP = "write def upgrade(op): with the operations in it, and def downgrade(op): if there is a way back"


def parse(source: Source, folder: Path) -> Parsed:  # noqa: ARG001 - the formats are called alike
    """Run a Python migration and collect what it builds. Raises Unreadable."""
    module = _run(source, _compiled(source))
    upgrade, downgrade = _function(source, module, "upgrade"), _function(source, module, "downgrade")
    if upgrade is None:
        raise Unreadable([source.finding(codes.PYTHON_SHAPE, "there is no function upgrade", _SHAPE_HELP, 1, 1)])
    up = _build(source, upgrade)
    down = _build(source, downgrade) if downgrade is not None else None
    findings = (*up.findings, *(down.findings if down else ()))
    if findings:
        raise Unreadable(findings[:FINDINGS_LIMIT])
    check_not_empty(source, up.placed, Node(None, line=_line(upgrade), column=1), "call op in upgrade(op)")
    return Parsed(_description(module), tuple(up.placed), tuple(down.placed) if down else None)


def _description(module: ModuleType) -> str | None:
    lines = inspect.cleandoc(module.__doc__ or "").splitlines()
    return lines[0] if lines else None


def _compiled(source: Source) -> CodeType:
    try:
        tree = ast.parse(source.text, str(source.path))
        _refuse_relative_imports(source, tree)
        return compile(tree, str(source.path), "exec", dont_inherit=True)
    except SyntaxError as error:
        message = f"not Python: {error.msg}"
        finding = source.finding(codes.NOT_PYTHON, message, "mend the line", error.lineno, error.offset)
        raise Unreadable([finding]) from error
    except (ValueError, RecursionError, MemoryError) as error:
        message = f"not Python: {error or 'too deeply nested'}"
        raise Unreadable([source.finding(codes.NOT_PYTHON, message, "is it the right file?", 1, 1)]) from error


def _refuse_relative_imports(source: Source, tree: ast.Module) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            message = "a relative import: a migration is no part of a package"
            help_ = "put the code into this file, so that the checksum covers it"
            raise Unreadable([source.finding(codes.PYTHON_SHAPE, message, help_, node.lineno, node.col_offset + 1)])


def _run(source: Source, code: CodeType) -> ModuleType:
    module = ModuleType(source.path.stem)
    module.__file__ = str(source.path)
    with _guard(source):
        exec(code, module.__dict__)  # noqa: S102 - a Python migration is code, by its author's choice
    return module


def _function(source: Source, module: ModuleType, name: str) -> Any:
    function = module.__dict__.get(name)
    if function is None:
        return None
    if not inspect.isfunction(function):
        raise Unreadable([source.finding(codes.PYTHON_SHAPE, f"{name} is not a function", _SHAPE_HELP, 1, 1)])
    try:
        inspect.signature(function).bind(object())
    except TypeError:
        message = f"{name} must take one argument, op"
        raise Unreadable([source.finding(codes.PYTHON_SHAPE, message, _SHAPE_HELP, _line(function), 1)]) from None
    return function


def _build(source: Source, function: Any) -> Builder:
    builder = Builder(source)
    with _guard(source):
        result = function(builder)
    builder.close()
    if inspect.iscoroutine(result):
        result.close()
    if result is not None:
        name = function.__name__
        message = f"{name} must return nothing: neither a value, nor async, nor yield"
        builder.findings.append(source.finding(codes.PYTHON_SHAPE, message, _SHAPE_HELP, _line(function), 1))
    return builder


def _line(function: Any) -> int:
    return int(function.__code__.co_firstlineno)


@contextlib.contextmanager
def _guard(source: Source) -> Any:
    # What the author prints must not end up in the result of a command.
    with contextlib.redirect_stdout(sys.stderr):
        try:
            yield
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise Unreadable([_failure(source, error)]) from error


def _failure(source: Source, error: BaseException) -> Finding:
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(source.path)]
    said = str(error).splitlines()
    message = f"the migration's code failed: {type(error).__name__}" + (f": {said[0]}" if said else "")
    return source.finding(codes.PYTHON_ERROR, message, "mend the line in the migration", lines[-1] if lines else 1)
