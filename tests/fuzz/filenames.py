"""Folders of odd file names: numbers, Unicode digits, cases, dots, spaces, links, pipes and folders."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

from bqmigrate.planning.plan import Plan
from tests.fuzz.case import Case, Kind, Other, bytes_of
from tests.fuzz.material import ODD_SIGNS, several

SQL = b"-- migrate:up\nSELECT 1\n"
NUMBERS = (
    "0001", "0002", "0007", "0000", "9999", "10000", "1", "01", "00001", "-001", "+001", "0x01", "1e3",
    "\u0660\u0661\u0662\u0663", "\uff10\uff10\uff10\uff11", "\u00b2\u00b2\u00b2\u00b2", "9" * 60, "", "000a",
    " 0003", "\u2460000",
)  # fmt: skip
SLUGS = (
    "one", "two", "Two", "ONE", "a_b", "a__b", "_a", "a_", "a-b", "a b", "a.b", "\u00e9", "e\u0301", "1", "x" * 100,
    "x" * 101, "x" * 200, "", "con", "a\nb", "a\u202eb", "\U0001f600", "a'b", "a\\b", "a;b", "copy (1)", "\udcff",
    "\u017f", "a\x1b[31m",
)  # fmt: skip
SUFFIXES = (
    ".sql", ".sql", ".sql", ".yaml", ".py", ".yml", ".SQL", ".Sql", "", ".", ".sql~", ".sql.bak", ".sql.swp",
    "..sql", ".txt", ".pyc", ".sql ", ".json",
)  # fmt: skip
WHOLE = (
    ".gitkeep", "README.md", "README", "__pycache__", ".DS_Store", "Thumbs.db", "#0001_a.sql#", "~", "-",
    "\udcff\udcfe", "readme.md", "x" * 255,
)  # fmt: skip
_RIGHT = re.compile(r"(?!0000)[0-9]{4}_(?![a-z0-9_]{101})[a-z0-9]+(?:_[a-z0-9]+)*\.(?:sql|yaml|py)")
_IGNORED = re.compile(r"\.|README|__pycache__\Z")


@dataclass(frozen=True)
class Folder:
    """What lies in the folder of a case: a plan may come only of names that are right, and of all of them."""

    names: frozenset[str]
    folders: frozenset[str]

    def judge(self, plan: Plan) -> Iterator[str]:
        """Yield names that were passed over in silence, and files that are no migrations."""
        right = {name for name in self.names if _RIGHT.fullmatch(name)}
        planned = {migration.file.partition("/")[2] for migration in plan.migrations}
        if planned != right:
            yield f"planned {sorted(planned)!r}, not {sorted(right)!r}"
        passed = {n for n in self.names - right - self.folders if not _IGNORED.match(n)}
        if passed:
            yield f"passed over: {sorted(passed)!r}"


def case(seed: int) -> Case:
    """Return the case of a seed."""
    rng = random.Random(seed)
    files = {"0001_one.sql": SQL} if rng.random() < 0.7 else {}
    others: dict[str, Other] = {}
    for _ in range(several(rng, 5)):
        name = _name(rng)
        if (
            not name
            or name in (".", "..")
            or "/" in name
            or "\0" in name
            or len(name.encode("utf-8", "surrogateescape")) > 255
        ):
            continue
        if rng.random() < 0.25:
            others[name] = _other(rng, name)
        else:
            files[name] = _content(rng, name)
    files = {name: content for name, content in files.items() if name not in others}
    folders = frozenset(name for name, other in others.items() if _is_folder(other))
    judge = Folder(frozenset((*files, *others)), folders).judge
    return Case(
        {f"migrations/{name}": content for name, content in files.items()}, others=tuple(others.values()), judge=judge
    )


def _is_folder(other: Other) -> bool:
    return other.kind == "folder" or (other.kind == "link" and other.target in (".", "..", "/tmp"))


def _name(rng: random.Random) -> str:
    kind = rng.randrange(8)
    if kind == 0:
        return rng.choice(WHOLE)
    name = rng.choice(NUMBERS) + rng.choice((
        "_", "_", "_", "_", "-", " ", "", ".", "__",
    )) + rng.choice(SLUGS) + rng.choice(SUFFIXES)  # fmt: skip
    if kind == 1:
        at = rng.randrange(len(name) + 1)
        sign = rng.choice([s for s in ODD_SIGNS if s not in ("\ud800", "\udfff")])
        name = name[:at] + sign + name[at:]
    if kind > 5:
        name = f"{rng.randrange(1, 30):04}_{rng.choice('abcdef')}{rng.choice(('.sql', '.yaml', '.py'))}"
    return name


def _other(rng: random.Random, name: str) -> Other:
    kind: Kind = rng.choice(("folder", "link", "link", "pipe", "unreadable"))
    target = rng.choice((
        name, ".", "..", "/dev/zero", "/tmp", "nowhere", "0001_one.sql", "../migrations.toml", "/etc/passwd",
        "x" * 300,
    ))  # fmt: skip
    return Other(kind, f"migrations/{name}", target)


def _content(rng: random.Random, name: str) -> bytes:
    if rng.random() < 0.2:
        return bytes_of(rng.choice(("", "\ufeff", "\0", "def upgrade(op):\n    op.sql('SELECT 1')\n", "x")))
    if name.endswith(".py"):
        return rng.choice(
            (b"def upgrade(op):\n    op.sql('SELECT 1')\n", b"def upgrade(op):\n    raise SystemExit(7)\n")
        )
    return b"upgrade:\n  - sql: {statement: SELECT 1}\n" if name.endswith(("yaml", "yml")) else SQL
