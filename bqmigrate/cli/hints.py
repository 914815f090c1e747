"""Commands in hints, as they were typed: a hint that works elsewhere would mislead."""

from __future__ import annotations

import re

# What is followed by such options already is left as it is.
_COMMAND = re.compile(
    r"\bbqmigrate (upgrade|downgrade|adopt|repair|unlock|history|current|plan|show)\b"
    r"(?![^\n]* --(?:config|env|project|location) )"
)


def as_addressed(hint: str | None, where: str | None) -> str | None:
    """Return a hint with `--env` and the like in its commands, as they were given on the command line."""
    if hint is None or where is None:
        return hint
    return _COMMAND.sub(lambda found: f"{found[0]} {where}", hint)
