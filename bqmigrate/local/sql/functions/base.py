"""How a function is taught: by overloads (types in, DuckDB template out) or by a function of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from bqmigrate.local.errors import UNTAUGHT, WarehouseError, unsupported
from bqmigrate.local.sql.bound import Scope
from bqmigrate.local.sql.coercion import coerce
from bqmigrate.local.sql.kinds import Type, Typed
from bqmigrate.local.sql.once import once, separately
from bqmigrate.local.sql.types import string_sql

# error(...) in a template: what SAFE. turns into NULL.
FAILURE = re.compile(r"error\((?:'(?:[^']|'')*'|[^()'])*\)")
# What DuckDB's TRY cannot take.
VOLATILE = ("error(", "random(", "uuid(")


Template = str | Callable[..., str]


@dataclass(frozen=True)
class Overload:
    """One signature; the template's {0}, {1} are the arguments, each as often as needed, or it is a function of them.

    As many of the last parameters as there are `defaults` may be left out, and these then fill the template. With
    `variadic` the last parameter repeats. Without a template, the signature is one that BigQuery has and the
    warehouse has not been taught: 501.
    """

    parameters: tuple[Type, ...]
    result: Type
    template: Template | None
    defaults: tuple[str, ...] = ()
    variadic: bool = False


@dataclass(frozen=True)
class Call:
    """One call as written: its name, its unbound arguments, and how to bind them."""

    name: str
    nodes: Sequence[exp.Expr]
    bind: Callable[[exp.Expr], Typed]
    scope: Scope
    where: str
    safe: bool = False

    def fail(self, message: str) -> str:
        """Write what is evaluated where the call fails: an error with this message, NULL under SAFE."""
        return "NULL" if self.safe else f"error({string_sql(message)})"

    def arguments(self) -> list[Typed]:
        """Bind all arguments."""
        return [self.bind(node) for node in self.nodes]

    def node(self, index: int) -> exp.Expr:
        """Return one argument as written; raises WarehouseError when there are fewer."""
        if index >= len(self.nodes):
            raise self.error(f"No matching signature for function {self.name}: it needs more arguments")
        return self.nodes[index]

    def error(self, message: str) -> WarehouseError:
        """Return an invalidQuery that points at this call."""
        return WarehouseError("invalidQuery", f"{message}{self.where}")

    def no_match(self, arguments: Sequence[Typed], signatures: str) -> WarehouseError:
        """Return the error for arguments of the wrong number or types."""
        have = ", ".join(str(a.type) for a in arguments)
        given = f"for argument types: {have}" if have else "with no arguments"
        return self.error(f"No matching signature for function {self.name} {given}. Supported signatures: {signatures}")

    def part(self, index: int) -> str:
        """Return a date part given as an argument: MONTH, WEEK(MONDAY)."""
        node = self.node(index)
        if isinstance(node, exp.Var):
            return str(node.this).upper()
        if isinstance(node, exp.WeekStart):
            return f"WEEK({node.name.upper()})"
        raise self.error("A valid date part name is required")

    def constant_text(self, index: int) -> str:
        """Return a string literal or parameter; raises 501 for anything that is only known per row."""
        value = self.bind(self.node(index))
        if value.type.name not in {"STRING", "NULL"}:
            raise self.no_match(self.arguments(), f"{self.name} with a STRING as argument {index + 1}")
        if value.text is None or value.type.name != "STRING":
            raise unsupported(f"{self.name} with an argument that is no constant")
        return value.text


Special = Callable[[Call], Typed]
Overloads = Mapping[str, tuple[Overload, ...]]


def overload(
    parameters: Sequence[Type], result: Type, template: Template | None, *defaults: str, **more: Any
) -> Overload:
    """Write an overload on one line."""
    return Overload(tuple(parameters), result, template, defaults, **more)


def pick(call: Call, overloads: Sequence[Overload]) -> Typed:
    """Bind a call to the first overload whose types are the arguments' own, else to the nearest they convert to."""
    arguments = call.arguments()
    nearest = sorted(
        overloads, key=lambda one: -sum(a.type.same(p) for a, p in zip(arguments, one.parameters, strict=False))
    )
    for exact in (True, False):
        for one in nearest:
            texts = _texts(one, arguments, exact=exact)
            if texts is not None:
                return Typed(_filled(one, texts, call), one.result)
    raise call.no_match(arguments, "; ".join(_signature(call.name, one) for one in overloads))


def untaught(what: str) -> str:
    """Write what is evaluated for a value that the warehouse cannot treat: 501."""
    return f"error({string_sql(UNTAUGHT + what)})"


def safely(sql: str, name: str) -> str:
    """Write a text under SAFE.: NULL where it fails; raises 501 for what DuckDB cannot try."""
    if any(word in sql for word in VOLATILE):
        raise unsupported(f"SAFE.{name}")
    return f"TRY({sql})"


def _texts(one: Overload, arguments: Sequence[Typed], *, exact: bool) -> list[str] | None:
    parameters = one.parameters
    if one.variadic and parameters:
        parameters += (parameters[-1],) * (len(arguments) - len(parameters))
    missing = len(parameters) - len(arguments)
    if missing < 0 or missing > len(one.defaults):
        return None
    pairs = list(zip(arguments, parameters, strict=False))
    if exact and not all(a.type.same(p) for a, p in pairs):
        return None
    values = [coerce(a, p) for a, p in pairs]
    if None in values:
        return None
    texts = [v for v in values if v is not None]
    texts.extend(one.defaults[len(one.defaults) - missing :] if missing else ())
    return texts


def _filled(one: Overload, texts: Sequence[str], call: Call) -> str:
    if one.template is None:
        raise unsupported(f"{_signature(call.name, one)}")
    fill = one.template if callable(one.template) else one.template.format
    if not call.safe:
        return once(fill, *texts)
    # SAFE. is about the call itself: errors of its arguments stay errors.
    return separately(lambda *given: safely(FAILURE.sub("NULL", fill(*given)), call.name), *texts)


def _signature(name: str, one: Overload) -> str:
    required = len(one.parameters) - len(one.defaults)
    shown = [str(p) if i < required else f"[{p}]" for i, p in enumerate(one.parameters)]
    return f"{name}({', '.join(shown)}{', ...' if one.variadic else ''})"
