"""Files that were written or kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path


def relative(paths: Iterable[Path], root: Path) -> list[str]:
    """Return paths as seen from a folder."""
    return [str(path.relative_to(root)) if path.is_relative_to(root) else str(path) for path in paths]


def init_lines(written: Sequence[str], kept: Sequence[str]) -> Iterator[str]:
    """Say what `init` did, and what comes next."""
    yield from (f"wrote  {path}" for path in written)
    yield from (f"kept   {path} (it was there)" for path in kept)
    if written:
        yield ""
        yield "Next: bqmigrate new create_dataset, then bqmigrate upgrade."
