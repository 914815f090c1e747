from hypothesis import given, settings

from bqmigrate.model.document import Fields, Node
from bqmigrate.operations import OPERATIONS
from bqmigrate.operations.base import Operation
from bqmigrate.operations.steps import Mark, Scope, digest
from tests.operations.strategies import steps_from_a_catalog

MARK = Mark("0007")
SCOPE = Scope("some-project", "US")


def primitives(operation, catalog):
    walked = []
    for primitive in operation.expand(catalog, MARK):
        walked.append((primitive, catalog))
        catalog = primitive.apply(catalog)
    return walked, catalog


@given(steps_from_a_catalog())
@settings(max_examples=400, deadline=None)
def test_the_inverse_undoes_apply(case):
    before, operation = case
    walked, catalog = primitives(operation, before)
    for primitive, at in reversed(walked):
        inverse = primitive.inverse(at, MARK)
        assert inverse is not None, primitive.key
        for back in inverse:
            catalog = back.apply(catalog)
    assert visible(catalog) == visible(before)


def visible(catalog):
    """A catalog without the columns that wait, set aside, for good."""
    tables = {
        name: (table, tuple(c for c in table.columns if not c.name.startswith("_bqm_drop_")))
        for name, table in catalog.tables.items()
    }
    shown = {name: (columns, *rest(table)) for name, (table, columns) in tables.items()}
    return (dict(catalog.datasets), shown, dict(catalog.views))


def rest(table):
    return (
        table.description, table.labels, table.partitioning, table.clustering, table.expiration_ms,
        table.require_partition_filter,
    )  # fmt: skip


@given(steps_from_a_catalog())
@settings(max_examples=200, deadline=None)
def test_the_inverse_of_the_inverse_does_it_again(case):
    before, operation = case
    walked, _ = primitives(operation, before)
    for primitive, at in walked:
        here = primitive.apply(at)
        catalog = here
        there_and_back = []
        for back in primitive.inverse(at, MARK):
            there_and_back.append((back, catalog))
            catalog = back.apply(catalog)
        for back, was in reversed(there_and_back):
            for again in back.inverse(was, MARK):
                catalog = again.apply(catalog)
        assert visible(catalog) == visible(here), primitive.key


@given(steps_from_a_catalog())
@settings(max_examples=200, deadline=None)
def test_a_primitive_expands_into_itself_and_has_one_step(case):
    before, operation = case
    walked, _ = primitives(operation, before)
    for primitive, at in walked:
        assert isinstance(primitive, Operation)
        assert primitive.expand(at, MARK)[0].key == primitive.key
        step = primitive.step(at, SCOPE)
        assert digest(step) == digest(primitive.step(at, SCOPE))
        assert step.show()


@given(steps_from_a_catalog())
@settings(max_examples=300, deadline=None)
def test_what_is_written_reads_back_as_the_same_operation(case):
    _, operation = case
    fields = Fields(Node.of(operation.data()), operation.key)
    read = OPERATIONS[operation.key].read(fields)
    fields.close()
    assert read == operation
