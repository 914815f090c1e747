"""docs/history.md against the code: columns, events, states, the numbers of the lease."""

from __future__ import annotations

from typing import get_args

from bqmigrate.config import DEFAULT_LOCK_TIMEOUT_S
from bqmigrate.execution import lease, rows
from bqmigrate.execution.lock import LOCK_TABLE
from bqmigrate.model.history import Event
from bqmigrate.planning.plan import StepKey
from bqmigrate.planning.views import LineState
from tests.docs.pages import DOCS, read, section, tables

PAGE = read(DOCS / "history.md")


def table(heading: str) -> list[list[str]]:
    return next(tables(section(PAGE, heading)))[1:]


def names(cell: str) -> list[str]:
    return [part.strip("` ") for part in cell.split(",")]


def test_the_columns_are_those_of_the_table_in_their_order():
    shown = [(row[0].strip("`"), row[1]) for row in table("Columns of `_schema_migrations`")]
    assert shown == [(c.name, c.type) for c in rows.COLUMNS]


def test_the_events_are_those_that_a_row_can_have():
    assert [name for row in table("Events") for name in names(row[0])] == [
        *(e for e in get_args(Event) if e not in {"baseline", "adopted", "repaired", "note"}),
        "baseline",
        "adopted",
        "repaired",
        "note",
    ]


def test_the_states_are_those_that_a_line_can_have():
    assert [row[0].strip("`") for row in table("States")] == list(get_args(LineState))


def test_the_tables_are_called_so():
    assert f"`{rows.HISTORY_TABLE}`" in PAGE
    assert f"`{LOCK_TABLE}`" in PAGE


def test_the_numbers_of_the_lease_are_those_of_the_code():
    text = section(PAGE, "The lease and open runs")
    assert f"silent for {lease.TTL_S:.0f} seconds" in text
    assert f"every {lease.TTL_S / 4:.0f} seconds" in text
    assert f"**{DEFAULT_LOCK_TIMEOUT_S:.0f} unless set**" in text


def test_a_job_id_is_put_together_as_shown():
    shown = "bqm-{lineage}-m{version}-g{generation}-{up|dn}{step}-a{attempt}"
    assert shown in PAGE
    values = {"lineage": "x", "version": "0007", "generation": 2, "up|dn": "dn", "step": 3, "attempt": 4}
    filled = shown
    for key, value in values.items():
        filled = filled.replace(f"{{{key}}}", str(value))
    assert StepKey("0007", 2, "downgrade", 3).job_id("x", 4) == filled
