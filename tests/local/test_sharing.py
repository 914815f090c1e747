import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from bqmigrate.errors import UnavailableError
from bqmigrate.local import LocalWarehouse
from bqmigrate.local.sharing import attach
from bqmigrate.local.storage.database import HeldElsewhere
from bqmigrate.local.storage.folder import SERVER, Server, database_file, read_server, reset, write_server

HOLD = """
import sys, time
from pathlib import Path
from bqmigrate.local.sharing import attach
found = attach(Path(sys.argv[1]), 0)
print("held", flush=True)
time.sleep(float(sys.argv[2]))
"""
SERVE = """
import sys
from pathlib import Path
from bqmigrate.local.http.server import serve
from bqmigrate.local.sharing import attach
folder = Path(sys.argv[1])
found = attach(folder, 0)
serve(found.warehouse, 0, lambda url: print(url, flush=True), folder=folder)
found.close()
print("stopped", flush=True)
"""


def start(program, *arguments):
    process = subprocess.Popen([sys.executable, "-c", program, *map(str, arguments)], stdout=subprocess.PIPE, text=True)
    return process, process.stdout.readline().strip()


def end(process):
    process.kill()
    process.communicate()


def test_the_second_process_waits_for_its_turn(tmp_path):
    process, said = start(HOLD, tmp_path, 0.6)
    assert said == "held"
    found = attach(tmp_path, 20)
    assert found.adapter is not None
    found.close()
    end(process)


def test_whoever_waited_long_enough_is_told_who_holds_it(tmp_path):
    process, _ = start(HOLD, tmp_path, 60)
    try:
        with pytest.raises(UnavailableError, match=f"in use by process {process.pid}") as caught:
            attach(tmp_path, 0.2)
        assert str(process.pid) in caught.value.hint
        with pytest.raises(HeldElsewhere):
            reset(tmp_path)
    finally:
        end(process)


def test_a_killed_holder_is_in_nobodys_way(tmp_path):
    process, _ = start(HOLD, tmp_path, 60)
    end(process)
    attach(tmp_path, 0).close()


def test_while_it_is_served_others_go_to_its_port(tmp_path):
    process, url = start(SERVE, tmp_path)
    try:
        found = attach(tmp_path, 0)
        assert (found.adapter, found.endpoint) == (None, url)
        client = bigquery.Client("any-project", AnonymousCredentials(), client_options={"api_endpoint": url})
        client.create_dataset("d")
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=20)[0] == "stopped\n"
        assert process.returncode == 0
        assert not (tmp_path / SERVER).exists()
        client.close()
    finally:
        end(process)
    found = attach(tmp_path, 0)
    with found.warehouse.world.store.read() as reader:
        assert reader.dataset("any-project", "d") is not None
    found.close()


def test_a_stale_address_is_not_believed(tmp_path):
    process, _ = start(HOLD, tmp_path, 60)
    try:
        write_server(tmp_path, Server("http://127.0.0.1:9", process.pid))
        with pytest.raises(UnavailableError, match="in use"):
            attach(tmp_path, 0)
        (tmp_path / SERVER).write_text("{half")
        assert read_server(tmp_path) is None
    finally:
        end(process)


def test_two_opens_in_one_process_name_this_process(tmp_path):
    first = LocalWarehouse.open(database_file(tmp_path))
    with pytest.raises(HeldElsewhere) as caught:
        LocalWarehouse.open(database_file(tmp_path))
    assert caught.value.pid == os.getpid()
    with pytest.raises(HeldElsewhere):
        reset(tmp_path)
    first.close()


def test_a_file_that_is_no_warehouse_says_how_to_start_afresh(tmp_path):
    database_file(tmp_path).write_bytes(b"no database" * 1000)
    with pytest.raises(UnavailableError, match="bqmigrate local reset"):
        attach(tmp_path, 0)
    reset(tmp_path)
    attach(tmp_path, 0).close()


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError):
        attach(tmp_path / "file" / "folder", 0)


def test_reset_empties_and_an_empty_folder_stays_empty(tmp_path):
    reset(tmp_path)
    assert list(tmp_path.iterdir()) == []
    warehouse = LocalWarehouse.open(database_file(tmp_path))
    with warehouse.world.store.write() as tx:
        tx.connection.execute("CREATE TABLE t1 (a INTEGER)")
    warehouse.close()
    reset(tmp_path)
    assert not database_file(tmp_path).exists()


def test_waiting_ends_on_time(tmp_path):
    process, _ = start(HOLD, tmp_path, 60)
    try:
        before = time.monotonic()
        with pytest.raises(UnavailableError):
            attach(tmp_path, 0.3)
        assert time.monotonic() - before < 5
    finally:
        end(process)
