from __future__ import annotations

import pytest

from bqmigrate.cli.arguments import targets_last

TAKE_VALUES = {"--env", "--lock-timeout"}


@pytest.mark.parametrize(
    ("typed", "parsed"),
    [
        ([], []),
        (["head"], ["head"]),
        (["-1"], ["--", "-1"]),
        (["-12", "--env", "dev"], ["--env", "dev", "--", "-12"]),
        (["--env", "dev", "-1", "--json"], ["--env", "dev", "--json", "--", "-1"]),
        (["--lock-timeout", "-1"], ["--lock-timeout", "-1"]),
        (["--env=dev", "-1"], ["--env=dev", "--", "-1"]),
        (["-1", "-2"], ["--", "-1", "-2"]),
        (["-1", "--", "x"], ["--", "-1", "x"]),
        (["--", "-1"], ["--", "-1"]),
        (["-1x"], ["-1x"]),
        (["-v", "-1"], ["-v", "--", "-1"]),
        (["--env"], ["--env"]),
    ],
)
def test_negative_targets_go_behind_the_options(typed, parsed):
    assert targets_last(typed, TAKE_VALUES) == parsed
