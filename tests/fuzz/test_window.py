"""A window of every kind of fuzzing; `python -m tests.fuzz` runs them all."""

import pytest

from bqmigrate.errors import ConfigError
from bqmigrate.operations.steps import JobStep
from tests.fuzz import sweep
from tests.fuzz.case import PROJECT, Case
from tests.fuzz.forms import Forms
from tests.fuzz.sqls import Section
from tests.fuzz.tokens import is_one_expression, shape, statements, tokens
from tests.fuzz.variables import Skeleton

WINDOW = {"yaml": 80, "sql": 120, "variables": 120, "toml": 30, "names": 40, "cli": 25}
ALTER = b"upgrade:\n  - drop_columns: {table: shop.orders, columns: [note], hard: true}\n"


@pytest.mark.parametrize("kind", sweep.KINDS)
def test_every_case_ends_in_a_plan_or_in_an_error_to_act_on(kind):
    result = sweep.sweep(kind, range(WINDOW[kind]))
    assert [(bad.seed, bad.findings) for bad in result.bad] == []
    assert result.cases == WINDOW[kind]


@pytest.mark.parametrize("kind", sweep.KINDS)
def test_a_seed_is_a_case(kind):
    first, again = sweep.KINDS[kind](3), sweep.KINDS[kind](3)
    assert (first.files, first.toml, first.others) == (again.files, again.toml, again.others)


# What the judges are worth: each sees the wrong that it is there for.


def findings(judge, sql, parameters=None, verb="run sql"):
    plan = _Plan([_Planned(JobStep(verb, "shop.orders", sql, parameters or {}))])
    return list(judge(plan))


class _Planned:
    def __init__(self, step):
        self.step = step


class _Plan:
    way_back = None

    def __init__(self, steps):
        self.steps = steps
        self.file = "migrations/0003_fuzzed.yaml"
        self.migrations = [self]


def test_a_statement_that_is_no_section_of_its_file_is_seen():
    file = "-- migrate:up\nSELECT 1;\nSELECT '\n-- migrate:down\nSELECT 2\n"
    judge = Section(file).judge
    assert findings(judge, "SELECT 1;\nSELECT '\n") == []
    for sql in ("SELECT 1;\n", "SELECT 1; SELECT '\n", "SELECT 2\n", "SELECT 1;\nSELECT '"):
        assert findings(judge, sql)


def test_a_value_that_leaves_its_quotes_is_seen():
    judge = Skeleton("SELECT `${variables.v}`, 1", {"variables.v": "a` --"}).judge
    assert findings(judge, "SELECT `a` --`, 1")
    judge = Skeleton("DELETE FROM ${variables.v} WHERE x", {"variables.v": "a--b"}).judge
    assert findings(judge, "DELETE FROM a--b WHERE x")
    judge = Skeleton("SELECT @v", {}, "secret").judge
    assert findings(judge, "SELECT @v", {"v": "secret"}) == []
    assert findings(judge, "SELECT @v", {"v": "other"})


@pytest.mark.parametrize(
    "sql",
    [
        f"ALTER TABLE `{PROJECT}.shop.orders`\n  DROP COLUMN note",
        f"ALTER TABLE `{PROJECT}.shop.orders`\n  DROP COLUMN `amount`",
        f"ALTER TABLE `{PROJECT}.shop.other`\n  DROP COLUMN `note`",
        f"ALTER TABLE `{PROJECT}.shop.orders`\n  DROP COLUMN `note`; DROP TABLE `{PROJECT}.shop.orders`",
        f"ALTER TABLE `{PROJECT}.shop.orders`\n  DROP COLUMN `note` -- ",
        f"DROP TABLE `{PROJECT}.shop.orders`",
    ],
)
def test_a_statement_that_the_operations_page_does_not_describe_is_seen(sql):
    forms = Forms({"migrations/0003_fuzzed.yaml": ALTER})
    right = f"ALTER TABLE `{PROJECT}.shop.orders`\n  DROP COLUMN `note`"
    assert findings(forms.judge, right, verb="drop column") == []
    assert findings(forms.judge, sql, verb="drop column")
    assert findings(forms.judge, right, verb="rename column")


def test_an_error_without_a_next_step_or_a_real_place_is_seen(tmp_path):
    (tmp_path / "migrations.toml").write_text("[project]\n")
    found = list(sweep.judge_error(tmp_path, ConfigError("BQM305", "no", where="migrations.toml:9:1")))
    assert len(found) == 2


def test_a_traceback_and_a_hang_are_findings(tmp_path, monkeypatch):
    def wrong(_plan):
        raise RecursionError

    files = {"migrations/0001_a.sql": b"-- migrate:up\nSELECT 1\n"}
    monkeypatch.setitem(sweep.KINDS, "sql", lambda _seed: Case(files, judge=wrong))
    outcome, said, _ = sweep.one("sql", 0)
    assert outcome == "RecursionError"
    assert said

    def endless(_plan):
        while True:
            pass

    monkeypatch.setattr(sweep, "HANGS_AFTER_S", 1)
    monkeypatch.setitem(sweep.KINDS, "sql", lambda _seed: Case(files, judge=endless))
    assert sweep.one("sql", 0)[0] == "Hang"


def test_the_second_opinion_reads_bigquery():
    found = tokens("ALTER TABLE `a-b.c` ADD COLUMN `d` STRING(5) OPTIONS (description='x;') -- e\n; SELECT 1")
    assert shape(found) == "ALTER TABLE I ADD COLUMN I STRING ( N ) OPTIONS ( DESCRIPTION = S ) ; SELECT N"
    assert statements(found) == 2
    assert is_one_expression(tokens("CONCAT('(', \"]\")"))
    assert not is_one_expression(tokens("1)"))
