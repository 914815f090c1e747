"""dbmate: creates its dataset, applies plain SQL, lists, dumps, rolls back, and stops at what BigQuery refuses."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from google.cloud import bigquery
from stand import check, connect, run, same

PACKAGE = "dbmate@^2.36"
URL = "bigquery://shop/us/app?disable_auth=true&endpoint=ADDRESS"
FILES = Path(__file__).parent / "projects" / "dbmate"
VERSIONS = ("20260101000001", "20260101000002", "20260101000003")
# The third migration relaxes user_id, which has no way back.
COLUMNS = [("user_id", "STRING", "NULLABLE"), ("name", "STRING", "NULLABLE"), ("joined", "DATE", "NULLABLE")]
REFUSED = """\
-- migrate:up
ALTER TABLE app.users ALTER COLUMN name SET DATA TYPE INT64;

-- migrate:down
"""


def install(folder: Path) -> Sequence[str]:
    """Install dbmate into the folder and return the words that start it."""
    run(["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), PACKAGE], folder)
    return [str(folder / "node_modules" / ".bin" / "dbmate")]


class Dbmate:
    """dbmate in a folder, on a served warehouse."""

    def __init__(self, words: Sequence[str], folder: Path, url: str) -> None:
        self._words, self._folder = words, folder
        self._extra = {"DATABASE_URL": URL.replace("ADDRESS", url)}

    def __call__(self, *words: str, code: int = 0) -> str:
        return run([*self._words, *words], self._folder, self._extra, code)


def walk(words: Sequence[str], folder: Path, url: str) -> None:
    """Walk with it. Raises Failed."""
    migrations = folder / "db" / "migrations"
    shutil.copytree(FILES, migrations)
    dbmate, client = Dbmate(words, folder, url), connect(url, "shop")
    dbmate("create")
    check("app" in {d.dataset_id for d in client.list_datasets()}, "dbmate create made no dataset")
    same("pending", _pending(dbmate), 3)
    dbmate("up")
    same("pending", _pending(dbmate), 0)
    _is_up(client)
    _dumps(dbmate, folder / "db" / "schema.sql")
    same("a second up", dbmate("up").strip().splitlines()[1:], [])
    for left in (2, 1):
        dbmate("rollback")
        same("versions", _versions(client), list(VERSIONS[:left]))
    same("columns", _columns(client), COLUMNS)
    _stops_at_what_is_refused(dbmate, migrations)
    dbmate("drop")
    same("datasets", [d.dataset_id for d in client.list_datasets()], [])


def _pending(dbmate: Dbmate) -> int:
    return dbmate("status").count("[ ]")


def _is_up(client: bigquery.Client) -> None:
    same("versions", _versions(client), list(VERSIONS))
    table = client.get_table("app.users")
    same("clustering", table.clustering_fields, ["user_id"])
    same("partitioning", table.time_partitioning.field, "joined")
    check("never given out twice" in table.schema[0].description, "no description")
    added = [("email", "STRING", "NULLABLE"), ("visited", "NUMERIC", "NULLABLE")]
    same("columns", _columns(client), COLUMNS + added)
    names = [tuple(row.values()) for row in client.query_and_wait("SELECT * FROM app.names")]
    same("rows of the view", names, [("u1", "One; two")])


def _dumps(dbmate: Dbmate, file: Path) -> None:
    """Look at the schema as dbmate reads it from INFORMATION_SCHEMA."""
    file.unlink(missing_ok=True)
    dbmate("dump")
    found = file.read_text(encoding="utf-8")
    for wanted in ("CREATE TABLE `shop.app.users`", "CREATE VIEW `shop.app.names`", "visited NUMERIC", *VERSIONS):
        check(wanted in found, f"dbmate dump: no {wanted} in\n{found}")


def _versions(client: bigquery.Client) -> list[str]:
    rows = client.query_and_wait("SELECT version FROM app.schema_migrations ORDER BY version")
    return [row["version"] for row in rows]


def _columns(client: bigquery.Client) -> list[tuple[str, str, str]]:
    return [(f.name, f.field_type, f.mode) for f in client.get_table("app.users").schema]


def _stops_at_what_is_refused(dbmate: Dbmate, migrations: Path) -> None:
    for file in migrations.glob("*_widen_visits.sql"):
        file.unlink()
    (migrations / "20260101000004_refused.sql").write_text(REFUSED, encoding="utf-8")
    said = dbmate("up", code=2)
    check("Error: googleapi: Error 400" in said and "invalidQuery" in said, f"dbmate up printed {said}")
    same("pending", _pending(dbmate), 1)
