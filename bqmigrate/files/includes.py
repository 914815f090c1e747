"""`schema: {include: schemas/orders.json}`: columns from a JSON file that becomes part of the migration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

from bqmigrate.files import codes, json_text, source
from bqmigrate.files.source import Source
from bqmigrate.model.document import Fields, Node, Problem, text

# The keys of operations that hold a list of columns, as they are written in YAML.
COLUMN_KEYS = frozenset({"schema", "columns"})


def resolve(origin: Source, folder: Path, key: Node, body: Node, included: dict[Path, Source]) -> Node:
    """Return an operation's body with each include exchanged for what it names, noted in `included`.

    Raises Problem for an include that leaves the folder, Unreadable for a file that is no schema.
    """
    if not body.is_map or key.value not in ("create_table", "add_columns"):
        return body
    pairs = [(k, _value(origin, folder, k, v, included)) for k, v in body.pairs()]
    return replace(body, value=tuple(pairs))


def _value(origin: Source, folder: Path, key: Node, value: Node, included: dict[Path, Source]) -> Node:
    if key.value not in COLUMN_KEYS or not value.is_map:
        return value
    fields = Fields(value, f"{key.value}, where it is not a list of columns,")
    name = fields.required("include", text)
    fields.close()
    path = folder / _relative(name, fields.at("include"))
    file = str(PurePosixPath(origin.file).parent / name)
    if path not in included:
        included[path] = source.read(path, file, folder)
    return json_text.parse(included[path])


def _relative(name: str, node: Node) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
        message = f"include {name!r} leads out of the migrations folder"
        problem = Problem(message, node, "write a path below the folder: schemas/orders.json")
        raise codes.CodedProblem(codes.LEAVES_FOLDER, problem)
    if path.suffix != ".json":
        problem = Problem(f"include {name!r} is not a .json file", node, "write the columns in BigQuery's JSON form")
        raise codes.CodedProblem(codes.INCLUDE, problem)
    return path
