"""What every request runs in: the catalog with its rows, and the switches."""

from __future__ import annotations

from dataclasses import dataclass

from bqmigrate.local.catalog.store import Store
from bqmigrate.local.switches import Switches


@dataclass(frozen=True)
class World:
    """One warehouse, open."""

    store: Store
    switches: Switches
