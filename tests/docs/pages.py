"""The pages of the documentation as the tests read them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#{1,6}) (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, the heading it stands under, and where its text starts."""

    language: str
    text: str
    heading: str
    start: int


def pages() -> Sequence[Path]:
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.glob("*.md"))]


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def prose(text: str) -> str:
    """The text without its fenced blocks, whose places stay blank."""
    return _FENCE.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)


def headings(text: str) -> Sequence[tuple[int, str]]:
    return [(m.start(), m[2].strip()) for m in _HEADING.finditer(prose(text))]


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives to the headings."""
    out: set[str] = set()
    for _, heading in headings(text):
        plain = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        number = 0
        while (name := f"{plain}-{number}" if number else plain) in out:
            number += 1
        out.add(name)
    return out


def blocks(text: str) -> Iterator[Block]:
    known = headings(text)
    for match in _FENCE.finditer(text):
        above = [name for at, name in known if at < match.start()]
        yield Block(match[1], match[2], above[-1] if above else "", match.start(2))


def section(text: str, heading: str) -> str:
    """The text below a heading, up to the next one of any level."""
    known = headings(text)
    at = next(i for i, (_, name) in enumerate(known) if name == heading)
    end = known[at + 1][0] if at + 1 < len(known) else len(text)
    return text[known[at][0] : end]


def tables(text: str) -> Iterator[list[list[str]]]:
    """The tables, each a list of rows of cells, the head first and its rule left out."""
    rows: list[list[str]] = []
    for line in [*prose(text).splitlines(), ""]:
        if line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip().strip("|").split("|")])
        elif rows:
            yield [rows[0], *rows[2:]]
            rows = []


def operation_examples() -> list[Block]:
    """The examples of docs/operations.md: migrations that walk as one history."""
    return [b for b in blocks(read(DOCS / "operations.md")) if b.language in {"yaml", "python"}]


def write_operation_examples(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for number, block in enumerate(operation_examples(), start=1):
        suffix = "py" if block.language == "python" else "yaml"
        (folder / f"{number:04}_example.{suffix}").write_text(block.text, encoding="utf-8")
