"""One case: a project folder made of a seed, and what has to hold of the plan if there is one."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bqmigrate.planning.plan import Plan

PROJECT = "fuzzed-project-1"
TOML = f"""\
[project]
name = "fuzzed"
[environments.local]
project = "{PROJECT}"
location = "US"
"""

Kind = Literal["folder", "link", "pipe", "unreadable"]
Judge = Callable[[Plan], Iterator[str]]


def nothing_more(_: Plan) -> Iterator[str]:
    """Ask for nothing but a plan."""
    return iter(())


@dataclass(frozen=True)
class Other:
    """What lies in the folder and is no plain file; `target` is where a link leads."""

    kind: Kind
    path: str
    target: str = ""


@dataclass(frozen=True)
class Case:
    """Files by their path below the project; `judge` yields what is wrong with the plan they make.

    `harmless` says that the files are right: an error is a finding too.
    """

    files: Mapping[str, bytes]
    toml: bytes = TOML.encode()
    others: Sequence[Other] = ()
    environ: Mapping[str, str] = field(default_factory=dict)
    judge: Judge = nothing_more
    harmless: bool = False

    def write(self, root: Path) -> None:
        """Put everything below a new folder."""
        (root / "migrations").mkdir()
        (root / "migrations.toml").write_bytes(self.toml)
        for name, content in self.files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        for other in self.others:
            _make(root, other)


def _make(root: Path, other: Other) -> None:
    path = root / other.path
    path.parent.mkdir(parents=True, exist_ok=True)
    if other.kind == "folder":
        path.mkdir()
    elif other.kind == "link":
        path.symlink_to(other.target)
    elif other.kind == "pipe":
        os.mkfifo(path)
    else:
        path.write_bytes(b"-- migrate:up\nSELECT 1\n")
        path.chmod(0)


def bytes_of(text: str) -> bytes:
    """Encode text as a careless program would: half surrogates too."""
    return text.encode("utf-8", "surrogatepass")


def cut(rng: random.Random, content: bytes) -> bytes:
    """Break a file as a disk, an editor or a merge would."""
    if not content:
        return content
    at, other = sorted((rng.randrange(len(content)), rng.randrange(len(content))))
    broken = (
        content[:at],
        content[at:],
        content[:at] + content[other:],
        content[:other] + content[at:],
        content[:at] + bytes([rng.randrange(256)]) + content[at:],
        content[:at] + bytes([content[at] ^ (1 << rng.randrange(8))]) + content[at + 1 :],
        content.replace(b"\n", b"\r\n"),
        content.replace(b"\n", b"\r"),
        b"\xef\xbb\xbf" + content,
        content.decode("utf-8", "replace").encode("utf-16"),
    )
    return rng.choice(broken)
