"""Query parameters and script variables: values in REST form become typed constants."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql.coercion import struct_sql
from bqmigrate.local.sql.kinds import NULL, Type, Typed, array_of, type_of
from bqmigrate.local.sql.literals import bounds_of, bytes_sql, micros_sql, range_of, text_sql
from bqmigrate.local.sql.types import cast_sql
from bqmigrate.model.columns import Column, parse_type


def parameter(given: Mapping[str, Any]) -> Typed:
    """Return a REST QueryParameter as a constant; raises WarehouseError."""
    name = given.get("name") or ""
    try:
        kind = parameter_type(given.get("parameterType") or {})
        return _value(given.get("parameterValue") or {}, kind)
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        shown = f" @{name}" if name else ""
        raise WarehouseError("invalidQuery", f"Invalid value for query parameter{shown}: {error}") from error


def parameter_type(given: Mapping[str, Any]) -> Type:
    """Read a REST QueryParameterType; raises ValueError or KeyError."""
    name = str(given["type"]).upper()
    if name == "ARRAY":
        return array_of(parameter_type(given["arrayType"]))
    if name == "STRUCT":
        fields = given.get("structTypes") or ()
        return Type("RECORD", tuple((str(f.get("name") or ""), parameter_type(f["type"])) for f in fields))
    if name == "RANGE":
        return Type("RANGE", range_element=str(given["rangeElementType"]["type"]).upper())
    return Type(parse_type(name)[0])


def _value(given: Mapping[str, Any], kind: Type) -> Typed:
    if kind.element is not None:
        if given.get("arrayValues") is None and "value" in given and given["value"] is None:
            return Typed(cast_sql("NULL", kind), kind, constant=True)
        items = [_value(item, kind.element) for item in given.get("arrayValues") or ()]
        sql = cast_sql(f"[{', '.join(i.sql for i in items)}]", kind)
        return Typed(sql, kind, constant=True, parts=tuple(items))
    if kind.name == "RECORD":
        values = given.get("structValues") or {}
        items = [_value(values.get(key) or {}, inner) for key, inner in kind.fields]
        return Typed(struct_sql(kind, [i.sql for i in items]), kind, constant=True, parts=tuple(items))
    if kind.name == "RANGE" and given.get("rangeValue") is not None:
        ends = ((given["rangeValue"].get(end) or {}).get("value") for end in ("start", "end"))
        return scalar_constant(_range_text(*ends), kind)
    text = given.get("value")
    if text is None:
        return Typed(cast_sql("NULL", kind), kind, constant=True)
    return scalar_constant(str(text), kind)


def _range_text(start: str | None, end: str | None) -> str:
    return f"[{start or 'UNBOUNDED'}, {end or 'UNBOUNDED'})"


def scalar_constant(text: str, kind: Type) -> Typed:
    """Return a constant of a scalar type from its REST text; raises ValueError."""
    if kind.name == "BYTES":
        return Typed(bytes_sql(base64.b64decode(text, validate=True)), kind, constant=True)
    return Typed(text_sql(text, kind), kind, constant=True, text=text)


def from_wire(column: Column, value: Any) -> Typed:
    """Return a script variable's value, given as the "v" of a REST row with timestamps in microseconds."""
    kind = type_of(column)
    return Typed(_wire(value, kind), kind)


def _wire(value: Any, kind: Type) -> str:
    if kind == NULL or value is None:
        return cast_sql("NULL", kind)
    if kind.element is not None:
        items = ", ".join(_wire(item["v"], kind.element) for item in value)
        return cast_sql(f"[{items}]", kind)
    if kind.name == "RECORD":
        cells = zip(value["f"], kind.fields, strict=True)
        return struct_sql(kind, [_wire(cell["v"], inner) for cell, (_, inner) in cells])
    if kind.name == "TIMESTAMP":
        return micros_sql(int(value))
    if kind.name == "RANGE":
        element = str(kind.range_element)
        start, end = (_wire(bound, Type(element)) for bound in bounds_of(value))
        return range_of(start, end, element)
    if kind.name == "JSON" and not isinstance(value, str):
        return text_sql(json.dumps(value), kind)
    return scalar_constant(str(value), kind).sql
