"""The embedded warehouse, put together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bqmigrate.local.catalog.clock import Clock, SystemClock
from bqmigrate.local.catalog.expiring import Expiring
from bqmigrate.local.catalog.limits import Limits
from bqmigrate.local.catalog.readings import Readings
from bqmigrate.local.catalog.store import Store, Transaction
from bqmigrate.local.http.adapter import LocalAdapter
from bqmigrate.local.http.application import Application
from bqmigrate.local.http.wsgi import WsgiApplication
from bqmigrate.local.storage.database import Database
from bqmigrate.local.switches import Switches
from bqmigrate.local.world import World


@dataclass(frozen=True)
class Checks:
    """What a transaction is held against before it is kept."""

    readings: Readings
    limits: Limits

    def __call__(self, tx: Transaction) -> None:
        """Raise WarehouseError for what the switches forbid, or for what is too much."""
        self.readings.check(tx)
        self.limits.check(tx)


class LocalWarehouse:
    """A BigQuery in this process, in a file or in memory."""

    def __init__(self, database: Database, world: World) -> None:
        self._database = database
        self.world = world
        self.application = Application(world)
        self.wsgi_app = WsgiApplication(self.application)

    @classmethod
    def open(
        cls,
        path: Path | None,
        clock: Clock | None = None,
        switches: Switches | None = None,
        *,
        threads: int | None = None,
    ) -> LocalWarehouse:
        """Open a file, made when absent, or memory; a query uses `threads` threads, None: one per core.

        Raises HeldElsewhere when another process has the file, WrongFormat when this version cannot read it.
        """
        database = Database.open(path, threads)
        try:
            chosen = switches or Switches()
            checks = Checks(Readings(chosen), Limits(chosen))
            store = Store(database, clock or SystemClock(), Expiring(chosen.partitions_expire_from), checks)
        except BaseException:
            database.close()
            raise
        return cls(database, World(store, chosen))

    def adapter(self) -> LocalAdapter:
        """Return a transport to mount under the official client for http:// and https://."""
        return LocalAdapter(self.application)

    def close(self) -> None:
        """Close the file; what was answered is on disk."""
        self._database.close()
