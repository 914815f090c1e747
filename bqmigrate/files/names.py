"""File names: `0007_tenant_pipeline_configs.yaml`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast

from bqmigrate.files.migration import Format

NAME_LENGTH = 100
HIGHEST = 9999
_FILE = re.compile(r"([0-9]{4})_([a-z0-9]+(?:_[a-z0-9]+)*)\.(yaml|sql|py)\Z")
_LOOSE = re.compile(r"([0-9]+)[-_ ]*(.*?)\.([A-Za-z]+)\Z", re.DOTALL)
_SUFFIXES: dict[str, Format] = {"yaml": "yaml", "yml": "yaml", "sql": "sql", "py": "py"}


@dataclass(frozen=True)
class FileName:
    """The three parts of a migration's file name."""

    version: str
    name: str
    format: Format

    def __str__(self) -> str:
        return f"{self.version}_{self.name}.{self.format}"


def parse(written: str) -> FileName | None:
    """Return the parts of a file name, or None when it is no migration's."""
    found = _FILE.match(written)
    if found is None or found[1] == "0000" or len(found[2]) > NAME_LENGTH:
        return None
    return FileName(found[1], found[2], cast("Format", found[3]))


def problem(written: str) -> tuple[str, str]:
    """Say what is wrong with a file name that `parse` refused, and what to do."""
    found = _LOOSE.match(written)
    elsewhere = "a migration is called NNNN_snake_case.yaml, .sql or .py; move anything else to a sub-folder"
    if found is None or found[3].lower() not in _SUFFIXES:
        return "is not the name of a migration", elsewhere
    number, format_ = int(found[1][:9]), _SUFFIXES[found[3].lower()]
    if not 1 <= number <= HIGHEST:
        return f"has a number outside 0001 to {HIGHEST}", "numbers have four digits and begin with 0001"
    name = normalised(found[2])
    if len(name) > NAME_LENGTH:
        return f"has a name of more than {NAME_LENGTH} characters", "shorten it; description: has room for more"
    return "is not the name of a migration", f"did you mean {FileName(f'{number:04}', name or 'name', format_)}?"


def normalised(name: str) -> str:
    """Return a name in snake_case, as far as its letters and digits allow."""
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")
