"""Format elements of dates and times, from BigQuery's to DuckDB's.

https://cloud.google.com/bigquery/docs/reference/standard-sql/format-elements#format_elements_date_time
"""

from __future__ import annotations

from bqmigrate.local.errors import unsupported

SAME = frozenset("YmdHMSjyBbAaIpuUWVGwf")
ELEMENTS = {
    "F": "%Y-%m-%d",
    "T": "%H:%M:%S",
    "X": "%H:%M:%S",
    "R": "%H:%M",
    "D": "%m/%d/%y",
    "x": "%m/%d/%y",
    "h": "%b",
    "%": "%%",
    "n": "\n",
    "t": "\t",
    "Z": "UTC",
    "z": "+0000",
    "Ez": "+00:00",
    "E6S": "%S.%f",
    "E3S": "%S.%g",
    "E4Y": "%Y",
}
SAME_EXCEPT_F = SAME - {"f"}
ZONES = frozenset({"Z", "z", "Ez"})
CLOCK = frozenset("HMSIp")
READ_ONLY_REFUSED = frozenset({"Z", "z", "Ez", "E3S"})


def duckdb_format(text: str, *, of: str, reading: bool = False, zoned: bool = False) -> str:
    """Return the strftime (or, `reading`, strptime) format for values of a type.

    Raises 501 for an element that has no counterpart: with `zoned`, another time zone than UTC, those of the zone.
    """
    out, i = "", 0
    while i < len(text):
        if text[i] != "%":
            out += text[i]
            i += 1
            continue
        element = next((text[i + 1 : i + 1 + n] for n in (3, 2, 1) if text[i + 1 : i + 1 + n] in ELEMENTS), None)
        element = element or text[i + 1 : i + 2]
        if element in ZONES and (of != "TIMESTAMP" or zoned):
            raise unsupported(f"format element %{element} of {of}, or in another time zone than UTC")
        if element in (SAME_EXCEPT_F if of != "TIME" else CLOCK):
            out += f"%{element}"
        elif element == "e" and reading:
            out += "%d"
        elif element in ELEMENTS and not (reading and element in READ_ONLY_REFUSED):
            out += ELEMENTS[element]
        else:
            raise unsupported(f"format element %{element}")
        i += 1 + len(element)
    return out
