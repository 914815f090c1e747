"""Who runs: the columns that are the same for all rows of a run."""

from __future__ import annotations

import secrets
import socket
import string
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bqmigrate.model.history import Event, Record, StepRecord
from bqmigrate.planning.plan import PlannedMigration
from bqmigrate.version import VERSION

LINEAGE_LENGTH = 10
GIT_TIMEOUT_S = 5.0


@dataclass(frozen=True)
class Identity:
    """One run of one machine."""

    run_id: str
    host: str
    tool_version: str
    git_commit: str | None = None

    def record(self, event: Event, **fields: Any) -> Record:
        """Return a row of this run, not yet numbered."""
        return Record(
            seq=0,
            batch=0,
            rows=0,
            event=event,
            run_id=self.run_id,
            host=self.host,
            tool_version=self.tool_version,
            git_commit=self.git_commit,
            **fields,
        )

    def of(self, migration: PlannedMigration, event: Event, steps: Sequence[StepRecord], **fields: Any) -> Record:
        """Return a row of this run that tells of a migration, with its way back."""
        return self.record(
            event,
            version=migration.version,
            name=migration.name,
            direction=migration.direction,
            generation=migration.generation,
            checksum=migration.checksum,
            steps=tuple(steps),
            undo=migration.way_back.data() if migration.way_back else None,
            **fields,
        )


def new_identity(root: Path) -> Identity:
    """Return the identity of a new run on the files below a folder."""
    return Identity(secrets.token_hex(6), socket.gethostname(), VERSION, _git_commit(root))


def new_lineage() -> str:
    """Return a random lineage, in letters and digits that ids and labels allow."""
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(LINEAGE_LENGTH))


def _git_commit(root: Path) -> str | None:
    if not any((folder / ".git").exists() for folder in (root, *root.parents)):
        return None
    try:
        found = subprocess.run(  # noqa: S603
            ["git", "-C", str(root), "rev-parse", "HEAD"],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=GIT_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() or None if found.returncode == 0 else None
