"""What the embedded warehouse takes, in a file on disk, through the official client in the same process."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from google.cloud.bigquery import Client, SchemaField, Table

from bench.project import ROOT, environ
from bqmigrate.local import LocalWarehouse
from bqmigrate.warehouse import bigquery

STARTS = 5
CALLS = 50
SCANS = 5
ROWS = 1_000_000
DATASET = "bench.bench"
FIELDS = (
    SchemaField("id", "STRING", mode="REQUIRED"),
    SchemaField("n", "INTEGER"),
    SchemaField("seen", "TIMESTAMP"),
    SchemaField("tags", "STRING", mode="REPEATED"),
)
MILLION = f"""\
CREATE TABLE `{DATASET}.million` AS
SELECT n AS id, CONCAT('name ', CAST(n AS STRING)) AS name, MOD(n, 7) AS kind
FROM UNNEST(GENERATE_ARRAY(1, {ROWS})) AS n"""


@dataclass(frozen=True)
class Timing:
    """What was done, the median of its times in seconds, and how often it was done."""

    what: str
    seconds: float
    runs: int


def measure(folder: Path) -> Iterator[Timing]:
    """Time an empty warehouse in the folder, then calls, then a million rows."""
    starts = [_first_answer(folder / f"start{n}.duckdb") for n in range(STARTS)]
    yield Timing("start to first answer, the official client already imported", statistics.median(starts), STARTS)
    with (
        closing(LocalWarehouse.open(folder / "bench.duckdb")) as warehouse,
        closing(bigquery.connect("bench", "US", adapter=warehouse.adapter())) as connection,
    ):
        client = connection.client
        client.create_dataset(DATASET)
        yield from _calls(client)
        yield from _million(client)


def _calls(client: Client) -> Iterator[Timing]:
    yield _median("`tables.insert`", CALLS, lambda n: client.create_table(Table(f"{DATASET}.t{n}", FIELDS)))
    yield _median("`tables.get`", CALLS, lambda n: client.get_table(f"{DATASET}.t{n}"))
    yield _median(
        "DDL job (`ALTER TABLE ADD COLUMN`), to its result",
        CALLS,
        lambda n: client.query(f"ALTER TABLE `{DATASET}.t{n}` ADD COLUMN note STRING").result(),
    )
    yield _median(
        "INSERT job of one row, to its result",
        CALLS,
        lambda n: client.query(f"INSERT INTO `{DATASET}.t0` (id, n) VALUES ('r{n}', {n})").result(),
    )


def _million(client: Client) -> Iterator[Timing]:
    client.query(MILLION).result()
    scan = f"SELECT COUNT(*) FROM `{DATASET}.million`"
    yield _median("`SELECT COUNT(*)` of a million rows", SCANS, lambda _: _counted(client, scan))
    yield _median(
        "copy job of a million rows, and `tables.get`", SCANS, lambda n: _copied(client, f"{DATASET}.copy{n}")
    )


def _counted(client: Client, scan: str) -> None:
    _same([row[0] for row in client.query(scan).result()], [ROWS])


def _copied(client: Client, target: str) -> None:
    client.copy_table(f"{DATASET}.million", target).result()
    _same(client.get_table(target).num_rows, ROWS)


def _same(found: object, wanted: object) -> None:
    if found != wanted:
        raise SystemExit(f"the warehouse answers {found}, not {wanted}")


def _median(what: str, runs: int, act: Callable[[int], object]) -> Timing:
    return Timing(what, statistics.median(_seconds(act, n) for n in range(runs)), runs)


def _seconds(act: Callable[[int], object], number: int) -> float:
    began = time.perf_counter()
    act(number)
    return time.perf_counter() - began


def _first_answer(file: Path) -> float:
    command = [sys.executable, "-m", "bench.first_answer", str(file)]
    return float(subprocess.run(command, cwd=ROOT, env=environ(), check=True, capture_output=True, text=True).stdout)
