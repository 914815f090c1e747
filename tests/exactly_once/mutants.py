"""The protocol with one rule left out at a time: each has to be found out by a sweep.

A mutant is a patch in `mutations/`. It is applied to a copy of the tool; then the sweep named here runs on it until
something is wrong. A mutant that lives means that the sweeps do not see its rule.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATCHES = Path(__file__).parent / "mutations"
TIMEOUT_S = 600
COPIED = ("bqmigrate", "tests/exactly_once", "migrations")

SINGLES, LEASE = "singles", "lease"
# Where each is looked for: a sweep, and its window.
MUTANTS: Mapping[str, Sequence[str]] = {
    "new_job_id_on_unknown_outcome": (SINGLES, "--only", "fill"),
    "no_generation": (SINGLES, "--only", "up_down_up"),
    "no_lineage": (SINGLES, "--only", "second_history"),
    "no_seal": (SINGLES, "--only", "gives_up", "--fault", "late_after_recovery"),
    "no_fence_label": (SINGLES, "--only", "gives_up_patches", "--fault", "late_after_recovery"),
    "drop_by_tables_delete": (SINGLES, "--only", "down_base"),
    "history_not_slotted": (SINGLES, "--only", "taken_over", "--fault", "late_in_recovery"),
    "no_batch_count": (SINGLES, "--only", "taken_over", "--fault", "stale_page"),
    "no_commit_barrier": (SINGLES, "--only", "chain", "--fault", "crash_after"),
    "no_if_match": (LEASE, "--seeds", "4000"),
    "digest_not_compared": (SINGLES, "--only", "edited_between"),
    "open_run_overwritten_at_take_over": (LEASE, "--seeds", "4000"),
    "etag_read_after_the_rows": (LEASE, "--seeds", "4000"),
    "found_treated_as_made": (SINGLES, "--only", "found_then_down"),
    "recorded_before_the_step": (SINGLES, "--only", "add_columns"),
    "refusal_after_unanswered_believed": (SINGLES, "--only", "gives_up", "--fault", "late_then_403"),
    "refusal_of_what_an_earlier_run_sent_believed": (SINGLES, "--only", "refused_then_gives_up"),
    "way_back_open_for_ever": (SINGLES, "--only", "turns_down"),
}


def run(only: str, workers: int) -> int:
    """Run every mutant, or one, some at a time; 1 when one lives."""
    chosen = [name for name in MUTANTS if only in {"", name}]
    with ThreadPoolExecutor(workers) as pool:
        killed = pool.map(lambda name: _killed(name, MUTANTS[name]), chosen)
        alive = [name for name, is_killed in zip(chosen, killed, strict=True) if not is_killed]
    if alive:
        sys.stdout.write(f"alive: {', '.join(alive)}\n")
    return int(bool(alive))


def _killed(name: str, sweep: Sequence[str]) -> bool:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bqmigrate-mutant-") as folder:
        copy = Path(folder)
        for part in COPIED:
            shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        subprocess.run(["git", "apply", str(PATCHES / f"{name}.patch")], cwd=copy, check=True)
        words = [sys.executable, "-m", "tests.exactly_once", *sweep, "--until-bad", "--workers", "1"]
        if "--seeds" not in sweep:
            words += ["--seeds", "2000"]
        done = subprocess.run(
            words, cwd=copy, env={**os.environ, "PYTHONPATH": folder}, capture_output=True, text=True, check=False,
            timeout=TIMEOUT_S,
        )  # fmt: skip
    found = re.search(
        r"^  (.*?): python -m tests\.exactly_once \w+ (--replay \d+)\n\s+(.*)$", done.stdout, re.MULTILINE
    )
    last = done.stderr.strip().rpartition("\n")[2]
    # Some rules are needed even where nothing goes wrong.
    plainly = last.startswith("AssertionError")
    told = f"{found[1]} ({found[2]}): {found[3]}" if found else f"without a fault: {last}" if plainly else done.stdout
    killed = done.returncode == 1 and (found is not None or plainly)
    sys.stdout.write(f"{'killed' if killed else 'ALIVE '} {name}, {time.monotonic() - began:.0f} s: {told[:300]}\n")
    sys.stdout.flush()
    return killed
