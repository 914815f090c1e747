"""The front door, as a step of somebody's pipeline."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bqmigrate import Project
from bqmigrate.errors import BqmigrateError

HERE = Path(__file__).parent.parent


@pytest.fixture
def folder(tmp_path, monkeypatch):
    shutil.copytree(HERE / "migrations", tmp_path / "migrations")
    shutil.copy(HERE / "migrations.toml", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BIGQUERY_EMULATOR_HOST", raising=False)
    return tmp_path


def test_one_line_builds_the_dataset_and_lets_go_of_it(folder, capsys):
    report = Project.open(environment="local").upgrade()
    assert report.tables_created[0] == "tenants.tenant_profiles"
    assert (len(report.applied), report.total_tables, report.requests) == (9, 8, 16)
    assert capsys.readouterr() == ("", "")
    other = subprocess.run(
        [sys.executable, "-m", "bqmigrate", "current"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (other.returncode, other.stdout.split()) == (0, ["0009", "pipeline_execution_queue"])


def test_a_second_run_changes_nothing(folder):
    Project.open(environment="local").upgrade()
    assert Project.open(environment="local").upgrade().nothing_to_do


def test_errors_are_typed_and_carry_facts(folder):
    (folder / "migrations" / "0010_bad.yaml").write_text("upgrade: [\n")
    with pytest.raises(BqmigrateError) as caught:
        Project.open(environment="local").upgrade()
    assert caught.value.findings[0].place.file == "migrations/0010_bad.yaml"


def test_without_credentials_the_command_that_gets_them_is_quoted(folder, monkeypatch):
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(folder))
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("BQMIGRATE_PROJECT", "some-project")
    with pytest.raises(BqmigrateError, match="no usable Google credentials") as caught:
        Project.open(environment="dev").upgrade()
    assert caught.value.exit_code == 2
    assert caught.value.hint == "gcloud auth application-default login"
