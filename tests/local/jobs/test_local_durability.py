import random
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from google.api_core import exceptions

from bqmigrate.local import LocalWarehouse

WRITER = """
import sys
from pathlib import Path
import requests
from bqmigrate.local import LocalWarehouse

session = requests.Session()
session.mount("http://", LocalWarehouse.open(Path(sys.argv[1])).adapter())
root = "http://bq.local/bigquery/v2/projects/test-project"
first = int(sys.argv[2])
for number in range(first, first + 10_000):
    text = f"ALTER TABLE d.t ADD COLUMN c{number} STRING"
    body = {"jobReference": {"jobId": f"add-{number}"},
            "configuration": {"query": {"query": text, "useLegacySql": False}}}
    assert session.post(f"{root}/jobs", json=body).status_code == 200
    print(number, flush=True)
"""


def test_kill_9_loses_no_acknowledged_job_and_leaves_none_running(tmp_path, client_for):
    path = tmp_path / "warehouse.duckdb"
    warehouse = LocalWarehouse.open(path)
    client = client_for(warehouse)
    client.create_dataset("d")
    client.query("CREATE TABLE d.t (id STRING)", job_retry=None).result()
    warehouse.close()
    acknowledged = -1
    for _ in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(acknowledged + 2)], stdout=subprocess.PIPE, text=True
        )
        said = process.stdout.readline()
        time.sleep(random.uniform(0, 0.15))
        process.kill()
        acknowledged = int((said + process.communicate()[0]).split()[-1])
        warehouse = LocalWarehouse.open(path)
        client = client_for(warehouse)
        columns = {field.name for field in client.get_table("d.t").schema}
        jobs = {job.job_id: job for job in client.list_jobs(max_results=100_000) if job.job_id.startswith("add-")}
        for job in jobs.values():
            assert job.state == "DONE"
            done = job.error_result is None
            assert (f"c{job.job_id.removeprefix('add-')}" in columns) == done
        assert jobs[f"add-{acknowledged}"].error_result is None
        warehouse.close()


def test_an_id_is_taken_for_ever_after_success_failure_and_restart(tmp_path, client_for):
    path = tmp_path / "warehouse.duckdb"
    warehouse = LocalWarehouse.open(path)
    client = client_for(warehouse)
    client.create_dataset("d")
    client.query("CREATE TABLE d.t (id STRING)", job_id="good", job_retry=None).result()
    client.query("DROP TABLE d.missing", job_id="bad", job_retry=None)
    for _ in range(2):
        for job in ("good", "bad"):
            with pytest.raises(exceptions.Conflict, match=f"Already Exists: Job test-project:US.{job}"):
                client.query("CREATE TABLE d.u (id STRING)", job_id=job, job_retry=None)
        warehouse.close()
        warehouse = LocalWarehouse.open(path)
        client = client_for(warehouse)
    assert [t.table_id for t in client.list_tables("d")] == ["t"]
    warehouse.close()


def test_a_job_found_running_at_open_is_failed(tmp_path, client_for):
    path = tmp_path / "warehouse.duckdb"
    warehouse = LocalWarehouse.open(path)
    store = warehouse.world.store
    client = client_for(warehouse)
    client.create_dataset("d")
    client.query("CREATE TABLE d.t (id STRING)", job_id="j", job_retry=None).result()
    with store.write() as tx:
        tx.put(replace(tx.job("test-project", "j"), state="RUNNING", ended_ms=None))
    warehouse.close()
    warehouse = LocalWarehouse.open(path)
    job = client_for(warehouse).get_job("j")
    assert (job.state, job.error_result["reason"]) == ("DONE", "stopped")
    warehouse.close()


def test_an_interrupt_around_the_commit_leaves_the_catalog_as_the_log_has_it(tmp_path, client_for, monkeypatch):
    warehouse = LocalWarehouse.open(tmp_path / "warehouse.duckdb")
    client = client_for(warehouse)
    client.create_dataset("d")
    store = warehouse.world.store
    original = type(store)._apply

    def interrupted(self, changes):
        monkeypatch.setattr(type(store), "_apply", original)
        raise KeyboardInterrupt

    monkeypatch.setattr(type(store), "_apply", interrupted)
    with pytest.raises(KeyboardInterrupt):
        client.create_dataset("e")
    assert [d.dataset_id for d in client.list_datasets()] == ["d", "e"]
    warehouse.close()
