"""Steps as JSON data and back: what takes a migration back is kept in the history, to be run without its file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from bqmigrate.model.catalog import Catalog
from bqmigrate.operations.base import Impact, Primitive
from bqmigrate.operations.steps import (
    Check,
    ColumnEdit,
    CreateStep,
    JobStep,
    Mark,
    ObjectRef,
    PatchStep,
    PythonStep,
    Removal,
    Scope,
    Step,
)

Data = dict[str, Any]


class NotStored(Exception):
    """Data that is no step of this form: a text that an earlier version wrote, say."""


@dataclass(frozen=True)
class Stored(Primitive):
    """A step that was read from the history, in the place of the operation it came from."""

    key: ClassVar[str] = "stored"
    stored: Step

    @property
    def name(self) -> str:
        """Return what the step works on."""
        return self.stored.target

    def apply(self, before: Catalog) -> Catalog:
        """Leave the catalog alone: nothing is planned on it."""
        return before

    def inverse(self, before: Catalog, mark: Mark) -> None:
        """Nothing takes it back: it is itself a way back."""

    def step(self, before: Catalog, scope: Scope) -> Step:  # noqa: ARG002
        """Return the step as it was stored."""
        return self.stored

    def impact(self, before: Catalog) -> Impact:  # noqa: ARG002
        """Say what it does, in the words of the step."""
        loses = isinstance(self.stored, JobStep) and self.stored.loses_data
        return Impact("in_place", self.stored.target, f"{self.stored.verb} {self.stored.target}", data_loss=loses)


def to_data(step: Step) -> Data:
    """Return a step as JSON data. Raises NotStored for Python, which is no data."""
    head = {"kind": step.kind, "verb": step.verb, "target": step.target}
    if isinstance(step, PythonStep):
        raise NotStored(f"{step.target} is Python")
    return json.loads(json.dumps(head | _WRITE[type(step)](step), default=dict))  # type: ignore[no-any-return]


def from_data(data: Any) -> Step:
    """Return the step that `to_data` wrote. Raises NotStored."""
    try:
        return _READ[data["kind"]](data)
    except (KeyError, TypeError, ValueError) as error:
        raise NotStored(str(error)) from error


def _job_data(step: JobStep) -> Data:
    out: Data = {"sql": step.sql}
    if step.parameters:
        out["parameters"] = dict(step.parameters)
    if step.removes is not None:
        removal = step.removes
        out["removes"] = {"kind": removal.kind, "of": _path(removal.reference), "made_by": removal.made_by}
    if step.unguarded_sql is not None:
        out["unguarded"] = step.unguarded_sql
    if step.loses_data:
        out["loses_data"] = True
    if step.check is not None:
        out["check"] = {"sql": step.check.sql, "messages": list(step.check.messages)}
    if step.rewrites is not None:
        out["rewrites"] = list(step.rewrites)
    if step.of is not None:
        out["of"] = _path(step.of)
    if step.keeps_labels:
        out["labels"] = dict(step.keeps_labels)
    return out


def _job(data: Data) -> JobStep:
    removes, check, rewrites, of = (data.get(key) for key in ("removes", "check", "rewrites", "of"))
    return JobStep(
        data["verb"],
        data["target"],
        data["sql"],
        data.get("parameters", {}),
        Removal(removes["kind"], ObjectRef(*removes["of"]), removes["made_by"]) if removes else None,
        bool(data.get("loses_data")),
        data.get("unguarded"),
        Check(check["sql"], tuple(check["messages"])) if check else None,
        tuple(rewrites) if rewrites else None,
        ObjectRef(*of) if of else None,
        data.get("labels", {}),
    )


def _create_data(step: CreateStep) -> Data:
    return {"resource": step.resource, "of": _path(step.reference), "body": step.body}


def _create(data: Data) -> CreateStep:
    return CreateStep(data["verb"], data["target"], data["resource"], ObjectRef(*data["of"]), data["body"])


def _patch_data(step: PatchStep) -> Data:
    columns = [[edit.path, dict(edit.attributes)] for edit in step.columns]
    return {"of": _path(step.reference), "fields": step.fields} | ({"columns": columns} if columns else {})


def _patch(data: Data) -> PatchStep:
    edits = tuple(ColumnEdit(path, tuple(attributes.items())) for path, attributes in data.get("columns", ()))
    return PatchStep(data["verb"], data["target"], ObjectRef(*data["of"]), data["fields"], edits)


def _path(reference: ObjectRef) -> list[str]:
    return [part for part in (reference.project, reference.dataset, reference.table) if part is not None]


_WRITE: Mapping[type, Callable[[Any], Data]] = {JobStep: _job_data, CreateStep: _create_data, PatchStep: _patch_data}
_READ: Mapping[str, Callable[[Data], Step]] = {"job": _job, "create": _create, "patch": _patch}
