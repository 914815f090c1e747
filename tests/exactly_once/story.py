"""A story: files, what came before, the run that is struck, and what a person does then."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

from tests.exactly_once.case import DIRECTIONS, Case, Command
from tests.exactly_once.material import BASE, CONFIG, ROWS, Files

Act = tuple[str, str]
# An absolute target: after a crash nobody can know what -1 is counted from.
UP: Act = ("upgrade", "head")
DOWN: Act = ("downgrade", "0002")


@dataclass(frozen=True)
class Scenario:
    """One story.

    `before` runs undisturbed on the files `start`; then `act` is struck on `files`; then a person runs `again`
    (default: the same) on `then` (default: the same files). `between` is what else happens in the meantime.
    `may_stop` lists the codes with which `again` may stop for a human; what he does then is `mended`: the
    same command on the files as they were.
    """

    name: str
    files: Files
    start: Files = field(default_factory=dict)
    before: Sequence[Act] = ()
    rows: str | None = None
    act: Act = ("upgrade", "head")
    again: Act | None = None
    then: Files | None = None
    between: Callable[[Case], None] | None = None
    prepare: Callable[[Case], None] | None = None
    struck_before: int | None = None
    # A dead run holds the lock when the struck one begins.
    is_held: bool = False
    may_stop: frozenset[str] = frozenset()
    # Nobody allows to lose data: no --allow-data-loss.
    careful: bool = False
    # What he does when it stopped, where that is not to put the files back.
    mend: Callable[[Case], None] | None = None

    @property
    def last(self) -> Act:
        """Return what is run after the struck run."""
        return self.again or self.act

    @cached_property
    def _folders(self) -> Mapping[str, Path]:
        sets = {"start": self.start or self.files, "act": self.files, "again": self.then or self.files}
        return {name: folder(files) for name, files in sets.items()}

    def command(self, phase: str, act: Act) -> Command:
        """Return an act on the files of a phase."""
        direction, target = act
        if direction not in DIRECTIONS:
            raise ValueError(direction)
        return Command(direction, target, self._folders[phase], allow_data_loss=not self.careful)  # type: ignore[arg-type]

    def set_up(self, case: Case) -> None:
        """Do what came before, undisturbed."""
        if self.prepare is not None:
            self.prepare(case)
        for act in self.before:
            end = case.run(self.command("start", act), case.wire())
            if end.kind != "done":
                raise AssertionError(f"{self.name}: {act} before it: {end}")
            if act[0] == "upgrade" and self.rows is not None and act is self.before[0]:
                case.sql(self.rows)


def folder(files: Files, config: str = CONFIG) -> Path:
    """Write a project down, the same one once: no run writes into it."""
    return _folder(tuple(files.items()), config)


@cache
def _folder(files: tuple[tuple[str, str], ...], config: str) -> Path:
    root = Path(tempfile.mkdtemp(prefix="bqmigrate-sweep-"))
    (root / "migrations").mkdir()
    (root / "migrations.toml").write_text(config)
    for name, text in files:
        (root / "migrations" / name).write_text(text)
    return root


def on(name: str, extra: Files, **more: object) -> Scenario:
    """Return a scenario that adds files to a dataset with a table that has rows."""
    return Scenario(name, {**BASE, **extra}, start=BASE, before=(("upgrade", "head"),), rows=ROWS, **more)  # type: ignore[arg-type]


def down(name: str, extra: Files, target: str = "0002", **more: object) -> Scenario:
    """Return a scenario that takes files back again."""
    files = {**BASE, **extra}
    act = ("downgrade", target)
    return Scenario(name, files, start=files, before=(("upgrade", "head"),), act=act, **more)  # type: ignore[arg-type]
