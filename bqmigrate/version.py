"""The version of this tool, as installed."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("bqmigrate")
except PackageNotFoundError:
    # Run from a checkout that was never installed.
    VERSION = "0+unknown"
