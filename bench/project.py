"""A copy of the project in a folder of its own, on an embedded warehouse of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from bqmigrate import Project

ROOT = Path(__file__).parent.parent
TWO_COLUMNS = """\
description: Two nullable columns
upgrade:
  - add_columns:
      table: tenants.tenant_profiles
      columns:
        - {name: region, type: STRING, description: Where the tenant's data must stay.}
        - {name: tier, type: INTEGER, description: Order of support.}
"""


def copy(folder: Path) -> Path:
    """Copy migrations.toml and the migrations into a folder and return it."""
    shutil.copytree(ROOT / "migrations", folder / "migrations")
    shutil.copy(ROOT / "migrations.toml", folder)
    return folder


def add_two_columns(folder: Path) -> None:
    """Write migration 0010."""
    (folder / "migrations" / "0010_two_columns.yaml").write_text(TWO_COLUMNS, encoding="utf-8")


def open_project(folder: Path) -> Project:
    """Open the copy on the embedded warehouse, whatever the environment variables say."""
    return Project.open(environment="local", start=folder, environ={})


def environ() -> Mapping[str, str]:
    """Return the environment of a command, without what would point it elsewhere."""
    return {k: v for k, v in os.environ.items() if not k.startswith("BQMIGRATE_")} | {"PYTHONPATH": str(ROOT)}
