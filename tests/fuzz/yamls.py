"""YAML cases: right operations with keys swapped, doubled and lost, odd values, odd text, and broken files."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

import yaml

from tests.fuzz.case import Case, bytes_of, cut
from tests.fuzz.forms import Forms
from tests.fuzz.material import NUMBERS, ODD_SIGNS, SQL_SIGNS, nested, odd_text, odd_value, several
from tests.fuzz.operations import FOUNDATION, OPAQUE, OPERATIONS

NAME = "migrations/0003_fuzzed.yaml"
# Where a text may be almost anything, and becomes part of a statement or a request.
FREE = frozenset({
    "description", "friendly_name", "defaultValueExpression", "query", "statement", "collation", "type",
    "expires_at", "to", "name", "location", "expiration_days", "partition_expiration_days",
})  # fmt: skip


def case(seed: int) -> Case:
    """Return the case of a seed: in half of them nothing but one text is odd, so that many still make a plan."""
    rng = random.Random(seed)
    light = rng.random() < 0.5
    document: dict[str, Any] = {"description": "Fuzzed", "upgrade": _some(rng)}
    if rng.random() < 0.3:
        document["downgrade"] = _some(rng) if rng.random() < 0.5 else []
    if light:
        _reworded(rng, document)
    try:
        for _ in range(0 if light else several(rng, 4)):
            _mutate(rng, document)
    except RecursionError:  # deeper than it can be copied: it is as odd as it is
        pass
    text = _written(rng, document)
    for _ in range(0 if light else rng.choice((0, 0, 0, 1, 1, 2))):
        text = rng.choice(TEXT)(rng, text)
    content = bytes_of(text)
    if not light and rng.random() < 0.15:
        content = cut(rng, content)
    files = {"migrations/0001_foundation.yaml": FOUNDATION.encode(), NAME: content}
    if rng.random() < 0.3:
        files["migrations/0002_opaque.sql"] = OPAQUE.encode()
    return Case(files, judge=Forms(files).judge)


def _reworded(rng: random.Random, document: dict[str, Any]) -> None:
    """Exchange one text or number for another."""
    spots = [(holder, key) for holder, key in _spots(document) if not isinstance(holder[key], dict | list | bool)]
    if not spots:
        return
    holder, key = rng.choice(spots)
    free = [spot for spot in spots if spot[1] in FREE]
    if free and rng.random() < 0.5:
        holder, key = rng.choice(free)
    old = holder[key]
    new = odd_text(rng) if isinstance(old, str) or old is None else rng.choice(NUMBERS)
    # A sign or two inside of what was there is more often still a name or an expression.
    holder[key] = (
        new if not isinstance(old, str) or rng.random() < 0.5 else f"{old}{rng.choice((*SQL_SIGNS, *ODD_SIGNS))}"
    )


def _some(rng: random.Random) -> list[Any]:
    return copy.deepcopy(rng.sample(OPERATIONS, rng.choice((1, 1, 1, 2, 3))))


def _spots(value: Any) -> list[tuple[Any, Any]]:
    """Return every container with each of its keys."""
    out: list[tuple[Any, Any]] = []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        out.append((value, key))
        out += _spots(inner)
    return out


def _mutate(rng: random.Random, document: dict[str, Any]) -> None:
    spots = _spots(document)
    if not spots:
        return
    holder, key = rng.choice(spots)
    action = rng.randrange(8)
    if action < 3:
        holder[key] = odd_text(rng) if action else odd_value(rng)
    elif action == 3:
        del holder[key]
    elif action == 4:
        other, where = rng.choice(spots)
        if key in _keys(holder) and where in _keys(other):
            holder[key], other[where] = copy.deepcopy(other[where]), copy.deepcopy(holder[key])
    elif action == 5 and isinstance(holder, dict):
        holder[rng.choice((odd_text(rng), "table", "schema", "name", "type", "mode", 5, True, None))] = holder.pop(key)
    elif action == 6 and isinstance(holder, list):
        holder += copy.deepcopy(holder) * rng.choice((1, 1, 3, 300))
    elif isinstance(holder, dict):
        holder[rng.choice(("description", "labels", "hard", "fields", "default", "to", "query", odd_text(rng)))] = (
            nested(rng, rng.choice((1, 16, 61, 200))) if rng.random() < 0.3 else odd_value(rng)
        )


def _keys(holder: Any) -> Any:
    return holder if isinstance(holder, dict) else range(len(holder))


def _written(rng: random.Random, document: Any) -> str:
    # Values that are written out in full: no anchors of the writer's own.
    plain: Callable[[object, object], bool] = lambda _self, _data: True  # noqa: E731
    dumper = type("Plain", (yaml.SafeDumper,), {"ignore_aliases": plain})
    try:
        return str(
            yaml.dump(
                document,
                Dumper=dumper,
                sort_keys=rng.random() < 0.1,
                allow_unicode=rng.random() < 0.7,
                width=rng.choice((20, 80, 10_000)),
                default_flow_style=rng.choice((None, False, False, True)),
                default_style=rng.choice(('"', "'", "|", ">")) if rng.random() < 0.05 else None,
                line_break=rng.choice(("\n", "\n", "\n", "\r\n", "\r")),
            )
        )
    except (RecursionError, ValueError):  # a number or a depth that the writer itself cannot write
        return FOUNDATION


def _lines(rng: random.Random, text: str) -> tuple[list[str], int]:
    lines = text.split("\n")
    return lines, rng.randrange(len(lines))


def _twice(rng: random.Random, text: str) -> str:
    lines, at = _lines(rng, text)
    return "\n".join([*lines[:at], lines[at], *lines[at:]])


def _moved(rng: random.Random, text: str) -> str:
    lines, at = _lines(rng, text)
    lines[at] = rng.choice(("  ", "\t", "- ", "? ", ": ")) + lines[at]
    return "\n".join(lines)


def _featured(rng: random.Random, text: str) -> str:
    """Put an anchor, alias, tag, merge key, directive or another document somewhere."""
    feature = rng.choice((
        "&a ", "*a ", "!!str ", "!!python/object/apply:os.system ", "<<: ", "<<: *a\n", "---\n", "...\n",
        "%YAML 1.1\n---\n", "%YAML 1.99999999999999999999999\n---\n", f"%YAML 1.{'9' * 5000}\n---\n",
        "%TAG ! tag:x,2000:\n---\n", "!%ff ", '"\\U00110000"', '"\\UFFFFFFFF"', '"\\ud83d"', '"\\x00"', "!<> ", "? ",
        "| ", ">9", "[", "{", "]", "}", "@", "`", "#",
    ))  # fmt: skip
    if rng.random() < 0.3:
        return feature + text
    return _inserted(rng, text, feature)


def _inserted(rng: random.Random, text: str, what: str | None = None) -> str:
    at = rng.choice([i for i, sign in enumerate(text) if sign in " \n:"] or [0]) + 1
    return text[:at] + (odd_text(rng) if what is None else what) + text[at:]


def _bombed(rng: random.Random, text: str) -> str:
    size = rng.choice((61, 1000, 20_000))
    return text + rng.choice(("- ", "[", "{", "? ", "a: [", "{a: ", "- - ", "&a [", "!x ")) * size


def _long(rng: random.Random, text: str) -> str:
    filler = rng.choice((" ", "x", "# ", "é", "\u2028", "'", "\\", "a: b, ")) * rng.choice((2000, 50_000))
    return _inserted(rng, text, filler)


def _broken_lines(rng: random.Random, text: str) -> str:
    return text.replace("\n", rng.choice(("\r\n", "\r", "\u0085", "\u2028", "\n\n")), rng.choice((1, 3, -1)))


TEXT = (_twice, _moved, _featured, _featured, _inserted, _inserted, _bombed, _long, _broken_lines)
