"""Random tables, and every operation that is legal on them."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from bqmigrate.model.catalog import Catalog, Dataset, Partitioning, Table, View
from bqmigrate.model.columns import Column
from bqmigrate.model.names import TableName
from bqmigrate.operations.alter import AlterColumns, ColumnChange
from bqmigrate.operations.columns import AddColumns, DropColumns, RenameColumns
from bqmigrate.operations.datasets import CreateDataset
from bqmigrate.operations.options import SetClustering, SetTableOptions
from bqmigrate.operations.tables import CreateTable, DropTable, RenameTable
from bqmigrate.operations.views import CreateView, DropView, ReplaceView

NAME = TableName("d", "t")
VIEW = TableName("d", "v")
SCALARS = ("STRING", "BYTES", "INTEGER", "FLOAT", "BOOLEAN", "TIMESTAMP", "DATE", "NUMERIC", "JSON")
DEFAULTS = {"STRING": "'x'", "INTEGER": "7", "TIMESTAMP": "CURRENT_TIMESTAMP()", "BOOLEAN": "TRUE"}

words = st.text("abcdefgh", min_size=1, max_size=6)
texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=30)
labels = st.dictionaries(words, words, max_size=3).map(lambda d: tuple(sorted(d.items())))


@st.composite
def columns(draw, names=words, modes=("NULLABLE", "REQUIRED", "REPEATED")):
    kind = draw(st.sampled_from(SCALARS))
    mode = draw(st.sampled_from(modes))
    default = DEFAULTS.get(kind) if mode != "REPEATED" and draw(st.booleans()) else None
    length = draw(st.integers(1, 50)) if kind == "STRING" and default is None and draw(st.booleans()) else None
    return Column(draw(names), kind, mode, draw(st.none() | texts), default=default, max_length=length)


@st.composite
def tables(draw):
    made = draw(st.lists(columns(), min_size=2, max_size=6, unique_by=lambda c: c.name))
    day = Column("day", "DATE", draw(st.sampled_from(("NULLABLE", "REQUIRED"))))
    made = [*made, day]
    partitioning = draw(
        st.none() | st.sampled_from([Partitioning("DAY", "day"), Partitioning("MONTH", "day", 86_400_000 * 400)])
    )
    fit = [c.name for c in made if c.mode != "REPEATED" and c.type in {"STRING", "INTEGER", "DATE", "BOOLEAN"}]
    clustering = draw(st.lists(st.sampled_from(fit), max_size=3, unique=True))
    return Table(
        tuple(made),
        draw(st.none() | texts),
        labels=draw(labels),
        partitioning=partitioning,
        clustering=tuple(clustering),
        require_partition_filter=bool(partitioning) and draw(st.booleans()),
    )


@st.composite
def catalogs(draw):
    return (
        Catalog()
        .with_dataset("d", Dataset())
        .with_table(NAME, draw(tables()))
        .with_view(VIEW, View(f"SELECT {draw(st.integers(0, 9))} AS n", draw(st.none() | texts)))
    )


def free_columns(table):
    bound = {*(c.lower() for c in table.clustering), *((table.partitioning.field,) if table.partitioning else ())}
    return [c for c in table.columns if c.name.lower() not in bound]


@st.composite
def operations(draw, catalog):
    """One operation of any family that is legal on the catalog."""
    table = catalog.tables[NAME]
    makers = [_create, _create_dataset, _drop, _rename_table, _add, _options, _clustering, _view, _replace, _drop_view]
    if len(free_columns(table)) > 1:
        makers += [_drop_columns, _rename_columns, _alter]
    return draw(draw(st.sampled_from(makers))(table))


@st.composite
def _create(draw, table):
    return CreateTable(TableName("d", "other"), draw(tables()))


@st.composite
def _create_dataset(draw, table):
    return CreateDataset("other", Dataset(description=draw(st.none() | texts), labels=draw(labels)))


def _drop(table):
    return st.just(DropTable(NAME))


def _rename_table(table):
    return st.just(RenameTable(NAME, "renamed"))


@st.composite
def _add(draw, table):
    fresh = words.map(lambda w: f"new_{w}")
    made = draw(st.lists(columns(fresh, ("NULLABLE", "REPEATED")), min_size=1, max_size=3, unique_by=lambda c: c.name))
    return AddColumns(NAME, tuple(made))


@st.composite
def _drop_columns(draw, table):
    names = [c.name for c in free_columns(table)]
    chosen = draw(st.lists(st.sampled_from(names), min_size=1, max_size=len(names) - 1, unique=True))
    return DropColumns(NAME, tuple(chosen))


@st.composite
def _rename_columns(draw, table):
    column = draw(st.sampled_from(free_columns(table)))
    return RenameColumns(NAME, ((column.name, f"{column.name}_renamed"),))


@st.composite
def _alter(draw, table):
    column = draw(st.sampled_from(free_columns(table)))
    change = ColumnChange(column.name, description=(draw(st.none() | texts),))
    if column.mode == "REQUIRED" and draw(st.booleans()):
        change = replace(change, relax=True)
    if column.type == "INTEGER" and column.default is None and draw(st.booleans()):
        change = replace(change, type=(draw(st.sampled_from(("NUMERIC", "BIGNUMERIC", "FLOAT"))), None, None, None))
    elif column.type in DEFAULTS and column.mode != "REPEATED":
        change = replace(change, default=(None if column.default else DEFAULTS[column.type],))
    return AlterColumns(NAME, (change,))


@st.composite
def _options(draw, table):
    options = [("description", draw(st.none() | texts))]
    if table.partitioning:
        options.append(
            ("partition_expiration_days", draw(st.none() | st.integers(1, 900).map(lambda d: d * 86_400_000)))
        )
        options.append(("require_partition_filter", draw(st.booleans())))
    changes = draw(st.dictionaries(words, st.none() | words, max_size=2))
    return SetTableOptions(NAME, tuple(options), tuple(sorted(changes.items())))


@st.composite
def _clustering(draw, table):
    fit = [c.name for c in table.columns if c.mode != "REPEATED" and c.type in {"STRING", "INTEGER", "DATE"}]
    return SetClustering(NAME, tuple(draw(st.lists(st.sampled_from(fit), max_size=4, unique=True))))


@st.composite
def _view(draw, table):
    return CreateView(TableName("d", "other_view"), View("SELECT 1 AS one", draw(st.none() | texts)))


@st.composite
def _replace(draw, table):
    return ReplaceView(VIEW, "SELECT 42 AS n", draw(st.none() | texts.map(lambda t: (t,))))


def _drop_view(table):
    return st.just(DropView(VIEW))


@st.composite
def steps_from_a_catalog(draw):
    """A catalog and an operation that is legal on it."""
    catalog = draw(catalogs())
    return catalog, draw(operations(catalog))
