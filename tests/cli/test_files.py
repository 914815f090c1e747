from __future__ import annotations

import os
import subprocess
import sys

from .conftest import ROOT


def test_init_new_and_upgrade_in_an_empty_folder(cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = cli("init")
    assert done.code == 0
    assert "wrote  migrations.toml\n" in done.out
    assert cli("new", "create_shop").out == "migrations/0001_create_shop.yaml\n"
    assert "has no operations" in cli("upgrade").err
    (tmp_path / "migrations/0001_create_shop.yaml").write_text("upgrade:\n  - create_dataset: {dataset: shop}\n")
    assert cli("upgrade").out.startswith("Applied 1 migration in ")


def test_init_never_overwrites(cli, folder):
    before = (folder / "migrations.toml").read_bytes()
    done = cli("init", "--json")
    assert "migrations.toml" in done.json["kept"]
    assert "migrations.toml" not in done.json["written"]
    assert (folder / "migrations.toml").read_bytes() == before
    assert "kept   migrations.toml (it was there)\n" in cli("init").out


def test_new_prints_the_path_as_seen_from_here(cli, folder, monkeypatch):
    assert cli("new", "add_region").out == "migrations/0010_add_region.yaml\n"
    assert cli("new", "fill_region", "--sql").out == "migrations/0011_fill_region.sql\n"
    monkeypatch.chdir(folder / "migrations")
    assert cli("new", "load_region", "--py").out == "0012_load_region.py\n"
    assert cli("new", "x", "--json").json["path"] == "0013_x.yaml"


def test_a_bad_name_is_refused(cli, folder):
    done = cli("new", "drop;table")
    assert done.code == 2
    assert "use snake_case" in done.err


def test_everything_works_from_a_folder_below(cli, folder, monkeypatch):
    monkeypatch.chdir(folder / "migrations")
    assert cli("upgrade").code == 0
    assert cli("local", "path").out == f"{folder}/.bqmigrate/warehouse.duckdb\n"


def test_outside_of_a_project_the_hint_is_init(cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = cli("history")
    assert done.code == 2
    assert "hint: bqmigrate init" in done.err
    assert cli("history", "--json").json["environment"] is None


def test_a_placeholder_project_is_refused_before_anything(cli, folder):
    done = cli("upgrade", "--env", "dev")
    assert done.code == 2
    assert "error BQM309" in done.err
    assert "  --> migrations.toml:" in done.err


def test_a_folder_that_was_deleted_is_no_traceback(tmp_path):
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    for words in ("init", "history --json", "upgrade"):
        gone = tmp_path / "gone"
        gone.mkdir()
        python = [sys.executable, "-P", "-m", "bqmigrate"]
        command = ["sh", "-c", 'rmdir "$PWD" && exec "$0" "$@"', *python, *words.split()]
        done = subprocess.run(command, cwd=gone, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert "the current folder is not there any more" in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
