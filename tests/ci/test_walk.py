"""What a newcomer does works, and what he finds is what the bootstrap processor made."""

from __future__ import annotations

import os
import subprocess
import sys

from bqmigrate.files import loader
from bqmigrate.model.history import HistoryState
from bqmigrate.planning.trace import replay
from tests.ci.tenants import DATASET, expected
from tests.docs.pages import ROOT


def test_the_migrations_say_what_the_bootstrap_processor_made():
    traces, findings = replay(loader.load(ROOT / "migrations", ROOT).migrations, HistoryState())
    assert list(findings) == []
    tables = {str(name): table for name, table in traces[-1].after.tables.items()}
    assert list(tables) == [f"{DATASET}.{t.name}" for t in expected()]
    for wanted in expected():
        table = tables[f"{DATASET}.{wanted.name}"]
        assert tuple((c.name, c.type, c.mode) for c in table.columns) == wanted.columns
        assert table.clustering == wanted.clustering
        assert (table.partitioning.field if table.partitioning else None) == wanted.partition
        assert table.description
        assert all(c.description for c in table.columns)


def test_the_whole_walk():
    done = subprocess.run(
        [sys.executable, ROOT / "tests" / "ci" / "walk.py", sys.executable, "-m", "bqmigrate"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith("The walk is done.\n")
