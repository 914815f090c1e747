"""Commands in hints, as they were typed: a hint that works elsewhere would mislead."""

from __future__ import annotations

import re

# What is followed by an environment of its own is left as it is.
_COMMAND = re.compile(r"\bbqmigrate (upgrade|downgrade|adopt|repair|unlock|history|current|plan|show)\b(?![^\n]*--env)")


def in_environment(hint: str | None, env: str | None) -> str | None:
    """Return a hint with `--env` in its commands, where one was given on the command line."""
    if hint is None or env is None:
        return hint
    return _COMMAND.sub(lambda found: f"{found[0]} --env {env}", hint)
