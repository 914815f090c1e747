"""Cases through the front door: what comes out must be a plan, or an error that a person can act on."""

from __future__ import annotations

import logging
import multiprocessing
import re
import shutil
import signal
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bqmigrate import Project
from bqmigrate.errors import BqmigrateError, Finding, ValidationError
from tests.fuzz import filenames, line, sqls, tomls, variables, yamls
from tests.fuzz.case import Case

KINDS: Mapping[str, Callable[[int], Case]] = {
    "yaml": yamls.case,
    "sql": sqls.case,
    "variables": variables.case,
    "toml": tomls.case,
    "names": filenames.case,
    "cli": line.case,
}
# Of the whole count: small kinds have fewer ways to be wrong, a command line costs more.
SHARES = {"yaml": 1.0, "sql": 1.0, "variables": 1.0, "toml": 0.05, "names": 0.05, "cli": 0.05}
SECONDS = 2.0
HANGS_AFTER_S = 30
MESSAGE_LENGTH = 2000
# A folder in memory, where there is one: removing it on a disk takes longer than the case.
MEMORY = Path("/dev/shm")
_CODE = re.compile(r"BQM\d{3}\Z")
_PLACE = re.compile(r"(.+?):(\d+)(?::(\d+))?\Z", re.DOTALL)


@dataclass(frozen=True)
class Bad:
    """A case that did not go as it must."""

    seed: int
    findings: tuple[str, ...]


@dataclass
class Result:
    """The figures of one kind; they add up over workers."""

    cases: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0
    bad: list[Bad] = field(default_factory=list)

    def add(self, other: Result) -> None:
        """Add what another worker found."""
        self.cases += other.cases
        self.outcomes += other.outcomes
        self.slowest_s = max(self.slowest_s, other.slowest_s)
        self.bad += other.bad


class Hang(BaseException):
    """A case that does not end; no `except Exception` may swallow it."""


def one(kind: str, seed: int) -> tuple[str, Sequence[str], float]:
    """Run one case: its outcome ("plan" or a code), what is wrong with it, and its seconds of the processor."""
    root = Path(tempfile.mkdtemp(prefix="bqmigrate-fuzz-", dir=MEMORY if MEMORY.is_dir() else None))
    began = time.process_time()
    try:
        made = KINDS[kind](seed)
        made.write(root)
        began = time.process_time()
        outcome, findings = _guarded(line.run if kind == "cli" else _library, root, made, seed)
    finally:
        took = time.process_time() - began
        shutil.rmtree(root, ignore_errors=True)
    return outcome, findings, took


def _guarded(
    run: Callable[[Path, Case, int], tuple[str, list[str]]], root: Path, made: Case, seed: int
) -> tuple[str, list[str]]:
    def hang(_signal: int, _frame: object) -> None:
        raise Hang

    began = time.process_time()
    before = signal.signal(signal.SIGALRM, hang)
    signal.alarm(HANGS_AFTER_S)
    try:
        outcome, findings = run(root, made, seed)
    except (Exception, Hang) as error:  # noqa: BLE001 - whatever it is, it is a finding
        last = traceback.extract_tb(error.__traceback__)[-1]
        outcome = type(error).__name__
        findings = [f"traceback: {outcome}: {str(error)[:200]} ({last.filename}:{last.lineno})"]
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    if (took := time.process_time() - began) > SECONDS:
        findings = [*findings, f"slow: {took:.1f} s"]
    return outcome, findings


def _library(root: Path, made: Case, _seed: int) -> tuple[str, list[str]]:
    try:
        with Project.open(start=root, environ=made.environ) as project:
            plan = project.plan(offline=True).plan
    except BqmigrateError as error:
        found = list(judge_error(root, error))
        return error.code, [*found, f"refused: {error}"] if made.harmless else found
    return "plan", list(made.judge(plan))


def judge_error(root: Path, error: BqmigrateError) -> Iterator[str]:
    """Yield what an error lacks: a code, words, a next step, a place that exists."""
    if not _CODE.match(error.code) or error.code == "BQM999":
        yield f"no code: {error}"
    if not error.message.strip() or not (error.hint or "").strip():
        yield f"no message or no hint: {error}"
    if len(error.message) > MESSAGE_LENGTH or len(error.hint or "") > MESSAGE_LENGTH:
        yield f"a message of {len(error.message)} characters, a hint of {len(error.hint or '')}"
    if error.where and (place := _PLACE.match(error.where)):
        yield from _exists(root, place[1], int(place[2]), int(place[3]) if place[3] else None)
    for finding in error.findings if isinstance(error, ValidationError) else ():
        yield from _judge_finding(root, finding)


def _judge_finding(root: Path, finding: Finding) -> Iterator[str]:
    place = finding.place
    if place is None or not place.file:
        yield f"no place: {finding.message}"
    elif place.line is not None:
        yield from _exists(root, place.file, place.line, place.column)


def _exists(root: Path, file: str, line_: int, column: int | None) -> Iterator[str]:
    path = root / file
    if not path.is_file():
        return
    lines = path.read_bytes().decode("utf-8", "replace").split("\n")
    if not 1 <= line_ <= len(lines):
        yield f"no such place: {file}:{line_} of {len(lines)}"
    elif column is not None and not 1 <= column <= len(lines[line_ - 1]) + 1:
        yield f"no such place: {file}:{line_}:{column} of {len(lines[line_ - 1])}"


@dataclass(frozen=True)
class Share:
    """What one worker does."""

    kind: str
    seeds: Sequence[int]


def work(share: Share) -> Result:
    """Run seeds one after another, without their log."""
    result = Result()
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        for seed in share.seeds:
            _count(result, seed, *one(share.kind, seed))
    finally:
        logging.disable(before)
    return result


def _count(result: Result, seed: int, outcome: str, findings: Sequence[str], took: float) -> None:
    result.cases += 1
    result.outcomes[outcome] += 1
    result.slowest_s = max(result.slowest_s, took)
    if findings:
        result.bad.append(Bad(seed, tuple(findings)))


def sweep(kind: str, seeds: Sequence[int], workers: int = 1) -> Result:
    """Run a window of seeds of one kind."""
    if workers == 1:
        return work(Share(kind, seeds))
    total = Result()
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        for result in pool.imap_unordered(work, [Share(kind, seeds[i::workers]) for i in range(workers)]):
            total.add(result)
    return total
