"""Rows of the history, read back from the parameters of the jobs that wrote them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from bqmigrate.execution import rows
from bqmigrate.execution.jobs import Jobs
from bqmigrate.execution.writer import slot
from bqmigrate.model.history import Record, StepRecord
from bqmigrate.warehouse.port import Job

# How far beyond the last row that is known of a gap is looked over.
LOOK_BEYOND = 50
Source = Literal["job", "table", "unchecked", "lost"]


@dataclass(frozen=True)
class Batch:
    """The rows of one INSERT, and where they were found; `unchecked`: in the table, and no job vouches for them."""

    records: tuple[Record, ...]
    source: Source

    @property
    def seqs(self) -> tuple[int, ...]:
        """Return the places of its rows."""
        return tuple(r.seq for r in self.records)


def good_prefix(records: Sequence[Record]) -> tuple[Record, ...]:
    """Return the rows from the first on that are there, whole, and as they were written."""
    out: list[Record] = []
    previous = ""
    for batch in _batches(records).values():
        first = len(out) + 1
        whole = [r.seq for r in batch] == list(range(first, first + batch[0].rows))
        if not whole or batch[0].batch != first or any(r.chain != rows.chain(previous, batch) for r in batch):
            break
        out.extend(batch)
        previous = batch[-1].chain
    return tuple(out)


def found_again(
    jobs: Jobs, lineages: Sequence[str], good: Sequence[Record], records: Sequence[Record], at_least: int
) -> Sequence[Batch]:
    """Walk on from the good rows, from job to job, and return every batch that follows, gaps included.

    `lineages` are the newest first; `at_least` is the last row that is known to have been written. What no
    job tells of any more is taken from the table as it stands, or counts as lost.
    """
    there = _batches([r for r in records if r.seq > len(good)])
    highest = max((r.seq for r in records), default=0)
    last = max(at_least, min(highest, max(at_least, len(good)) + LOOK_BEYOND))
    out: list[Batch] = []
    previous: str | None = good[-1].chain if good else ""
    seq = len(good) + 1
    while True:
        batch = _from_job(jobs, lineages, seq) or _from_table(there, seq, previous)
        if batch is not None and batch.source == "unchecked" and _is_recent(jobs, lineages, good, out):
            batch = None  # the job before it is still there, its own never was: somebody else wrote this row
        if batch is None:
            if seq > last:
                break
            batch = Batch((_lost(seq, lineages),), "lost")
        out.append(batch)
        previous = None if batch.source == "lost" else batch.records[-1].chain
        seq = batch.seqs[-1] + 1
    return _without_lost_end(out, at_least)


def _is_recent(jobs: Jobs, lineages: Sequence[str], good: Sequence[Record], out: Sequence[Batch]) -> bool:
    """Tell whether the job of the batch before is still kept: then a later one would be, too."""
    if out:
        return out[-1].source == "job"
    return bool(good) and _from_job(jobs, lineages, good[-1].batch) is not None


def _without_lost_end(batches: list[Batch], at_least: int) -> Sequence[Batch]:
    while batches and batches[-1].source == "lost" and batches[-1].seqs[0] > at_least:
        batches.pop()
    return batches


def chained(good: Sequence[Record], batches: Sequence[Batch]) -> Sequence[Batch]:
    """Return the batches, each linked to the one before it."""
    link = good[-1].chain if good else ""
    out = []
    for batch in batches:
        link = rows.chain(link, batch.records)
        out.append(replace(batch, records=tuple(replace(r, chain=link) for r in batch.records)))
    return out


def _batches(records: Sequence[Record]) -> dict[int, list[Record]]:
    out: dict[int, list[Record]] = {}
    for record in sorted(records, key=lambda r: r.seq):
        out.setdefault(record.batch, []).append(record)
    return out


def _from_table(there: Mapping[int, list[Record]], seq: int, previous: str | None) -> Batch | None:
    batch = there.get(seq)
    if batch is None or [r.seq for r in batch] != list(range(seq, seq + batch[0].rows)):
        return None
    checked = previous is not None and all(r.chain == rows.chain(previous, batch) for r in batch)
    return Batch(tuple(batch), "table" if checked else "unchecked")


def _from_job(jobs: Jobs, lineages: Sequence[str], seq: int) -> Batch | None:
    for lineage in lineages:
        ran = jobs.find_done(slot(lineage, seq))
        found = tuple(records_of(ran.job)) if ran else ()
        if found and found[0].seq == seq:
            return Batch(found, "job")
    return None


def _lost(seq: int, lineages: Sequence[str]) -> Record:
    """Return what stands in the place of a row that is gone: the same for every repair that looks for it."""
    why = "this row was lost, and its job could not be found any more"
    if seq == 1:
        return Record(seq, seq, 1, "genesis", "lost", name=lineages[-1], error=why)
    return Record(seq, seq, 1, "note", "lost", error=why)


def records_of(job: Job) -> Iterator[Record]:
    """Return the rows that a job of the history wrote, with its end and its user; none of another job."""
    values = {p.get("name"): p.get("parameterValue", {}).get("value") for p in job.parameters}
    ended = job.ended_at_ms
    at = datetime.fromtimestamp(ended / 1000, UTC) if ended is not None else None
    actor = job.body.get("user_email")
    for index in range(len(values)):
        if f"r{index}_seq" not in values:
            return
        yield _record(values, index, at, actor)


def _record(values: Mapping[str, str | None], index: int, at: datetime | None, actor: str | None) -> Record:
    own: dict[str, Any] = {}
    for column in rows.COLUMNS:
        if column.name in rows.SERVER:
            continue
        text = values.get(f"r{index}_{column.name}")
        own[column.name] = None if text is None else _PARSE.get(column.type, str)(text)
    own["generation"] = own["generation"] or 0
    own["steps"] = tuple(StepRecord.from_json(s) for s in own["steps"] or ())
    return Record(**own, at=at, actor=actor)


_PARSE: Mapping[str, Callable[[str], Any]] = {
    "INTEGER": int,
    "JSON": json.loads,
    "TIMESTAMP": datetime.fromisoformat,
}
