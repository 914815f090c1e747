"""docs/operations.md against the code: a section for each operation, examples that load, and the table of inverses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bqmigrate import Project
from bqmigrate.files import loader
from bqmigrate.files.migration import MigrationSet
from bqmigrate.model.history import HistoryState
from bqmigrate.operations import OPERATIONS
from bqmigrate.operations.columns import DropColumns
from bqmigrate.operations.steps import Scope
from bqmigrate.planning.trace import Trace, replay
from bqmigrate.planning.upgrade import plan_upgrade
from tests.docs.pages import DOCS, headings, operation_examples, read, section, tables, write_operation_examples

PAGE = read(DOCS / "operations.md")
KEYS = [*OPERATIONS, "python"]
EXAMPLES = operation_examples()
VERSIONS = tuple(f"{number:04}" for number in range(1, len(EXAMPLES) + 1))
HARD = "drop_columns with hard: true"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> MigrationSet:
    root = tmp_path_factory.mktemp("examples")
    write_operation_examples(root / "migrations")
    return loader.load(root / "migrations", root)


@pytest.fixture(scope="module")
def traces(files: MigrationSet) -> list[Trace]:
    found, findings = replay(files.migrations, HistoryState())
    assert list(findings) == []
    return list(found)


def documented() -> list[tuple[str, str, str]]:
    """The rows of the table of inverses: operation, primitive, inverse."""
    rows, above = [], ""
    table = next(t for t in tables(PAGE) if t[0] == ["operation", "runs as", "its inverse"])
    for operation, primitive, inverse in table[1:]:
        above = operation.replace("`", "") or above
        rows.append((above, primitive.strip("`"), inverse.strip("`")))
    return rows


def observed(files: MigrationSet, traces: list[Trace]) -> Iterator[tuple[str, str, str]]:
    for migration, trace in zip(files.migrations, traces, strict=True):
        catalog = trace.before
        for placed in migration.upgrade:
            hard = isinstance(placed.operation, DropColumns) and placed.operation.hard
            name = HARD if hard else placed.operation.key
            for primitive in placed.operation.expand(catalog, trace.mark):
                back = primitive.inverse(catalog, trace.mark)
                yield name, primitive.key, " ".join(o.key for o in back) if back else "none"
                catalog = primitive.apply(catalog)


@pytest.mark.parametrize("key", KEYS)
def test_every_operation_has_a_section_with_its_inverse_and_limits(key):
    assert key in [name for _, name in headings(PAGE)]
    text = section(PAGE, key)
    assert "*Inverse:*" in text
    assert "*Limits:*" in text


def test_no_section_describes_an_operation_that_does_not_exist():
    below = PAGE[PAGE.index("## Datasets") :]
    assert [name for _, name in headings(below) if "_" in name and name not in KEYS] == []


def test_the_examples_load_and_walk_as_one_history(files, traces):
    assert len(traces) == len(EXAMPLES)
    assert f"`{files.migrations[0].version}` to `{files.migrations[-1].version}`" in PAGE


@pytest.mark.parametrize("key", KEYS)
def test_every_operation_has_an_example(files, key):
    assert key in {placed.operation.key for m in files.migrations for placed in m.upgrade}


def test_the_examples_compile_to_steps(files):
    plan = plan_upgrade(files, HistoryState(), "head", Scope("some-project", "US"), "lineage")
    assert {s.step.kind for s in plan.steps} == {"job", "create", "patch", "python"}


def test_the_table_of_inverses_is_what_the_code_does(files, traces):
    seen = set(observed(files, traces))
    # The soft drop of a REQUIRED column relaxes it first: shown on a column that the examples keep.
    seen |= set(_dropping_a_required_column(traces))
    assert seen == set(documented())


def _dropping_a_required_column(traces: list[Trace]) -> Iterator[tuple[str, str, str]]:
    created = next(t for t in traces if t.operations[0].operation.key == "create_table")
    (name, table), *_ = created.after.tables.items()
    assert table.column("order_id").mode == "REQUIRED"
    catalog = created.after
    for primitive in DropColumns(name, ("order_id",)).expand(catalog, created.mark):
        back = primitive.inverse(catalog, created.mark)
        yield "drop_columns", primitive.key, " ".join(o.key for o in back or ())
        catalog = primitive.apply(catalog)


def test_the_name_of_a_column_set_aside_is_as_documented(traces):
    mark = traces[2].mark
    assert f"`RENAME COLUMN region TO {mark.aside('region')}`" in PAGE


def test_what_cannot_be_written_in_a_file_is_named(traces):
    primitives = {key for _, primitive, inverse in documented() for key in (primitive, inverse)}
    inner = primitives - set(KEYS) - {"none"}
    readable_parts = {"relax_column", "widen_column", "set_default", "describe_column", "set_options", "set_labels"}
    for key in inner - readable_parts:
        assert f"`{key}`" in section(PAGE, "The way back").rsplit("| `python`", 1)[1]


def test_the_examples_run_up_and_down_again(tmp_path):
    write_operation_examples(tmp_path / "migrations")
    config = '[project]\nname = "examples"\n[environments.local]\nallow_downgrade = true\n'
    (tmp_path / "migrations.toml").write_text(config, encoding="utf-8")
    with Project.open(start=tmp_path, environ={}) as project:
        assert project.upgrade(allow_data_loss=True).applied == VERSIONS
        assert project.downgrade("base", allow_data_loss=True).reverted == VERSIONS[::-1]
        assert project.upgrade(allow_data_loss=True).applied == VERSIONS
