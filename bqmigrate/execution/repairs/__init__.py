"""The ways out that a person decides on: `repair`, each refused where there is nothing to repair."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bqmigrate.errors import TargetError
from bqmigrate.execution.repairs import accept, mark, revert
from bqmigrate.execution.repairs.base import How, Repair, Repaired, under_lease
from bqmigrate.execution.repairs.lineage import new_lineage
from bqmigrate.execution.repairs.rebuild import Rebuild


def repaired(how: How, repair: Repair) -> Repaired:
    """Do one repair. Raises TargetError where it needs a version and has none, or has one and needs none."""
    needs = how in OF_A_VERSION
    if needs != bool(repair.version):
        words = f"repair --{how} needs a version" if needs else f"repair --{how} is about the whole history"
        raise TargetError("BQM350", words, state="Nothing was changed.", hint="bqmigrate repair --help")
    return _REPAIRS[how](repair)


def _mark(repair: Repair) -> Repaired:
    return under_lease(repair, repair.runner.read, lambda view: mark.decide(repair, view))


def _accept(repair: Repair) -> Repaired:
    return under_lease(repair, repair.runner.read, lambda view: accept.decide(repair, view))


def _revert(repair: Repair) -> Repaired:
    return under_lease(repair, repair.runner.read, lambda view: revert.decide(repair, view))


def _rebuild(repair: Repair) -> Repaired:
    rebuild = Rebuild(repair)
    return under_lease(repair, rebuild.read, rebuild.decide)


OF_A_VERSION = frozenset({"mark-applied", "accept-file", "revert"})
# These cannot be decided without the files; the others are there for when files or rows are gone.
WITH_FILES = frozenset({"mark-applied", "accept-file", "new-lineage"})
_REPAIRS: Mapping[How, Callable[[Repair], Repaired]] = {
    "mark-applied": _mark,
    "accept-file": _accept,
    "revert": _revert,
    "rebuild-history": _rebuild,
    "new-lineage": new_lineage,
}
