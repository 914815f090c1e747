"""The sessions of the README: what is typed there is run, and what is shown there is compared.

    python -m tests.docs.sessions        writes what was printed into the README

A `console` block is run line by line (`$ bqmigrate ...`); a block whose first line is `# migrations/NAME` is written to
that file first. All blocks share one folder, from top to bottom.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.docs.pages import ROOT, Block, blocks, read

README = ROOT / "README.md"
_FILE = re.compile(r"# (migrations/\S+)\n")
_VARYING = (
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d"), "DATE"),
    (re.compile(r"\b\d+(\.\d+)? (ms|s|min)\b"), "TIME"),
    (re.compile(r"[ \t]+"), " "),
)


@dataclass(frozen=True)
class Shown:
    """A block, and what it should show."""

    block: Block
    printed: str


def normal(text: str) -> str:
    """The text without what differs from run to run."""
    for pattern, instead in _VARYING:
        text = pattern.sub(instead, text)
    return "\n".join(line.strip() for line in text.strip().splitlines())


def play(text: str, folder: Path) -> Iterator[Shown]:
    """Run the sessions of a page in a copy of the project."""
    shutil.copytree(ROOT / "migrations", folder / "migrations")
    shutil.copy(ROOT / "migrations.toml", folder)
    for block in blocks(text):
        if match := _FILE.match(block.text):
            (folder / match[1]).write_text(block.text.split("\n", 1)[1], encoding="utf-8")
        elif block.language == "console":
            commands = [line[2:] for line in block.text.splitlines() if line.startswith("$ ")]
            yield Shown(block, "".join(f"$ {c}\n{_run(c, folder)}" for c in commands))


def _run(command: str, folder: Path) -> str:
    program, *words = shlex.split(command)
    assert program == "bqmigrate", command
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("BQMIGRATE_", "BIGQUERY_"))}
    done = subprocess.run(
        [sys.executable, "-m", "bqmigrate", *words],
        cwd=folder,
        env=environ | {"NO_COLOR": "1", "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    return done.stdout


def main() -> None:
    """Write what was printed into the README."""
    text = read(README)
    with tempfile.TemporaryDirectory() as folder:
        played = list(play(text, Path(folder)))
    # From the end, so that the places of the others stay.
    for shown in reversed(played):
        block = shown.block
        text = text[: block.start] + shown.printed + text[block.start + len(block.text) :]
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
