"""Expressions: one entry per kind of node that has been taught; everything else is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from sqlglot import exp

from bqmigrate.local.errors import WarehouseError, unsupported
from bqmigrate.local.sql import aggregates, atoms, constructors, subqueries
from bqmigrate.local.sql.casts import cast_value
from bqmigrate.local.sql.coercion import coerce, struct_sql, supertype
from bqmigrate.local.sql.columns import read_type
from bqmigrate.local.sql.env import Env
from bqmigrate.local.sql.functions.base import Call, pick, safely
from bqmigrate.local.sql.functions.dates import current, extract
from bqmigrate.local.sql.functions.documents import parse_json
from bqmigrate.local.sql.functions.general import session_user
from bqmigrate.local.sql.functions.names import MOST, OVERLOADS, SPECIALS, WINDOW_ONLY
from bqmigrate.local.sql.kinds import BOOLEAN, INTEGER, JSON, NULL_VALUE, STRING, Type, Typed, type_of
from bqmigrate.local.sql.marking import CALL, OTHER
from bqmigrate.local.sql.once import once
from bqmigrate.local.sql.operators import OPERATORS, compare
from bqmigrate.local.sql.stores import stored_sql
from bqmigrate.local.sql.types import quoted, string_sql


def bind(node: exp.Expr, env: Env) -> Typed:
    """Return a node as typed DuckDB text; raises WarehouseError."""
    kind = KINDS.get(type(node))
    if kind is not None:
        return kind(node, env)
    if isinstance(node, exp.Func):
        name = node.name if isinstance(node, exp.Anonymous) else node.sql_name()
        raise env.error(f"Function not found: {name}", node)
    raise unsupported(f"{node.key.upper()} expressions{env.where(node)}")


def _column(node: exp.Expr, env: Env) -> Typed:
    name, table = node.name, str(node.args["table"].name) if node.args.get("table") else ""
    if table:
        item = env.item(table)
        found = item.column(name) if item is not None else None
        if found is None:
            path = env.lookup(table, node)
            found = field(path, name, node, env) if path is not None else _variable_field(table, name, node, env)
    else:
        found = env.lookup(name, node) if name.lower() not in env.aliases else _alias(name, env)
        found = found or atoms.variable(name, env) or _whole_row(name, env)
    if found is None:
        raise env.error(f"Unrecognized name: {f'{table}.{name}' if table else name}", node)
    return found


def _alias(name: str, env: Env) -> Typed:
    return Typed(quoted(name), env.aliases[name.lower()])


def _variable_field(table: str, name: str, node: exp.Expr, env: Env) -> Typed | None:
    variable = atoms.variable(table, env)
    return field(variable, name, node, env) if variable is not None else None


def _whole_row(name: str, env: Env) -> Typed | None:
    item = env.item(name)
    if item is None:
        return None
    kind = Type("RECORD", item.columns)
    return Typed(struct_sql(kind, [f"{quoted(item.alias)}.{quoted(key)}" for key, _ in item.columns]), kind)


def field(value: Typed, name: str, node: exp.Expr, env: Env) -> Typed:
    """Return a field of a struct or a member of a JSON object."""
    if value.type == JSON:
        path = "$." + '"' + name.replace('"', '\\"') + '"'
        return Typed(f"json_extract({value.sql}, {string_sql(path)})", JSON)
    if value.type.name != "RECORD":
        raise env.error(f"Cannot access field {name} on a value with type {value.type}", node)
    for key, kind in value.type.fields:
        if key.lower() == name.lower():
            return Typed(f"({value.sql}).{quoted(key)}", kind)
    raise env.error(f"Field name {name} does not exist in {value.type}", node)


def _dot(node: exp.Expr, env: Env) -> Typed:
    inner = node.args["expression"]
    if isinstance(inner, exp.Func):
        path = tuple(part.name for part in node.args["this"].find_all(exp.Identifier, bfs=False))
        return _made((*path, inner.name), inner.expressions, env, env.where(node))
    if _is_system(node):
        return atoms.system_variable(node, env)
    return field(env.bind(node.args["this"]), inner.name, node, env)


def _is_system(node: exp.Expr) -> bool:
    root = node
    while isinstance(root, exp.Dot):
        root = root.this
    return isinstance(root, exp.Parameter) and isinstance(root.this, exp.Parameter)


def _bracket(node: exp.Expr, env: Env) -> Typed:
    value, index = env.bind(node.args["this"]), env.bind(node.expressions[0])
    offset, safe = node.args.get("offset"), bool(node.args.get("safe"))
    if value.type == JSON:
        return _json_member(value, index, node, env)
    if value.type.element is None:
        raise env.error(f"Element access using [] is not supported on values of type {value.type}", node)
    sql = coerce(index, INTEGER)
    if sql is None:
        raise env.error("Array position must be coercible to INT64 type", node)
    place = once(lambda items, at: _item(items, at, first=int(offset == 1), safe=safe), value.sql, sql)
    return Typed(place, value.type.element)


def _item(items: str, index: str, *, first: int, safe: bool) -> str:
    place = index if first else f"({index} + 1)"
    element = f"list_extract({items}, {place})"
    if safe:
        return f"CASE WHEN {place} >= 1 THEN {element} END"
    outside = f"{place} < 1 OR {place} > len({items})"
    message = f"'Array index ' || CAST({index} AS VARCHAR) || ' is out of bounds'"
    return f"CASE WHEN {outside} THEN error({message}) ELSE {element} END"


def _json_member(value: Typed, index: Typed, node: exp.Expr, env: Env) -> Typed:
    if index.text is None or index.type not in (STRING, INTEGER):
        raise unsupported(f"JSON access by an expression{env.where(node)}")
    if index.type == STRING:
        return field(value, index.text, node, env)
    return Typed(f"json_extract({value.sql}, '$[{int(index.text)}]')", JSON)


def _cast(node: exp.Expr, env: Env) -> Typed:
    if node.args.get("format"):
        raise unsupported("CAST with FORMAT")
    if isinstance(node.args["this"], exp.Struct) and not any(node.args["this"].find_all(exp.PropertyEQ)):
        return constructors.typed_struct(node, env)
    column = read_type(node.args["to"].sql("bigquery"))
    value, safe = env.bind(node.args["this"]), isinstance(node, exp.TryCast)
    cast = cast_value(value, type_of(column), safe=safe, where=env.where(node))
    if (column.max_length, column.precision) == (None, None):
        return cast
    if safe or column.mode == "REPEATED" or column.type == "BIGNUMERIC":
        raise unsupported(f"{'SAFE_' if safe else ''}CAST to {column.sql_type()}")
    return Typed(stored_sql(cast.sql, replace(column, name="of a CAST")), cast.type)


def _paren(node: exp.Expr, env: Env) -> Typed:
    return env.bind(node.args["this"])


def _common(values: Sequence[Typed], node: exp.Expr, env: Env, name: str) -> tuple[Type, list[str]]:
    kind = supertype(values)
    texts = [coerce(v, kind) for v in values] if kind is not None else [None]
    if kind is None or None in texts:
        shown = ", ".join(str(v.type) for v in values)
        raise env.error(f"No matching signature for {name} for argument types: {shown}", node)
    return kind, [t for t in texts if t is not None]


def _case(node: exp.Expr, env: Env) -> Typed:
    subject = env.bind(node.args["this"]) if node.args.get("this") else None
    branches = node.args["ifs"]
    tests = [_test(branch, subject, env) for branch in branches]
    default = env.bind(node.args["default"]) if node.args.get("default") else NULL_VALUE
    results = [*(env.bind(branch.args["true"]) for branch in branches), default]
    kind, texts = _common(results, node, env, "operator CASE")
    whens = " ".join(f"WHEN {test} THEN {text}" for test, text in zip(tests, texts, strict=False))
    return Typed(f"(CASE {whens} ELSE {texts[-1]} END)", kind)


def _test(branch: exp.Expr, subject: Typed | None, env: Env) -> str:
    if subject is None:
        return env.bind_as(branch.args["this"], BOOLEAN, "CASE condition")
    return compare(branch, subject, env.bind(branch.args["this"]), env, "=").sql


def _if(node: exp.Expr, env: Env) -> Typed:
    test = env.bind_as(node.args["this"], BOOLEAN, "IF condition")
    if not node.args.get("false"):
        raise env.error("No matching signature for function IF", node)
    kind, texts = _common([env.bind(node.args[k]) for k in ("true", "false")], node, env, "function IF")
    return Typed(f"(CASE WHEN {test} THEN {texts[0]} ELSE {texts[1]} END)", kind)


def _coalesce(node: exp.Expr, env: Env) -> Typed:
    values = [env.bind(n) for n in (node.args["this"], *node.expressions)]
    kind, texts = _common(values, node, env, "function COALESCE")
    return Typed(f"coalesce({', '.join(texts)})", kind)


def _nullif(node: exp.Expr, env: Env) -> Typed:
    values = [env.bind(node.args["this"]), env.bind(node.args["expression"])]
    kind, texts = _common(values, node, env, "function NULLIF")
    return Typed(f"nullif({', '.join(texts)})", kind)


def _extract(node: exp.Expr, env: Env) -> Typed:
    part_node, inner, zone = node.args["this"], node.args["expression"], "'UTC'"
    if isinstance(inner, exp.AtTimeZone):
        inner, zone = inner.args["this"], env.bind(inner.args["zone"]).sql
    part = f"WEEK({part_node.name.upper()})" if isinstance(part_node, exp.WeekStart) else part_node.name.upper()
    return extract(_call(node, "EXTRACT", [inner], env), part, env.bind(inner), zone)


def _call(node: exp.Expr, name: str, nodes: Sequence[exp.Expr], env: Env, where: str = "") -> Call:
    return Call(name, nodes, env.bind, env.scope, where or env.where(node))


def _function(node: exp.Expr, env: Env) -> Typed:
    match = CALL.match(str(node.this))
    if match is None:
        return _other(node, env)
    safe, name = bool(match[1]), match[3]
    where = f" at {env.source.position(int(match[2]))}"
    if name in WINDOW_ONLY and not isinstance(node.parent, exp.Window | exp.IgnoreNulls | exp.RespectNulls):
        raise WarehouseError("invalidQuery", f"Analytic function {name} cannot be called without an OVER clause{where}")
    call = replace(_call(node, name, node.expressions, env, where), safe=safe)
    if len(node.expressions) > MOST.get(name, len(node.expressions)):
        raise call.no_match(call.arguments(), f"{name} with at most {MOST[name]} arguments")
    if name not in SPECIALS:
        return pick(call, OVERLOADS[name])
    value = SPECIALS[name](call)
    return Typed(safely(value.sql, name), value.type) if safe else value


def _other(node: exp.Expr, env: Env) -> Typed:
    """Bind a call of what is no function of GoogleSQL's own."""
    match = OTHER.match(str(node.this))
    name = match[2] if match is not None else node.name
    where = f" at {env.source.position(int(match[1]))}" if match is not None else env.where(node)
    return _made(tuple(name.split(".")), node.expressions, env, where)


def _made(path: tuple[str, ...], nodes: Sequence[exp.Expr], env: Env, where: str) -> Typed:
    """Bind a call of a function that somebody made."""
    function = env.scope.functions(path)
    if function is None:
        raise WarehouseError("invalidQuery", f"Function not found: {'.'.join(path)}{where}")
    return env.caller(function, [env.bind(n) for n in nodes], env.scope, where)


def _current(name: str) -> Callable[[exp.Expr, Env], Typed]:
    def handler(node: exp.Expr, env: Env) -> Typed:
        zone = [node.args["this"]] if node.args.get("this") else []
        return current(_call(node, name, zone, env))

    return handler


def _json_literal(node: exp.Expr, env: Env) -> Typed:
    return parse_json(_call(node, "PARSE_JSON", [node.args["this"]], env))


def _session_user(node: exp.Expr, env: Env) -> Typed:
    return session_user(_call(node, "SESSION_USER", [], env))


Kind = Callable[[exp.Expr, Env], Typed]
KINDS: Mapping[type[exp.Expr], Kind] = {
    exp.Column: _column,
    exp.TableColumn: _column,
    exp.Pseudocolumn: _column,
    exp.Dot: _dot,
    exp.Bracket: _bracket,
    exp.Literal: atoms.literal_,
    exp.RawString: atoms.literal_,
    exp.HexString: atoms.hex_,
    exp.ByteString: atoms.bytes_,
    exp.Null: atoms.null,
    exp.Boolean: atoms.boolean,
    exp.Parameter: atoms.parameter_,
    exp.SessionParameter: atoms.system_variable,
    exp.Paren: _paren,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Case: _case,
    exp.If: _if,
    exp.Coalesce: _coalesce,
    exp.Nullif: _nullif,
    exp.Extract: _extract,
    exp.Anonymous: _function,
    exp.CurrentTimestamp: _current("CURRENT_TIMESTAMP"),
    exp.CurrentDate: _current("CURRENT_DATE"),
    exp.CurrentDatetime: _current("CURRENT_DATETIME"),
    exp.CurrentTime: _current("CURRENT_TIME"),
    exp.ParseJSON: _json_literal,
    exp.SessionUser: _session_user,
    exp.Array: constructors.array,
    exp.Struct: constructors.struct,
    exp.Tuple: constructors.struct,
    exp.Subquery: subqueries.scalar,
    exp.Exists: subqueries.exists,
    exp.In: subqueries.in_,
    exp.Window: aggregates.window,
    **dict.fromkeys(aggregates.NODES, aggregates.aggregate),
    **OPERATORS,
}
