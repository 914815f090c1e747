"""A Ctrl-C is handed to one thread of the process, whichever: the main one has to be the one that takes it."""

import subprocess
import sys
from pathlib import Path

import pytest

# Every thread but this one is told; each that does not refuse a Ctrl-C would have swallowed it.
SCRIPT = """
import pathlib, signal, threading
from bqmigrate.local import LocalWarehouse

warehouse = LocalWarehouse.open(None)
tasks = [t for t in pathlib.Path("/proc/self/task").iterdir() if int(t.name) != threading.get_native_id()]
blocked = [int(line.split()[1], 16) for t in tasks for line in (t / "status").open() if line.startswith("SigBlk")]
hears = [mask for mask in blocked if not mask >> (signal.SIGINT - 1) & 1]
print(len(blocked), len(hears), signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ()))
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="macOS does not tell what a thread blocks")
def test_no_thread_of_duckdbs_takes_a_ctrl_c_and_the_main_one_does():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60, check=True)
    threads, hearing, main_is_deaf = done.stdout.split()
    assert int(threads) > 0
    assert (hearing, main_is_deaf) == ("0", "False")
