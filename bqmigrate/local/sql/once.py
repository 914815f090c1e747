"""Use a value several times in a text without writing it several times.

A text written twice, inside a text written twice, doubles with every level; DuckDB has no LET, but a lambda
over a list of one binds a name.
"""

from __future__ import annotations

from collections.abc import Callable

SHORT = 100


def once(build: Callable[..., str], *values: str) -> str:
    """Return `build(*values)`, in which long values are evaluated, and written, only once."""
    if all(len(value) <= SHORT for value in values):
        return build(*values)
    return separately(build, *values)


def separately(build: Callable[..., str], *values: str) -> str:
    """Return `build(*values)`, in which the values are evaluated outside of what is built around them."""
    if not values:
        return build()
    fields = ", ".join(f"v{i} := {value}" for i, value in enumerate(values))
    body = build(*(f"once.v{i}" for i in range(len(values))))
    return f"list_transform([struct_pack({fields})], lambda once: {body})[1]"
