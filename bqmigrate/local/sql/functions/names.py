"""The allow-list: every function that has been taught, by name."""

from __future__ import annotations

from collections.abc import Mapping

from bqmigrate.local.sql.functions import dates, documents, general, numbers, printf, strings, untaught, windows
from bqmigrate.local.sql.functions.base import Overload, Special

OVERLOADS: Mapping[str, tuple[Overload, ...]] = {
    **strings.OVERLOADS,
    **strings.SUBSTRINGS,
    **numbers.OVERLOADS,
    **general.OVERLOADS,
    **dates.OVERLOADS,
    **documents.OVERLOADS,
    **windows.OVERLOADS,
}
SPECIALS: Mapping[str, Special] = {
    **strings.SPECIALS,
    **numbers.SPECIALS,
    **general.SPECIALS,
    **dates.SPECIALS,
    **documents.SPECIALS,
    **windows.SPECIALS,
    **printf.SPECIALS,
    **untaught.SPECIALS,
}
RENAMED = frozenset({*OVERLOADS, *SPECIALS})
PART_ARGUMENTS = dates.PART_ARGUMENTS
WINDOW_ONLY = windows.NAMES
