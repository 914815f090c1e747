"""The files that the stories are made of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

Files = Mapping[str, str]
# For a process of its own, which is told by BIGQUERY_EMULATOR_HOST where the warehouse is served.
SERVED = """
[project]
name = "sweep"
[environments.local]
allow_downgrade = true
"""
# For runs in memory: not embedded, so that the tool keeps to BigQuery's rates, as the warehouse does.
CONFIG = """
[project]
name = "sweep"
[environments.local]
embedded = false
endpoint = "http://bq.local"
allow_downgrade = true
"""
OTHER = """
[project]
name = "other"
history_dataset = "bqmigrate_other"
[environments.local]
embedded = false
endpoint = "http://bq.local"
allow_downgrade = true
datasets = {app = "app_other"}
"""
REPOSITORY = Path(__file__).parents[2]

DATASET = "upgrade:\n  - create_dataset: {dataset: app}\n"
USERS = """
upgrade:
  - create_table:
      table: app.users
      schema: [{name: id, type: STRING, mode: REQUIRED}, {name: n, type: INTEGER}]
"""
BASE = {"0001_app.yaml": DATASET, "0002_users.yaml": USERS}
ROWS = "INSERT INTO app.users (id, n) VALUES ('a', 1), ('b', 2)"
ADD = "upgrade:\n  - add_columns: {table: app.users, columns: [{name: x, type: STRING}, {name: y, type: DATE}]}\n"
DROP = "upgrade:\n  - drop_columns: {table: app.users, columns: [n]}\n"
RENAME = """
upgrade:
  - rename_columns: {table: app.users, columns: {n: m}}
  - rename_table: {table: app.users, to: people}
"""
FILL = """-- migrate:up
UPDATE app.users SET n = n + 10 WHERE TRUE
-- migrate:down
UPDATE app.users SET n = n - 10 WHERE TRUE
"""
SCRIPT = """-- migrate:up
BEGIN TRANSACTION;
UPDATE app.users SET n = n * 2 WHERE TRUE;
INSERT INTO app.users (id, n) VALUES ('c', 3);
COMMIT TRANSACTION;
-- migrate:down
BEGIN TRANSACTION;
DELETE FROM app.users WHERE id = 'c';
UPDATE app.users SET n = DIV(n, 2) WHERE TRUE;
COMMIT TRANSACTION;
"""
VIEW = """
upgrade:
  - create_view: {view: app.known, query: "SELECT id FROM `${project}.app.users`"}
  - replace_view: {view: app.known, query: "SELECT id, n FROM `${project}.app.users`"}
"""
CHURN = """
upgrade:
  - create_table: {table: app.t, schema: [{name: a, type: STRING, mode: REQUIRED}, {name: b, type: INTEGER}]}
  - rename_table: {table: app.t, to: u}
  - drop_columns: {table: app.u, columns: [b]}
  - add_columns: {table: app.u, columns: [{name: c, type: DATE}]}
  - set_table_options: {table: app.u, description: Much., labels: {team: core}}
  - set_clustering: {table: app.u, columns: [a]}
"""
COLUMNS = "[{name: a, type: STRING, mode: REQUIRED}, {name: b, type: INTEGER}]"
CHAIN = {
    "0003_create.yaml": f"upgrade:\n  - create_table: {{table: app.t, schema: {COLUMNS}}}\n",
    "0004_rename.yaml": "upgrade:\n  - rename_table: {table: app.t, to: u}\n",
    "0005_drop.yaml": "upgrade:\n  - drop_columns: {table: app.u, columns: [b]}\n",
    "0006_add.yaml": "upgrade:\n  - add_columns: {table: app.u, columns: [{name: c, type: DATE}]}\n",
    "0007_patch.yaml": "upgrade:\n  - set_table_options: {table: app.u, description: First., labels: {team: core}}\n",
    "0008_patch.yaml": "upgrade:\n  - set_table_options: {table: app.u, description: Second.}\n",
}
PATCHES = """
upgrade:
  - set_table_options: {table: app.users, description: Who., labels: {team: core}}
  - set_clustering: {table: app.users, columns: [id]}
  - alter_columns: {table: app.users, columns: [{name: n, description: How many.}]}
"""
# Labels and clustering are patches; a description would be a job.
_LONG = [f"column_{'x' * 180}_{n:02}" for n in range(20)]
_COLUMNS = ", ".join(f"{{name: {name}, type: STRING, mode: REQUIRED}}" for name in _LONG)
# The ways back of its steps, each with every column, are longer than what the lock holds.
WIDE = f"upgrade:\n  - create_table: {{table: app.wide, schema: [{_COLUMNS}]}}\n" + "".join(
    f"  - alter_columns: {{table: app.wide, columns: [{{name: {name}, mode: NULLABLE}}]}}\n" for name in _LONG[:4]
)
ONLY_PATCHES = """
upgrade:
  - set_table_options: {table: app.users, labels: {team: core}}
  - set_clustering: {table: app.users, columns: [id]}
"""
ALTER = """
upgrade:
  - alter_columns:
      table: app.users
      columns: [{name: id, mode: NULLABLE}, {name: n, type: NUMERIC, defaultValueExpression: "7"}]
"""
MANY = {
    "0003_add.yaml": ADD,
    "0004_patches.yaml": PATCHES,
    "0005_fill.sql": FILL,
    "0006_view.yaml": VIEW,
    "0007_more.yaml": "upgrade:\n  - create_table: {table: app.more, schema: [{name: k, type: STRING}]}\n",
}
# Its first statement stands when the second fails.
SCRIPT_FAILS = """-- migrate:up
INSERT INTO app.users (id, n) VALUES ('c', 3);
SELECT ERROR('never');
-- migrate:down
DELETE FROM app.users WHERE id = 'c'
"""
HALF_BROKEN = """
upgrade:
  - add_columns: {table: app.users, columns: [{name: x, type: STRING}]}
  - sql: {statement: SELECT ERROR('never')}
"""
HALF_MENDED = HALF_BROKEN.replace("SELECT ERROR('never')", "UPDATE app.users SET x = 'full' WHERE TRUE")
DROPS = """
upgrade:
  - drop_table: {table: app.users}
"""
PYTHON = """
def fill(session):
    session.query("UPDATE app.users SET n = 5 WHERE TRUE")


def upgrade(op):
    op.add_columns(table="app.users", columns=[{"name": "x", "type": "STRING"}])
    op.run(fill)


def downgrade(op):
    op.drop_columns(table="app.users", columns=["x"])
"""
GONE = {"0003_gone.yaml": DROPS, "0004_dataset.yaml": "upgrade:\n  - drop_dataset: {dataset: app}\n"}


def nine() -> Files:
    """Return the migrations of this repository."""
    return {path.name: path.read_text() for path in sorted((REPOSITORY / "migrations").glob("*.yaml"))}
