"""The streaming buffer: insertAll's rows are read by queries, and by nothing else for a while."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bqmigrate.local.catalog.records import Buffer, TableRecord
from bqmigrate.local.catalog.store import Reader, Transaction
from bqmigrate.local.storage import physical

Spans = Sequence[tuple[int, int]]


def waiting(reader: Reader, record: TableRecord) -> Spans:
    """Return where the rows are that copies, clones and snapshots miss; none once the buffer is empty."""
    buffer = record.buffer
    return buffer.spans if buffer is not None and buffer.open_at(reader.now_ms) else ()


def settled_rows(reader: Reader, record: TableRecord, rows: int | None = None) -> str:
    """Return DuckDB SQL for the rows that have left the buffer, in order; of the first `rows` if given."""
    limit = [] if rows is None else [f"rowid < {rows}"]
    conditions = [*limit, *(f"NOT {within(span)}" for span in waiting(reader, record))]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT * FROM {record.rows_in}{where} ORDER BY rowid"


def apart(tx: Transaction, record: TableRecord) -> tuple[TableRecord, TableRecord]:
    """Return the table as two, each with rows of its own: what has left the buffer, and what waits in it."""
    settled, streamed = (replace(record, physical=tx.new_physical(), buffer=None) for _ in range(2))
    spans = waiting(tx, record)
    inside = " OR ".join(within(span) for span in spans) or "false"
    physical.copy(tx.connection, f"({settled_rows(tx, record)})", settled.rows_in)
    physical.copy(tx.connection, f"(SELECT * FROM {record.rows_in} WHERE {inside} ORDER BY rowid)", streamed.rows_in)
    return settled, streamed


def together(tx: Transaction, settled: TableRecord, streamed: TableRecord, buffer: Buffer) -> TableRecord:
    """Return the table as one again, the waiting rows last."""
    first = physical.count(tx.connection, settled.rows_in)
    rows = physical.fill(tx.connection, settled.rows_in, f"SELECT * FROM {streamed.rows_in} ORDER BY rowid")
    return tx.put(replace(settled, buffer=replace(buffer, rows=rows, spans=((first, first + rows),))))


def streamed_more(record: TableRecord, now_ms: int, first: int, rows: int) -> Buffer:
    """Return the buffer with the rows that were just appended from `first` on."""
    span = (first, first + rows)
    before = record.buffer
    if before is None or not before.open_at(now_ms):
        return Buffer(rows, now_ms, now_ms, (span,))
    return Buffer(before.rows + rows, before.oldest_ms, now_ms, _joined((*before.spans, span)))


def _joined(spans: Spans) -> tuple[tuple[int, int], ...]:
    """Join neighbours, so that a steady stream stays one span."""
    out: list[tuple[int, int]] = []
    for first, end in spans:
        if out and out[-1][1] == first:
            first = out.pop()[0]  # noqa: PLW2901  the span grows to the left
        out.append((first, end))
    return tuple(out)


def within(span: tuple[int, int]) -> str:
    """Return the DuckDB condition that a row of a physical table lies in a span."""
    return f"(rowid >= {span[0]} AND rowid < {span[1]})"
