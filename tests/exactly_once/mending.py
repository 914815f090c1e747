"""Stories in which a person mends: a lost lock, lost rows, a run that died long ago; and repairs that are struck."""

from __future__ import annotations

from collections.abc import Callable

from bqmigrate.errors import LeaseError, RefusedError
from tests.exactly_once.case import HISTORY, LOCK, Case, Command
from tests.exactly_once.faults import FAULTS
from tests.exactly_once.material import (
    ADD,
    BASE,
    DROP,
    FILL,
    HALF_BROKEN,
    HALF_MENDED,
    MANY,
    ONLY_PATCHES,
    PYTHON,
    ROWS,
)
from tests.exactly_once.story import DOWN, UP, Act, Files, Scenario, down, folder, on

AFTER_TTL_S = 90.0
# Beyond what may be resumed by job ids; BigQuery still has them, so that the oracle can count.
LONG_S = 160 * 86_400.0
NOTHING_TO_UNLOCK = "BQM360"
NOTHING_TO_REPAIR = "BQM363"
# It looked as if the dead run lived: something of it had just arrived.
LIVES = frozenset({"BQM401", "BQM402"})
# A downgrade has begun: it is to be finished, or taken back without the file.
ON_ITS_WAY_BACK = "BQM531"
HALF: Files = {**BASE, "0003_half.yaml": HALF_BROKEN}
THREE: Files = {**BASE, "0003_add.yaml": ADD, "0004_fill.sql": FILL, "0005_patches.yaml": ONLY_PATCHES}
SOME_ROWS = "INSERT INTO app.users (id, x) VALUES ('a', 'b'), ('c', NULL)"
TAKEN_BACK: Files = {**BASE, "0003_drop.yaml": DROP, "0004_add.yaml": ADD}
MENDED: Files = {**BASE, "0003_half.yaml": HALF_MENDED}
OTHERWISE: Files = {**BASE, "0003_add.yaml": ADD.replace("type: DATE", "type: DATE, description: Day.")}


def unlock(case: Case) -> None:
    """Take the lease from the dead run: one with a Python step is never declared dead by time."""
    for _ in range(2):
        holder = case.holder()
        if holder is None:
            return
        try:
            with case.open(folder(BASE), case.wire()) as project:
                project.unlock(holder)
        except RefusedError as refused:
            # It had let go: that arrived while somebody was about to take the lease from it.
            if refused.code != NOTHING_TO_UNLOCK:
                raise
            return
        except LeaseError:
            # A row of that run has just arrived: not dead, it seems. Look again a little later.
            case.timeline.sleep(AFTER_TTL_S)


def repairing(how: str, files: Files) -> Callable[[Case], None]:
    """Return what a person does: one repair, which may find that there is nothing left to do.

    Where something of the dead run has just arrived, its lock or a row, that run seems to live: the person waits and
    repairs again, twice, because a row may come after the lock. Where the version is on its way back, the person does
    what the message says.
    """

    def repair(case: Case) -> None:
        end, now = case.run(Command("repair", how, folder(files)), case.wire()), how
        if end.code == ON_ITS_WAY_BACK:
            now = f"revert {how.rpartition(' ')[2]}"
            end = case.run(Command("repair", now, folder(files)), case.wire())
        for _ in range(2):
            if end.code not in LIVES:
                break
            case.timeline.sleep(AFTER_TTL_S)
            end = case.run(Command("repair", now, folder(files)), case.wire())
        if end.kind != "done" and end.code != NOTHING_TO_REPAIR:
            raise AssertionError(f"repair {how}: {end}")

    return repair


def done(case: Case, act: Act, files: Files, *, code: str = "") -> None:
    """Run what nothing disturbs: it ends, or stops with a code."""
    direction, target = act
    end = case.run(Command(direction, target, folder(files)), case.wire())  # type: ignore[arg-type]
    if end.code != code:
        raise AssertionError(f"{act}: {end}")


def _delete_lock(case: Case) -> None:
    case.arrive_all()
    case.sql(f"DROP TABLE IF EXISTS {HISTORY}.{LOCK}")


def _wait_long(case: Case) -> None:
    case.arrive_all()
    case.timeline.sleep(LONG_S)


def _fill_by_hand(case: Case) -> None:
    """Compare, do what is missing, and say so."""
    page = case.resource("datasets/app/tables/users/data")
    if not any(row["f"][1]["v"] == "11" for row in page["rows"]):
        case.sql("UPDATE app.users SET n = n + 10 WHERE TRUE")
    repairing("mark-applied 0003", {**BASE, "0003_fill.sql": FILL})(case)


def _many(case: Case) -> None:
    done(case, UP, BASE)
    case.sql(ROWS)
    done(case, UP, {**BASE, **MANY})


def _many_without_lock(case: Case) -> None:
    _many(case)
    _delete_lock(case)


def _many_without_rows(case: Case) -> None:
    _many(case)
    case.sql(f"DELETE FROM {HISTORY}._schema_migrations WHERE seq > 4")


def _half(case: Case) -> None:
    done(case, UP, BASE)
    case.sql(ROWS)
    done(case, UP, HALF, code="BQM201")


def _half_by_hand(case: Case) -> None:
    _half(case)
    case.sql("UPDATE app.users SET x = 'full' WHERE TRUE")


def _added(case: Case) -> None:
    done(case, UP, BASE)
    case.sql(ROWS)
    done(case, UP, {**BASE, "0003_add.yaml": ADD})


def _python_died(case: Case) -> None:
    done(case, UP, BASE)
    case.sql(ROWS)
    files = folder({**BASE, "0003_python.py": PYTHON})
    case.run(Command("upgrade", "head", files), case.wire({8: FAULTS["crash_after"].act}))
    if case.holder() is None:
        raise AssertionError("nobody died with the lease")
    case.timeline.sleep(AFTER_TTL_S)


def _down_died(case: Case) -> None:
    """A downgrade of three died in its middle: whoever goes up first finishes it."""
    done(case, UP, BASE)
    case.sql(ROWS)
    done(case, UP, THREE)
    case.run(Command("downgrade", "0002", folder(THREE)), case.wire({9: FAULTS["crash_after"].act}))
    case.timeline.sleep(AFTER_TTL_S)


def _allow(case: Case) -> None:
    """Say that the rows may go, after having been asked."""
    done(case, ("downgrade", "base"), TAKEN_BACK)


LOST_LOCK = frozenset({"BQM511", "BQM512"})
LOST_ROWS = frozenset({"BQM511", "BQM513", "BQM514", "BQM515"})
TOO_OLD = frozenset({"BQM535"})
NEW_LOCK = repairing("new-lineage", {**BASE, **MANY})
ROWS_AGAIN = repairing("rebuild-history", {**BASE, **MANY})
FILLED = {"0003_fill.sql": FILL}
# The rows are still there, and nobody said that they may go.
HAS_ROWS = frozenset({"BQM201", "BQM321"})
MENDING = (
    on("careful_drop", {"0003_drop.yaml": DROP}, careful=True),
    on("careful_drop_and_back", {"0003_drop.yaml": DROP}, again=DOWN, careful=True),
    down("careful_down", TAKEN_BACK, "base", careful=True),
    down("careful_down_with_rows", TAKEN_BACK, "base", rows=SOME_ROWS, careful=True, may_stop=HAS_ROWS, mend=_allow),
    Scenario("over_a_downgrade", THREE, prepare=_down_died, act=UP, is_held=True),
    Scenario("over_a_downgrade_and_down", THREE, prepare=_down_died, act=UP, again=DOWN, is_held=True),
    on("lock_deleted", MANY, between=_delete_lock, may_stop=LOST_LOCK, mend=NEW_LOCK),
    on("lock_deleted_to_give_up", MANY, between=_delete_lock, may_stop=LOST_LOCK, mend=NEW_LOCK, again=DOWN),
    on("after_160_days", FILLED, between=_wait_long, may_stop=TOO_OLD, mend=_fill_by_hand),
    down("down_after_160_days", FILLED, between=_wait_long, may_stop=TOO_OLD, mend=_fill_by_hand),
    Scenario("new_lineage", {**BASE, **MANY}, prepare=_many_without_lock, act=("repair", "new-lineage"),
             again=UP, may_stop=LOST_LOCK, mend=NEW_LOCK),
    Scenario("rebuild_history", {**BASE, **MANY}, prepare=_many_without_rows, act=("repair", "rebuild-history"),
             again=UP, may_stop=LOST_ROWS, mend=ROWS_AGAIN),
    Scenario("revert", HALF, then=MENDED, prepare=_half, act=("repair", "revert 0003"), again=UP),
    Scenario("mark_applied", MENDED, prepare=_half_by_hand, act=("repair", "mark-applied 0003"), again=UP),
    Scenario("accept_file", OTHERWISE, prepare=_added, act=("repair", "accept-file 0003"),
             again=UP, may_stop=frozenset({"BQM101"}), mend=repairing("accept-file 0003", OTHERWISE)),
    Scenario("unlock", {**BASE, "0003_python.py": PYTHON}, prepare=_python_died, act=("unlock", ""),
             again=UP, may_stop=frozenset({"BQM401"}), mend=unlock),
)  # fmt: skip
