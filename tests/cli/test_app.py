from __future__ import annotations

import re

import pytest

from bqmigrate.cli.app import COMMANDS, LOCAL_COMMANDS
from bqmigrate.cli.options import GLOBAL

NAMES = ["init", "upgrade", "downgrade", "history", "current", "plan", "new", "show", "adopt", "unlock", "repair"]
LOCAL = ["local serve", "local reset", "local path"]


def test_the_commands_are_those_of_the_contract():
    assert [c.name for c in COMMANDS] == NAMES
    assert [f"local {c.name}" for c in LOCAL_COMMANDS] == LOCAL


@pytest.mark.parametrize("name", ["check", "lint", "explain", "doctor"])
def test_later_commands_do_not_exist_yet(cli, name):
    done = cli(name)
    assert done.code == 2
    assert f"no such command '{name}'" in done.err


def test_without_a_command_the_help_is_printed(cli):
    assert cli() == cli("--help")
    assert all(f"\n  {name} " in cli().out for name in [*NAMES, "local"])


@pytest.mark.parametrize("name", ["", *NAMES, *LOCAL])
def test_help_names_the_variable_of_each_global_option(cli, name):
    shown = cli(*name.split(), "--help")
    assert shown.code == 0
    for key in GLOBAL:
        if key != "print_version":
            assert f"--{key} " in shown.out
            assert f"[env: BQMIGRATE_{key.upper()}]" in shown.out
    assert "--version" in shown.out
    assert max(map(len, shown.out.splitlines())) <= 80


@pytest.mark.parametrize("name", ["upgrade", "downgrade"])
def test_help_names_the_variable_of_what_changes_things(cli, name):
    shown = cli(name, "--help").out
    for option in ("yes", "allow-data-loss", "dry-run", "lock-timeout"):
        assert re.search(rf"--{option}.*\[env: BQMIGRATE_{option.upper().replace('-', '_')}\]", shown), option


@pytest.mark.parametrize(
    ("typed", "told", "help_"),
    [
        (["histroy"], "Did you mean 'history'?", "bqmigrate --help"),
        (["upgrade", "--jsn"], "did you mean --json?", "bqmigrate upgrade --help"),
        (["downgrade", "-1", "--allow-dataloss"], "did you mean --allow-data-loss?", "bqmigrate downgrade --help"),
        (["downgrade", "-x"], "no such option: -x", "bqmigrate downgrade --help"),
        (["-1"], "no such option: -1", "bqmigrate --help"),
        (["new"], "missing argument 'name'", "bqmigrate new --help"),
        (["show"], "missing argument 'version'", "bqmigrate show --help"),
        (["local"], "missing command", "bqmigrate local --help"),
        (["local", "pth"], "Did you mean 'path'?", "bqmigrate local --help"),
        (["--env"], "'--env' requires an argument", "bqmigrate --help"),
        (["upgrade", "1", "2"], "unexpected extra argument", "bqmigrate upgrade --help"),
        (["downgrade", "-1", "-2"], "unexpected extra argument", "bqmigrate downgrade --help"),
        (["local", "serve", "--port", "x"], "invalid value for '--port'", "bqmigrate local serve --help"),
        (["new", "x", "--sql", "--py"], "--sql and --py exclude each other", "bqmigrate --help"),
        (["current", "-q", "-v"], "--quiet and --verbose exclude each other", "bqmigrate --help"),
    ],
)
def test_a_command_line_that_cannot_be_is_refused_with_help(cli, folder, typed, told, help_):
    done = cli(*typed)
    assert done.code == 2
    assert told in done.err
    assert f"hint: {help_}\n" in done.err
    assert done.err.count("error BQM901:") == 1
    assert done.out == ""


@pytest.mark.parametrize("typed", [["--json", "upgrade", "--bogus"], ["upgrade", "--bogus", "--json"]])
def test_a_refused_command_line_is_a_document_with_json(cli, folder, typed):
    done = cli(*typed)
    assert done.code == 2
    assert done.err == ""
    assert (done.json["version"], done.json["command"], done.json["environment"]) == (1, "upgrade", "local")
    assert done.json["error"]["code"] == "BQM901"
    assert done.json["error"]["hint"] == "bqmigrate upgrade --help"


def test_the_variable_for_json_counts_where_the_arguments_cannot_be_read(cli, folder, monkeypatch):
    monkeypatch.setenv("BQMIGRATE_JSON", "1")
    assert cli("--bogus").json["error"]["code"] == "BQM901"


def test_a_variable_that_is_neither_yes_nor_no_is_refused(cli, monkeypatch):
    monkeypatch.setenv("BQMIGRATE_QUIET", "maybe")
    done = cli("current")
    assert done.code == 2
    assert "BQMIGRATE_QUIET must be 1 or 0, not 'maybe'" in done.err


@pytest.mark.parametrize(
    "typed",
    [["--env", "nope", "local", "path"], ["local", "--env", "nope", "path"], ["local", "path", "--env", "nope"]],
)
def test_global_options_stand_before_and_after_the_command(cli, folder, typed):
    done = cli(*typed)
    assert done.code == 2
    assert "unknown environment: nope" in done.err


def test_the_option_after_the_command_outranks_the_one_before(cli, folder):
    assert cli("--env", "nope", "local", "path", "--env", "local", "--json").json["environment"] == "local"


def test_an_option_outranks_its_variable(cli, folder, monkeypatch):
    monkeypatch.setenv("BQMIGRATE_ENV", "nope")
    assert cli("local", "path").code == 2
    assert cli("local", "path", "--env", "local").code == 0


def test_verbose_outranks_the_variable_for_quiet(cli, folder, monkeypatch):
    monkeypatch.setenv("BQMIGRATE_QUIET", "1")
    assert cli("local", "path", "--verbose").code == 0


def test_version_is_printed(cli):
    assert cli("--version").out.startswith("bqmigrate ")
    assert cli("upgrade", "--version") == cli("--version")


def test_python_m_is_the_same(process):
    assert process("--help").out.startswith("Usage: bqmigrate [OPTIONS] COMMAND")
