"""What one sees of another run: from a second process, through a served warehouse."""

from __future__ import annotations

import re

from bqmigrate.cli import progress

from .conftest import held


def test_a_held_lease_names_who_what_since_when_and_both_ways_on(cli, write, folder):
    with held(folder, write) as other:
        done = cli("upgrade")
        assert (done.code, done.out) == (4, "")
        run = re.search(rf"\(process {other.pid}, run ([0-9a-f]+)\)", done.err)
        assert run is not None
        assert "error BQM401: another run holds the lease: " in done.err
        assert re.search(r"\n  runs               upgrade of 0001 to 0010 \(10 migrations\)\n", done.err)
        assert re.search(r"\n  since              20..-..-.. ..:..:.. UTC\n", done.err)
        assert re.search(r"\n  last sign of life  20..-..-.. ..:..:.. UTC\n", done.err)
        assert "\n  counts as dead     never by time: it runs Python\n" in done.err
        assert done.err.endswith(
            "Nothing was changed.\n"
            "\n"
            "hint: wait for it to end              bqmigrate upgrade --lock-timeout 600\n"
            f"      or, if it is dead for certain   bqmigrate unlock {run[1]}\n"
        )
        shown = cli("upgrade", "--json", "--env", "local").json["error"]
        assert shown["code"] == "BQM401"
        assert "bqmigrate upgrade --env local --lock-timeout 600" in shown["hint"]


def test_the_command_to_wait_with_is_the_one_that_was_typed(cli, write, folder):
    with held(folder, write):
        assert "  bqmigrate upgrade 10 --lock-timeout 600\n" in cli("upgrade", "10").err
        repair = cli("repair", "10", "--mark-applied", "--env", "local")
        assert "  bqmigrate repair --env local 10 --mark-applied --lock-timeout 600\n" in repair.err


def test_history_shows_the_run_and_its_versions_as_they_are_recorded(cli, write, folder):
    with held(folder, write) as other:
        done = cli("history")
        assert done.out.startswith("Running now: upgrade of 0001 to 0010 (10 migrations)\n")
        assert f"(process {other.pid}, run " in done.out
        assert re.search(r"0010     slow +pending +running now", done.out)
        assert re.search(r"0009     pipeline_execution_queue +applied +20..-..-.. ..:.. ", done.out)
        assert "half-applied" not in done.out
        running = cli("history", "--json").json["running"]
        assert (running["pid"], running["direction"], running["lives"]) == (other.pid, "upgrade", True)
        assert running["versions"][-1] == "0010_slow"


def test_waiting_says_for_whom_and_until_when_and_gives_signs_of_life(cli, write, folder, monkeypatch):
    monkeypatch.setattr(progress, "SIGN_OF_LIFE_S", 0.2)
    with held(folder, write):
        done = cli("upgrade", "--lock-timeout", "1")
        assert done.code == 4
        assert re.search(r"waiting for .*, at most 1 s more\n  by {17}.* on .* \(process ", done.err)
        assert re.search(r"\n  until              20..-..-.. ..:..:.. UTC\n", done.err)
        assert re.search(r"\n  runs               upgrade of ", done.err)
        assert "\n  waited             1 s\n" in done.err
        assert re.search(r"\n     still waiting \(.*s\) for the run that holds the lease\n", done.err)


def test_a_dead_run_is_seen_as_dead_and_taken_over_with_a_word(cli, write, folder):
    with held(folder, write) as other:
        other.kill()
        other.wait()
        write("0010_slow.py", "def upgrade(op):\n    op.run(wait)\n\n\ndef wait(session):\n    pass\n")
        done = cli("history")
        assert done.out.startswith("A run died: upgrade of 0001 to 0010 (10 migrations)\n")
        assert re.search(r"0010     slow +half-applied", done.out)
        assert "0010 slow was interrupted in its upgrade; the next run finds out how far it got" in done.out
        assert cli("history", "--json").json["half_applied"][-1]["steps"] is None
        done = cli("upgrade")
        assert done.code == 0
        assert "taken over from " in done.err
        assert "\n  ran                upgrade of " in done.err
        assert cli("history", "--json").json["running"] is None


def test_unlock_takes_the_lease_from_a_dead_run_and_says_what_is_next(cli, write, folder):
    with held(folder, write) as other:
        run = cli("history", "--json").json["running"]["id"]
        wrong = cli("unlock", "abc")
        assert wrong.code == 2
        assert "error BQM361: the lease is not that of run abc: it is held by " in wrong.err
        assert f"hint: if that run is dead for certain: bqmigrate unlock {run}" in wrong.err
        other.kill()
        other.wait()
        done = cli("unlock", run)
        assert done.code == 0
        assert done.out.startswith("Took the lease from ")
        assert "\n  upgrade 0010 slow\n    1/1  python  wait\n" in done.out
        assert done.out.endswith("\nNext: bqmigrate upgrade\n")
        assert cli("history", "--json").json["running"] is None
        again = cli("unlock", run, "--json")
        assert (again.code, again.json["error"]["code"]) == (2, "BQM360")
        write("0010_slow.py", "def upgrade(op):\n    op.run(wait)\n\n\ndef wait(session):\n    pass\n")
        assert cli("upgrade").code == 0
