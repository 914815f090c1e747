"""What every request runs in: the catalog with its rows, the jobs under way, and the switches."""

from __future__ import annotations

from dataclasses import dataclass, field

from bqmigrate.local.catalog.store import Store
from bqmigrate.local.jobs.insert_ids import InsertIds
from bqmigrate.local.jobs.pending import Pending
from bqmigrate.local.switches import Switches


@dataclass(frozen=True)
class World:
    """One warehouse, open."""

    store: Store
    switches: Switches
    pending: Pending = field(default_factory=Pending)
    inserted: InsertIds = field(default_factory=InsertIds)
