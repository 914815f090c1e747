"""How a command is called: global options taken out, failures rendered, an exit code returned."""

from __future__ import annotations

import inspect
import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import typer

from bqmigrate.cli import options
from bqmigrate.cli.invocation import Invocation
from bqmigrate.cli.options import Settings

Run = Callable[..., int]


def with_globals(name: str, run: Run) -> Callable[..., None]:
    """Return what the argument parser calls: `run`'s own arguments, and the global options.

    `run(invocation, ...)` returns the exit code.
    """

    def command(context: typer.Context, **values: Any) -> None:
        settings = options.taken(values).over(context.obj)
        raise typer.Exit(call(name, run, settings, values))

    own = inspect.signature(run, eval_str=True).parameters.values()
    _declare(command, [p.replace(kind=p.KEYWORD_ONLY) for p in own if p.name != "invocation"])
    command.__doc__ = run.__doc__
    return command


def globals_first() -> Callable[..., None]:
    """Return what keeps the global options that stand before a command's name."""

    def keep(context: typer.Context, **values: Any) -> None:
        context.obj = options.taken(values).over(context.obj)

    _declare(keep)
    return keep


def _declare(command: Callable[..., None], own: Sequence[inspect.Parameter] = ()) -> None:
    """Give a function the signature that the argument parser reads: `own`, then the global options."""
    context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
        for name, kind in options.GLOBAL.items()
    ]
    parameters = [context, *own, *shared]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in parameters}


def call(name: str, run: Run, settings: Settings, values: Mapping[str, Any]) -> int:
    """Run a command and answer for whatever comes out of it."""
    with _logging(verbose=bool(settings.verbose)):
        return _run(name, run, settings, values)


def _run(name: str, run: Run, settings: Settings, values: Mapping[str, Any]) -> int:
    from bqmigrate.cli import failure  # noqa: PLC0415  --help must not pay for it
    from bqmigrate.cli.output import Output  # noqa: PLC0415

    quiet, verbose = bool(settings.quiet), bool(settings.verbose)
    output = Output(sys.stdout, sys.stderr, as_json=bool(settings.json), quiet=quiet, verbose=verbose)
    invocation = Invocation(name, settings, output)
    try:
        failure.refuse_conflict({"--quiet": quiet, "--verbose": verbose})
        return run(invocation, **values)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  the edge: everything becomes an exit code
        return failure.report(invocation, error)
    finally:
        output.close()


@contextmanager
def _logging(*, verbose: bool) -> Iterator[None]:
    logger = logging.getLogger("bqmigrate")
    before = logger.level
    # Without a handler of its own, logging's last resort would write errors to stderr a second time.
    handler: logging.Handler = logging.NullHandler()
    if verbose:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(message)s"))
        logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
