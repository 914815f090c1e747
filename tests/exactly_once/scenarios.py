"""What is run under faults: files, what came before, the run that is struck, and what a person does then."""

from __future__ import annotations

from collections.abc import Sequence

from tests.exactly_once.case import Case, Command
from tests.exactly_once.material import (
    ADD,
    ALTER,
    BASE,
    CHAIN,
    CHURN,
    DATASET,
    DROP,
    FILL,
    GONE,
    HALF_BROKEN,
    HALF_MENDED,
    MANY,
    ONLY_PATCHES,
    OTHER,
    PATCHES,
    PYTHON,
    RENAME,
    ROWS,
    SCRIPT,
    SCRIPT_FAILS,
    VIEW,
    WIDE,
    nine,
)  # fmt: skip
from tests.exactly_once.mending import MENDING, unlock
from tests.exactly_once.refusing import REFUSING
from tests.exactly_once.story import DOWN, UP, Scenario, down, folder, on
from tests.exactly_once.turning import TURNING


def _users_by_hand(case: Case) -> None:
    case.sql("CREATE SCHEMA app")
    case.sql("CREATE TABLE app.users (id STRING NOT NULL, n INT64)")


def _another_history(case: Case) -> None:
    """Another project's history in the same Google Cloud project, with the same versions."""
    end = case.run(
        Command(
            "upgrade",
            "head",
            folder({**BASE, "0003_fill.sql": FILL.replace("app.users", "${datasets.app}.users")}, OTHER),
        ),
        case.wire(),
    )
    if end.kind != "done":
        raise AssertionError(str(end))


def _grant(case: Case) -> None:
    case.forbidden = None


def _deny_alter(case: Case) -> None:
    case.forbidden = "ALTER TABLE"


SCENARIOS: Sequence[Scenario] = (
    Scenario("nine_creates", nine()),
    Scenario("genesis", {"0001_app.yaml": DATASET}),
    on("add_columns", {"0003_add.yaml": ADD}),
    on("drop_column", {"0003_drop.yaml": DROP}),
    on("rename", {"0003_rename.yaml": RENAME}),
    on("fill", {"0003_fill.sql": FILL}),
    on("script", {"0003_script.sql": SCRIPT}),
    on("view", {"0003_view.yaml": VIEW}),
    on("patches", {"0003_patches.yaml": PATCHES}),
    on("alter", {"0003_alter.yaml": ALTER}),
    on("several", MANY),
    on("churn", {"0003_churn.yaml": CHURN}),
    on("chain", CHAIN),
    on("gives_up_chain", CHAIN, again=("downgrade", "0002")),
    on("gives_up_patches", {"0003_patches.yaml": ONLY_PATCHES}, again=("downgrade", "0002")),
    down("down_chain", CHAIN),
    on("churn_in_many", {"0003_churn.yaml": CHURN, "0004_add.yaml": ADD, "0005_patches.yaml": PATCHES}),
    on("drop_everything", GONE),
    on("gives_up", MANY, again=("downgrade", "0002")),
    on("gives_up_churn", {"0003_churn.yaml": CHURN}, again=("downgrade", "0002")),
    on("half_then_mended", {"0003_half.yaml": HALF_BROKEN}, then={**BASE, "0003_half.yaml": HALF_MENDED}),
    on("half_then_down", {"0003_half.yaml": HALF_BROKEN}, again=DOWN),
    on("script_fails_then_down", {"0003_script.sql": SCRIPT_FAILS}, again=DOWN),
    on("granted_between", {"0003_add.yaml": ADD}, prepare=_deny_alter, between=_grant),
    down("down_one", {"0003_add.yaml": ADD}),
    down("down_view", {"0003_view.yaml": VIEW}),
    down("down_patches", {"0003_patches.yaml": PATCHES}),
    down("down_alter", {"0003_alter.yaml": ALTER}),
    down("down_churn", {"0003_churn.yaml": CHURN}),
    down("down_many", MANY, "0002"),
    down("down_base", MANY, "base"),
    down("down_then_up", MANY, "0002", again=UP),
    Scenario(
        "up_down_up", {**BASE, "0003_churn.yaml": CHURN}, start={**BASE, "0003_churn.yaml": CHURN},
        before=(UP, ("downgrade", "0002")), rows=ROWS,
    ),
    Scenario("adopted", BASE, prepare=_users_by_hand, act=("adopt", "0002")),
    Scenario(
        "adopted_then_down", BASE, before=(("adopt", "0002"),), prepare=_users_by_hand, act=("downgrade", "base"),
    ),
    on("python", {"0003_python.py": PYTHON}, between=unlock),
    Scenario("second_history", {**BASE, "0003_fill.sql": FILL}, start=BASE, before=(UP,), prepare=_another_history),
    Scenario("found", BASE, prepare=_users_by_hand),
    Scenario("found_then_down", BASE, before=(UP,), prepare=_users_by_hand, act=("downgrade", "base")),
    on("taken_over", MANY, struck_before=9),
    on("taken_over_early", {"0003_churn.yaml": CHURN}, struck_before=5),
    on("taken_over_to_give_up", MANY, struck_before=9, act=("downgrade", "0002")),
    on("edited_between", {"0003_churn.yaml": CHURN},
        then={**BASE, "0003_churn.yaml": CHURN.replace("c, type: DATE", "cc, type: DATE")},
        may_stop=frozenset({"BQM101", "BQM501", "BQM502", "BQM503"})),
    on("deleted_between", {"0003_churn.yaml": CHURN}, then=BASE, may_stop=frozenset({"BQM102", "BQM520"})),
    on("wide", {"0003_wide.yaml": WIDE}),
    on("gives_up_wide", {"0003_wide.yaml": WIDE}, again=DOWN),
    on("wide_edited_between", {"0003_wide.yaml": WIDE},
        then={**BASE, "0003_wide.yaml": WIDE.replace("x_19, type: STRING", "x_19, type: BYTES")},
        may_stop=frozenset({"BQM101", "BQM502", "BQM503"})),
    on("renamed_between", {"0003_churn.yaml": CHURN}, then={**BASE, "0003_turmoil.yaml": CHURN}),
    *MENDING,
    *REFUSING,
    *TURNING,
)  # fmt: skip
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
