"""Targets such as -1 on a command line, where a leading dash would mean an option."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from typer.core import TyperCommand

_NEGATIVE = re.compile(r"-\d+\Z")


class TargetCommand(TyperCommand):
    """A command whose argument may be a negative number."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse as usual, -N read as an argument."""
        takes_value = {word for p in self.params for word in p.opts if not getattr(p, "is_flag", True)}
        return super().parse_args(ctx, targets_last(args, takes_value))


def targets_last(args: Sequence[str], takes_value: Iterable[str]) -> list[str]:
    """Move arguments such as -1 behind a `--`; values of options stay where they are."""
    options: list[str] = []
    targets: list[str] = []
    rest = iter(args)
    wanting = frozenset(takes_value)
    for word in rest:
        if word == "--":
            return [*options, "--", *targets, *rest]
        if word in wanting:
            options += [word, *islice(rest, 1)]
        elif _NEGATIVE.match(word):
            targets.append(word)
        else:
            options.append(word)
    return [*options, "--", *targets] if targets else options
