"""The grammar of CREATE VIEW and CREATE MATERIALIZED VIEW."""

from __future__ import annotations

from bqmigrate.local.errors import unsupported
from bqmigrate.local.sql import nodes
from bqmigrate.local.sql.columns import with_options
from bqmigrate.local.sql.cursor import Cursor, never
from bqmigrate.local.sql.nodes import Statement
from bqmigrate.local.sql.opening import Opening, if_not_exists
from bqmigrate.local.sql.options import options
from bqmigrate.local.sql.parsing import parse_statement
from bqmigrate.local.sql.partitions import partition_by
from bqmigrate.model.columns import Column


def view(cursor: Cursor, opening: Opening) -> Statement:
    """Read what follows CREATE VIEW."""
    if opening.temporary:
        raise unsupported("CREATE TEMP VIEW")
    guarded = if_not_exists(cursor, opening)
    path = cursor.path()
    columns = _columns(cursor) if cursor.accept("(") else None
    values = options(cursor, "view") if cursor.accept("OPTIONS") else {}
    cursor.expect("AS")
    query = cursor.slice(never)
    parse_statement(query)
    return nodes.CreateView(
        text=cursor.text_since(opening.start),
        position=opening.position,
        path=path,
        or_replace=opening.or_replace,
        if_not_exists=guarded,
        columns=columns,
        options=values,
        query=query,
    )


def _columns(cursor: Cursor) -> tuple[Column, ...]:
    out = cursor.separated(lambda: _column(cursor))
    cursor.expect(")")
    return out


def _column(cursor: Cursor) -> Column:
    # The type follows from the query; the list gives only names and descriptions.
    column = Column(cursor.name(), "STRING")
    return with_options(column, cursor) if cursor.accept("OPTIONS") else column


def materialized_view(cursor: Cursor, opening: Opening) -> Statement:
    """Read what follows CREATE MATERIALIZED VIEW."""
    if opening.temporary:
        raise cursor.unexpected()
    guarded = if_not_exists(cursor, opening)
    path = cursor.path()
    if cursor.at("AS", "REPLICA"):
        raise unsupported("replicas of materialized views")
    partitioning = partition_by(cursor, None) if cursor.accept("PARTITION", "BY") else None
    clustering = cursor.separated(cursor.name) if cursor.accept("CLUSTER", "BY") else ()
    values = options(cursor, "materialized view") if cursor.accept("OPTIONS") else {}
    cursor.expect("AS")
    query = cursor.slice(never)
    parse_statement(query)
    return nodes.CreateMaterializedView(
        text=cursor.text_since(opening.start),
        position=opening.position,
        path=path,
        or_replace=opening.or_replace,
        if_not_exists=guarded,
        partitioning=partitioning,
        clustering=clustering,
        options=values,
        query=query,
    )
