"""What the history keeps of an upgrade: its steps as far as they are known, and its way back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bqmigrate.errors import UnsettledError
from bqmigrate.execution.absence import looks
from bqmigrate.execution.evidence import DONE
from bqmigrate.execution.history import READS, View
from bqmigrate.execution.lock import OpenVersion
from bqmigrate.execution.repairs.base import UNCHANGED
from bqmigrate.execution.repairs.sealing import SetOut
from bqmigrate.execution.runner import Runner
from bqmigrate.model.history import Record, StepRecord, VersionState
from bqmigrate.operations.stored import NotStored
from bqmigrate.planning.plan import StepKey
from bqmigrate.planning.way_back import WayBack
from bqmigrate.warehouse.port import ColumnsWanted

UNDO = ColumnsWanted((("seq", "INTEGER", "REQUIRED"), ("undo", "JSON", "NULLABLE")))


@dataclass(frozen=True)
class StoredUpgrade:
    """One upgrade without its file. `is_open` while it is not known how far it got."""

    steps: tuple[SetOut, ...]
    back: WayBack
    is_open: bool


def stored_upgrade(runner: Runner, view: View, known: VersionState) -> StoredUpgrade:
    """Return what is kept of an upgrade; one request more, for the column `undo`.

    Raises UnsettledError where nothing that can be run was kept.
    """
    open_up = _open(view, known)
    if known.record.event == "adopted":
        # Others made it: its way back is to leave it.
        return StoredUpgrade((), WayBack(tuple(() for _ in known.steps)), is_open=False)
    back = _way_back(runner, view, known, open_up)
    records = _steps(view, known, open_up)
    steps = []
    for number in sorted(records):
        key = StepKey(known.version, known.generation, "upgrade", number)
        inverse = back.steps[number - 1] if number <= len(back.steps) else None
        steps.append(SetOut(key, records[number], inverse))
    return StoredUpgrade(tuple(steps), back, open_up is not None)


def _open(view: View, known: VersionState) -> OpenVersion | None:
    open_ = view.lock.unsettled_upgrades(view.state) if view.lock else ()
    return next((v for v in open_ if (v.version, v.generation) == (known.version, known.generation)), None)


def _rows(view: View, known: VersionState) -> Sequence[Record]:
    """Return the rows of this generation of this upgrade, oldest first."""
    own = [r for r in view.records if r.version == known.version and r.generation == known.generation]
    return sorted((r for r in own if r.direction != "downgrade"), key=lambda r: r.seq)


def _way_back(runner: Runner, view: View, known: VersionState, open_up: OpenVersion | None) -> WayBack:
    found: Any = None
    seqs = {r.seq for r in _rows(view, known)}
    if seqs:
        kept = _kept(runner, seqs)
        found = next((kept[seq] for seq in sorted(seqs, reverse=True) if kept.get(seq) is not None), None)
    if found is None and open_up is not None and open_up.steps:
        found = {"steps": [s.undo for s in open_up.steps], **(open_up.back or {})}
    try:
        return WayBack.from_data(found)
    except NotStored as error:
        why = "nothing of it was kept" if found is None else str(error)
        raise UnsettledError(
            "BQM521",
            f"the way back of {known.version}_{known.name} cannot be run from the history: {why}",
            state=UNCHANGED,
            hint="bring the file back as it was, then: bqmigrate downgrade",
        ) from error


def _kept(runner: Runner, seqs: Collection[int]) -> Mapping[int, Any]:
    """Read the ways back; a page without rows that were there a moment ago is read again."""
    kept: Mapping[int, Any] = {}
    for _ in looks(READS, runner.clocks.sleep):
        kept = {int(r["seq"]): r["undo"] for r in runner.warehouse.rows(runner.place.rows, UNDO) or ()}
        if kept.keys() >= set(seqs):
            break
    return kept


def _steps(view: View, known: VersionState, open_up: OpenVersion | None) -> Mapping[int, StepRecord]:
    """Return every step that may have been sent; what was done for certain carries its outcome."""
    out: dict[int, StepRecord] = {}
    if open_up is not None:
        for number, step in enumerate(open_up.steps, start=1):
            out[number] = StepRecord(number, step.kind, "", step.target, step.digest, "failed")
    for row in _rows(view, known):
        for record in row.steps:
            before = out.get(record.number)
            if before is None or before.outcome not in DONE or record.outcome in DONE:
                out[record.number] = record
    return out
