from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT, TWO_STEPS

BQMIGRATE = f"PYTHONPATH={ROOT} {sys.executable} -m bqmigrate"


def shell(line, folder):
    command = ["bash", "-c", line.replace("bqmigrate", BQMIGRATE, 1)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def test_a_reader_that_goes_away_is_no_failure(folder):
    assert shell("bqmigrate plan --offline --sql | head -1", folder) == (
        0, "-- 0001_create_tenants_dataset 1/1: create dataset tenants\n", "",
    )  # fmt: skip
    assert shell("set -o pipefail; bqmigrate plan --offline | head -1; exit ${PIPESTATUS[0]}", folder)[::2] == (0, "")


def test_a_run_goes_on_when_nobody_reads_its_progress(cli, folder):
    shell("bqmigrate upgrade 2>&1 | head -1", folder)
    assert cli("current").out == "0009 pipeline_execution_queue\n"


def test_a_closed_stdout_is_no_traceback(cli, folder):
    code, _, err = shell("bqmigrate upgrade --quiet >&-", folder)
    assert "Traceback" not in err
    assert code == 0
    assert cli("current").out == "0009 pipeline_execution_queue\n"


def test_elsewhere_than_on_a_terminal_there_is_no_escape_sequence(process, folder):
    done = process("upgrade", environ={"TERM": "xterm-256color"})
    assert done.code == 0
    assert "\x1b" not in done.out + done.err
    assert "\r" not in done.out + done.err


def test_signs_are_ascii_where_the_encoding_is(process, write):
    write("0010_two.yaml", TWO_STEPS)
    done = process("upgrade", environ={"PYTHONIOENCODING": "ascii"})
    assert done.code == 1
    assert "  ok 0001 create_tenants_dataset" in done.err
    assert "  x  0010 step 2/2" in done.err
    assert "  ok 1/2  add column" in done.err
    assert (done.out + done.err).isascii()


def test_text_the_encoding_cannot_write_is_no_failure(process, write):
    write("0010_raw.sql", "-- migrate:up\nSELECT 'größe'\n")
    done = process("plan", "--offline", "--sql", environ={"PYTHONIOENCODING": "ascii"})
    assert (done.code, done.err) == (0, "")
    assert "SELECT 'gr??e'" in done.out


def test_an_unexpected_exception_is_one_line_and_a_traceback_only_with_verbose(cli, folder, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("first\nsecond")

    monkeypatch.setattr("bqmigrate.project.Project.history", broken)
    done = cli("history")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error BQM999: internal error: RuntimeError: first second\n")
    assert "Traceback" not in done.err
    assert "Traceback" in cli("history", "--verbose").err
    assert cli("history", "--json").json["error"]["code"] == "BQM999"


def test_without_the_extra_the_command_that_installs_it_is_told(folder):
    block = "import sys; sys.modules['duckdb'] = None; from bqmigrate.cli.app import main; sys.exit(main(sys.argv[1:]))"
    for words in (["upgrade"], ["local", "serve"], ["local", "reset", "--yes"]):
        command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {block}", *words]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stdout) == (2, "")
        assert "error BQM331: the embedded warehouse is not installed" in done.stderr
        assert "hint: pip install 'bqmigrate[local]'" in done.stderr


needs_full = pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="macOS has no /dev/full, where every write fails"
)


@needs_full
def test_a_result_that_cannot_be_written_is_an_error_and_no_traceback(folder):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "bqmigrate", "--json", "history"],
            cwd=folder, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.splitlines()[0].startswith("error BQM906: the result could not be written")
    assert "Traceback" not in done.stderr


@needs_full
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_full_disk_ends_no_run(folder, process, stream):
    with Path("/dev/full").open("w") as full:
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, stream: full}
        done = subprocess.run(
            [sys.executable, "-m", "bqmigrate", "upgrade"], cwd=folder, text=True, timeout=60, check=False, **streams
        )
    if stream == "stdout":
        assert done.returncode == 1
        assert "error BQM906: the result could not be written" in done.stderr
        assert "Traceback" not in done.stderr
    else:
        assert (done.returncode, done.stdout.startswith("Applied 9 migrations")) == (0, True)
        assert process("current", cwd=folder).out == "0009 pipeline_execution_queue\n"


def test_current_needs_no_file_to_be_right(cli, folder):
    cli("upgrade")
    (folder / "migrations" / "0010_bad.yaml").write_text("upgrade: [\n")
    assert cli("current").out == "0009 pipeline_execution_queue\n"
