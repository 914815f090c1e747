"""Aggregate functions, with DISTINCT, IGNORE NULLS, ORDER BY and LIMIT inside, and windows over them.

https://cloud.google.com/bigquery/docs/reference/standard-sql/aggregate_functions
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from bqmigrate.local.errors import WarehouseError, unsupported
from bqmigrate.local.sql.coercion import coerce
from bqmigrate.local.sql.env import Env
from bqmigrate.local.sql.functions.names import WINDOW_ONLY
from bqmigrate.local.sql.functions.untaught import NAMES as UNTAUGHT
from bqmigrate.local.sql.functions.windows import FRAMELESS, ORDERED
from bqmigrate.local.sql.kinds import BOOLEAN, BYTES, FLOAT, INTEGER, NUMERIC, STRING, Type, Typed, array_of
from bqmigrate.local.sql.marking import CALL
from bqmigrate.local.sql.types import cast_sql, quoted

NODES: Mapping[type[exp.Expr], str] = {
    exp.Count: "COUNT",
    exp.CountIf: "COUNTIF",
    exp.Sum: "SUM",
    exp.Avg: "AVG",
    exp.Min: "MIN",
    exp.Max: "MAX",
    exp.AnyValue: "ANY_VALUE",
    exp.ArrayAgg: "ARRAY_AGG",
    exp.GroupConcat: "STRING_AGG",
    exp.LogicalAnd: "LOGICAL_AND",
    exp.LogicalOr: "LOGICAL_OR",
    exp.BitwiseAndAgg: "BIT_AND",
    exp.BitwiseOrAgg: "BIT_OR",
    exp.BitwiseXorAgg: "BIT_XOR",
    exp.ApproxDistinct: "APPROX_COUNT_DISTINCT",
    exp.Stddev: "STDDEV",
    exp.StddevSamp: "STDDEV",
    exp.StddevPop: "STDDEV_POP",
    exp.Variance: "VARIANCE",
    exp.VariancePop: "VAR_POP",
    exp.IgnoreNulls: "",
    exp.RespectNulls: "",
}
# name -> (argument types, None for any; result, None for the argument's own; template of the DuckDB call)
SIMPLE: Mapping[str, tuple[tuple[Type, ...] | None, Type | None, str]] = {
    "COUNT": (None, INTEGER, "count({0})"),
    "COUNTIF": ((BOOLEAN,), INTEGER, "count(CASE WHEN {0} THEN 1 END)"),
    "MIN": (None, None, "min({0})"),
    "MAX": (None, None, "max({0})"),
    "ANY_VALUE": (None, None, "any_value({0})"),
    "LOGICAL_AND": ((BOOLEAN,), BOOLEAN, "bool_and({0})"),
    "LOGICAL_OR": ((BOOLEAN,), BOOLEAN, "bool_or({0})"),
    "BIT_AND": ((INTEGER,), INTEGER, "bit_and({0})"),
    "BIT_OR": ((INTEGER,), INTEGER, "bit_or({0})"),
    "BIT_XOR": ((INTEGER,), INTEGER, "bit_xor({0})"),
    "APPROX_COUNT_DISTINCT": (None, INTEGER, "count(DISTINCT {0})"),
    "STDDEV": ((FLOAT,), FLOAT, "stddev_samp({0})"),
    "STDDEV_POP": ((FLOAT,), FLOAT, "stddev_pop({0})"),
    "VARIANCE": ((FLOAT,), FLOAT, "var_samp({0})"),
    "VAR_POP": ((FLOAT,), FLOAT, "var_pop({0})"),
}
UNORDERED = frozenset({"JSON", "GEOGRAPHY", "RECORD"})


@dataclass(frozen=True)
class Modifiers:
    """What stands beside the argument inside the brackets."""

    argument: exp.Expr
    distinct: bool = False
    order: tuple[exp.Expr, ...] = ()
    limit: exp.Expr | None = None
    having: exp.HavingMax | None = None
    ignore_nulls: bool = False


def _modifiers(node: exp.Expr, *, ignore_nulls: bool) -> Modifiers:
    out = Modifiers(node, ignore_nulls=ignore_nulls)
    while True:
        inner = out.argument
        if isinstance(inner, exp.Limit):
            out = replace(out, argument=inner.args["this"], limit=inner.args["expression"])
        elif isinstance(inner, exp.Order):
            out = replace(out, argument=inner.args["this"], order=tuple(inner.expressions))
        elif isinstance(inner, exp.HavingMax):
            out = replace(out, argument=inner.args["this"], having=inner)
        elif isinstance(inner, exp.IgnoreNulls | exp.RespectNulls):
            out = replace(out, argument=inner.args["this"], ignore_nulls=isinstance(inner, exp.IgnoreNulls))
        elif isinstance(inner, exp.Distinct):
            if len(inner.expressions) != 1:
                raise unsupported("DISTINCT of several arguments")
            return replace(out, argument=inner.expressions[0], distinct=True)
        else:
            return out


def aggregate(node: exp.Expr, env: Env, over: str = "") -> Typed:
    """Bind an aggregate call; `over` is the OVER clause of a window."""
    ignore = False
    if isinstance(node, exp.IgnoreNulls | exp.RespectNulls):
        ignore, node = isinstance(node, exp.IgnoreNulls), node.args["this"]
    name = NODES.get(type(node))
    if name is None:
        return env.bind(node)
    if not name:
        raise unsupported(f"IGNORE NULLS or RESPECT NULLS here{env.where(node)}")
    if name == "COUNT" and isinstance(node.args["this"], exp.Star):
        return Typed(f"count(*){over}", INTEGER)
    made = _modifiers(node.args["this"], ignore_nulls=ignore)
    value = env.bind(made.argument)
    if name == "ARRAY_AGG":
        return _array_agg(value, made, env, over)
    if name == "STRING_AGG":
        return _string_agg(node, value, made, env, over)
    if made.limit is not None or made.order:
        raise env.error(f"Aggregate function {name} does not support ORDER BY or LIMIT in arguments", node)
    if made.having is not None:
        return _having(name, value, made.having, env, over)
    return _plain(name, value, made, node, env, over)


def _plain(name: str, value: Typed, made: Modifiers, node: exp.Expr, env: Env, over: str) -> Typed:
    distinct = "DISTINCT " if made.distinct else ""
    if name in {"SUM", "AVG"}:
        return _sum(name, value, distinct, node, env, over)
    kinds, result, template = SIMPLE[name]
    sql: str | None = value.sql
    if kinds is not None:
        sql = next((s for s in (coerce(value, k) for k in kinds) if s is not None), None)
    orderless = name in {"MIN", "MAX"} and (value.type.name in UNORDERED or value.type.element is not None)
    if sql is None or orderless:
        raise _refused(name, value, node, env)
    if name == "COUNTIF" and distinct:
        raise unsupported("COUNTIF with DISTINCT")
    call = template.format(distinct + sql) + over
    if name == "MIN" and value.type == FLOAT:
        # NaN is the greatest of all to DuckDB; to BigQuery one makes the result NaN.
        call = (
            f"CASE WHEN count(CASE WHEN isnan({sql}) THEN 1 END){over} > 0 THEN CAST('nan' AS DOUBLE) ELSE {call} END"
        )
    return Typed(call, result or value.type)


def _sum(name: str, value: Typed, distinct: str, node: exp.Expr, env: Env, over: str) -> Typed:
    if value.type not in (INTEGER, FLOAT, NUMERIC):
        if value.type.name == "BIGNUMERIC":
            raise unsupported(f"{name} of BIGNUMERIC")
        raise _refused(name, value, node, env)
    if name == "AVG" and value.type == NUMERIC:
        raise unsupported("AVG of NUMERIC (cast to FLOAT64)")
    if name == "AVG":
        return Typed(f"avg({distinct}{value.sql}){over}", FLOAT)
    return Typed(cast_sql(f"sum({distinct}{value.sql}){over}", value.type), value.type)


def _refused(name: str, value: Typed, node: exp.Expr, env: Env) -> WarehouseError:
    return env.error(f"No matching signature for aggregate function {name} for argument types: {value.type}", node)


def _having(name: str, value: Typed, having: exp.HavingMax, env: Env, over: str) -> Typed:
    if name != "ANY_VALUE":
        raise unsupported(f"{name} with HAVING MAX or MIN")
    verb = "arg_max_null" if having.args.get("max") else "arg_min_null"
    return Typed(f"{verb}({value.sql}, {env.bind(having.args['expression']).sql}){over}", value.type)


def _ordinal(node: exp.Expr, env: Env, columns: Sequence[tuple[str, Type]]) -> Typed:
    index = int(str(node.this)) - 1 if str(node.this).isdigit() else -1
    if not 0 <= index < len(columns):
        raise env.error(f"ORDER BY is out of SELECT column number range: {node.this}", node)
    return Typed(str(index + 1), columns[index][1])


def order_sql(
    items: Sequence[exp.Expr], env: Env, columns: Sequence[tuple[str, Type]] | None = None, *, one_key: bool = False
) -> str:
    """Write ORDER BY items with BigQuery's place for NULL and NaN: first when ascending, last when descending.

    With `columns`, the result's own, a number means the column at that place. `one_key` is for window frames that
    count in values, which have no place for NaN.
    https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#orderable_data_types
    """
    out = []
    for item in items:
        descending = bool(item.args.get("desc"))
        first = item.args.get("nulls_first")
        first = (not descending) if first is None else bool(first)
        inner = item.args["this"]
        ordinal = columns is not None and isinstance(inner, exp.Literal) and not inner.is_string
        value = _ordinal(inner, env, columns or ()) if ordinal else env.bind(inner)
        if value.type.element is not None or value.type.name in UNORDERED:
            raise env.error(f"ORDER BY does not support expressions of type {value.type}", item)
        direction, nulls = "DESC" if descending else "ASC", "FIRST" if first else "LAST"
        if value.type == FLOAT and not one_key:
            # To DuckDB NaN is the greatest number.
            out.append(f"isnan({value.sql}) {'ASC' if descending else 'DESC'} NULLS {nulls}")
        out.append(f"{value.sql} {direction} NULLS {nulls}")
    return ", ".join(out)


def _inner_order(made: Modifiers, env: Env) -> str:
    return f" ORDER BY {order_sql(made.order, env)}" if made.order else ""


def _limit(sql: str, made: Modifiers, env: Env) -> str:
    return f"({sql})[1:{env.bind(made.limit).sql}]" if made.limit is not None else sql


def _array_agg(value: Typed, made: Modifiers, env: Env, over: str) -> Typed:
    if value.type.element is not None:
        raise WarehouseError("invalidQuery", f"The argument to ARRAY_AGG must not be an array type: {value.type}")
    distinct = "DISTINCT " if made.distinct else ""
    keep = f" FILTER ({value.sql} IS NOT NULL)" if made.ignore_nulls else ""
    sql = f"list({distinct}{value.sql}{_inner_order(made, env)}){keep}{over}"
    return Typed(_limit(sql, made, env), array_of(value.type))


def _string_agg(node: exp.Expr, value: Typed, made: Modifiers, env: Env, over: str) -> Typed:
    if value.type not in (STRING, BYTES):
        raise _refused("STRING_AGG", value, node, env)
    if value.type == BYTES:
        raise unsupported("STRING_AGG of BYTES")
    given = node.args.get("separator")
    separator = env.bind_as(given, STRING, "STRING_AGG separator") if given else "','"
    distinct = "DISTINCT " if made.distinct else ""
    keep = f" FILTER ({value.sql} IS NOT NULL)"
    items = f"list({distinct}{value.sql}{_inner_order(made, env)}){keep}{over}"
    return Typed(f"array_to_string({_limit(items, made, env)}, {separator})", STRING)


def window(node: exp.Expr, env: Env) -> Typed:
    """Bind f(...) OVER (...)."""
    name = node.args.get("alias")
    over = f" OVER {quoted(name.name)}" if name else f" OVER ({window_sql(node, env)})"
    inner, nulls = node.args["this"], ""
    if isinstance(inner, exp.IgnoreNulls | exp.RespectNulls):
        nulls = " IGNORE NULLS" if isinstance(inner, exp.IgnoreNulls) else ""
        inner = inner.args["this"]
    if isinstance(inner, exp.Anonymous) and inner.expressions:
        first = inner.expressions[0]
        if isinstance(first, exp.IgnoreNulls | exp.RespectNulls):
            nulls = " IGNORE NULLS" if isinstance(first, exp.IgnoreNulls) else ""
            first.replace(first.this)
    match = CALL.match(str(inner.this)) if isinstance(inner, exp.Anonymous) else None
    if match is None:
        return aggregate(node.args["this"], env, over)
    if match[3] in UNTAUGHT:
        raise unsupported(f"function {match[3]}")
    if match[3] not in WINDOW_ONLY:
        raise env.error(f"Function {match[3]} does not support an OVER clause", node)
    if not name:
        _check_window(match[3], node, env)
    value = env.bind(inner)
    call = f"{value.sql[:-1]}{nulls})" if nulls else value.sql
    return Typed(f"{call}{over}", value.type)


def _check_window(name: str, node: exp.Expr, env: Env) -> None:
    if name in ORDERED and node.args.get("order") is None:
        raise env.error(f"Window ORDER BY is required for analytic function {name}", node)
    if name in FRAMELESS and node.args.get("spec") is not None:
        raise env.error(f"Window framing clause is not allowed for analytic function {name}", node)


def window_sql(node: exp.Expr, env: Env) -> str:
    """Write what stands inside OVER (...)."""
    parts = []
    if node.args.get("first") is False or (isinstance(node.args["this"], exp.Identifier) and node.args.get("over")):
        raise unsupported("a window that extends another")
    partition = node.args.get("partition_by") or ()
    if partition:
        parts.append(f"PARTITION BY {', '.join(env.bind(item).sql for item in partition)}")
    order, spec = node.args.get("order"), node.args.get("spec")
    if order is not None:
        parts.append(f"ORDER BY {order_sql(order.expressions, env, one_key=_counts_in_values(spec))}")
    if spec is not None:
        parts.append(_frame(spec, env))
    return " ".join(parts)


def _counts_in_values(spec: exp.Expr | None) -> bool:
    if spec is None or str(spec.args["kind"]).upper() != "RANGE":
        return False
    return any(isinstance(spec.args.get(edge), exp.Expr) for edge in ("start", "end"))


def _frame(spec: exp.Expr, env: Env) -> str:
    start = _edge(spec.args.get("start"), spec.args.get("start_side"), env)
    end = _edge(spec.args.get("end") or "CURRENT ROW", spec.args.get("end_side"), env)
    return f"{str(spec.args['kind']).upper()} BETWEEN {start} AND {end}"


def _edge(value: str | exp.Expr | None, side: str | None, env: Env) -> str:
    text = value.upper() if isinstance(value, str) else env.bind(value).sql if value is not None else "UNBOUNDED"
    return f"{text} {side.upper()}" if side else text
