"""Queries: SELECT, set operations and WITH, as DuckDB text with the columns they give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlglot import exp

from bqmigrate.local.errors import WarehouseError, unsupported
from bqmigrate.local.sql import reading
from bqmigrate.local.sql.aggregates import order_sql, window_sql
from bqmigrate.local.sql.coercion import coerce, struct_sql, supertype
from bqmigrate.local.sql.env import Env, From
from bqmigrate.local.sql.kinds import BOOLEAN, INTEGER, NULL, Type, Typed
from bqmigrate.local.sql.names import Relation
from bqmigrate.local.sql.pruning import prune
from bqmigrate.local.sql.reading import NOTHING
from bqmigrate.local.sql.scans import Scan
from bqmigrate.local.sql.sources import from_sql
from bqmigrate.local.sql.types import quoted

Columns = tuple[tuple[str, Type], ...]
SELECT_PARTS = frozenset(
    {
        "expressions", "from_", "joins", "where", "group", "having", "qualify", "windows", "distinct", "order", "limit",
        "offset", "with_", "kind",
    }
)  # fmt: skip
SET_OPERATIONS: Mapping[type[exp.Expr], str] = {
    exp.Union: "UNION",
    exp.Except: "EXCEPT",
    exp.Intersect: "INTERSECT",
}


def query(node: exp.Expr, env: Env) -> Relation:
    """Return any query as DuckDB text; raises WarehouseError."""
    node, env, prefix = _with(node, env)
    if isinstance(node, exp.Subquery):
        inner = query(node.args["this"], env)
        tail = _tail(node, env, inner.columns)
        sql = f"SELECT * FROM ({inner.sql}){tail}" if tail else inner.sql
        sql = prefix + sql if not prefix else f"{prefix}SELECT * FROM ({sql})"
        needed = inner.needed | reading.shown(tail, inner.columns, inner.cells)
        return replace(inner, sql=sql, pins={} if tail else inner.pins, needed=needed)
    if type(node) in SET_OPERATIONS:
        out = _set_operation(node, env)
    elif isinstance(node, exp.Select):
        out = _select(node, env)
    else:
        raise unsupported(f"{node.key.upper()} as a query")
    return replace(out, sql=prefix + out.sql)


def _with(node: exp.Expr, env: Env) -> tuple[exp.Expr, Env, str]:
    with_ = node.args.get("with_")
    if with_ is None:
        return node, env, ""
    if with_.args.get("recursive"):
        raise unsupported("WITH RECURSIVE")
    texts = []
    for cte in with_.expressions:
        if cte.args["alias"].columns:
            raise unsupported("WITH with a list of columns")
        relation = env.inside().query(cte.args["this"])
        name = cte.alias
        texts.append(f"{quoted(name)} AS ({relation.sql})")
        # What one reference does not look at, another may.
        once = sum(t.name.lower() == name.lower() for t in node.find_all(exp.Table)) == 1
        known = replace(relation, sql=quoted(name), pins=relation.pins if once else {})
        env = replace(env, ctes={**env.ctes, name.lower(): known})
    return node, env, f"WITH {', '.join(texts)} "


def _select(node: exp.Select, env: Env) -> Relation:
    extra = sorted(k for k, v in node.args.items() if v and k not in SELECT_PARTS)
    if extra:
        raise unsupported(f"{extra[0].upper()} in a SELECT")
    distinct = node.args.get("distinct")
    if distinct is not None and distinct.args.get("on"):
        raise WarehouseError("invalidQuery", "Syntax error: SELECT DISTINCT ON is not GoogleSQL")
    source, env = from_sql(node, env)
    items = [item for node_ in node.expressions for item in _projection(node_, env)]
    columns: Columns = tuple((name, v.type) for name, v in items)
    texts = [v.sql for _, v in items]
    where = node.args.get("where")
    prune([where.this if where is not None else None], env, env.froms, alone=not node.args.get("joins"))
    clauses, tail = _clauses(node, env), _tail(node, env, columns)
    cells = {i: reading.mentioned(text, env) for i, text in enumerate(texts)}
    needed = reading.needed([clauses, tail], env) | reading.shown(tail, columns, cells)
    if distinct or " GROUP BY ALL" in clauses:
        needed = reading.together([needed, *cells.values()])
    rest = source + clauses + tail
    if node.args.get("kind"):
        made = _as_kind(str(node.args["kind"]), texts, columns, rest, node, env)
        return replace(made, cells={0: reading.together(cells.values())}, needed=needed)
    shown = ", ".join(f"{text} AS {quoted(name)}" for text, (name, _) in zip(texts, columns, strict=True))
    pins = _handed_on(node, items, env)
    sql = f"SELECT {'DISTINCT ' if distinct else ''}{shown}{rest}"
    return Relation(sql, columns, pins=pins, cells=cells, needed=needed)


def _handed_on(node: exp.Select, items: Sequence[tuple[str, Typed]], env: Env) -> dict[int, tuple[Scan, ...]]:
    """Return the columns through which an outer condition reaches partitions: not past what counts or orders rows."""
    if any(node.args.get(k) for k in ("limit", "offset", "qualify")) or node.find(exp.Window) is not None:
        return {}
    found = {item.column_text(name): scans for item in env.froms for name, scans in item.pins.items() if scans}
    return {i: found[value.sql] for i, (_, value) in enumerate(items) if value.sql in found}


def _as_kind(kind: str, texts: Sequence[str], columns: Columns, rest: str, node: exp.Select, env: Env) -> Relation:
    if node.args.get("distinct"):
        raise unsupported(f"SELECT DISTINCT AS {kind}")
    if kind.upper() == "STRUCT":
        made = Type("RECORD", columns)
        return Relation(f'SELECT {struct_sql(made, texts)} AS "value"{rest}', (("value", made),))
    if len(columns) != 1:
        raise env.error("SELECT AS VALUE query must have exactly one column", node)
    return Relation(f'SELECT {texts[0]} AS "value"{rest}', (("value", columns[0][1]),))


def _projection(node: exp.Expr, env: Env) -> list[tuple[str, Typed]]:
    if isinstance(node, exp.Star) or (isinstance(node, exp.Column) and node.is_star):
        return _star(node, env)
    alias = node.args.get("alias") if isinstance(node, exp.Alias) else None
    inner = node.args["this"] if isinstance(node, exp.Alias) else node
    value = env.bind(inner)
    if alias is not None and alias.meta.get("name") is not None:
        return [(str(alias.meta["name"]), value)]
    starred = _starred_unnest(inner, value, env)
    if starred is not None:
        return starred
    name = alias.name if alias is not None else inner.name
    return [(_cased(env.item(inner.table) if isinstance(inner, exp.Column) else None, name), value)]


def _starred_unnest(inner: exp.Expr, value: Typed, env: Env) -> list[tuple[str, Typed]] | None:
    """Return what SELECT * gives for an array of structs: its fields, and not the struct as sqlglot has it."""
    name = inner.name.lower()
    if not isinstance(inner, exp.Column):
        return None
    for item in (f for f in env.froms if f.unnested):
        element = item.columns[0]
        if element[1].name != "RECORD":
            continue
        if element[0].lower() == name and value.type == element[1]:
            return [(key, Typed(f"({value.sql}).{quoted(key)}", kind)) for key, kind in element[1].fields]
        if inner.table.lower() in {"", item.alias.lower()} and element[1].field(name) is not None:
            return []
    return None


def _cased(item: From | None, name: str) -> str:
    return next((key for key, _ in item.columns if key.lower() == name.lower()), name) if item is not None else name


def _star(node: exp.Expr, env: Env) -> list[tuple[str, Typed]]:
    if node.args.get("except_") or node.args.get("replace") or not env.froms:
        raise env.error("SELECT * must have a FROM clause", node)
    items = [
        item
        for item in env.froms
        if not node.args.get("table") or item.alias.lower() == str(node.args["table"].name).lower()
    ]
    return [(name, Typed(f"{quoted(i.alias)}.{quoted(name)}", kind)) for i in items for name, kind in i.columns]


def _condition(node: exp.Expr | None, env: Env, word: str) -> str:
    return f" {word} {env.bind_as(node.args['this'], BOOLEAN, f'{word} clause')}" if node is not None else ""


def _clauses(node: exp.Select, env: Env) -> str:
    out = _condition(node.args.get("where"), env, "WHERE")
    out += _group(node.args.get("group"), env)
    out += _condition(node.args.get("having"), env, "HAVING")
    windows = node.args.get("windows") or ()
    if windows:
        named = (f"{quoted(w.args['this'].name)} AS ({window_sql(w, env)})" for w in windows)
        out += f" WINDOW {', '.join(named)}"
    return out + _condition(node.args.get("qualify"), env, "QUALIFY")


def _group(group: exp.Expr | None, env: Env) -> str:
    if group is None:
        return ""
    others = sorted(k for k, v in group.args.items() if v and k not in {"expressions", "all"})
    if others:
        raise unsupported(f"GROUP BY {others[0].upper()}")
    if group.args.get("all"):
        return " GROUP BY ALL"
    if not group.expressions:
        raise env.error("Syntax error: GROUP BY needs at least one expression", group)
    for item in group.expressions:
        if isinstance(item, exp.Rollup | exp.Cube | exp.GroupingSets):
            raise unsupported(f"GROUP BY {item.key.upper()}")
        value = env.bind(item)
        if value.type.name in {"JSON", "GEOGRAPHY"}:
            raise env.error(f"Grouping by expressions of type {value.type} is not allowed", item)
    return f" GROUP BY {', '.join(env.bind(item).sql for item in group.expressions)}"


def _tail(node: exp.Expr, env: Env, columns: Columns) -> str:
    """Write ORDER BY, LIMIT and OFFSET; names of the result come before names of the sources."""
    out = ""
    order = node.args.get("order")
    if order is not None:
        out += f" ORDER BY {_order(order.expressions, env, columns)}"
    for key, word in (("limit", "LIMIT"), ("offset", "OFFSET")):
        part = node.args.get(key)
        if part is not None:
            if not isinstance(part, exp.Limit | exp.Offset):
                raise unsupported(part.key.upper())
            value = env.bind(part.args["expression"])
            if value.type != INTEGER or not value.constant:
                raise env.error(f"{word} expects an integer literal or parameter", part)
            out += f" {word} {value.sql}"
    return out


def _order(items: Sequence[exp.Expr], env: Env, columns: Columns) -> str:
    inner = replace(env, aliases={name.lower(): kind for name, kind in columns})
    return order_sql(items, inner, columns)


def _set_operation(node: exp.Expr, env: Env) -> Relation:
    left, right = query(node.args["this"], env), query(node.args["expression"], env)
    word = SET_OPERATIONS[type(node)]
    if node.args.get("by_name") or node.args.get("side") or node.args.get("on"):
        raise unsupported(f"{word} BY NAME or CORRESPONDING")
    if len(left.columns) != len(right.columns):
        raise env.error(
            f"Queries in {word} have mismatched column count; query 1 has {len(left.columns)} columns, "
            f"query 2 has {len(right.columns)} columns",
            node,
        )
    # Literals of a branch are no longer visible as such: only types that widen can meet.
    kinds = [
        supertype([Typed("a", a), Typed("b", b)]) for (_, a), (_, b) in zip(left.columns, right.columns, strict=True)
    ]
    for i, kind in enumerate(kinds):
        if kind is None:
            types = f"{left.columns[i][1]}, {right.columns[i][1]}"
            raise env.error(f"Column {i + 1} in {word} has incompatible types: {types}", node)
    columns = tuple((name, kind or NULL) for (name, _), kind in zip(left.columns, kinds, strict=True))
    quantifier = " ALL" if not node.args.get("distinct") else ""
    if quantifier and word != "UNION":
        raise WarehouseError("invalidQuery", f"{word} ALL is not supported: use {word} DISTINCT{env.where(node)}")
    sql = f"{_widened(left, columns)} {word}{quantifier} {_widened(right, columns)}"
    tail = _tail(node, replace(env, froms=()), columns)
    places = {*left.pins, *right.pins} if not tail else ()
    pins = {place: (*left.pins.get(place, ()), *right.pins.get(place, ())) for place in places}
    cells = {i: left.cells.get(i, NOTHING) | right.cells.get(i, NOTHING) for i in range(len(columns))}
    needed = left.needed | right.needed | reading.shown(tail, columns, cells)
    if not quantifier:
        needed = reading.together([needed, *cells.values()])
    sql = f"SELECT * FROM ({sql}){tail}" if tail else sql
    return Relation(sql, columns, pins=pins, cells=cells, needed=needed)


def _widened(relation: Relation, columns: Columns) -> str:
    have = relation.columns
    if all(a.same(b) and a == b for (_, a), (_, b) in zip(have, columns, strict=True)):
        names = ", ".join(f"{quoted(f'c{i}')}" for i in range(len(have)))
        shown = ", ".join(f"c{i} AS {quoted(name)}" for i, (name, _) in enumerate(columns))
        return f"(SELECT {shown} FROM ({relation.sql}) AS q({names}))"
    names = ", ".join(f"c{i}" for i in range(len(have)))
    texts = [coerce(Typed(f"c{i}", kind), columns[i][1]) for i, (_, kind) in enumerate(have)]
    shown = ", ".join(f"{text} AS {quoted(columns[i][0])}" for i, text in enumerate(texts))
    return f"(SELECT {shown} FROM ({relation.sql}) AS q({names}))"
