"""Targets as people type them: head, base, 7, 0007, +2, -1."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bqmigrate.errors import TargetError

_RELATIVE = re.compile(r"[+-][0-9]+\Z")
_VERSION = re.compile(r"[0-9]{1,9}\Z")
WIDTH = 4


@dataclass(frozen=True)
class Target:
    """Where to go: a version, the head, the base, or a number of migrations from here."""

    kind: Literal["head", "base", "version", "relative"]
    version: str = ""
    count: int = 0


def parse(text: str) -> Target:
    """Read a target. Raises TargetError for anything else."""
    word = text.strip()
    if word in {"head", "base"}:
        return Target("head" if word == "head" else "base")
    if _RELATIVE.match(word) and int(word) != 0:
        return Target("relative", count=int(word))
    if _VERSION.match(word):
        return Target("version", version=word.zfill(WIDTH))
    # 0007_tenant_pipeline_configs is what `history` and the file name say.
    head, _, rest = word.partition("_")
    if rest and _VERSION.match(head):
        return Target("version", version=head.zfill(WIDTH))
    hint = "a target is head, base, a version such as 0007, +N (upgrade) or -N (downgrade)"
    raise TargetError("BQM350", f"no such target: {text!r}", hint=hint)


def version(text: str) -> str:
    """Read a version. Raises TargetError for anything else."""
    found = parse(text)
    if found.kind != "version":
        raise TargetError("BQM350", f"not a version: {text!r}", hint="bqmigrate history")
    return found.version


def upgrade_stop(target: Target, pending: Sequence[str], known: Sequence[str], current: str | None) -> Sequence[str]:
    """Return the pending versions an upgrade to the target applies. Raises TargetError."""
    if target.kind == "head":
        return pending
    if target.kind == "relative":
        if target.count < 0:
            raise _wrong_side(f"{target.count}", "downgrade", current)
        if target.count > len(pending):
            left = "nothing is pending" if not pending else f"only {len(pending)} pending: {', '.join(pending)}"
            raise TargetError("BQM351", f"cannot go up {target.count}: {left}", hint="bqmigrate history")
        return pending[: target.count]
    if target.kind == "base":
        raise _wrong_side("base", "downgrade", current)
    if target.version not in known:
        raise _unknown(target.version, known)
    if current is not None and target.version < current:
        raise _wrong_side(target.version, "downgrade", current)
    return [v for v in pending if v <= target.version]


def downgrade_stop(target: Target, applied: Sequence[str], known: Sequence[str], current: str | None) -> Sequence[str]:
    """Return the applied versions a downgrade to the target takes back, highest first. Raises TargetError."""
    newest_first = sorted(applied, reverse=True)
    if target.kind == "base":
        return newest_first
    if target.kind == "relative":
        if target.count > 0:
            raise _wrong_side(f"+{target.count}", "upgrade", current)
        if -target.count > len(applied):
            left = "nothing is applied" if not applied else f"only {len(applied)} applied"
            hint = "bqmigrate downgrade base" if applied else "bqmigrate history"
            raise TargetError("BQM351", f"cannot go back {-target.count}: {left}", hint=hint)
        return newest_first[: -target.count]
    if target.kind == "head":
        raise _wrong_side("head", "upgrade", current)
    if target.version not in known and target.version not in applied:
        raise _unknown(target.version, known)
    if target.version not in applied:
        raise _wrong_side(target.version, "upgrade", current)
    return [v for v in newest_first if v > target.version]


def _wrong_side(target: str, command: str, current: str | None) -> TargetError:
    here = current or "base"
    side = "below" if command == "downgrade" else "above"
    relative = _RELATIVE.match(target) is not None
    hint = "bqmigrate history" if relative else f"bqmigrate {command} {target}"
    return TargetError("BQM352", f"target {target} is {side} the current version {here}", hint=hint)


def _unknown(version: str, known: Sequence[str]) -> TargetError:
    span = f"there are {known[0]} to {known[-1]}" if known else "there are no migrations"
    return TargetError("BQM350", f"no such target: {version} ({span})", hint="bqmigrate history")
