from __future__ import annotations

import pytest

from .conftest import HARD_DROP, TWO_STEPS

VERSIONS = [f"{n:04}" for n in range(1, 10)]
TABLES = [
    "tenant_profiles", "tenant_api_keys", "tenant_subscriptions", "tenant_usage_quotas", "tenant_cloud_credentials",
    "tenant_pipeline_configs", "scheduled_pipeline_runs", "pipeline_execution_queue",
]  # fmt: skip
REPORT_KEYS = {
    "version", "command", "environment", "project", "location", "from", "to", "datasets_created", "tables_created",
    "tables_existed", "total_tables", "left_in_place", "requests", "bytes_billed", "duration_ms",
}  # fmt: skip


def test_upgrade_applies_all_nine_and_says_so(cli, folder):
    done = cli("upgrade")
    assert done.code == 0
    assert done.out.startswith("Applied 9 migrations in ")
    assert done.out.endswith(" s (16 requests).\n")
    lines = done.err.splitlines()
    assert lines[:2] == ["local  embedded warehouse  (nothing) -> 0009", ""]
    assert [line[4:8] for line in lines[2:]] == VERSIONS
    assert all(line.startswith("  ✓ ") and line.endswith(" ms") for line in lines[2:])
    assert max(map(len, lines)) <= 80


def test_upgrade_again_has_nothing_to_do(cli, folder):
    cli("upgrade")
    done = cli("upgrade")
    assert (done.code, done.out, done.err) == (0, "Nothing to do: already at 0009 (2 requests).\n", "")


def test_the_documents_of_upgrade_and_downgrade_have_the_keys_of_the_contract(cli, folder):
    up = cli("upgrade", "--json").json
    assert set(up) == REPORT_KEYS | {"applied"}
    assert (up["command"], up["environment"], up["project"]) == ("upgrade", "local", "bqmigrate-local")
    assert (up["version"], up["applied"], up["from"], up["to"]) == (1, VERSIONS, None, "0009")
    assert up["datasets_created"] == ["tenants"]
    assert up["tables_created"] == [f"tenants.{name}" for name in TABLES]
    assert (up["tables_existed"], up["total_tables"], up["requests"]) == ([], 8, 16)
    down = cli("--json", "downgrade", "-2").json
    assert set(down) == REPORT_KEYS | {"reverted"}
    assert (down["reverted"], down["from"], down["to"]) == (["0009", "0008"], "0009", "0007")
    assert (down["left_in_place"], down["total_tables"]) == ([], 6)


@pytest.mark.parametrize(
    "typed",
    [
        ["downgrade", "-1", "--env", "local"],
        ["--env", "local", "downgrade", "-1"],
        ["downgrade", "--env", "local", "-1"],
        ["downgrade"],
        ["downgrade", "8"],
    ],
)
def test_downgrade_takes_targets_as_they_are_typed(cli, folder, typed):
    cli("upgrade")
    done = cli(*typed)
    assert done.code == 0
    assert done.out.startswith("Reverted 1 migration in ")
    assert cli("current").out == "0008 scheduled_pipeline_runs\n"


def test_up_two_down_to_base_and_up_again(cli, folder):
    assert cli("upgrade", "+2").out.startswith("Applied 2 migrations in ")
    assert cli("current").out == "0002 tenant_profiles\n"
    assert cli("upgrade", "7").out.startswith("Applied 5 migrations in ")
    assert cli("downgrade", "base").out.startswith("Reverted 7 migrations in ")
    assert cli("current").out == "(nothing)\n"
    assert cli("upgrade", "0001").code == 0
    assert cli("current").out == "0001 create_tenants_dataset\n"


@pytest.mark.parametrize(
    ("typed", "told", "hint"),
    [
        (["upgrade", "3"], "target 0003 is below the current version 0009", "bqmigrate downgrade 0003"),
        (["upgrade", "-1"], "target -1 is below the current version 0009", "bqmigrate history"),
        (["upgrade", "+1"], "cannot go up 1: nothing is pending", "bqmigrate history"),
        (["upgrade", "12"], "no such target: 0012", "bqmigrate history"),
        (["upgrade", "sideways"], "no such target: 'sideways'", "a target is head, base, a version such as 0007"),
        (["downgrade", "-10"], "cannot go back 10: only 9 applied", "bqmigrate downgrade base"),
        (["downgrade", "+1"], "target +1 is above the current version 0009", "bqmigrate history"),
        (["downgrade", "head"], "target head is above the current version 0009", "bqmigrate upgrade head"),
        (["plan", "--down", "-10"], "cannot go back 10: only 9 applied", "bqmigrate downgrade base"),
    ],
)
def test_a_target_that_cannot_be_is_refused(cli, folder, typed, told, hint):
    cli("upgrade")
    done = cli(*typed)
    assert (done.code, done.out) == (2, "")
    assert told in done.err
    assert f"hint: {hint}" in done.err


def test_quiet_leaves_only_the_result(cli, folder):
    done = cli("upgrade", "--quiet")
    assert done.out.startswith("Applied 9 migrations")
    assert done.err == ""


def test_verbose_logs_each_step_with_its_object(cli, folder):
    logged = cli("upgrade", "1", "--verbose").err
    assert "event=StepFinished version=0001" in logged
    assert "target=tenants" in logged


def test_a_dry_run_shows_the_plan_and_changes_nothing(cli, folder):
    done = cli("upgrade", "--dry-run")
    assert done.code == 0
    assert "  +   table tenants.tenant_profiles (8 columns)\n" in done.out
    assert done.out.endswith("Plan to upgrade 9 migrations: 9 to create.\n")
    assert cli("current").out == "(nothing)\n"
    shown = cli("upgrade", "--dry-run", "--json").json
    assert shown["dry_run"] is True
    assert [m["version"] for m in shown["migrations"]] == VERSIONS


def test_downgrade_is_refused_where_the_environment_does_not_allow_it(cli, folder):
    file = folder / "migrations.toml"
    file.write_text("[environments.local]\nlocation = 'US'\n")
    done = cli("downgrade")
    assert done.code == 2
    assert "downgrade is not allowed in environment local" in done.err
    assert "hint: write allow_downgrade = true under [environments.local]" in done.err


def test_without_a_terminal_a_question_is_refused_naming_yes(cli, confirming):
    done = cli("upgrade")
    assert (done.code, done.out) == (2, "")
    assert "error BQM902" in done.err
    assert "environment local asks for confirmation" in done.err
    assert "hint: bqmigrate upgrade --yes" in done.err
    assert cli("current").out == "(nothing)\n"


def test_yes_answers(cli, confirming, monkeypatch):
    assert cli("upgrade", "+1", "--yes").code == 0
    monkeypatch.setenv("BQMIGRATE_YES", "1")
    assert cli("upgrade").code == 0


def test_with_nothing_to_do_nothing_is_asked(cli, confirming):
    cli("upgrade", "--yes")
    assert cli("upgrade").out == "Nothing to do: already at 0009 (2 requests).\n"


def test_yes_alone_never_loses_data(cli, write):
    write("0010_drop.yaml", HARD_DROP)
    cli("upgrade", "9")
    done = cli("upgrade", "--yes")
    assert done.code == 2
    assert "0010 loses data: drop column subscription_plan for good" in done.err
    assert "hint: bqmigrate upgrade --allow-data-loss --yes\n" in done.err
    assert cli("current").out.startswith("0009 ")


def test_allowing_data_loss_still_needs_a_yes(cli, write):
    write("0010_drop.yaml", HARD_DROP)
    cli("upgrade", "9")
    assert "hint: bqmigrate upgrade --allow-data-loss --yes\n" in cli("upgrade", "--allow-data-loss").err
    assert cli("upgrade", "--allow-data-loss", "--yes").code == 0
    assert cli("current").out == "0010 drop\n"


def test_a_step_that_fails_is_named_with_its_place_and_what_was_done(cli, write):
    write("0010_two.yaml", TWO_STEPS)
    done = cli("upgrade")
    assert (done.code, done.out) == (1, "")
    assert "error BQM201: 0010 two stopped after step 1 of 2\n  --> migrations/0010_two.yaml:" in done.err
    assert "  ✓ 1/2  add column" in done.err
    assert "  ✗ 2/2  run sql" in done.err
    assert done.err.endswith(
        "Step 1 stays done, and is not run again. Later migrations wait.\n"
        "\n"
        "hint: fix step 2 in the file, then    bqmigrate upgrade\n"
        "      or take step 1 back             bqmigrate downgrade 0009\n"
        "      or, if you did step 2 by hand   bqmigrate repair 0010 --mark-applied\n"
    )
    assert "half-applied" in cli("history").out


def test_mending_the_file_goes_on_from_the_step_that_failed(cli, write):
    file = write("0010_two.yaml", TWO_STEPS)
    cli("upgrade")
    file.write_text(TWO_STEPS.replace("SELECT 1 FROM nowhere.nothing", "SELECT 1"))
    done = cli("upgrade")
    assert done.code == 0
    assert "0010 goes on where an earlier run stopped" in done.err
    assert cli("current").out == "0010 two\n"


def test_the_next_command_of_a_counted_target_leads_no_further(cli, write):
    """-2 counted again after the first of the two was taken back would take back a third."""
    write("0010_a.sql", "-- migrate:up\nSELECT 1\n-- migrate:down\nSELECT ERROR('no')\n")
    write("0011_b.sql", "-- migrate:up\nSELECT 1\n-- migrate:down\nSELECT 1\n")
    cli("upgrade")
    failed = cli("downgrade", "-2")
    assert failed.code == 1
    assert "bqmigrate downgrade 0009\n" in failed.err
    assert "-2" not in failed.err
    write("0010_a.sql", "-- migrate:up\nSELECT 1\n-- migrate:down\nSELECT 1\n")
    assert cli("repair", "10", "--accept-file", "--yes").code == 0
    assert cli("downgrade", "0009").code == 0


def test_the_next_command_works_on_what_this_one_did(cli, write):
    write("0010_two.yaml", TWO_STEPS)
    where = ("--config", "migrations.toml", "--env", "local", "--project", "other-project")
    failed = cli(*where, "upgrade")
    assert f"bqmigrate upgrade {' '.join(where)}\n" in failed.err
    assert f"bqmigrate downgrade {' '.join(where)} 0009\n" in failed.err


def test_an_edited_file_is_refused_with_both_checksums(cli, folder):
    cli("upgrade")
    file = folder / "migrations" / "0005_tenant_usage_quotas.yaml"
    file.write_text(file.read_text() + "# a thought\n")
    done = cli("upgrade")
    assert done.code == 3
    assert "error BQM101: 0005_tenant_usage_quotas.yaml was edited after it was applied" in done.err
    assert "applied  sha256:" in done.err
    assert "now      sha256:" in done.err
    assert "Nothing was changed." in done.err


def test_all_errors_of_all_files_are_told_together(cli, write):
    write("0010_a.yaml", "upgrade:\n  - creat_table: {}\n")
    write("0011_b.yaml", "upgrade: [\n")
    done = cli("upgrade", "--json")
    assert done.code == 3
    assert [f["file"] for f in done.json["findings"]] == ["migrations/0010_a.yaml", "migrations/0011_b.yaml"]
    shown = cli("upgrade").err
    assert " 2 |   - creat_table: {}\n   |     ^\n" in shown
    assert "did you mean create_table?" in shown


def test_the_next_command_has_the_target_and_environment_that_were_typed(cli, confirming):
    assert "hint: bqmigrate upgrade +2 --env local --yes\n" in cli("--env", "local", "upgrade", "+2").err
