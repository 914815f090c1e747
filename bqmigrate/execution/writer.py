"""Appending rows: each INSERT claims the next slot by its job id, so an old view gets a 409."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bqmigrate.errors import LeaseError, RunError, UnsettledError
from bqmigrate.execution import rows
from bqmigrate.execution.absence import looks
from bqmigrate.execution.history import Place
from bqmigrate.execution.jobs import Jobs, StepStopped
from bqmigrate.execution.refusals import ROLES, is_denied, told
from bqmigrate.execution.statement import Statement
from bqmigrate.model.history import Record
from bqmigrate.warehouse.port import ColumnsWanted

SEQ = ColumnsWanted((("seq", "INTEGER", "REQUIRED"),))
LOOKS = 6


def slot(lineage: str, seq: int) -> Callable[[int], str]:
    """Return the ids under which a row is written, by attempt."""
    return lambda attempt: f"bqm-{lineage}-e{seq}-a{attempt}"


@dataclass
class Writer:
    """Appends batches; knows the last slot and the last chain it has seen."""

    jobs: Jobs
    place: Place
    lineage: str
    seq: int
    chain: str

    def append(self, records: Sequence[Record]) -> Sequence[Record]:
        """Write rows as one batch and return them as written.

        Raises LeaseError when another run claimed the slot: this run works from an old view.
        """
        first = self.seq + 1
        numbered = [replace(r, seq=first + i, batch=first, rows=len(records)) for i, r in enumerate(records)]
        link = rows.chain(self.chain, numbered)
        batch = [replace(r, chain=link) for r in numbered]
        sql = rows.insert_sql(self.place.rows, len(batch))
        statement = Statement(sql, rows.parameters(batch), changes=(self.place.rows,))
        try:
            self.jobs.run_once(slot(self.lineage, first), statement)
        except UnsettledError as error:
            self._refuse_behind(first)
            raise LeaseError(
                "BQM402",
                f"another run wrote row {first} of the history first",
                state="What this run had started is finished by the next run.",
                hint="bqmigrate history shows whose it is; then run the same command again",
            ) from error
        except StepStopped as error:
            if (limit := told(error)) is not None:
                limit.state = "What was done stays done; the next run finds it and records it."
                raise limit from error
            raise RunError(
                "BQM214",
                f"the history could not be written: {error.error.message}",
                where=f"job {error.job_id}",
                state="What was done stays done; the next run finds it and records it.",
                hint=f"{ROLES}, then run the same command again" if is_denied(error) else "run the same command again",
            ) from error
        self.seq, self.chain = first + len(batch) - 1, link
        return batch

    def _refuse_behind(self, taken: int) -> None:
        """Raise UnsettledError when the job that took a slot ended well, and its row is not in the table."""
        for _ in looks(LOOKS, self.jobs.sleep):
            found = self.jobs.warehouse.rows(self.place.rows, SEQ) or ()
            if any(row["seq"] == taken for row in found):
                return
        raise UnsettledError(
            "BQM515",
            f"{self.place.rows}: row {taken} was written by a job, and is not there",
            state="What this run had started is finished by the next run.",
            hint="rebuild the history from its jobs: bqmigrate repair --rebuild-history",
        )
