from __future__ import annotations

import pytest

from tests.cli.conftest import TWO_STEPS

WAYS = ("--mark-applied", "--accept-file", "--revert", "--rebuild-history", "--new-lineage")


@pytest.fixture
def half(folder, cli, write):
    write("0010_two.yaml", TWO_STEPS)
    assert cli("upgrade").code == 1
    return folder


def test_a_failed_step_names_repair_as_a_way_out(folder, cli, write):
    write("0010_two.yaml", TWO_STEPS)
    failed = cli("upgrade")
    assert "if you did step 2 by hand   bqmigrate repair 0010 --mark-applied" in failed.err


def test_repair_wants_exactly_one_way(folder, cli):
    none = cli("repair", "9")
    assert none.code == 2
    assert all(way in none.err for way in WAYS)
    two = cli("repair", "9", "--revert", "--mark-applied")
    assert (two.code, "--mark-applied and --revert exclude each other" in two.err) == (2, True)


@pytest.mark.parametrize("way", WAYS)
def test_each_is_refused_where_nothing_is_broken(folder, cli, way):
    assert cli("upgrade").code == 0
    version = ("9",) if way in WAYS[:3] else ()
    done = cli("repair", *version, way, "--json")
    assert done.code == 2
    assert done.json["command"] == "repair"
    assert done.json["error"]["code"] == "BQM363"
    assert done.json["error"]["state"] == "Nothing was changed."


@pytest.mark.parametrize("way", WAYS)
def test_a_version_is_wanted_by_three_and_by_no_other(folder, cli, way):
    version = () if way in WAYS[:3] else ("9",)
    assert "BQM350" in cli("repair", *version, way).err


def test_what_was_done_by_hand_is_marked_applied(half, cli):
    done = cli("repair", "10", "--mark-applied")
    assert (done.code, done.err) == (0, "")
    assert "  2/2  run sql SELECT 1 FROM nowhere.nothing  by hand" in done.out
    assert "Marked 0010 two as applied" in done.out
    assert cli("current").out == "0010 two\n"


def test_what_is_mended_has_not_stopped(half, cli):
    cli("repair", "10", "--mark-applied")
    assert "stopped" not in cli("show", "10").out


@pytest.mark.parametrize("command", [("repair", "10", "--mark-applied"), ("unlock", "0123456789ab")])
def test_where_the_environment_asks_for_a_dry_run_nothing_is_changed(half, cli, command, monkeypatch):
    monkeypatch.setenv("BQMIGRATE_DRY_RUN", "1")
    done = cli(*command)
    assert (done.code, f"{command[0]} has no dry run" in done.err) == (2, True)
    assert "hint: unset BQMIGRATE_DRY_RUN" in done.err
    monkeypatch.delenv("BQMIGRATE_DRY_RUN")
    assert cli("history", "--json").json["half_applied"][0]["version"] == "0010"


def test_without_its_file_it_still_waits_and_the_ways_on_are_as_typed(half, cli):
    (half / "migrations" / "0010_two.yaml").unlink()
    done = cli("history", "--exit-code", "--env", "local")
    assert (done.code, "0 pending, 1 half-applied" in done.out) == (10, True)
    told = cli("history", "--json", "--env", "local").json["half_applied"][0]["ways_on"]
    assert [way["command"] for way in told] == [
        "bqmigrate upgrade --env local",
        "bqmigrate repair --env local 0010 --revert",
    ]


def test_its_document_has_the_facts(half, cli):
    done = cli("repair", "10", "--mark-applied", "--json").json
    assert done["repair"] == "mark-applied"
    assert done["migration"] == {"version": "0010", "name": "two", "state": "applied"}
    assert [step["outcome"] for step in done["steps"]] == ["done", "by_hand"]
    assert (done["rows_rebuilt"], done["lineage"]) == ([], None)
    assert done["requests"] > 0


def test_a_half_applied_migration_without_its_file_is_reverted(half, cli):
    (half / "migrations" / "0010_two.yaml").unlink()
    assert "bqmigrate repair 0010 --revert" in cli("upgrade").err
    done = cli("repair", "10", "--revert")
    assert done.code == 0
    assert "Reverted 0010 two" in done.out
    assert cli("current").out.startswith("0009")


def test_an_edited_file_is_accepted_with_a_yes_and_the_steps_are_named(folder, cli):
    assert cli("upgrade").code == 0
    file = folder / "migrations" / "0009_pipeline_execution_queue.yaml"
    file.write_text(file.read_text().replace("STRING", "BYTES", 1))
    asked = cli("repair", "9", "--accept-file")
    assert asked.code == 2
    assert "tenants.pipeline_execution_queue, defined otherwise" in asked.err
    assert "bqmigrate repair 0009 --accept-file --yes" in asked.err
    done = cli("repair", "9", "--accept-file", "--yes")
    assert done.code == 0
    assert "Accepted the file of 0009" in done.out
    assert cli("history", "--exit-code").code == 0


def test_a_repair_runs_in_a_process_of_its_own(half, process):
    done = process("repair", "0010", "--mark-applied", "--json", cwd=half)
    assert done.code == 0
    assert done.json["migration"]["state"] == "applied"
