"""The whole walk of a newcomer, with the commands that he types.

    python walk.py BQMIGRATE...       (the words that start it, such as .venv/bin/bqmigrate)

Up, history, up again; rows through `local serve`; a tenth migration in each of the three formats, up and down again;
down to the base and up again. Works on a copy of the project in a temporary folder; stops at the first thing that is
not as it has to be.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from served import connect
from tenants import DATASET, expected

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

NINE = [f"{number:04}" for number in range(1, 10)]
PROFILES = f"{DATASET}.tenant_profiles"
ROWS = 3
TIMEOUT_S = 120
TENTH: Mapping[str, str] = {
    "0010_add_region.yaml": f"""\
description: Where the data of a tenant must stay
upgrade:
  - add_columns:
      table: {PROFILES}
      columns:
        - {{name: region, type: STRING, description: Where the data must stay.}}
""",
    "0010_add_tier.sql": """\
-- migrate:up
ALTER TABLE `${project}.${datasets.tenants}.tenant_profiles` ADD COLUMN tier INT64;
-- migrate:down
ALTER TABLE `${project}.${datasets.tenants}.tenant_profiles` RENAME COLUMN tier TO old_tier;
""",
    "0010_add_note.py": f'''\
"""A note on each tenant."""


def upgrade(op):
    op.add_columns(table="{PROFILES}", columns=[dict(name="note", type="STRING", description="What to know.")])
    op.run(fill)


def downgrade(op):
    op.drop_columns(table="{PROFILES}", columns=["note"])


def fill(session):
    table = f"`{{session.project}}.{{session.dataset('tenants')}}.tenant_profiles`"
    session.query(f"UPDATE {{table}} SET note = @note WHERE note IS NULL", note="ask first")
''',
}


@dataclass(frozen=True)
class Tool:
    """The tool in a folder."""

    words: Sequence[str]
    folder: Path

    def run(self, *words: str, code: int = 0) -> dict[str, Any]:
        """Run a command with --json; its exit code has to be `code`."""
        done = subprocess.run(
            [*self.words, *words, "--json"],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        said = f"bqmigrate {' '.join(words)}: exit {done.returncode}"
        check(done.returncode == code, f"{said}\n{done.stdout}{done.stderr}")
        answer: dict[str, Any] = json.loads(done.stdout)
        print(f"{said}, {_short(answer)}", flush=True)  # noqa: T201
        return answer

    @property
    def environ(self) -> Mapping[str, str]:
        """Return the environment without what would point the tool elsewhere."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("BQMIGRATE_", "BIGQUERY_"))}
        return kept | {"PYTHONUNBUFFERED": "1"}

    @contextlib.contextmanager
    def served(self) -> Iterator[str]:
        """Serve the warehouse meanwhile; gives its address."""
        server = subprocess.Popen(
            [*self.words, "local", "serve"], cwd=self.folder, env=self.environ, stdout=subprocess.PIPE, text=True
        )
        try:
            if server.stdout is None:
                raise ValueError("no pipe")
            url = server.stdout.readline().strip()
            check(url.startswith("http://127.0.0.1:"), f"local serve printed {url!r}")
            yield url
        finally:
            server.terminate()
            server.wait(TIMEOUT_S)


def check(fact: object, otherwise: str) -> None:
    """Stop when something is not as it has to be."""
    if not fact:
        raise SystemExit(f"FAILED {otherwise}")


def _short(answer: Mapping[str, Any]) -> str:
    if error := answer.get("error"):
        return f"{error['code']}: {error['message']}"
    keys = ("applied", "reverted", "current", "requests")
    return ", ".join(f"{key} {answer[key]}" for key in keys if key in answer)


def rows(url: str, project: str) -> list[tuple[Any, ...]]:
    """Return the tenants."""
    sql = f"SELECT tenant_id, company_name FROM `{project}.{PROFILES}` ORDER BY tenant_id"
    return [tuple(row.values()) for row in connect(url, project).query(sql).result()]


def insert(url: str, project: str) -> None:
    """Insert tenants with the official client."""
    client = connect(url, project)
    values = ", ".join(
        f"('t{n}', 'Company {n}', 'a@b.example', 'd{n}', 'ACTIVE', CURRENT_TIMESTAMP())" for n in range(ROWS)
    )
    columns = "tenant_id, company_name, admin_email, tenant_dataset_id, status, created_at"
    client.query(f"INSERT INTO `{project}.{PROFILES}` ({columns}) VALUES {values}").result()


def compare(url: str, project: str) -> None:
    """Compare the tables, from a process of its own."""
    done = subprocess.run([sys.executable, HERE / "served.py", url, project], check=False, timeout=TIMEOUT_S)
    check(done.returncode == 0, "the tables are not what they have to be")


def walk(tool: Tool) -> None:
    """Walk it all."""
    first = tool.run("upgrade")
    project = first["project"]
    check(first["applied"] == NINE, f"applied {first['applied']}")
    check(first["tables_created"] == [f"{DATASET}.{t.name}" for t in expected()], f"made {first['tables_created']}")
    history = tool.run("history")
    check([m["state"] for m in history["migrations"]] == ["applied"] * 9, str(history["migrations"]))
    check(history["current"] == "0009", history["current"])
    again = tool.run("upgrade")
    check((again["applied"], again["requests"]) == ([], 2), f"{again['applied']}, {again['requests']} requests")
    with tool.served() as url:
        compare(url, project)
        insert(url, project)
        before = rows(url, project)
        check(len(before) == ROWS, str(before))
        # Commands go through the server while it holds the file.
        check(tool.run("current")["current"] == "0009", "current")
    for name, text in TENTH.items():
        tenth(tool, name, text, before)
    base(tool, before)


def tenth(tool: Tool, name: str, text: str, before: list[tuple[Any, ...]]) -> None:
    """Add a tenth migration, go up and down, and keep the rows."""
    file = tool.folder / "migrations" / name
    file.write_text(text, encoding="utf-8")
    done = tool.run("upgrade")
    check(done["applied"] == ["0010"], f"{name}: applied {done['applied']}")
    with tool.served() as url:
        check(rows(url, done["project"]) == before, f"{name}: rows changed on the way up")
        check(tool.run("downgrade", "-1")["reverted"] == ["0010"], f"{name}: downgrade")
        check(rows(url, done["project"]) == before, f"{name}: rows changed on the way down")
    file.unlink()


def base(tool: Tool, before: list[tuple[Any, ...]]) -> None:
    """Go down to nothing, which a table with rows refuses first, and up again."""
    tool.run("downgrade", "base", code=2)
    with tool.served() as url:
        check(rows(url, "bqmigrate-local") == before, "a refused downgrade changed rows")
    down = tool.run("downgrade", "base", "--allow-data-loss", "--yes")
    check(down["reverted"] == NINE[::-1], f"reverted {down['reverted']}")
    check(tool.run("history")["current"] is None, "something is applied at the base")
    up = tool.run("upgrade")
    check(up["applied"] == NINE, f"applied {up['applied']}")
    with tool.served() as url:
        compare(url, up["project"])
        check(rows(url, up["project"]) == [], "rows came back")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / "tenants"
        shutil.copytree(ROOT / "migrations", copy / "migrations")
        shutil.copy(ROOT / "migrations.toml", copy)
        walk(Tool(sys.argv[1:], copy))
    print("The walk is done.")  # noqa: T201
