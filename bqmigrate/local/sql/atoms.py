"""The smallest expressions: literals, parameters and variables."""

from __future__ import annotations

import math

from sqlglot import exp

from bqmigrate.local.errors import WarehouseError, unsupported
from bqmigrate.local.sql.env import Env
from bqmigrate.local.sql.kinds import BOOLEAN, BYTES, FLOAT, INTEGER, NULL_VALUE, STRING, Typed
from bqmigrate.local.sql.literals import bytes_sql, float_sql, int_sql
from bqmigrate.local.sql.marking import POSITIONAL
from bqmigrate.local.sql.parameters import from_wire, parameter
from bqmigrate.local.sql.types import string_sql


def literal_(node: exp.Expr, env: Env) -> Typed:
    """Bind a number or a string."""
    text = str(node.this)
    if isinstance(node, exp.RawString) or node.is_string:
        return Typed(string_sql(text), STRING, constant=True, text=text)
    try:
        if text.isdigit():
            return Typed(int_sql(int(text)) if int(text) != 2**63 else text, INTEGER, constant=True, text=text)
        if math.isinf(float(text)):
            raise env.error(f"Invalid floating point literal: {text}", node)
        return Typed(float_sql(float(text)), FLOAT, constant=True, text=text)
    except ValueError as error:
        raise env.error(f"Invalid integer literal: {text}", node) from error


def hex_(node: exp.Expr, env: Env) -> Typed:
    """Bind 0xFF."""
    value = int(str(node.this), 0 if str(node.this)[:2].lower() == "0x" else 16)
    return literal_(exp.Literal.number(value), env)


def bytes_(node: exp.Expr, _: Env) -> Typed:
    """Bind b'...'."""
    # The tokenizer gives each byte as the character of its code, and other characters as themselves.
    text = str(node.this)
    data = text.encode("latin-1") if all(ord(c) < 256 for c in text) else text.encode()  # noqa: PLR2004 - a byte
    return Typed(bytes_sql(data), BYTES, constant=True)


def parameter_(node: exp.Expr, env: Env) -> Typed:
    """Bind @name, ? and @@name; raises WarehouseError when nothing was given for it."""
    if isinstance(node.this, exp.Parameter):
        return system_variable(node, env)
    name = node.name
    if name.startswith(POSITIONAL):
        return positional(int(name.removeprefix(POSITIONAL)), env)
    for given in env.scope.parameters:
        if name and str(given.get("name") or "").lower() == name.lower():
            return parameter(given)
    raise WarehouseError("invalidQuery", f"Query parameter '{name}' not found{env.where(node)}")


def positional(index: int, env: Env) -> Typed:
    """Bind the parameter for the question mark of that number."""
    given = [p for p in env.scope.parameters if not p.get("name")]
    if index >= len(given):
        message = f"Query parameter number {index + 1} is not defined ({len(given)} parameters provided)"
        raise WarehouseError("invalidQuery", message)
    return parameter(given[index])


def system_variable(node: exp.Expr, env: Env) -> Typed:
    """Bind @@name, which only the script that runs can know; raises 501."""
    name = node.sql("bigquery").lower().replace("`", "")
    found = variable(name, env)
    if found is None:
        raise unsupported(f"system variable {name}")
    return found


def variable(name: str, env: Env) -> Typed | None:
    """Return an argument of the function around, or a script variable, compared without case; None for neither."""
    argument = env.scope.arguments.get(name.lower())
    if argument is not None:
        return argument
    found = next((v for key, v in env.scope.variables.items() if key.lower() == name.lower()), None)
    return from_wire(found.column, found.value) if found is not None else None


def null(_: exp.Expr, __: Env) -> Typed:
    """Bind NULL."""
    return NULL_VALUE


def boolean(node: exp.Expr, _: Env) -> Typed:
    """Bind TRUE and FALSE."""
    return Typed(str(node.this).lower(), BOOLEAN, constant=True)
