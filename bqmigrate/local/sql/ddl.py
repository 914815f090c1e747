"""The grammar of CREATE and DROP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from bqmigrate.local.errors import unsupported
from bqmigrate.local.sql import nodes, routines, views
from bqmigrate.local.sql.columns import column_definition, constraint, default_collation
from bqmigrate.local.sql.cursor import Cursor, never
from bqmigrate.local.sql.nodes import Options, Position, Sql, Statement
from bqmigrate.local.sql.opening import Opening, if_not_exists
from bqmigrate.local.sql.options import options
from bqmigrate.local.sql.parsing import parse_statement
from bqmigrate.local.sql.partitions import partition_by
from bqmigrate.model.catalog import Partitioning
from bqmigrate.model.columns import Column

MS_PER_DAY = 86_400_000
CLUSTER_LIMIT = 4


@dataclass(frozen=True)
class Body:
    """What may follow a table's path."""

    columns: tuple[Column, ...] | None = None
    constraints: tuple[nodes.Constraint, ...] = ()
    partitioning: Partitioning | None = None
    clustering: tuple[str, ...] = ()
    options: Options = field(default_factory=dict)
    collation: str | None = None


def create(cursor: Cursor, block: Callable[[Cursor], Statement]) -> Statement:
    """Read a CREATE statement; `block` reads BEGIN ... END."""
    start, position = cursor.here.start, cursor.position
    cursor.expect("CREATE")
    or_replace = cursor.accept("OR", "REPLACE")
    temporary = cursor.accept("TEMP") or cursor.accept("TEMPORARY")
    opening = Opening(start, position, block, or_replace, temporary)
    for words, read in CREATES.items():
        if cursor.accept(*words.split()):
            return read(cursor, opening)
    if cursor.here.upper in UNTAUGHT:
        raise unsupported(f"CREATE {cursor.here.upper}")
    raise cursor.unexpected()


def _schema(cursor: Cursor, opening: Opening) -> Statement:
    if opening.or_replace or opening.temporary:
        raise cursor.unexpected()
    guarded = if_not_exists(cursor, opening)
    path = cursor.path()
    collation = default_collation(cursor)
    values = options(cursor, "schema") if cursor.accept("OPTIONS") else {}
    return nodes.CreateSchema(
        collation=collation,
        text=cursor.text_since(opening.start),
        position=opening.position,
        path=path,
        if_not_exists=guarded,
        options=values,
    )


def _table(cursor: Cursor, opening: Opening) -> Statement:
    guarded = if_not_exists(cursor, opening)
    path = cursor.path()
    source = _source(cursor, opening)
    body = _body(cursor) if source is None or source.how == "LIKE" else _options_only(cursor)
    query = cursor.slice(never) if cursor.accept("AS") else None
    if query is not None:
        parse_statement(query)
    if query is not None and body.partitioning is not None and body.partitioning.field is None:
        raise cursor.error("CREATE TABLE AS SELECT cannot make a table partitioned by ingestion time")
    if query is None and source is None and body.columns is None:
        raise cursor.error("CREATE TABLE needs a column list, AS, LIKE, COPY or CLONE")
    return nodes.CreateTable(
        kind="CREATE_TABLE" if query is None else "CREATE_TABLE_AS_SELECT",
        text=cursor.text_since(opening.start),
        position=opening.position,
        path=path,
        or_replace=opening.or_replace,
        if_not_exists=guarded,
        temporary=opening.temporary,
        columns=body.columns,
        constraints=body.constraints,
        partitioning=body.partitioning,
        clustering=body.clustering,
        collation=body.collation,
        options=body.options,
        query=query,
        source=source,
    )


def _source(cursor: Cursor, opening: Opening) -> nodes.Source | None:
    for how in ("LIKE", "COPY", "CLONE"):
        if cursor.at(how) and how == "CLONE" and opening.or_replace:
            raise cursor.error("CREATE OR REPLACE TABLE cannot be used with CLONE")
        if cursor.accept(how):
            path = cursor.path()
            return nodes.Source(how, path, _as_of(cursor) if how == "CLONE" else None)
    return None


def _options_only(cursor: Cursor) -> Body:
    return Body(options=options(cursor, "table") if cursor.accept("OPTIONS") else {})


def _as_of(cursor: Cursor) -> Sql | None:
    if not cursor.accept("FOR", "SYSTEM_TIME", "AS", "OF"):
        return None
    return cursor.slice(lambda c: c.here.upper in {"OPTIONS", "AS", "PARTITION", "CLUSTER"})


def _body(cursor: Cursor) -> Body:
    columns, constraints = _columns(cursor) if cursor.accept("(") else (None, ())
    collation = default_collation(cursor)
    partitioning = partition_by(cursor, columns) if cursor.accept("PARTITION", "BY") else None
    clustering = cursor.separated(cursor.name) if cursor.accept("CLUSTER", "BY") else ()
    if len(clustering) > CLUSTER_LIMIT:
        raise cursor.error(f"Clustering supports at most {CLUSTER_LIMIT} columns")
    values = options(cursor, "table") if cursor.accept("OPTIONS") else {}
    return Body(columns, constraints, _with_expiration(partitioning, values), clustering, values, collation)


def _with_expiration(partitioning: Partitioning | None, values: Options) -> Partitioning | None:
    days = values.get("partition_expiration_days")
    if partitioning is None or not isinstance(days, int | float):
        return partitioning
    return replace(partitioning, expiration_ms=int(days * MS_PER_DAY))


def _columns(cursor: Cursor) -> tuple[tuple[Column, ...], tuple[nodes.Constraint, ...]]:
    columns: list[Column] = []
    constraints: list[nodes.Constraint] = []
    while not cursor.at(")"):
        key = constraint(cursor)
        if key is None:
            definition = column_definition(cursor, cursor.name())
            columns.append(definition.column)
            constraints.extend(definition.constraints)
        else:
            constraints.append(key)
        if not cursor.at(")"):
            cursor.expect(",")
    cursor.expect(")")
    return tuple(columns), tuple(constraints)


def _snapshot(cursor: Cursor, opening: Opening) -> Statement:
    if opening.or_replace or opening.temporary:
        raise cursor.error("CREATE SNAPSHOT TABLE takes neither OR REPLACE nor TEMP")
    guarded = if_not_exists(cursor, opening)
    path = cursor.path()
    cursor.expect("CLONE")
    source = nodes.Source("CLONE", cursor.path(), _as_of(cursor))
    values = options(cursor, "table") if cursor.accept("OPTIONS") else {}
    return nodes.CreateSnapshot(
        text=cursor.text_since(opening.start),
        position=opening.position,
        path=path,
        if_not_exists=guarded,
        source=source,
        options=values,
    )


CREATES: Mapping[str, Callable[[Cursor, Opening], Statement]] = {
    "SCHEMA": _schema,
    "SNAPSHOT TABLE": _snapshot,
    "TABLE FUNCTION": routines.table_function,
    "TABLE": _table,
    "VIEW": views.view,
    "MATERIALIZED VIEW": views.materialized_view,
    "FUNCTION": routines.function,
    "PROCEDURE": routines.procedure,
    "ROW ACCESS POLICY": routines.policy,
}
UNTAUGHT = frozenset(
    {
        "AGGREGATE", "EXTERNAL", "MODEL", "SEARCH", "VECTOR", "CAPACITY", "RESERVATION", "ASSIGNMENT", "CONNECTION",
        "LIVE", "REPLICA",
    }
)  # fmt: skip


def drop(cursor: Cursor) -> Statement:
    """Read a DROP statement."""
    start, position = cursor.here.start, cursor.position
    cursor.expect("DROP")
    if cursor.accept("SCHEMA"):
        return _drop_schema(cursor, start, position)
    for words, node in DROPS.items():
        if cursor.accept(*words.split()):
            if_exists = cursor.accept("IF", "EXISTS")
            path = cursor.path()
            text = cursor.text_since(start)
            return node(text=text, position=position, path=path, if_exists=if_exists)
    if cursor.at("ROW", "ACCESS") or cursor.at("ALL", "ROW"):
        return routines.drop_policies(cursor, start, position)
    if cursor.here.upper in UNTAUGHT:
        raise unsupported(f"DROP {cursor.here.upper}")
    raise cursor.unexpected()


DROPS: Mapping[str, Callable[..., Statement]] = {
    "SNAPSHOT TABLE": nodes.DropSnapshot,
    "TABLE FUNCTION": partial(nodes.DropRoutine, kind="DROP_TABLE_FUNCTION"),
    "TABLE": nodes.DropTable,
    "VIEW": nodes.DropView,
    "MATERIALIZED VIEW": nodes.DropMaterializedView,
    "FUNCTION": partial(nodes.DropRoutine, kind="DROP_FUNCTION"),
    "PROCEDURE": partial(nodes.DropRoutine, kind="DROP_PROCEDURE"),
}


def _drop_schema(cursor: Cursor, start: int, position: Position) -> Statement:
    if_exists = cursor.accept("IF", "EXISTS")
    path = cursor.path()
    cascade = cursor.accept("CASCADE")
    if not cascade:
        cursor.accept("RESTRICT")
    text = cursor.text_since(start)
    return nodes.DropSchema(text=text, position=position, path=path, if_exists=if_exists, cascade=cascade)
