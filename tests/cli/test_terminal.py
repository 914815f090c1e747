"""What a person sees: the program on a terminal of its own, 80 columns wide."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

import pytest

from .conftest import HARD_DROP, ROOT, SLOW, SLOW_THEN_MORE, held

LIMIT_S = 30
# Ctrl-C comes only from a terminal that the process has as its own.
TAKE = "fcntl.ioctl(0, termios.TIOCSCTTY, 0); from bqmigrate.cli.app import main; sys.exit(main(sys.argv[1:]))"
# As a shell at a terminal starts it, even where the tests run in the background of one, which ignores Ctrl-C.
HEED = "signal.signal(signal.SIGINT, signal.default_int_handler)"
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """A process on a pseudo-terminal."""

    def __init__(self, folder, *arguments, **environ):
        script = f"import fcntl, signal, sys, termios; {HEED}; sys.path.insert(0, {str(ROOT)!r}); {TAKE}"
        main, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 80, 0, 0))
        kept = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "LINES", "CI"}}
        self.process = subprocess.Popen(
            [sys.executable, "-c", script, *arguments],
            cwd=folder,
            env={**kept, "TERM": "xterm-256color", **environ},
            stdin=side,
            stdout=side,
            stderr=side,
            start_new_session=True,
        )
        os.close(side)
        self.main = main
        self.raw = ""

    def read_until(self, text=None):
        """Read until a text comes, or the end; the whole screen so far, without escapes."""
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline:
            if text is not None and text in self.screen:
                return self.screen
            ready, _, _ = select.select([self.main], [], [], 0.2)
            if ready:
                try:
                    self.raw += os.read(self.main, 65536).decode("utf-8", "replace")
                except OSError:  # the other side is closed: the process has ended
                    break
        assert text is None or text in self.screen, self.screen
        return self.screen

    @property
    def screen(self):
        return ESCAPES.sub("", self.raw).replace("\r\n", "\n")

    def type(self, text):
        os.write(self.main, text.encode())

    def end(self):
        self.read_until()
        return self.process.wait(LIMIT_S)


@pytest.fixture
def terminal(folder):
    opened = []

    def start(*arguments, **environ):
        opened.append(Terminal(folder, *arguments, **environ))
        return opened[-1]

    yield start
    for each in opened:
        os.close(each.main)
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait()


def test_lines_are_coloured_and_fit_the_terminal(terminal):
    seen = terminal("upgrade")
    assert seen.end() == 0
    assert "\x1b[32m✓" in seen.raw
    lines = [line.rpartition("\r")[2] for line in seen.screen.splitlines()]
    assert max(map(len, lines)) <= 80
    assert sum("✓ 00" in line for line in lines) == 9
    assert lines[-1].startswith("Applied 9 migrations in ")


def test_no_color_is_honoured(terminal):
    seen = terminal("upgrade", NO_COLOR="1")
    assert seen.end() == 0
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", seen.raw)
    assert "✓ 0009 pipeline_execution_queue" in seen.screen


def test_history_fits_80_columns_with_names_whole(terminal, cli):
    cli("upgrade")
    seen = terminal("history")
    assert seen.end() == 0
    assert max(map(len, seen.screen.splitlines())) <= 80
    assert "pipeline_execution_queue  applied  " in seen.screen


def test_a_dumb_terminal_gets_plain_lines(terminal):
    seen = terminal("upgrade", TERM="dumb")
    assert seen.end() == 0
    assert "\x1b" not in seen.raw


@pytest.mark.parametrize(
    ("answer", "code", "version"), [("y\n", 0, "0009"), ("\n", 2, "(nothing)"), ("\x04", 2, "(nothing)")]
)
def test_the_question_comes_after_the_plan_and_only_yes_is_yes(terminal, confirming, cli, answer, code, version):
    seen = terminal("upgrade")
    shown = seen.read_until("Go on with the upgrade? [y/N] ")
    assert "+   table tenants.tenant_profiles" in shown
    assert "environment local asks for confirmation" in shown
    seen.type(answer)
    assert seen.end() == code
    assert ("error BQM903: not confirmed" in seen.screen) == (code == 2)
    assert cli("current").out.startswith(version)


def test_a_yes_on_the_terminal_never_replaces_allowing_data_loss(terminal, write, cli):
    write("0010_drop.yaml", HARD_DROP)
    cli("upgrade", "9")
    refused = terminal("upgrade")
    assert refused.end() == 2
    assert "hint: bqmigrate upgrade --allow-data-loss" in refused.screen
    asked = terminal("upgrade", "--allow-data-loss")
    assert "0010 loses data: drop column subscription_plan for good" in asked.read_until("[y/N] ")
    asked.type("yes\n")
    assert asked.end() == 0
    assert cli("current").out == "0010 drop\n"


def test_ctrl_c_twice_names_the_running_step_and_the_next_command(terminal, write, cli):
    write("0010_slow.py", SLOW)
    cli("upgrade", "9")
    seen = terminal("upgrade")
    seen.read_until("0010 slow")
    time.sleep(0.3)
    seen.type("\x03")
    seen.read_until("stopping after 0010 step 1/1: run python wait; Ctrl-C again stops now")
    seen.type("\x03")
    assert seen.end() == 130
    assert "error BQM910: interrupted during 0010 step 1/1: run python wait" in seen.screen
    assert "goes on in BigQuery" in seen.screen
    assert "hint: bqmigrate upgrade" in seen.screen
    assert "Traceback" not in seen.screen
    assert "1 half-applied" in cli("history").out


def test_ctrl_c_once_stops_after_the_running_step_and_the_next_run_goes_on(terminal, write, cli):
    write("0010_slow.py", SLOW_THEN_MORE)
    cli("upgrade", "9")
    seen = terminal("upgrade")
    seen.read_until("0010 slow")
    time.sleep(0.3)
    seen.type("\x03")
    assert seen.end() == 130
    assert "stopping after 0010 step 1/2: run python wait; Ctrl-C again stops now" in seen.screen
    assert "error BQM910: interrupted in 0010_slow, after step 1 of 2" in seen.screen
    assert "What was done is recorded; no step is running." in seen.screen
    assert "hint: go on: bqmigrate upgrade" in seen.screen
    assert "0010 slow stopped after step 1, between two steps" in cli("history").out
    again = cli("upgrade")
    assert (again.code, again.out.partition(" in ")[0]) == (0, "Applied 1 migration")
    assert "run python wait" not in again.err


def test_ctrl_c_while_waiting_for_another_run_stops_at_once(terminal, write, cli, folder):
    with held(folder, write):
        seen = terminal("upgrade", "--lock-timeout", "60")
        seen.read_until("waiting for ")
        time.sleep(0.3)
        seen.type("\x03")
        assert seen.end() == 130


def test_ctrl_c_in_a_question_changes_nothing(terminal, confirming, cli):
    seen = terminal("upgrade")
    seen.read_until("[y/N] ")
    time.sleep(0.3)  # a signal between the prompt and the read would wait for the answer
    seen.process.send_signal(signal.SIGINT)
    assert seen.end() == 130
    assert "Traceback" not in seen.screen
    assert cli("current").out == "(nothing)\n"


def test_reset_asks(terminal, cli):
    cli("upgrade")
    seen = terminal("local", "reset")
    seen.read_until("Empty it? [y/N] ")
    seen.type("y\n")
    assert seen.end() == 0
    assert cli("current").out == "(nothing)\n"
