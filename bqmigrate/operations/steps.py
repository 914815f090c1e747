"""What an operation becomes: one BigQuery effect as data, with physical names, ready to send.

A step says nothing about when or by whom it runs; its digest is a pure function of what it is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, Literal

from bqmigrate.model.names import TableName, quote

ResourceKind = Literal["dataset", "table", "view"]
Rest = Mapping[str, Any]


@dataclass(frozen=True)
class Mark:
    """Which run of which migration: what makes the name of a column set aside unique."""

    version: str
    generation: int = 1

    def aside(self, column: str) -> str:
        """Name the place where a dropped column waits: _bqm_drop_0007_c, _bqm_drop_0007g2_c."""
        again = f"g{self.generation}" if self.generation > 1 else ""
        return f"_bqm_drop_{self.version}{again}_{column}"


@dataclass(frozen=True)
class Scope:
    """Where plans land: the project, and the physical name of each logical dataset."""

    project: str
    location: str
    datasets: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    variables: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def dataset(self, logical: str) -> str:
        """Return the physical name of a dataset."""
        return self.datasets.get(logical, logical)

    def reference(self, name: TableName) -> ObjectRef:
        """Return the physical reference of a table or view."""
        return ObjectRef(self.project, self.dataset(name.dataset), name.table)

    def path(self, name: TableName) -> str:
        """Return the quoted full path of a table or view, for SQL."""
        return quote(self.project, self.dataset(name.dataset), name.table)


@dataclass(frozen=True)
class ObjectRef:
    """A physical dataset, or a table or view in it."""

    project: str
    dataset: str
    table: str | None = None

    def __str__(self) -> str:
        return ".".join(part for part in (self.project, self.dataset, self.table) if part)


@dataclass(frozen=True)
class Removal:
    """What must be looked at before an object goes: it is ours, and it is empty unless allowed."""

    kind: ResourceKind
    reference: ObjectRef
    # The label that says it is ours; None where the author wrote the removal in a file.
    made_by: str | None = None


@dataclass(frozen=True)
class Check:
    """Assertions of a step that can be run alone beforehand, and the words each fails with."""

    sql: str
    messages: tuple[str, ...]


@dataclass(frozen=True)
class JobStep:
    """One statement or script, run as one job under a write-once id."""

    kind: ClassVar[str] = "job"
    verb: str
    target: str
    sql: str
    parameters: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    removes: Removal | None = None
    loses_data: bool = False
    # The same removal without its guard, sent only where losing the rows was allowed.
    unguarded_sql: str | None = None
    check: Check | None = None
    # Where it writes the table `of` anew: the columns it carries over.
    rewrites: tuple[str, ...] | None = None
    # The table it leaves behind, where that is looked at.
    of: ObjectRef | None = None
    # Labels that `of` has to have afterwards: it is not documented that a rename keeps them.
    keeps_labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def payload(self) -> Any:
        """Return what identifies the step."""
        return [self.sql, dict(self.parameters)]

    def show(self) -> str:
        """Return exactly what is sent."""
        return self.sql


@dataclass(frozen=True)
class CreateStep:
    """A tables.insert or datasets.insert with the whole resource."""

    kind: ClassVar[str] = "create"
    verb: str
    target: str
    resource: ResourceKind
    reference: ObjectRef
    body: Rest

    def payload(self) -> Any:
        """Return what identifies the step."""
        return [self.resource, str(self.reference), self.body]

    def show(self) -> str:
        """Return exactly what is sent, as a request."""
        parent = f"projects/{self.reference.project}/datasets"
        if self.reference.table is not None:
            parent += f"/{self.reference.dataset}/tables"
        return f"POST {parent}\n{json.dumps(self.body, indent=2, ensure_ascii=False)}"


@dataclass(frozen=True)
class ColumnEdit:
    """Set attributes of the column at a dotted path, in the REST form; None clears one."""

    path: str
    attributes: tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class PatchStep:
    """A conditional tables.patch: fields to set, and edits to columns of the live schema."""

    kind: ClassVar[str] = "patch"
    verb: str
    target: str
    reference: ObjectRef
    fields: Rest = field(default_factory=lambda: MappingProxyType({}))
    columns: tuple[ColumnEdit, ...] = ()

    def payload(self) -> Any:
        """Return what identifies the step."""
        return [str(self.reference), self.fields, [[e.path, dict(e.attributes)] for e in self.columns]]

    def body(self, live: Rest) -> dict[str, Any]:
        """Return the fields to send for a live resource, touching only what the migration states.

        Raises LookupError when a column is not there.
        """
        out = dict(self.fields)
        if self.columns:
            fields = json.loads(json.dumps(live["schema"]["fields"]))
            for edit in self.columns:
                target = _find(fields, edit.path)
                for key, value in edit.attributes:
                    target[key] = value
            out["schema"] = {"fields": fields}
        return out

    def is_done(self, live: Rest) -> bool:
        """Tell whether a live resource already says what this patch states."""
        if not all(_covers(live.get(key), value) for key, value in self.fields.items()):
            return False
        try:
            found = [(_find(live["schema"]["fields"], e.path), dict(e.attributes)) for e in self.columns]
        except LookupError:
            return False
        return all(_covers(column, wanted) for column, wanted in found)

    def show(self) -> str:
        """Return the request; column edits are applied to the schema that is live at that moment."""
        ref = self.reference
        body: dict[str, Any] = dict(self.fields)
        if self.columns:
            edits = [{"column": e.path, **dict(e.attributes)} for e in self.columns]
            body["schema"] = {"fields": "the live fields, with", "edits": edits}
        path = f"projects/{ref.project}/datasets/{ref.dataset}/tables/{ref.table}"
        return f"PATCH {path}\nIf-Match: (the etag read just before)\n{json.dumps(body, indent=2, ensure_ascii=False)}"


@dataclass(frozen=True)
class PythonStep:
    """Code of the author's; runs at least once."""

    kind: ClassVar[str] = "python"
    verb: str
    target: str
    function: Callable[..., Any] = field(compare=False)
    source_digest: str = ""

    def payload(self) -> Any:
        """Return what identifies the step."""
        return [self.target, self.source_digest]

    def show(self) -> str:
        """Name the function: there is no statement to show."""
        return f"python {self.target} (at least once)"


Step = JobStep | CreateStep | PatchStep | PythonStep


def digest(step: Step) -> str:
    """Return the sha256 of what the step is, in hex."""
    return sha256(canonical([step.kind, step.target, step.payload()]))


def canonical(value: Any) -> str:
    """Return JSON in the one form that digests are taken of."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=dict)


def sha256(text: str) -> str:
    """Return the sha256 of text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def _find(fields: list[dict[str, Any]], path: str) -> dict[str, Any]:
    head, _, rest = path.partition(".")
    for column in fields:
        if column["name"].lower() == head.lower():
            return _find(column.get("fields", []), rest) if rest else column
    raise LookupError(path)


def _covers(live: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        if not isinstance(live, Mapping):
            return all(v is None for v in wanted.values())
        return all(_covers(live.get(k), v) for k, v in wanted.items())
    if wanted is None:
        return live in (None, "", [], {})
    return bool(live == wanted)
