"""${...} in SQL and view texts: the only place where a variable becomes part of a statement.

Values travel as query parameters. What stands in for a name is checked here: letters, digits, `_`
and `-`, so that nothing in it can end a quoted name or a statement. Outside of quotes even those would do:
`a--b` is the beginning of a comment, `OR` is no name. There a variable is refused, and so is whatever else
would end what stands around it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from bqmigrate.model.catalog import CatalogError
from bqmigrate.model.lexical import spans
from bqmigrate.operations.steps import Scope

_PLACEHOLDER = re.compile(r"\$\{(datasets|variables)\.([A-Za-z0-9_]+)\}|\$\{(project|location)\}")
_BARE = re.compile(r"(?!.*--)(?!.*-\Z)[A-Za-z0-9_][A-Za-z0-9_-]*\Z")
_SAFE = re.compile(r"[A-Za-z0-9_-]{1,300}\Z")
_PARAMETER = re.compile(r"(?<![@\w])@([A-Za-z_][A-Za-z0-9_]*)")


def fill(text: str, scope: Scope) -> str:
    """Replace ${datasets.x}, ${variables.x}, ${project} and ${location}; a text without them stays as it is.

    Raises CatalogError for a variable that is not set, is no name, or stands outside of quotes.
    """
    if not _PLACEHOLDER.search(text):
        return text
    out, at = [], 0
    for span in spans(text):
        quoted = _value if span.closed else _bare
        out += [_filled(text[at : span.start], scope, _bare), _filled(text[span.start : span.end], scope, quoted)]
        at = span.end
    return "".join([*out, _filled(text[at:], scope, _bare)])


def _filled(part: str, scope: Scope, value: Callable[[re.Match[str], Scope], str]) -> str:
    return _PLACEHOLDER.sub(lambda found: value(found, scope), part)


def _value(found: re.Match[str], scope: Scope) -> str:
    kind, name, whole = found.groups()
    if whole == "project":
        return scope.project
    if whole == "location":
        return scope.location
    if kind == "datasets":
        return scope.dataset(name)
    return _variable(name, scope)


def _bare(found: re.Match[str], scope: Scope) -> str:
    """Return what stands for a name outside of quotes. Raises CatalogError where it could be more than that."""
    content = _value(found, scope)
    if found[1] == "variables":
        raise CatalogError(
            f"variable {found[2]} stands outside of quotes: a name goes in backticks, `{found[0]}`; "
            f"a value is passed as a query parameter: @{found[2]}"
        )
    if not _BARE.match(content):
        raise CatalogError(f"{found[0]} is {content!r} here, which needs quotes: put the name in backticks")
    return content


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
