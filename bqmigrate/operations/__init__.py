"""Every operation that a file can name, written out."""

from __future__ import annotations

from collections.abc import Mapping

from bqmigrate.model.document import Fields, Node, Problem, text, unknown
from bqmigrate.operations.alter import AlterColumns
from bqmigrate.operations.base import FileOperation
from bqmigrate.operations.columns import AddColumns, DropColumns, RenameColumns
from bqmigrate.operations.datasets import CreateDataset, DropDataset
from bqmigrate.operations.options import SetClustering, SetTableOptions
from bqmigrate.operations.raw import Sql
from bqmigrate.operations.tables import CreateTable, DropTable, RenameTable
from bqmigrate.operations.views import CreateView, DropView, ReplaceView

OPERATIONS: Mapping[str, type[FileOperation]] = {
    operation.key: operation
    for operation in (
        CreateDataset,
        DropDataset,
        CreateTable,
        DropTable,
        RenameTable,
        AddColumns,
        DropColumns,
        RenameColumns,
        AlterColumns,
        SetTableOptions,
        SetClustering,
        CreateView,
        ReplaceView,
        DropView,
        Sql,
    )
}


def read_operation(key: Node, body: Node) -> FileOperation:
    """Read one operation, `create_table: {...}`. Raises Problem at the place of what is wrong."""
    name = text(key)
    if name not in OPERATIONS:
        if name == "python":
            raise Problem("python steps are written in a .py migration, with op.run(function)", key)
        raise unknown("operation", name, OPERATIONS, key)
    fields = Fields(body, name)
    operation = OPERATIONS[name].read(fields)
    fields.close()
    return operation
