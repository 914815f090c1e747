"""alembic with sqlalchemy-bigquery: upgrades, lists, downgrades."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from google.cloud import bigquery
from stand import check, connect, run, same

PACKAGES = ("alembic>=1.20,<2", "sqlalchemy-bigquery>=1.17,<2")
FILES = Path(__file__).parent / "projects" / "alembic"
FIRST = [
    ("account_id", "STRING", "REQUIRED"),
    ("opened_on", "DATE", "REQUIRED"),
    ("balance", "NUMERIC", "NULLABLE"),
    ("tags", "STRING", "REPEATED"),
]
RELAXED = [("account_id", "STRING", "NULLABLE"), *FIRST[1:]]


def install(folder: Path) -> Sequence[str]:
    """Install alembic into a virtual environment in the folder and return the words that start it."""
    run([sys.executable, "-m", "venv", str(folder / "venv")], folder)
    python = str(folder / "venv" / "bin" / "python")
    run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES], folder)
    return [python, "-W", "ignore", "-m", "alembic"]


class Alembic:
    """alembic in a folder, on a served warehouse."""

    def __init__(self, words: Sequence[str], folder: Path, url: str) -> None:
        self._words, self._folder = words, folder
        self._extra = {"BIGQUERY_EMULATOR_HOST": url}

    def __call__(self, *words: str) -> str:
        return run([*self._words, *words], self._folder, self._extra).strip()


def walk(words: Sequence[str], folder: Path, url: str) -> None:
    """Walk with it. Raises Failed."""
    shutil.copytree(FILES, folder, dirs_exist_ok=True)
    alembic, client = Alembic(words, folder, url), connect(url, "shop")
    client.create_dataset("sales")
    same("current", alembic("current"), "")
    alembic("upgrade", "head")
    same("current", alembic("current"), "0003 (head)")
    _is_up(client)
    history = alembic("history").splitlines()
    same("history", [line.split(",")[0] for line in history], ["0002 -> 0003 (head)", "0001 -> 0002", "<base> -> 0001"])
    same("current after a second upgrade", (alembic("upgrade", "head"), alembic("current"))[1], "0003 (head)")
    alembic("downgrade", "-1")
    same("current", alembic("current"), "0002")
    same("tables", _tables(client), ["accounts", "alembic_version"])
    alembic("downgrade", "0001")
    same("columns", _columns(client), RELAXED)
    alembic("downgrade", "base")
    same("tables", _tables(client), ["alembic_version"])
    alembic("upgrade", "head")
    _is_up(client)


def _is_up(client: bigquery.Client) -> None:
    same("tables", _tables(client), ["accounts", "alembic_version", "stores"])
    table = client.get_table("sales.accounts")
    same("description", table.description, "One row per account.")
    same("clustering", table.clustering_fields, ["account_id"])
    same("partitioning", (table.time_partitioning.type_, table.time_partitioning.field), ("MONTH", "opened_on"))
    same("columns", _columns(client), [*RELAXED, ("remark", "STRING", "NULLABLE"), ("visits", "NUMERIC", "NULLABLE")])
    check(table.schema[4].description == "What to know.", "the description of note is not on remark")
    rows = client.query_and_wait("SELECT account_id, visits FROM sales.accounts ORDER BY account_id")
    same("rows", [tuple(r.values()) for r in rows], [("a0", Decimal(0)), ("a1", Decimal(10)), ("a2", Decimal(2))])


def _tables(client: bigquery.Client) -> list[str]:
    return sorted(t.table_id for t in client.list_tables("sales"))


def _columns(client: bigquery.Client) -> list[tuple[str, str, str]]:
    return [(f.name, f.field_type, f.mode) for f in client.get_table("sales.accounts").schema]
