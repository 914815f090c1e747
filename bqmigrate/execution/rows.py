"""The table `_schema_migrations`: its columns, and rows to and from the warehouse."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bqmigrate.model.columns import Column, Mode
from bqmigrate.model.history import Record, StepRecord
from bqmigrate.model.names import quote
from bqmigrate.operations.steps import ObjectRef, canonical, sha256
from bqmigrate.warehouse.port import ColumnsWanted, Parameter

HISTORY_TABLE = "_schema_migrations"
_COLUMNS: tuple[tuple[str, str, Mode, str], ...] = (
    ("seq", "INTEGER", "REQUIRED", "Position of the row, dense from 1."),
    ("batch", "INTEGER", "REQUIRED", "The seq of the first row of the INSERT that wrote this one."),
    ("rows", "INTEGER", "REQUIRED", "How many rows that INSERT wrote."),
    ("event", "STRING", "REQUIRED", "What happened: genesis, started, applied, failed, reverted, taken_over, ..."),
    ("version", "STRING", "NULLABLE", "Number of the migration, such as 0007."),
    ("name", "STRING", "NULLABLE", "Name of the migration; of the lineage in the genesis row."),
    ("direction", "STRING", "NULLABLE", "upgrade or downgrade."),
    ("generation", "INTEGER", "NULLABLE", "1 + how often the version was taken back or repaired before."),
    ("checksum", "STRING", "NULLABLE", "sha256 of everything that runs, from the migration's file."),
    ("plan_checksum", "STRING", "NULLABLE", "sha256 of the steps as compiled for this environment."),
    ("chain", "STRING", "REQUIRED", "sha256 of the chain of the batch before and of this batch."),
    ("steps", "JSON", "NULLABLE", "What became of each step: kind, target, job id, made or found, time."),
    ("undo", "JSON", "NULLABLE", "What takes the migration back, step by step, as compiled."),
    ("finished_at", "TIMESTAMP", "NULLABLE", "When the last step ended, by BigQuery's clock."),
    ("at", "TIMESTAMP", "REQUIRED", "When the row was written, by BigQuery's clock."),
    ("actor", "STRING", "NULLABLE", "Who wrote it: SESSION_USER()."),
    ("run_id", "STRING", "REQUIRED", "The run that wrote it."),
    ("duration_ms", "INTEGER", "NULLABLE", "How long the migration took, in milliseconds."),
    ("git_commit", "STRING", "NULLABLE", "Commit of the project's files, where there is one."),
    ("tool_version", "STRING", "NULLABLE", "Version of bqmigrate."),
    ("host", "STRING", "NULLABLE", "Machine it ran on."),
    ("error", "STRING", "NULLABLE", "Why it failed."),
)
COLUMNS = tuple(Column(name, kind, mode, text) for name, kind, mode, text in _COLUMNS)
# `undo` can be long and only `show` and repairs need it.
_READ = tuple((name, kind, mode) for name, kind, mode, _ in _COLUMNS if name != "undo")
WANTED = ColumnsWanted(_READ)
SERVER = {"at": "CURRENT_TIMESTAMP()", "actor": "SESSION_USER()"}
_TYPES = {"INTEGER": "INT64", "STRING": "STRING", "TIMESTAMP": "TIMESTAMP", "JSON": "STRING"}


def insert_sql(reference: ObjectRef, count: int) -> str:
    """Return the INSERT of a batch of rows; every value is a query parameter."""
    # `rows` and `at` are reserved words of GoogleSQL.
    names = ", ".join(quote(name) for name, *_ in _COLUMNS)
    values = ",\n  ".join(_row_sql(index) for index in range(count))
    path = quote(reference.project, reference.dataset, reference.table or "")
    return f"INSERT INTO {path} ({names})\nVALUES\n  {values}"


def _row_sql(index: int) -> str:
    cells = []
    for name, kind, *_ in _COLUMNS:
        value = SERVER.get(name, f"@r{index}_{name}")
        cells.append(f"PARSE_JSON({value})" if kind == "JSON" else value)
    return f"({', '.join(cells)})"


def replace_sql(reference: ObjectRef, count: int) -> str:
    """Return the MERGE that puts rows into the places @first to @last, but for those that the run @run wrote."""
    path = quote(reference.project, reference.dataset, reference.table or "")
    stays = "NOT MATCHED BY SOURCE AND seq BETWEEN @first AND @last AND run_id != @run"
    if not count:
        return f"DELETE FROM {path}\nWHERE seq BETWEEN @first AND @last AND run_id != @run"
    names = ", ".join(quote(name) for name, *_ in _COLUMNS)
    source = "\n  UNION ALL ".join(_select_sql(index) for index in range(count))
    values = ", ".join(_placed(name, kind) for name, kind, *_ in _COLUMNS)
    return (
        f"MERGE {path}\nUSING (\n  {source}\n) AS s ON FALSE\n"
        f"WHEN NOT MATCHED THEN INSERT ({names})\nVALUES ({values})\nWHEN {stays} THEN DELETE"
    )


def _select_sql(index: int) -> str:
    return "SELECT " + ", ".join(f"@r{index}_{name} AS {quote(name)}" for name, *_ in _COLUMNS)


def _placed(name: str, kind: str) -> str:
    cell = f"s.{quote(name)}"
    if name in SERVER:
        return f"COALESCE({cell}, {SERVER[name]})"
    return f"PARSE_JSON({cell})" if kind == "JSON" else cell


def parameters(records: Sequence[Record], *, server: bool = False) -> Sequence[Parameter]:
    """Return the parameters of a batch; with `server`, those that BigQuery fills in at an INSERT too."""
    out = []
    for index, record in enumerate(records):
        values = _own(record) | {"chain": record.chain, "at": record.at, "actor": record.actor}
        for name, kind, *_ in _COLUMNS:
            if server or name not in SERVER:
                out.append(Parameter(f"r{index}_{name}", _TYPES[kind], values[name]))
    return out


def chain(previous: str, records: Sequence[Record]) -> str:
    """Return the hash of a batch: the previous batch's, and the columns that the client writes.

    `undo` is left out, so that a reader, who does not fetch it, can compute the chain.
    """
    return sha256(canonical([previous, [_linked(r) for r in records]]))


def first_changed(records: Sequence[Record]) -> Sequence[int]:
    """Return the seqs of the first batch whose chain does not hold, of which one was changed; none when all do."""
    previous = ""
    batches: dict[int, list[Record]] = {}
    for record in sorted(records, key=lambda r: r.seq):
        batches.setdefault(record.batch, []).append(record)
    for batch in batches.values():
        expected = chain(previous, batch)
        if any(r.chain != expected for r in batch):
            return [r.seq for r in batch]
        previous = expected
    return ()


def _linked(record: Record) -> dict[str, Any]:
    own = _own(record) | {"finished_at": _text(record.finished_at)}
    del own["undo"]
    return own


def _own(record: Record) -> dict[str, Any]:
    values = {name: getattr(record, name) for name, *_ in _COLUMNS if name not in {*SERVER, "chain"}}
    values["steps"] = json.dumps([s.to_json() for s in record.steps], separators=(",", ":")) if record.steps else None
    values["undo"] = json.dumps(record.undo, separators=(",", ":")) if record.undo is not None else None
    return values


def _text(at: datetime | None) -> str | None:
    return at.isoformat(timespec="microseconds") if at else None


def record(row: Mapping[str, Any]) -> Record:
    """Read a row as the client gives it."""
    values = {name: row[name] for name, *_ in _READ}
    values["generation"] = values["generation"] or 0
    steps = values["steps"]
    if isinstance(steps, str):
        steps = json.loads(steps)
    values["steps"] = tuple(StepRecord.from_json(s) for s in steps or ())
    return Record(**values)
