"""The codes of what goes wrong on the command line itself."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

USAGE = "BQM901"
NO_TERMINAL = "BQM902"
DECLINED = "BQM903"
NEEDS_DATA_LOSS = "BQM323"
NOT_INSTALLED = "BQM331"
PORT = "BQM905"
NOT_WRITTEN = "BQM906"
SERVED = "BQM332"
INTERRUPTED = "BQM910"
INTERNAL = "BQM999"

CODES: Mapping[str, str] = MappingProxyType(
    {
        USAGE: "a command, option or argument that does not exist or does not fit",
        NO_TERMINAL: "a question would have to be asked, and there is no terminal to ask on",
        DECLINED: "the question was answered with no",
        NEEDS_DATA_LOSS: "the plan loses data, and that was not allowed",
        NOT_INSTALLED: "the embedded warehouse is not installed",
        PORT: "the port cannot be opened",
        NOT_WRITTEN: "the result could not be written",
        SERVED: "the embedded warehouse is in use by another process",
        INTERRUPTED: "stopped with Ctrl-C",
        INTERNAL: "a defect of bqmigrate itself",
    }
)
