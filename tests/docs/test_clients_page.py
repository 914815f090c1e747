"""docs/clients.md shows what is run."""

from __future__ import annotations

import re

from tests.docs.pages import DOCS, ROOT, blocks, read, tables

PAGE = read(DOCS / "clients.md")
CLIENTS = ROOT / "tests" / "ci" / "clients"
SHOWN = {block.heading: block.text for block in blocks(PAGE)}
ADDRESS = "http://127.0.0.1:9050"


def test_each_row_names_a_file_that_ci_runs():
    named = [re.findall(r"`([^`]+)`", row[2])[0] for row in next(tables(PAGE))[1:]]
    assert [name for name in named if not (ROOT / name).exists()] == []
    assert "tests/ci/clients" in read(ROOT / ".ci" / "run")


def test_the_address_of_dbmate_is_the_one_that_is_used():
    used = re.search(r'^URL = "(.+)"$', read(CLIENTS / "with_dbmate.py"), re.MULTILINE)
    assert used is not None
    assert used[1].replace("ADDRESS", ADDRESS) in SHOWN["dbmate"]


def test_the_environment_of_alembic_is_the_one_that_is_used():
    used = read(CLIENTS / "projects" / "alembic" / "migrations" / "env.py")
    assert used.endswith(f'"""\n\n{SHOWN["alembic"]}')


def test_the_versions_are_those_that_are_installed():
    pins = read(CLIENTS / "with_dbmate.py") + read(CLIENTS / "with_alembic.py")
    for name, separator in (("dbmate", "@^"), ("alembic", ">="), ("sqlalchemy-bigquery", ">=")):
        assert f"{name} {re.search(f'{name}{re.escape(separator)}([0-9.]+)', pins)[1]}" in PAGE


def test_the_official_client_as_shown_reads_as_python():
    assert ADDRESS in SHOWN["The official client"]
    compile(SHOWN["The official client"], "clients.md", "exec")
