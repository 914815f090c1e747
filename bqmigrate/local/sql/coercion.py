"""What may stand for what: implicit conversion, as documented.

https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_rules
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bqmigrate.local.errors import unsupported
from bqmigrate.local.sql.kinds import BIGNUMERIC, DATETIME, FLOAT, NULL, NUMERIC, Type, Typed, array_of
from bqmigrate.local.sql.literals import text_sql
from bqmigrate.local.sql.types import cast_sql, field_key, quoted

WIDER = {
    "INTEGER": (NUMERIC, BIGNUMERIC, FLOAT),
    "NUMERIC": (BIGNUMERIC, FLOAT),
    "BIGNUMERIC": (FLOAT,),
    "DATE": (DATETIME,),
}
FROM_STRING_LITERAL = frozenset({"DATE", "DATETIME", "TIME", "TIMESTAMP"})
ORDER = ("INTEGER", "NUMERIC", "BIGNUMERIC", "FLOAT")


def coerce(value: Typed, to: Type) -> str | None:
    """Return the DuckDB text of a value as another type, or None where BigQuery would refuse.

    Raises WarehouseError (501) for BIGNUMERIC conversions, which have not been taught.
    """
    if value.type == NULL:
        return cast_sql(value.sql if value.sql.startswith("error(") else "NULL", to)
    if value.parts is not None and (to.element is not None or to.name == "RECORD"):
        return _rebuild(value, to)
    if value.type.same(to):
        return _renamed(value.sql, value.type, to)
    if to.element is not None or value.type.element is not None:
        return None
    if value.constant and value.text is not None and to.name in FROM_STRING_LITERAL and value.type.name == "STRING":
        return _literal(value.text, to)
    if value.constant and value.type == FLOAT and value.text is not None and to in (NUMERIC, BIGNUMERIC):
        return _literal(value.text, to)
    if value.constant and value.type.name == "INTEGER" and value.text is not None and to == BIGNUMERIC:
        return _literal(value.text, to)
    if to in WIDER.get(value.type.name, ()):
        return widen(value, to)
    return None


def widen(value: Typed, to: Type) -> str:
    """Write an always-safe conversion."""
    if BIGNUMERIC in (to, value.type):
        raise unsupported("conversions of BIGNUMERIC")
    return cast_sql(value.sql, to)


def _literal(text: str, to: Type) -> str | None:
    try:
        return text_sql(text, to)
    except ValueError:
        return None


def _rebuild(value: Typed, to: Type) -> str | None:
    parts = value.parts or ()
    if to.element is not None and value.type.element is not None:
        items = [coerce(part, to.element) for part in parts]
        return None if None in items else cast_sql(f"[{', '.join(i for i in items if i)}]", to)
    if to.name != "RECORD" or len(parts) != len(to.fields):
        return None
    items = [coerce(part, kind) for part, (_, kind) in zip(parts, to.fields, strict=True)]
    return None if None in items else struct_sql(to, [i for i in items if i])


def struct_sql(kind: Type, values: Sequence[str]) -> str:
    """Write a struct of a type from its values in order."""
    names = [name.lower() for name, _ in kind.fields if name]
    if not kind.fields or len(set(names)) < len(names):
        raise unsupported("a STRUCT without fields, or with two of one name")
    keys = (field_key(i, name) for i, (name, _) in enumerate(kind.fields))
    return f"struct_pack({', '.join(f'{quoted(k)} := {v}' for k, v in zip(keys, values, strict=True))})"


def _renamed(sql: str, have: Type, want: Type) -> str:
    """Return a value whose fields bear the wanted names: DuckDB casts structs by name, BigQuery by position."""
    if have == want or not (have.fields or (have.element and have.element.fields)):
        return sql
    if have.element is not None and want.element is not None:
        return f"list_transform({sql}, lambda e: {_renamed('e', have.element, want.element)})"
    values = [
        _renamed(f"({sql}).{quoted(field_key(i, name))}", kind, want.fields[i][1])
        for i, (name, kind) in enumerate(have.fields)
    ]
    return f"CASE WHEN {sql} IS NULL THEN NULL ELSE {struct_sql(want, values)} END"


def supertype(values: Iterable[Typed]) -> Type | None:
    """Return the type that all values can take, or None; all NULL gives NULL."""
    values = [v for v in values if v.type != NULL]
    if not values:
        return NULL
    # Columns decide; literals follow. Among literals the widest decides.
    firm = [v for v in values if not v.constant] or values
    candidates = [*(v.type for v in firm), *(v.type for v in values)]
    candidates.extend(t for v in values for t in WIDER.get(v.type.name, ()))
    for candidate in candidates:
        if all(_fits(v, candidate) for v in values):
            return candidate
    return _array_supertype(values)


def _array_supertype(values: Sequence[Typed]) -> Type | None:
    parts = [part for v in values if v.type.element is not None for part in v.parts or ()]
    inner = supertype(parts) if all(v.parts is not None for v in values) else None
    return array_of(inner) if inner is not None else None


def _fits(value: Typed, to: Type) -> bool:
    if value.type.same(to) or to in WIDER.get(value.type.name, ()):
        return True
    return coerce(value, to) is not None
