"""What is run under faults: files, what came before, the run that is struck, and what a person does then."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tests.exactly_once.case import Case, Command

Files = Mapping[str, str]
Act = tuple[str, str]
OTHER = """
[project]
name = "other"
history_dataset = "bqmigrate_other"
[environments.local]
allow_downgrade = true
datasets = {app = "app_other"}
"""
CONFIG = '[project]\nname = "sweep"\n[environments.local]\nallow_downgrade = true\n'
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


@dataclass(frozen=True)
class Scenario:
    """One story.

    `before` runs undisturbed on the files `start`; then `act` is struck on `files`; then a person runs `again`
    (default: the same) on `then` (default: the same files). `between` is what else happens in the meantime.
    `may_stop` lists the codes with which `again` may stop for a human; what he does then is `mended`: the
    same command on the files as they were.
    """

    name: str
    files: Files
    start: Files = field(default_factory=dict)
    before: Sequence[Act] = ()
    rows: str | None = None
    act: Act = ("upgrade", "head")
    again: Act | None = None
    then: Files | None = None
    between: Callable[[Case], None] | None = None
    prepare: Callable[[Case], None] | None = None
    struck_before: int | None = None
    may_stop: frozenset[str] = frozenset()
    # What he does when it stopped, where that is not to put the files back.
    mend: Callable[[Case], None] | None = None

    @property
    def last(self) -> Act:
        """Return what is run after the struck run."""
        return self.again or self.act

    @cached_property
    def _folders(self) -> Mapping[str, Path]:
        sets = {"start": self.start or self.files, "act": self.files, "again": self.then or self.files}
        return {name: _folder(files) for name, files in sets.items()}

    def command(self, phase: str, act: Act) -> Command:
        """Return an act on the files of a phase."""
        direction, target = act
        if direction not in {"upgrade", "downgrade", "adopt"}:
            raise ValueError(direction)
        return Command(direction, target, self._folders[phase])  # type: ignore[arg-type]

    def set_up(self, case: Case) -> None:
        """Do what came before, undisturbed."""
        if self.prepare is not None:
            self.prepare(case)
        for act in self.before:
            end = case.run(self.command("start", act), case.wire())
            if end.kind != "done":
                raise AssertionError(f"{self.name}: {act} before it: {end}")
            if act[0] == "upgrade" and self.rows is not None and act is self.before[0]:
                case.sql(self.rows)


def _folder(files: Files, config: str = CONFIG) -> Path:
    root = Path(tempfile.mkdtemp(prefix="bqmigrate-sweep-"))
    (root / "migrations").mkdir()
    (root / "migrations.toml").write_text(config)
    for name, text in files.items():
        (root / "migrations" / name).write_text(text)
    return root


def _users_by_hand(case: Case) -> None:
    case.sql("CREATE SCHEMA app")
    case.sql("CREATE TABLE app.users (id STRING NOT NULL, n INT64)")


def _another_history(case: Case) -> None:
    """Another project's history in the same Google Cloud project, with the same versions."""
    end = case.run(
        Command(
            "upgrade",
            "head",
            _folder({**BASE, "0003_fill.sql": FILL.replace("app.users", "${datasets.app}.users")}, OTHER),
        ),
        case.wire(),
    )
    if end.kind != "done":
        raise AssertionError(str(end))


def _unlock(case: Case) -> None:
    """Take the lease from the dead run: one with a Python step is never declared dead by time."""
    holder = case.holder()
    if holder is not None:
        with case.open(_folder(BASE), case.wire()) as project:
            project.unlock(holder)


def _grant(case: Case) -> None:
    case.forbidden = None


def _deny_alter(case: Case) -> None:
    case.forbidden = "ALTER TABLE"


def _on(name: str, extra: Files, **more: object) -> Scenario:
    """Return a scenario that adds files to a dataset with a table that has rows."""
    return Scenario(name, {**BASE, **extra}, start=BASE, before=(("upgrade", "head"),), rows=ROWS, **more)  # type: ignore[arg-type]


def _down(name: str, extra: Files, target: str = "0002", **more: object) -> Scenario:
    """Return a scenario that takes files back again."""
    files = {**BASE, **extra}
    act = ("downgrade", target)
    return Scenario(name, files, start=files, before=(("upgrade", "head"),), act=act, **more)  # type: ignore[arg-type]


# An absolute target: after a crash nobody can know what -1 is counted from.
UP, DOWN = ("upgrade", "head"), ("downgrade", "0002")
SCENARIOS: Sequence[Scenario] = (
    Scenario("nine_creates", nine()),
    Scenario("genesis", {"0001_app.yaml": DATASET}),
    _on("add_columns", {"0003_add.yaml": ADD}),
    _on("drop_column", {"0003_drop.yaml": DROP}),
    _on("rename", {"0003_rename.yaml": RENAME}),
    _on("fill", {"0003_fill.sql": FILL}),
    _on("script", {"0003_script.sql": SCRIPT}),
    _on("view", {"0003_view.yaml": VIEW}),
    _on("patches", {"0003_patches.yaml": PATCHES}),
    _on("alter", {"0003_alter.yaml": ALTER}),
    _on("several", MANY),
    _on("churn", {"0003_churn.yaml": CHURN}),
    _on("chain", CHAIN),
    _on("gives_up_chain", CHAIN, again=("downgrade", "0002")),
    _on("gives_up_patches", {"0003_patches.yaml": ONLY_PATCHES}, again=("downgrade", "0002")),
    _down("down_chain", CHAIN),
    _on("churn_in_many", {"0003_churn.yaml": CHURN, "0004_add.yaml": ADD, "0005_patches.yaml": PATCHES}),
    _on("drop_everything", GONE),
    _on("gives_up", MANY, again=("downgrade", "0002")),
    _on("gives_up_churn", {"0003_churn.yaml": CHURN}, again=("downgrade", "0002")),
    _on("half_then_mended", {"0003_half.yaml": HALF_BROKEN}, then={**BASE, "0003_half.yaml": HALF_MENDED}),
    _on("half_then_down", {"0003_half.yaml": HALF_BROKEN}, again=DOWN),
    _on("granted_between", {"0003_add.yaml": ADD}, prepare=_deny_alter, between=_grant),
    _down("down_one", {"0003_add.yaml": ADD}),
    _down("down_view", {"0003_view.yaml": VIEW}),
    _down("down_patches", {"0003_patches.yaml": PATCHES}),
    _down("down_alter", {"0003_alter.yaml": ALTER}),
    _down("down_churn", {"0003_churn.yaml": CHURN}),
    _down("down_many", MANY, "0002"),
    _down("down_base", MANY, "base"),
    _down("down_then_up", MANY, "0002", again=UP),
    Scenario(
        "up_down_up", {**BASE, "0003_churn.yaml": CHURN}, start={**BASE, "0003_churn.yaml": CHURN},
        before=(UP, ("downgrade", "0002")), rows=ROWS,
    ),
    Scenario("adopted", BASE, prepare=_users_by_hand, act=("adopt", "0002")),
    Scenario(
        "adopted_then_down", BASE, before=(("adopt", "0002"),), prepare=_users_by_hand, act=("downgrade", "base"),
    ),
    _on("python", {"0003_python.py": PYTHON}, between=_unlock),
    Scenario("second_history", {**BASE, "0003_fill.sql": FILL}, start=BASE, before=(UP,), prepare=_another_history),
    Scenario("found", BASE, prepare=_users_by_hand),
    Scenario("found_then_down", BASE, before=(UP,), prepare=_users_by_hand, act=("downgrade", "base")),
    _on("taken_over", MANY, struck_before=9),
    _on("taken_over_early", {"0003_churn.yaml": CHURN}, struck_before=5),
    _on("taken_over_to_give_up", MANY, struck_before=9, act=("downgrade", "0002")),
    _on("edited_between", {"0003_churn.yaml": CHURN},
        then={**BASE, "0003_churn.yaml": CHURN.replace("c, type: DATE", "cc, type: DATE")},
        may_stop=frozenset({"BQM101", "BQM501", "BQM502", "BQM503"})),
    _on("deleted_between", {"0003_churn.yaml": CHURN}, then=BASE, may_stop=frozenset({"BQM102", "BQM520"})),
    _on("renamed_between", {"0003_churn.yaml": CHURN}, then={**BASE, "0003_turmoil.yaml": CHURN}),
)  # fmt: skip
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
