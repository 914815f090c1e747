import subprocess

import pytest

from tests.exactly_once.mutants import MUTANTS, PATCHES, ROOT


def test_every_mutant_is_a_patch_and_every_patch_a_mutant():
    assert sorted(MUTANTS) == sorted(path.stem for path in PATCHES.glob("*.patch"))


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_of_the_code_as_it_is_now(name):
    done = subprocess.run(
        ["git", "apply", "--check", str(PATCHES / f"{name}.patch")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
