"""ARRAY and STRUCT constructors."""

from __future__ import annotations

from sqlglot import exp

from bqmigrate.local.sql import subqueries
from bqmigrate.local.sql.coercion import coerce, struct_sql, supertype
from bqmigrate.local.sql.columns import read_type
from bqmigrate.local.sql.env import Env
from bqmigrate.local.sql.kinds import INTEGER, NULL, Type, Typed, array_of, type_of
from bqmigrate.local.sql.types import cast_sql


def array(node: exp.Expr, env: Env) -> Typed:
    """Bind [a, b] and ARRAY(subquery)."""
    items = node.expressions
    if len(items) == 1 and isinstance(items[0], exp.Query):
        return subqueries.array(items[0], env)
    values = [env.bind(item) for item in items]
    element = supertype(values)
    if element is None:
        shown = ", ".join(str(v.type) for v in values)
        raise env.error(f"Array elements of types {{{shown}}} do not have a common supertype", node)
    if element.element is not None:
        raise env.error(f"Cannot construct array with element type {element}", node)
    element = INTEGER if element == NULL and values else element
    texts = [coerce(v, element) or "NULL" for v in values]
    kind = array_of(element)
    constant = all(v.constant for v in values)
    return Typed(cast_sql(f"[{', '.join(texts)}]", kind), kind, constant=constant, parts=tuple(values))


def struct(node: exp.Expr, env: Env) -> Typed:
    """Bind STRUCT(a AS x, b) and (a, b)."""
    fields: list[tuple[str, Type]] = []
    values: list[Typed] = []
    for item in node.expressions:
        name, inner = _named(item)
        if not name and isinstance(item, exp.PropertyEQ | exp.Alias):
            raise env.error("Syntax error: A field's name is missing after AS", item)
        value = env.bind(inner)
        values.append(value)
        fields.append((name, INTEGER if value.type == NULL else value.type))
    kind = Type("RECORD", tuple(fields))
    texts = [coerce(v, f) or "NULL" for v, (_, f) in zip(values, fields, strict=True)]
    constant = all(v.constant for v in values)
    return Typed(struct_sql(kind, texts), kind, constant=constant, parts=tuple(values))


def _named(item: exp.Expr) -> tuple[str, exp.Expr]:
    if isinstance(item, exp.PropertyEQ | exp.Alias):
        name = item.args["this"] if isinstance(item, exp.PropertyEQ) else item.args["alias"]
        value = item.args["expression"] if isinstance(item, exp.PropertyEQ) else item.args["this"]
        return str(name.meta.get("name") or name.name), value
    return (item.name if isinstance(item, exp.Column | exp.Dot) else ""), item


def typed_struct(node: exp.Expr, env: Env) -> Typed:
    """Bind STRUCT<a INT64, b STRING>(1, 'x')."""
    kind = type_of(read_type(node.args["to"].sql("bigquery")))
    if kind.name != "RECORD":
        raise env.error(f"Invalid cast from STRUCT to {kind}", node)
    value = struct(node.args["this"], env)
    sql = coerce(value, kind)
    if sql is None:
        raise env.error(f"Struct constructor of type {value.type} cannot be {kind}", node)
    return Typed(sql, kind)
