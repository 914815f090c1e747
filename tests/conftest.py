"""What makes every test quicker, and changes nothing that it could see."""

import gc
import os

import pytest

# Looked up at every request otherwise, in all of the environment.
os.environ.setdefault("no_proxy", "bq.local")


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Look for cycles rarely: a test leaves few, and what was imported stays."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 20)
