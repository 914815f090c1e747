"""Migrations and histories as values, without files."""

from __future__ import annotations

from pathlib import Path

from bqmigrate.errors import Place
from bqmigrate.files.migration import Migration, MigrationSet, Placed
from bqmigrate.model.catalog import Dataset, Table
from bqmigrate.model.columns import Column
from bqmigrate.model.history import Record, StepRecord, fold
from bqmigrate.model.names import TableName
from bqmigrate.operations.columns import AddColumns
from bqmigrate.operations.datasets import CreateDataset
from bqmigrate.operations.steps import Scope
from bqmigrate.operations.tables import CreateTable

SCOPE = Scope("some-project", "US")
USERS = TableName("app", "users")
ID = Column("id", "STRING", "REQUIRED")


def migration(version, *operations, downgrade=None, checksum=None, name=None):
    name = name or f"step_{int(version)}"
    file = f"migrations/{version}_{name}.yaml"
    placed = tuple(Placed(o, Place(file, line)) for line, o in enumerate(operations, start=1))
    back = None if downgrade is None else tuple(Placed(o, Place(file, 90)) for o in downgrade)
    return Migration(version, name, Path(file), file, "yaml", None, placed, back, checksum or f"sha256:{version}")


class Folder:
    """Three migrations: a dataset, a table, two more columns."""

    def __init__(self):
        self.migrations = [
            migration("0001", CreateDataset("app", Dataset())),
            migration("0002", CreateTable(USERS, Table((ID,)))),
            migration("0003", AddColumns(USERS, (Column("email", "STRING"), Column("age", "INTEGER")))),
        ]

    def files(self):
        return MigrationSet("migrations", tuple(self.migrations))


def applied(version, seq, *, outcome="made", checksum=None):
    step = StepRecord(1, "create", "create table", "app.users", "0" * 64, outcome)
    return Record(
        seq, seq, 1, "applied", "run", version, f"step_{int(version)}", "upgrade", 1, checksum or f"sha256:{version}",
        steps=(step,),
    )  # fmt: skip


def history(*versions, **fields):
    genesis = Record(1, 1, 1, "genesis", "run", name="lin")
    return fold([genesis, *(applied(v, i, **fields) for i, v in enumerate(versions, start=2))])
