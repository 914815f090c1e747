from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from freezegun import freeze_time

from .conftest import HARD_DROP, TWO_STEPS

HISTORY_KEYS = {"version", "name", "state", "applied_at", "duration_ms", "actor", "checksum", "steps"}
OPERATION_KEYS = {"operation", "object", "kind", "data_loss", "bytes", "notes"}


def test_history_lists_every_migration_in_a_table(cli, folder):
    cli("upgrade", "+2")
    head, *lines = cli("history").out.splitlines()
    assert head.split() == ["version", "name", "state", "when", "(UTC)", "took", "by"]
    assert lines[0].split()[:3] == ["0001", "create_tenants_dataset", "applied"]
    assert lines[2].split() == ["0003", "tenant_api_keys", "pending"]
    assert lines[-2:] == ["", "At 0002; 7 pending."]


def test_history_as_json_has_the_keys_of_the_contract(cli, folder):
    cli("upgrade", "8")
    cli("downgrade", "-1")
    shown = cli("history", "--json").json
    assert (shown["command"], shown["current"]) == ("history", "0007")
    assert [m["state"] for m in shown["migrations"]] == ["applied"] * 7 + ["reverted", "pending"]
    first, last = shown["migrations"][0], shown["migrations"][-1]
    assert set(first) == set(last) == HISTORY_KEYS
    assert first["applied_at"].endswith("Z")
    assert datetime.fromisoformat(first["applied_at"]).tzinfo is not None
    assert first["checksum"].startswith("sha256:")
    assert (first["steps"][0]["verb"], first["steps"][0]["outcome"]) == ("create dataset", "made")
    assert (last["applied_at"], last["duration_ms"], last["actor"]) == (None, None, None)


def test_history_exits_with_10_only_when_asked_and_something_waits(cli, folder):
    assert cli("history").code == 0
    assert cli("history", "--exit-code").code == 10
    cli("upgrade")
    assert cli("history", "--exit-code").code == 0


def test_a_half_applied_migration_counts_as_waiting(cli, write):
    write("0010_two.yaml", TWO_STEPS)
    cli("upgrade")
    done = cli("history", "--exit-code")
    assert done.code == 10
    assert "\nAt 0009; 0 pending, 1 half-applied.\n" in done.out


def test_history_and_show_tell_how_far_a_half_applied_migration_got_and_the_ways_on(cli, write):
    write("0010_two.yaml", TWO_STEPS)
    cli("upgrade")
    told = (
        "0010 two stopped after step 1, at step 2\n"
        "\n"
        "  ✓ 1  add column  tenants.tenant_profiles\n"
        "  ✗ 2  run sql  SELECT 1 FROM nowhere.nothing\n"
        "     Not found: Dataset bqmigrate-local:nowhere was not found in location US\n"
        "\n"
        "hint: fix step 2 in the file, then    bqmigrate upgrade\n"
        "      or take step 1 back             bqmigrate downgrade 0009\n"
        "      or, if you did step 2 by hand   bqmigrate repair 0010 --mark-applied\n"
    )
    assert cli("history").out.endswith(told)
    assert told in cli("show", "10").out
    for words in (["history"], ["show", "10"]):
        assert "bqmigrate downgrade --env local 0009" in cli(*words, "--env", "local").out
    shown = cli("history", "--json").json["half_applied"]
    assert [s["outcome"] for s in shown[0]["steps"]] == ["done", "failed"]
    assert [w["command"] for w in shown[0]["ways_on"]] == [
        "bqmigrate upgrade", "bqmigrate downgrade 0009", "bqmigrate repair 0010 --mark-applied",
    ]  # fmt: skip


def test_a_way_on_is_the_way(cli, write):
    file = write("0010_two.yaml", TWO_STEPS)
    cli("upgrade")
    assert cli("downgrade", "0009").out.startswith("Reverted 1 migration in ")
    assert "half-applied" not in cli("history").out
    cli("upgrade")
    file.write_text(TWO_STEPS.replace("SELECT 1 FROM nowhere.nothing", "SELECT 1"))
    assert cli("upgrade").out.startswith("Applied 1 migration in ")


def test_a_file_that_is_wrong_hides_nothing_else(cli, write):
    cli("upgrade")
    write("0010_bad.yaml", "upgrade: [\n")
    done = cli("history")
    assert done.code == 0
    assert "0009     pipeline_execution_queue  applied" in done.out
    assert "0010     bad                       pending" in done.out
    assert done.err.startswith("warning: migrations/0010_bad.yaml:")
    shown = cli("history", "--json").json
    assert [f["file"] for f in shown["findings"]] == ["migrations/0010_bad.yaml"]
    assert cli("show", "9").out.startswith("0009 pipeline_execution_queue  applied ")
    refused = cli("show", "10")
    assert (refused.code, refused.out) == (3, "")
    assert cli("upgrade").code == 3


def test_an_applied_file_that_is_no_migration_any_more_is_edited(cli, write):
    cli("upgrade")
    write("0009_pipeline_execution_queue.yaml", "upgrade: [\n")
    assert "0009     pipeline_execution_queue  edited" in cli("history").out


def test_an_empty_project_has_an_empty_history(cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cli("init")
    assert cli("history").out == "At (nothing); 0 pending.\n"
    assert cli("current").out == "(nothing)\n"
    assert cli("upgrade").out.startswith("Nothing to do: already at base (")


def test_current_as_json(cli, folder):
    cli("upgrade", "+1")
    shown = cli("current", "--json").json
    assert (shown["command"], shown["current"], shown["name"]) == ("current", "0001", "create_tenants_dataset")


def test_plan_shows_each_operation_with_its_sign(cli, write):
    write("0010_drop.yaml", HARD_DROP)
    cli("upgrade", "9")
    done = cli("plan")
    assert done.code == 0
    assert done.out.splitlines() == [
        "local  embedded warehouse  0009 -> 0010",
        "",
        "0010 drop",
        "  -   tenants.tenant_profiles: drop column subscription_plan for good",
        "      loses data",
        "",
        "Plan to upgrade 1 migration: 1 to drop.",
    ]


def test_plan_down_shows_the_way_back(cli, folder):
    cli("upgrade")
    shown = cli("plan", "--down", "-2")
    assert "0009 -> 0007" in shown.out
    assert "  -   table tenants.pipeline_execution_queue\n" in shown.out
    assert shown.out.endswith("Plan to downgrade 2 migrations: 2 to drop.\n")
    assert cli("plan", "--down").out.count("\n  -   table") == 1


def test_plan_with_nothing_pending(cli, folder):
    cli("upgrade")
    assert cli("plan").out.endswith("\n\nNothing to do: already at 0009.\n")


def test_plan_as_json_has_the_keys_of_the_contract(cli, folder):
    shown = cli("plan", "--json").json
    operation = shown["migrations"][1]["operations"][0]
    assert set(operation) == OPERATION_KEYS
    assert operation | {"notes": []} == {
        "operation": "create_table", "object": "tenants.tenant_profiles", "kind": "create", "data_loss": False,
        "bytes": None, "notes": [],
    }  # fmt: skip


def test_plan_with_sql_prints_requests_and_statements_exactly(cli, write):
    statement = "SELECT 'a;b' AS x;\n\tSELECT 2 -- ende ü"
    write("0010_raw.sql", f"-- migrate:up\n{statement}\n-- migrate:down\nSELECT 3\n")
    cli("upgrade", "9")
    assert f"\n{statement}\n" in cli("plan", "--sql").out
    assert cli("plan", "--sql").out.startswith("-- 0010_raw 1/1: run sql ")
    assert statement in cli("plan", "--sql", "--json").json["migrations"][0]["operations"][0]["statement"]


def test_plan_with_sql_prints_rest_bodies(cli, folder):
    shown = cli("plan", "--offline", "--sql").out
    body = shown.partition("POST projects/bqmigrate-local/datasets\n")[2].partition("\n\n-- 0002")[0]
    assert json.loads(body)["datasetReference"] == {"projectId": "bqmigrate-local", "datasetId": "tenants"}


def test_offline_plans_from_an_empty_warehouse(cli, folder):
    cli("upgrade")
    assert "(nothing) -> 0009" in cli("plan", "--offline").out
    assert "(nothing) -> 0003" in cli("plan", "3", "--offline").out


def test_reading_writes_nothing(cli, folder):
    for words in (["history"], ["plan"], ["current"], ["show", "1"], ["upgrade", "--dry-run"]):
        assert cli(*words).code == 0
    assert cli("upgrade", "--json").json["requests"] == 16


def test_show_tells_state_steps_statement_and_way_back(cli, folder):
    cli("upgrade")
    shown = cli("show", "2")
    assert shown.out.startswith("0002 tenant_profiles  applied 20")
    assert "file      migrations/0002_tenant_profiles.yaml (yaml)\n" in shown.out
    assert "checksum  sha256:" in shown.out
    assert "\nupgrade\n  +   table tenants.tenant_profiles (8 columns)\n      made in " in shown.out
    assert "      | POST projects/bqmigrate-local/datasets/tenants/tables\n" in shown.out
    assert "\ndowngrade\n  -   table tenants.tenant_profiles\n" in shown.out


def test_show_as_json(cli, write):
    write("0010_raw.sql", "-- migrate:up\nSELECT 1\n")
    cli("upgrade")
    shown = cli("show", "0010", "--json").json["migration"]
    assert set(shown) == HISTORY_KEYS | {
        "file", "format", "description", "upgrade", "downgrade", "downgrade_problem", "job_ids", "adopted",
        "half_applied",
    }  # fmt: skip
    assert (shown["format"], shown["downgrade"]) == ("sql", None)
    assert "no inverse" in shown["downgrade_problem"]
    assert shown["job_ids"][0].endswith("-m0010-g1-up1-a1")


@pytest.mark.parametrize("version", ["42", "head", "x"])
def test_show_of_what_there_is_not(cli, folder, version):
    done = cli("show", version)
    assert done.code == 2
    assert "no such" in done.err


@freeze_time("2026-09-01 08:12:00", tick=True)
def test_dates_are_those_of_the_run(cli, folder):
    cli("upgrade", "+1")
    assert "0001     create_tenants_dataset    applied  2026-09-01 08:12  " in cli("history").out
    assert cli("history", "--json").json["migrations"][0]["applied_at"].startswith("2026-09-01T08:12:0")
    assert cli("show", "1").out.startswith("0001 create_tenants_dataset  applied 2026-09-01 08:12 UTC by ")


def test_dates_are_in_utc_wherever_they_are_read(cli, process, folder):
    process("upgrade", "+1", environ={"TZ": "Pacific/Auckland"})
    there = process("history", environ={"TZ": "America/New_York"}).out
    assert there == cli("history").out
    assert datetime.now(UTC).strftime("%Y-%m-%d %H:") in there or datetime.now(UTC).minute == 0
