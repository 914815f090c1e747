"""A small window of each sweep; CI runs large ones, with other seeds for every commit."""

import pytest

from tests.exactly_once import sweeps
from tests.exactly_once.lease import count, numbered


@pytest.mark.parametrize("sweep", sweeps.SWEEPS)
def test_no_invariant_breaks_in_a_small_window(sweep):
    result = sweeps.work(sweeps.Share(sweep, range(3)))
    assert result.cases == 3
    assert result.bad == []
    assert result.requests > 0


def test_every_interleaving_of_the_lease_has_a_number_of_its_own():
    some = [numbered(seed) for seed in range(0, count(), 97)]
    assert len(set(some)) == len(some)
