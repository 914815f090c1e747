"""Functions that somebody made, as binding sees them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bqmigrate.local.sql.bound import Function
from bqmigrate.local.sql.columns import read_type
from bqmigrate.local.sql.nodes import CreateRoutine
from bqmigrate.local.statements.information.ddl import type_text
from bqmigrate.model.columns import Column


def function_of(name: str, resource: Mapping[str, Any]) -> Function:
    """Return the function that a REST Routine of type SCALAR_FUNCTION describes."""
    parameters = tuple((str(a.get("name") or ""), _column(a.get("dataType"))) for a in resource.get("arguments") or ())
    language = "remote" if "remoteFunctionOptions" in resource else str(resource["language"])
    return Function(name, parameters, _column(resource.get("returnType")), str(resource["definitionBody"]), language)


def temporary(node: CreateRoutine) -> Function:
    """Return the function that CREATE TEMP FUNCTION makes."""
    parameters = tuple((a.name, a.type) for a in node.arguments)
    return Function(node.path[-1], parameters, node.returns, node.body, node.language)


def _column(kind: Mapping[str, Any] | None) -> Column | None:
    return read_type(type_text(kind)) if kind is not None else None
