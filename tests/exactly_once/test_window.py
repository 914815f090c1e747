"""A small window of each sweep; CI runs large ones, with other seeds for every commit."""

import pytest

from tests.exactly_once import sweeps
from tests.exactly_once.case import Bench
from tests.exactly_once.lease import count, numbered
from tests.exactly_once.scenarios import BY_NAME
from tests.exactly_once.singles import Single, begin, clean, recover, strike
from tests.exactly_once.timeline import clients_retry_in
from tests.exactly_once.wire import Wire


@pytest.mark.parametrize("sweep", sweeps.SWEEPS)
def test_no_invariant_breaks_in_a_small_window(sweep):
    result = sweeps.work(sweeps.Share(sweep, range(3)))
    assert result.cases == 3
    assert result.bad == []
    assert result.requests > 0


def test_every_interleaving_of_the_lease_has_a_number_of_its_own():
    some = [numbered(seed) for seed in range(0, count(), 97)]
    assert len(set(some)) == len(some)


@pytest.mark.parametrize("sweep", ["singles", "doubles", "races"])
def test_a_case_says_what_it_was(sweep):
    case, findings = sweeps.replay(sweep, 1)
    assert (bool(case.note), findings) == (True, ())


def test_a_create_in_the_very_millisecond_in_which_a_rename_ended_leaves_nothing():
    bench = Bench()
    scenario = BY_NAME["up_down_up"]
    with clients_retry_in(bench.timeline):
        expected = clean(bench, scenario)
        case = bench.case(25_111)
        assert list(strike(case, Single(scenario, 8, "late_in_recovery"), expected)) == []
    assert any(sent.late and sent.job_id.endswith("up2-a1") for sent in case.log)
    bench.close()


class WithoutLastRow(Wire):
    """The process dies with its seventh row on the way, which arrives so many calls of others later."""

    arrives_after = 0

    def deliver(self, call):
        if not call.job_id.endswith("-e7-a1") or not call.writes:
            return super().deliver(call)
        self.case.hold(self.runner, call, calls=self.arrives_after)
        raise self.die()


@pytest.mark.parametrize("arrives_after", range(8, 14))
def test_a_repair_ends_whenever_the_last_row_of_a_dead_run_arrives(arrives_after):
    bench = Bench()
    scenario = BY_NAME["accepted_then_gives_up"]
    with clients_retry_in(bench.timeline):
        expected = clean(bench, scenario)
        case = bench.case(arrives_after)
        begin(case, scenario)
        assert case.run(scenario.command("act", scenario.act), case.wire()).kind == "done"
        dying = WithoutLastRow(case, "dies", {})
        dying.arrives_after = arrives_after
        died = case.run(scenario.command("act", scenario.last), dying)
        assert died.kind == "killed"
        assert list(recover(case, scenario, died, expected)) == []
    assert [sent.job_id[-6:] for sent in case.log if sent.late] == ["-e7-a1"]
    bench.close()
