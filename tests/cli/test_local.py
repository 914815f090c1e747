from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import pytest

from .conftest import ROOT

A = {"name": "a", "type": "STRING"}


@contextlib.contextmanager
def serving():
    """Serve the embedded warehouse; gives the process and its URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bqmigrate", "local", "serve"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process, process.stdout.readline().strip()
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def server(folder):
    """Serve the embedded warehouse; yields the process and its URL."""
    with serving() as found:
        yield found


def test_the_url_is_printed_when_it_answers(server):
    _, url = server
    assert url.startswith("http://127.0.0.1:")
    with urllib.request.urlopen(f"{url}/projects", timeout=10) as reply:
        assert json.load(reply)["kind"] == "bigquery#projectList"


def test_other_commands_go_through_the_server(server, cli):
    assert cli("upgrade", "+1").code == 0
    _, url = server
    with urllib.request.urlopen(f"{url}/projects/bqmigrate-local/datasets", timeout=10) as reply:
        found = [d["datasetReference"]["datasetId"] for d in json.load(reply)["datasets"]]
    assert sorted(found) == ["bqmigrate", "tenants"]


def test_one_in_memory_is_its_own_and_leaves_nothing(server, cli, folder):
    before = sorted(p.name for p in (folder / ".bqmigrate").iterdir())
    command = [sys.executable, "-m", "bqmigrate", "local", "serve", "--memory"]
    with subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        url = process.stdout.readline().strip()
        assert url != server[1]
        body = json.dumps({"datasetReference": {"datasetId": "thrown_away"}}).encode()
        asked = urllib.request.Request(f"{url}/projects/any/datasets", data=body, method="POST")
        with urllib.request.urlopen(asked, timeout=10) as reply:
            assert json.load(reply)["id"] == "any:thrown_away"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    assert sorted(p.name for p in (folder / ".bqmigrate").iterdir()) == before


def post(url, path, body):
    """Send one request; return the code, and the answer of a good one."""
    asked = urllib.request.Request(f"{url}/projects/any/{path}", data=json.dumps(body).encode(), method="POST")
    try:
        with urllib.request.urlopen(asked, timeout=10) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, None


def job(number):
    query = {"query": f"ALTER TABLE d.t ADD COLUMN c{number} STRING", "useLegacySql": False}
    return {"jobReference": {"jobId": f"add-{number}"}, "configuration": {"query": query}}


def test_a_killed_server_loses_nothing_it_answered_and_leaves_no_job_running(folder):
    with serving() as (process, url):
        post(url, "datasets", {"datasetReference": {"datasetId": "d"}})
        post(url, "datasets/d/tables", {"tableReference": {"tableId": "t"}, "schema": {"fields": [A]}})
        answered = []
        stop = threading.Timer(0.7, process.kill)
        stop.start()
        with contextlib.suppress(OSError, http.client.HTTPException):
            for number in itertools.count():
                assert post(url, "jobs", job(number))[0] == 200
                answered.append(number)
        stop.join()
        process.wait(timeout=30)
    assert answered
    with serving() as (process, url):
        with urllib.request.urlopen(f"{url}/projects/any/jobs?maxResults=100000", timeout=10) as reply:
            jobs = {j["jobReference"]["jobId"]: j for j in json.load(reply)["jobs"]}
        with urllib.request.urlopen(f"{url}/projects/any/datasets/d/tables/t", timeout=10) as reply:
            columns = {field["name"] for field in json.load(reply)["schema"]["fields"]}
        assert {j["state"] for j in jobs.values()} == {"DONE"}
        assert {f"c{n}" for n in answered} <= columns
        assert columns - {"a"} == {f"c{i.removeprefix('add-')}" for i, j in jobs.items() if "errorResult" not in j}
        assert {post(url, "jobs", job(number))[0] for number in answered} == {409}
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_well(server, cli, number):
    process, _ = server
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in err
    assert cli("current").code == 0


def test_a_second_server_and_a_reset_are_refused_meanwhile(server, cli):
    _, url = server
    second = cli("local", "serve")
    assert second.code == 2
    assert f"it is being served already: {url}" in second.err
    reset = cli("local", "reset", "--yes")
    assert reset.code == 2
    assert f"is in use by process {server[0].pid}" in reset.err


def test_a_taken_port_is_refused(server, process, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("other")
    process("init", cwd=elsewhere)
    done = process("local", "serve", "--port", server[1].rpartition(":")[2], cwd=elsewhere)
    assert done.code == 2
    assert "error BQM905: cannot listen on port" in done.err


def test_reset_empties_and_needs_a_yes(cli, folder):
    cli("upgrade")
    refused = cli("local", "reset")
    assert refused.code == 2
    assert "hint: bqmigrate local reset --yes" in refused.err
    assert cli("current").out == "0009 pipeline_execution_queue\n"
    assert cli("local", "reset", "--yes").out == f"Emptied {folder}/.bqmigrate.\n"
    assert cli("current").out == "(nothing)\n"


def test_path_as_json(cli, folder):
    shown = cli("local", "path", "--json").json
    assert (shown["command"], shown["path"]) == ("local path", f"{folder}/.bqmigrate/warehouse.duckdb")
