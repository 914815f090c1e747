from __future__ import annotations

import pytest

from bqmigrate import errors as tree
from bqmigrate.cli import errors
from bqmigrate.errors import Finding, Place, RunError, ValidationError


def text(error):
    return "\n".join(str(line) for line in errors.lines(error))


def test_an_error_says_what_where_why_state_and_next():
    error = RunError(
        "BQM201",
        "0012 add_region stopped after step 1 of 2",
        where="migrations/0012_add_region.sql:3:14",
        details=("1/2  add column", "2/2  fill  division by zero"),
        state="The column is there.",
        hint="fix step 2, then bqmigrate upgrade\nor take step 1 back: bqmigrate downgrade 0011",
    )
    assert text(error) == (
        "error BQM201: 0012 add_region stopped after step 1 of 2\n"
        "  --> migrations/0012_add_region.sql:3:14\n"
        "\n"
        "  1/2  add column\n"
        "  2/2  fill  division by zero\n"
        "\n"
        "The column is there.\n"
        "\n"
        "hint: fix step 2, then bqmigrate upgrade\n"
        "      or take step 1 back: bqmigrate downgrade 0011"
    )


def test_one_finding_is_told_once_with_its_line():
    finding = Finding("BQM122", "unknown operation: creat", Place("m/0003.yaml", 4, 7), "did you mean create?",
                      excerpt="    - creat: 1")  # fmt: skip
    error = ValidationError("BQM122", finding.message, findings=[finding], where="m/0003.yaml:4:7", hint=finding.help)
    assert text(error) == (
        "error BQM122: unknown operation: creat\n"
        "  --> m/0003.yaml:4:7\n"
        "   |\n"
        " 4 |     - creat: 1\n"
        "   |       ^\n"
        "\n"
        "Nothing was changed.\n"
        "\n"
        "hint: did you mean create?"
    )


def test_several_findings_are_told_each_with_its_help():
    findings = [
        Finding("BQM122", "unknown operation: a", Place("m/1.yaml", 4, 7), "did you mean b?"),
        Finding("BQM104", "number taken", Place("m/2.yaml")),
    ]
    shown = text(ValidationError("BQM122", "2 errors in the migration files", findings=findings))
    assert shown.startswith("error BQM122: 2 errors in the migration files\n")
    assert "BQM122 error: unknown operation: a\n  --> m/1.yaml:4:7\nhelp: did you mean b?\n" in shown
    assert "BQM104 error: number taken\n  --> m/2.yaml\n" in shown


def test_an_error_as_json_has_its_facts_and_findings():
    error = ValidationError(
        "BQM122",
        "unknown",
        where="m/1.yaml:4:7",
        hint="mend it",
        findings=[Finding("BQM122", "u", Place("m/1.yaml", 4))],
    )
    document = errors.document(error)
    assert document["error"] == {
        "code": "BQM122", "message": "unknown", "where": "m/1.yaml:4:7", "hint": "mend it",
        "state": "Nothing was changed.", "details": [],
    }  # fmt: skip
    assert document["findings"] == [
        {
            "code": "BQM122",
            "severity": "error",
            "file": "m/1.yaml",
            "line": 4,
            "column": None,
            "message": "u",
            "help": None,
        }
    ]


@pytest.mark.parametrize("name", ["duckdb", "sqlglot", "waitress", "duckdb.typing"])
def test_a_missing_extra_is_told_with_the_command_that_installs_it(name):
    error = errors.known(ModuleNotFoundError("No module", name=name))
    assert (error.exit_code, error.hint) == (2, "pip install 'bqmigrate[local]'")


@pytest.mark.parametrize("odd", [ModuleNotFoundError("No module x", name="x"), RuntimeError("a\nb"), KeyError()])
def test_anything_else_is_an_internal_error_on_one_line(odd):
    error = errors.known(odd)
    assert (error.code, error.exit_code) == ("BQM999", 1)
    assert error.message.startswith(f"internal error: {type(odd).__name__}")
    assert "\n" not in error.message


def test_ctrl_c_is_130_and_names_the_step():
    assert errors.known(KeyboardInterrupt()).exit_code == 130
    error = errors.interrupted("0005 step 1/2: fill", "upgrade")
    assert error.message == "interrupted during 0005 step 1/2: fill"
    assert "goes on in BigQuery" in error.state
    assert error.hint == "bqmigrate upgrade"


def test_each_error_of_the_library_keeps_its_exit_code():
    codes = {
        tree.UsageError: 2, tree.ConfigError: 2, tree.TargetError: 2, tree.ValidationError: 3, tree.RunError: 1,
        tree.LeaseError: 4, tree.UnsettledError: 5, tree.InterruptedRun: 130,
    }  # fmt: skip
    for kind, code in codes.items():
        assert errors.known(kind("BQM000", "x")).exit_code == code
