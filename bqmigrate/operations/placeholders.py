"""${...} in SQL and view texts: the only place where a variable becomes part of a statement.

Values travel as query parameters. What stands in for a name is checked here: letters, digits, `_`
and `-`, so that nothing in it can end a quoted name or a statement.
"""

from __future__ import annotations

import re

from bqmigrate.model.catalog import CatalogError
from bqmigrate.operations.steps import Scope

_PLACEHOLDER = re.compile(r"\$\{(datasets|variables)\.([A-Za-z0-9_]+)\}|\$\{(project|location)\}")
_SAFE = re.compile(r"[A-Za-z0-9_-]{1,300}\Z")
_PARAMETER = re.compile(r"(?<![@\w])@([A-Za-z_][A-Za-z0-9_]*)")


def fill(text: str, scope: Scope) -> str:
    """Replace ${datasets.x}, ${variables.x}, ${project} and ${location}; a text without them stays as it is.

    Raises CatalogError for a variable that is not set or is no name.
    """

    def value(match: re.Match[str]) -> str:
        kind, name, whole = match.groups()
        if whole == "project":
            return scope.project
        if whole == "location":
            return scope.location
        if kind == "datasets":
            return scope.dataset(name)
        return _variable(name, scope)

    return _PLACEHOLDER.sub(value, text)


def parameters(text: str, scope: Scope) -> dict[str, str]:
    """Return the variables that the text takes as @name, to be sent as STRING query parameters."""
    wanted = set(_PARAMETER.findall(text))
    return {name: value for name, value in sorted(scope.variables.items()) if name in wanted}


def _variable(name: str, scope: Scope) -> str:
    if name not in scope.variables:
        known = ", ".join(sorted(scope.variables)) or "none"
        raise CatalogError(f"variable {name} is not set in this environment (set: {known})")
    content = scope.variables[name]
    if not _SAFE.match(content):
        raise CatalogError(
            f"variable {name} cannot stand for a name: {content!r} (only letters, digits, _ and -); "
            f"a value is passed as a query parameter: @{name}"
        )
    return content
