"""YAML text as a document: a strict subset, and none of YAML 1.1's surprises.

Plain scalars are `true`, `false`, `null`, `~`, nothing, a whole number (at most 18 digits) or a number with a
decimal point; everything else is text: `on`, `yes`, `NO`, `NULL`, `0o17`, `007`, `12:30`, `1e3` and
dates are what they look like. Quotes make text of anything. Anchors, aliases, tags, merge keys,
directives and several documents are refused, and so is a key written twice.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from bqmigrate.errors import Finding
from bqmigrate.files import codes
from bqmigrate.files.source import Source, Unreadable
from bqmigrate.model.document import Node, Scalar

DEPTH_LIMIT = 60
# Characters that the slow parser goes through in about a second.
SLOW_LIMIT = 100_000

_WORDS: dict[str, Scalar] = {"": None, "~": None, "null": None, "true": True, "false": False}
_WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})\Z")
_DECIMAL = re.compile(r"[-+]?[0-9]{1,40}\.[0-9]{1,40}(?:[eE][-+]?[0-9]{1,2})?\Z")
# The C parser reads the same language, some fifteen times as fast; not every build has it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse(source: Source) -> Node:
    """Parse the one document of a file. Raises Unreadable."""
    try:
        return _build(source, iter(yaml.parse(source.text, Loader=_LOADER)))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if mark is not None and mark.index > SLOW_LIMIT:
            raise _syntax(source, error) from error
        # The C parser has limits of its own and reads ahead of what it tells: the other one says it in our order.
        return _parse_slowly(source, error)
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        return _parse_slowly(source, error)


def _parse_slowly(source: Source, first: Exception) -> Node:
    try:
        return _build(source, iter(yaml.parse(source.text, Loader=yaml.SafeLoader)))
    except (ValueError, OverflowError) as error:
        # What the other parser does not check itself: an escape beyond Unicode, a version of thousands of digits.
        raise _syntax(source, first) from error
    except yaml.MarkedYAMLError as error:
        raise _syntax(source, error) from error
    except yaml.YAMLError as error:
        raise _character(source, error) from error


@dataclass
class _Open:
    """A list or map that is being read; in a map, keys and values alternate in `items`."""

    is_map: bool
    line: int
    column: int
    items: list[Node] = field(default_factory=list)
    keys: dict[str, Node] = field(default_factory=dict)

    @property
    def expects_key(self) -> bool:
        return self.is_map and len(self.items) % 2 == 0

    def close(self) -> Node:
        if not self.is_map:
            return Node(tuple(self.items), is_list=True, line=self.line, column=self.column)
        pairs = tuple(zip(self.items[::2], self.items[1::2], strict=True))
        return Node(pairs, is_map=True, line=self.line, column=self.column)


def _build(source: Source, events: Iterator[yaml.Event]) -> Node:
    # A loop and a stack of our own: depth is a limit we state, not the interpreter's.
    stack: list[_Open] = []
    root: Node | None = None
    for event in events:
        _refuse_features(source, event, has_root=root is not None)
        done: Node | None = None
        if isinstance(event, yaml.ScalarEvent):
            done = _scalar(source, event)
        elif isinstance(event, yaml.CollectionStartEvent):
            _check_opening(source, stack, event)
            stack.append(_Open(isinstance(event, yaml.MappingStartEvent), *_spot(source, event)))
        elif isinstance(event, yaml.CollectionEndEvent):
            done = stack.pop().close()
        if done is not None:
            root = _place(source, stack, done, event) or root
    if root is None:
        raise _refusal(source, codes.EMPTY, "the file says nothing", "write description: and upgrade:", None)
    return root


def _place(source: Source, stack: list[_Open], node: Node, event: yaml.Event) -> Node | None:
    """Put a finished node where it belongs; return it when it is the document itself."""
    if not stack:
        return node
    parent = stack[-1]
    if parent.expects_key:
        _check_key(source, parent, node, event)
    parent.items.append(node)
    return None


def _check_key(source: Source, parent: _Open, key: Node, event: yaml.Event) -> None:
    if isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.implicit[0]:
        raise _refusal(source, codes.YAML_FEATURE, "merge keys are not used here", "write the keys out", event)
    name = str(key.value)
    if name in parent.keys:
        first = parent.keys[name].line
        help_ = "keep one of them"
        raise _refusal(
            source, codes.DUPLICATE_KEY, f"duplicate key {name}: it stands on line {first} too", help_, event
        )
    parent.keys[name] = key


def _check_opening(source: Source, stack: list[_Open], event: yaml.CollectionStartEvent) -> None:
    if len(stack) >= DEPTH_LIMIT:
        message = f"the file is nested more than {DEPTH_LIMIT} levels deep"
        raise _refusal(source, codes.TOO_DEEP, message, "BigQuery allows 15 levels of RECORD", event)
    if stack and stack[-1].expects_key:
        raise _refusal(source, codes.BAD_VALUE, "a key must be text", "a list item begins with a dash", event)


def _refuse_features(source: Source, event: yaml.Event, *, has_root: bool) -> None:
    feature, help_ = None, "write it out"
    if isinstance(event, yaml.AliasEvent):
        feature = f"aliases (*{event.anchor})"
    elif anchor := getattr(event, "anchor", None):
        feature = f"anchors (&{anchor})"
    elif tag := getattr(event, "tag", None):
        feature, help_ = f"tags ({tag})", "put text in quotes; nothing else needs a tag"
    elif isinstance(event, yaml.DocumentStartEvent) and has_root:
        feature, help_ = "several documents in one file", "write one file per migration"
    elif isinstance(event, yaml.DocumentStartEvent) and (event.version or event.tags):
        feature, help_ = "YAML directives", "remove the lines that begin with %"
    if feature is not None:
        raise _refusal(source, codes.YAML_FEATURE, f"{feature} are not used here", help_, event)


def _scalar(source: Source, event: yaml.ScalarEvent) -> Node:
    line, column = _spot(source, event)
    if event.style in ("|", ">") and source.line(line + 1) is not None:
        # A block's text begins on the next line: that is where an error in it is looked for.
        line, column = line + 1, _indent(source, line + 1)
    value: Scalar = event.value if event.style else resolve(event.value)
    return Node(value, line=line, column=column)


def _indent(source: Source, line: int) -> int:
    while (text := source.line(line)) is not None and not text.strip():
        line += 1
    return len(text) - len(text.lstrip(" ")) + 1 if text else 1


def resolve(plain: str) -> Scalar:
    """Return what a plain scalar stands for: see the top of this file."""
    if plain in _WORDS:
        return _WORDS[plain]
    if _WHOLE.match(plain):
        return int(plain)
    if _DECIMAL.match(plain) and math.isfinite(float(plain)):
        return float(plain)
    return plain


def _spot(source: Source, event: yaml.Event) -> tuple[int, int]:
    # By its offset: YAML also ends lines where no editor does, at U+0085, U+2028 and U+2029.
    return source.spot(event.start_mark.index) if event.start_mark else (1, 1)


def _syntax(source: Source, error: Exception) -> Unreadable:
    mark, said = None, str(error)
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        said = " ".join(part for part in (error.context, error.problem) if part)
    line, column = source.spot(mark.index) if mark else (None, None)
    help_ = "check the indentation, and put text with : # { [ , & * ! | > ' \" % @ ` in quotes"
    if line is not None and "\t" in (source.line(line) or ""):
        help_ = "YAML is indented with spaces, not tabs"
    return Unreadable([source.finding(codes.NOT_YAML, f"not YAML: {said}", help_, line, column)])


def _character(source: Source, error: yaml.YAMLError) -> Unreadable:
    # Only the reader raises this one: a character that YAML does not have.
    position = getattr(error, "position", None)
    line = source.text.count("\n", 0, position) + 1 if isinstance(position, int) else None
    message = f"not YAML: {str(error).splitlines()[0] or 'a character that YAML does not allow'}"
    return Unreadable([source.finding(codes.NOT_YAML, message, 'write it in quotes as "\\xNN"', line)])


def _refusal(source: Source, code: str, message: str, help_: str, event: yaml.Event | None) -> Unreadable:
    line, column = _spot(source, event) if event is not None else (None, None)
    finding: Finding = source.finding(code, message, help_, line, column)
    return Unreadable([finding])
