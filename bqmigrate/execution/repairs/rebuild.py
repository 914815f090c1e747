"""`repair --rebuild-history`: rows that are missing or changed are written again as their jobs had them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bqmigrate.errors import RefusedError, RunError, UnsettledError
from bqmigrate.execution import history, rows
from bqmigrate.execution.absence import looks
from bqmigrate.execution.executor import Executor
from bqmigrate.execution.history import View, parse_lock
from bqmigrate.execution.jobs import Jobs, StepStopped
from bqmigrate.execution.lock import Lock
from bqmigrate.execution.repairs.base import UNCHANGED, Repair, Repaired, Work, healthy
from bqmigrate.execution.repairs.from_jobs import Batch, chained, found_again, good_prefix
from bqmigrate.execution.runner import Runner
from bqmigrate.execution.statement import Statement
from bqmigrate.model.history import HistoryState, Record, fold, lineages_of, renamed
from bqmigrate.operations.steps import ObjectRef
from bqmigrate.warehouse.port import Parameter

OPTION = "--rebuild-history"
# A query takes at most 10,000 parameters.
ROWS_AT_ONCE = 300
LOOKS = 4


@dataclass(frozen=True)
class Found:
    """The history as it will be: the good rows that stay, and the batches that are written again."""

    good: tuple[Record, ...]
    batches: tuple[Batch, ...]
    last_in_table: int
    has_table: bool

    @property
    def records(self) -> tuple[Record, ...]:
        """Return all rows, in order."""
        return (*self.good, *(r for b in self.batches for r in b.records))

    @property
    def strangers(self) -> bool:
        """Tell whether rows stand beyond the last that this history wrote."""
        return self.last_in_table > len(self.records)

    def of(self, source: str) -> tuple[int, ...]:
        """Return the places of the rows that came from a source."""
        return tuple(seq for b in self.batches if b.source == source for seq in b.seqs)


class Rebuild:
    """One repair of the rows; what was found is kept between reading and writing."""

    def __init__(self, repair: Repair) -> None:
        self.repair = repair
        self.found = Found((), (), 0, has_table=True)

    def read(self) -> View:
        """Read what is there, and find the rest; the view shows the history as it will be.

        Raises RefusedError where the history is whole, UnsettledError where nothing can be found again.
        """
        runner = self.repair.runner
        try:
            view = runner.read()
        except UnsettledError as error:
            if error.code not in history.ROWS_BROKEN:
                raise
            broken: UnsettledError | None = error
            view = _as_it_is(runner)
        else:
            broken = None
        if view.lock is None:
            history.refuse_without_lock(runner.warehouse, runner.place)
            raise healthy("there is no history here yet", "bqmigrate upgrade")
        self.found = found = self._find(view, view.lock)
        if not found.batches and not found.strangers:
            if broken is not None:
                raise broken  # the rows are whole: they are another history's
            raise healthy(f"the history is whole: {view.state.last_seq} rows", "bqmigrate history")
        state = fold(found.records)
        return View(view.lock, view.etag, view.lock_changed_ms, state, found.records, view.has_rows_table)

    def _find(self, view: View, lock: Lock) -> Found:
        runner = self.repair.runner
        good = good_prefix(view.records)
        lineages = _named([lock.lineage], view.records)
        jobs = Jobs(runner.warehouse, sleep=runner.clocks.sleep)
        batches: Sequence[Batch] = ()
        # A 404 may be a replica's: what would be given up for lost is looked for again.
        for _ in looks(LOOKS, runner.clocks.sleep):
            batches = found_again(jobs, lineages, good, view.records, lock.seq)
            # Among the rows found may be the one that says what lineage there was before.
            while len(more := _named(lineages, [r for b in batches for r in b.records])) > len(lineages):
                lineages = more
                batches = found_again(jobs, lineages, good, view.records, lock.seq)
            if all(b.source != "lost" for b in batches):
                break
        if not good and batches and all(b.source == "lost" for b in batches):
            raise UnsettledError(
                "BQM516",
                f"{runner.place.rows}: neither rows nor the jobs that wrote them can be found any more",
                state=UNCHANGED,
                hint="restore the table by time travel (seven days), or from a copy",
            )
        last = max((r.seq for r in view.records), default=0)
        return Found(good, tuple(chained(good, batches)), last, view.has_rows_table)

    def decide(self, view: View) -> Work:
        """Refuse without a yes what takes somebody's word; else write again what was found."""
        found, runner = self.found, self.repair.runner
        doubts = [
            *_said(found.of("lost"), "lost: its job cannot be found any more"),
            *_said(found.of("unchecked"), "kept as it stands: no job vouches for it any more"),
        ]
        if doubts and not self.repair.yes:
            raise RefusedError(
                "BQM364",
                "not every row of the history can be found again: jobs are kept for about 180 days",
                where=str(runner.place.rows),
                details=doubts,
                state="Nothing was changed. A migration whose row is lost would count as pending.",
                hint="restore the table by time travel (seven days)\n"
                "or go on with what there is: bqmigrate repair --rebuild-history --yes",
            )
        prepare = None if found.has_table else lambda: history.create_rows(runner.warehouse, runner.place)
        return Work(lambda executor: self._write(executor, view), prepare=prepare)

    def _write(self, executor: Executor, view: View) -> Repaired:
        """Claim the next slot first, so that no older run writes meanwhile; then put the rows in their places."""
        found, present = self.found, executor.lease.lock.lineage
        last = view.state.lineages[-1] if view.state.lineages else present
        seqs = [seq for b in found.batches for seq in b.seqs]
        what = f"rows {seqs[0]} to {seqs[-1]}" if seqs else "rows of nobody taken away"
        name = None if last == present else renamed(last, present)
        executor.records.append(executor.identity.record("repaired", name=name, error=f"{OPTION}: {what}"))
        executor.flush()
        for number, (sql, parameters) in enumerate(_statements(executor, self.repair.runner.place.rows, found)):
            _run(executor, number, Statement(sql, parameters))
        _verify(self.repair.runner)
        return Repaired(
            rows_rebuilt=tuple(sorted((*found.of("job"), *found.of("table")))),
            rows_unchecked=found.of("unchecked"),
            rows_lost=found.of("lost"),
        )


def _verify(runner: Runner) -> None:
    """Read what was written; a page from before that is no damage. Raises UnsettledError."""
    for is_last in looks(history.READS, runner.clocks.sleep):
        try:
            runner.read()
        except UnsettledError as error:
            if error.code not in history.ROWS_BROKEN or is_last:
                raise
        else:
            return


def _named(known: Sequence[str], records: Sequence[Record]) -> Sequence[str]:
    """Return lineages, the newest first, with those that rows name besides."""
    named = [lineage for r in sorted(records, key=lambda r: r.seq) if r.run_id != "lost" for lineage in lineages_of(r)]
    return list(dict.fromkeys([*known, *reversed(named)]))


def _as_it_is(runner: Runner) -> View:
    """Read lock and rows whatever state they are in."""
    resource = runner.warehouse.get(runner.place.lock)
    if resource is None:
        return View()
    found = runner.warehouse.rows(runner.place.rows, rows.WANTED)
    records = tuple(rows.record(row) for row in found or ())
    changed = int(resource.body.get("lastModifiedTime") or 0)
    lock = parse_lock(resource, runner.place)
    return View(lock, resource.etag, changed, HistoryState(), records, found is not None)


def _said(seqs: Sequence[int], what: str) -> Iterator[str]:
    for seq in seqs:
        yield f"row {seq}  {what}"


def _statements(executor: Executor, reference: ObjectRef, found: Found) -> Iterator[tuple[str, Sequence[Parameter]]]:
    """Return one MERGE for each piece: it takes away what stands in these places, and writes what belongs there.

    A piece that is sent twice, or late, writes the same rows again.
    """
    upto = max(found.last_in_table, len(found.records))
    run = Parameter("run", "STRING", executor.identity.run_id)
    pieces = _pieces(found.batches)
    first = len(found.good) + 1
    for number, piece in enumerate(pieces, start=1):
        end = upto if number == len(pieces) else piece[-1].seq
        bounds = (Parameter("first", "INT64", first), Parameter("last", "INT64", end), run)
        yield rows.replace_sql(reference, len(piece)), (*rows.parameters(piece, server=True), *bounds)
        first = end + 1


def _pieces(batches: Sequence[Batch]) -> Sequence[Sequence[Record]]:
    """Cut the rows into pieces of whole batches; at least one piece, which may be empty."""
    out: list[list[Record]] = [[]]
    for batch in batches:
        if out[-1] and len(out[-1]) + len(batch.records) > ROWS_AT_ONCE:
            out.append([])
        out[-1].extend(batch.records)
    return out


def _run(executor: Executor, number: int, statement: Statement) -> None:
    prefix = f"bqm-{executor.stepper.lineage}-h{executor.identity.run_id}-{number}"
    try:
        executor.stepper.jobs.run_once(lambda attempt: f"{prefix}-a{attempt}", statement)
    except StepStopped as error:
        raise RunError(
            "BQM214",
            f"the history could not be written: {error.error.message}",
            where=f"job {error.job_id}",
            state="The rows that were good are as they were.",
            hint="bqmigrate repair --rebuild-history",
        ) from error
