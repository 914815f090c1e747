"""CREATE, ALTER and DROP SCHEMA."""

from __future__ import annotations

from bqmigrate.local.catalog import datasets
from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql.nodes import AlterSchema, CreateSchema, DropSchema
from bqmigrate.local.statements import options
from bqmigrate.local.statements.run import Outcome, Run


def create_schema(run: Run, node: CreateSchema) -> Outcome:
    """Make a dataset in the job's location, which its `location` option must agree with."""
    project, dataset = run.dataset_id(node.path)
    given = {key.lower(): value for key, value in node.options.items()}
    location = given.pop("location", run.location)
    if not isinstance(location, str):
        raise WarehouseError("invalidQuery", "Option location needs a STRING")
    if node.if_not_exists and run.tx.dataset(project, dataset) is not None:
        return Outcome(node.kind, "SKIP", (project, dataset))
    body = options.apply({}, options.read(run, given, options.DATASET_OPTIONS))
    if node.collation is not None:
        body["defaultCollation"] = node.collation
    datasets.create_dataset(run.tx, project, dataset, body, location)
    return Outcome(node.kind, "CREATE", (project, dataset))


def alter_schema(run: Run, node: AlterSchema) -> Outcome:
    """Set options of a dataset."""
    project, dataset = run.dataset_id(node.path)
    record = run.tx.dataset(project, dataset)
    if record is None and node.if_exists:
        return Outcome(node.kind, "SKIP", (project, dataset))
    record = datasets.require_dataset(run.tx, project, dataset)
    changes = options.read(run, node.options, options.DATASET_OPTIONS)
    if node.collation is not None:
        changes["defaultCollation"] = node.collation
    datasets.replace_dataset(run.tx, record, options.apply(record.resource, changes))
    return Outcome(node.kind, "ALTER", (project, dataset))


def drop_schema(run: Run, node: DropSchema) -> Outcome:
    """Remove a dataset; without CASCADE only an empty one."""
    project, dataset = run.dataset_id(node.path)
    if node.if_exists and run.tx.dataset(project, dataset) is None:
        return Outcome(node.kind, "SKIP", (project, dataset))
    record = datasets.require_dataset(run.tx, project, dataset)
    datasets.delete_dataset(run.tx, record, contents=node.cascade)
    return Outcome(node.kind, "DROP", (project, dataset))
